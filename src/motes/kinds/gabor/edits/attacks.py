"""Notes made longer or shorter with attacks as sharp as they were: what is before a moment soon after the onset moves
and is not stretched, what comes later is stretched by as much more.

With t_j that moment, before edits (the column `edit_from_s`, of all atoms of a layer), and Φ_j what an atom's partial
has run through up to it, a later atom has the phase ± (φ₀ − Φ + r·(Φ_j + s·(Φ − Φ_j))) where others have
± (φ₀ − Φ + r·s·Φ). Atoms across t_j are stretched; when they are rendered, short ones take their place
(`motes.kinds.gabor.partials.attacks`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from motes.events.event_table import Mask
from motes.kinds.gabor.edited import ALL_EDITS, apply_edits, base_of, in_own_layer
from motes.kinds.gabor.partials.attacks import across
from motes.kinds.gabor.table import Gabor

# How much of a note is its attack, in seconds. What decodes stretched notes again depends on it.
ATTACK_S = 0.06
# No sound after an attack is made shorter than this.
LEAST_FACTOR = 0.02


class Sounding(NamedTuple):
    """Events that are one note, `(n_events,)`, and when it begins and ends, in seconds."""

    mask: Mask
    onset_s: float
    end_s: float


def stretched(
    events: Gabor, mask: Mask, factor: float, about_s: float, notes: Iterable[Sounding], sample_rate_hz: int
) -> Gabor:
    """The events with those in `mask` `factor` times as long, `notes` among them with their attacks as they were.
    Events know their partials.
    """
    for note in notes:
        events = _with_attack(events, note, sample_rate_hz)
    kept = mask & (events.edit_from_s > 0)
    plain = mask & ~kept
    if plain.any():
        events = events.stretched(np.where(plain, factor, 1.0), about_s)
    for layer in np.unique(events.edit_layer[kept]):
        events = _after_attack(events, kept & (events.edit_layer == layer), factor, about_s, sample_rate_hz)
    return events


def _with_attack(events: Gabor, note: Sounding, sample_rate_hz: int) -> Gabor:
    """The events with those of a note marked as having an attack, where they are so long that they can keep it."""
    mask = note.mask
    if not mask.any() or (events.edit_from_s[mask] > 0).any() or (np.abs(events.edit_factor[mask]) != 1).any():
        return events
    alone = in_own_layer(events, mask)
    here = np.isin(alone.edit_layer, alone.edit_layer[mask])
    factors, shifts = np.unique(events.edit_factor[mask]), np.unique(events.edit_shift_s[mask])
    if (here & ~mask).any() or len(factors) > 1 or len(shifts) > 1:
        return events
    onset_s = min(float(factors[0]) * (time_s - float(shifts[0])) for time_s in (note.onset_s, note.end_s))
    from_s = round(onset_s + ATTACK_S, 3)
    if from_s <= ATTACK_S / 2 or float(base_of(events).time_s[mask].max()) - from_s < ATTACK_S:
        return events
    return alone.replace(edit_from_s=np.where(mask, from_s, alone.edit_from_s)).with_partials(sample_rate_hz)


def _after_attack(events: Gabor, mask: Mask, factor: float, about_s: float, sample_rate_hz: int) -> Gabor:
    """The events with those in `mask`, of one layer with an attack, `factor` times as long but for this."""
    events = events.remembering()
    here = np.flatnonzero(events.edit_layer == events.edit_layer[mask][0])
    part, mine = events.take(here), mask[here]
    base = base_of(part)
    edits = _edits(part, base, mine, factor, about_s)
    edits |= _not_across(base, edits, mine, sample_rate_hz)
    made, columns = apply_edits(base, edits, sample_rate_hz), {}
    for name in (
        "time_s",
        "window_s",
        "frequency_hz",
        "chirp_hz_per_s",
        "phase_rad",
        "partial_hz",
        "partial_rad",
        *ALL_EDITS,
    ):
        column = events.column(name).copy()
        column[here[mine]] = made.column(name)[mine]
        columns[name] = column
    return events.replace(**columns)


def _edits(part: Gabor, base: Gabor, mine: Mask, factor: float, about_s: float) -> dict[str, Any]:
    """The edits of the events of one layer, those of `mine` all stretched."""
    from_s, rows = float(part.edit_from_s[mine].max()), np.flatnonzero(mine)
    last = rows[np.argmax(np.abs(part.edit_factor[rows]))]
    now, shift_s = float(part.edit_factor[last]), float(part.edit_shift_s[last])
    sign, last_s = float(np.sign(now)), float(base.time_s[mine].max())
    begins_s, attack_s = float(base.start_s[mine].min()), from_s - ATTACK_S
    has_attack = begins_s < from_s and last_s > from_s
    more = ATTACK_S / (last_s - from_s) if has_attack else 0.0
    length = max(factor * abs(now) + (factor - 1) * more, LEAST_FACTOR)
    if has_attack:
        still_s = shift_s + sign * (abs(now) - 1) * from_s
        still_s = about_s + factor * (sign * attack_s + still_s - about_s) - sign * attack_s
        shift_s = still_s - sign * (length - 1) * from_s
    else:
        shift_s = about_s + factor * (shift_s - about_s)
    is_undone = abs(length - 1) < 1e-9
    length, from_s = (1.0, 0.0) if is_undone else (length, from_s)
    edits = {name: part.column(name).copy() for name in ALL_EDITS}
    for name, value in (("edit_factor", sign * length), ("edit_shift_s", shift_s), ("edit_from_s", from_s)):
        edits[name][mine] = value
    return edits


def _not_across(base: Gabor, edits: dict[str, Any], mine: Mask, sample_rate_hz: int) -> dict[str, Any]:
    """Of these edits the columns that tell of times, with those events as long as they were that are before the moment,
    or across it and not rendered as short ones.
    """
    from motes.kinds.gabor.partials.tracking import lines_of

    from_s = float(edits["edit_from_s"][mine].max())
    if not from_s:
        return {}
    order = base.order()
    if order is None:
        order = np.arange(len(base))
    lines = lines_of(base.take(order).replace(partial_hz=None, partial_rad=None), sample_rate_hz)
    rewritten = np.zeros(len(base), np.bool_)
    rewritten[order] = across(base.take(order), lines, from_s, sample_rate_hz)
    in_line = np.zeros(len(base), np.bool_)
    in_line[order] = lines.number > 0
    until = np.where(in_line, base.time_s, base.start_s)
    still = mine & ~rewritten & ((base.end_s <= from_s) | (until < from_s))
    factor, shift_s = edits["edit_factor"], edits["edit_shift_s"]
    sign = np.sign(factor)
    return {
        "edit_factor": np.where(still, sign, factor),
        "edit_shift_s": np.where(still, shift_s + sign * (np.abs(factor) - 1) * from_s, shift_s),
    }
