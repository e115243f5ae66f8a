"""Parts of atoms: an atom that several notes share stands in the table once for each of them, and once for the rest.

Every part is the whole atom times a complex number on a grid of 1/64, and the numbers of all parts of one atom add up
to 1: so the parts sum to the whole, whatever is done to one of them can be undone, and a file holds the whole atom's
whole numbers with each part.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from motes.events.event_table import Array, Ints, Mask
from motes.events.packet import Columns

# Steps of a share.
SHARE_UNITS = 64
# The share that is the whole atom.
WHOLE = (SHARE_UNITS, 0)
# Greatest share, either way.
MAX_SHARE = 8


def shares_of(events: Any) -> Ints | None:
    """Real and imaginary parts of each event's share in 1/64, `(n_events, 2)`; None where all are whole atoms."""
    if not len(events) or (events.at_default("share_re") and events.at_default("share_im")):
        return None
    return share_integers(events.share_re, events.share_im)


def share_integers(real: Array | None, imaginary: Array | None) -> Ints | None:
    """Columns of shares in 1/64, `(n_events, 2)`; None where there are none."""
    if real is None or imaginary is None:
        return None
    return np.rint(np.stack([real, imaginary], axis=1) * SHARE_UNITS).astype(np.int64)


def share_columns(shares: Ints | None) -> Columns:
    """The inverse: the columns `share_re` and `share_im`, or none."""
    return {} if shares is None else {"share_re": shares[:, 0] / SHARE_UNITS, "share_im": shares[:, 1] / SHARE_UNITS}


def parts(wholes: Any, shares: Ints | None) -> Any:
    """Of whole atoms these parts `(n_events, 2)` in 1/64, whose amplitudes and phases they have."""
    if shares is None:
        return wholes
    columns = share_columns(shares)
    factor, turn = _polar(columns["share_re"], columns["share_im"])
    return wholes.replace(amplitude=wholes.amplitude * factor, phase_rad=wholes.phase_rad + turn, **columns)


def wholes(events: Any) -> Any:
    """The inverse, but for rounding errors: the atoms that unedited events are parts of."""
    if shares_of(events) is None:
        return events
    factor, turn = _polar(events.share_re, events.share_im)
    return events.replace(
        amplitude=events.amplitude / np.where(factor > 0, factor, 1.0),
        phase_rad=events.phase_rad - turn,
        share_re=None,
        share_im=None,
    )


def _polar(real: Any, imaginary: Any) -> tuple[Any, Any]:
    """Absolute value and angle, `(n_events, 1)`."""
    return np.hypot(real, imaginary)[:, None], np.arctan2(imaginary, real)[:, None]


def part_of(events: Any, shares: Ints, changed: Mask | None = None) -> Any:
    """Of events, which may be parts and edited, other parts of the same whole atoms: `shares` `(n_events, 2)` in 1/64,
    by default of all, else of those in `changed`; a share of 0 becomes an amplitude of 0.
    """
    held = shares_of(events)
    now = np.tile(np.array(WHOLE), (len(events), 1)) if held is None else held
    factor, turn = _polar(*(share_columns(shares)[name] for name in ("share_re", "share_im")))
    before, turned = _polar(now[:, 0] / SHARE_UNITS, now[:, 1] / SHARE_UNITS)
    ratio, by = factor / np.where(before > 0, before, 1.0), turn - turned
    here = (np.ones(len(events), np.bool_) if changed is None else changed)[:, None]
    sign = np.where(events.edit_factor < 0, -1.0, 1.0)[:, None]
    columns: dict[str, Any] = {
        "amplitude": np.where(here, events.amplitude * ratio, events.amplitude),
        "phase_rad": np.where(here, events.phase_rad + sign * by, events.phase_rad),
        "share_re": np.where(here[:, 0], shares[:, 0] / SHARE_UNITS, now[:, 0] / SHARE_UNITS),
        "share_im": np.where(here[:, 0], shares[:, 1] / SHARE_UNITS, now[:, 1] / SHARE_UNITS),
    }
    if not events.at_default("base_window_s"):
        columns["base_amplitude"] = np.where(here, events.base_amplitude * ratio, events.base_amplitude)
        columns["base_phase_rad"] = np.where(here, events.base_phase_rad + by, events.base_phase_rad)
    return events.replace(**columns)
