"""Edited atoms as what they were and what was done to them: every edit of an atom is a member of one small group, so
edits never pile up errors.

All edits of `motes.edit.operations` together take an atom (t₀, w₀, f₀, φ₀, a₀) of a partial (f_p, Φ) to, with ratio r,
factor F = ± s, shift S and gain g,

    t = F·t₀ + S,  w = s·w₀,  f = r·f_p + (f₀ − f_p)/s,  c = r·c₀/F,  φ = ± (φ₀ + (r·s − 1)·Φ),  a = g·a₀

(− where F is negative: backwards; c is the chirp). The columns `edit_…` of `Gabor` say which; files hold what the atoms
were, on their grid, and these few numbers. Atoms that came from one scene share an `edit_layer`: their partials are
found among them alone, as they were.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from motes.events.event_table import Array, Ints, Mask, canonical_order
from motes.events.frozen import Origin
from motes.kinds.gabor.table import Gabor, unfolded

# The columns that tell of edits, with what they hold where there was none. `edit_layer` stays what it is.
EDITS = {"edit_ratio": 1.0, "edit_factor": 1.0, "edit_shift_s": 0.0, "edit_gain": 1.0}


# With until when sounds are not made longer, which is one number for all atoms of a layer that are.
ALL_EDITS = EDITS | {"edit_from_s": 0.0}


# How far phases are moved by most edits. Four times as far asks for windows half as long: what these ask for, all
# between them do.
USUAL = (1 / 64, 1 / 16, 1 / 4, 1.0)
# Columns, and those that hold what they were before edits.
_MOVED = ("time_s", "window_s", "frequency_hz", "amplitude", "phase_rad", "chirp_hz_per_s")
BASE = {name: f"base_{name}" for name in _MOVED}


def is_edited(events: Gabor) -> bool:
    """Whether any edit has been made to any event."""
    return len(events) > 0 and not events.defaults.issuperset(EDITS)


def base_of(events: Gabor) -> Gabor:
    """The events as they were before all edits, in the order in which they stand now."""
    if not is_edited(events):
        return events
    known = events.base_window_s > 0
    columns: dict[str, Any] = dict.fromkeys((*ALL_EDITS, *BASE.values(), "partial_hz", "partial_rad"))
    for name, base in BASE.items():
        now = events.column(name)
        columns[name] = np.where(known if now.ndim == 1 else known[:, None], events.column(base), now)
    return events.replace(**columns)


def apply_edits(base: Gabor, edits: dict[str, Any], sample_rate_hz: int) -> Gabor:
    """The inverse of `base_of`: events after these edits, in the order of `base`. Finds partials where frequencies
    or phases follow them.
    """
    moved = moves(edits["edit_ratio"], edits["edit_factor"])
    partial_hz, partial_rad = carriers(base, np.unique(base.edit_layer[moved]), sample_rate_hz)
    held = phases_held(base, edits.get("edit_from_s"), sample_rate_hz)
    return moved_by(base.replace(partial_hz=partial_hz, partial_rad=partial_rad), edits, moved, held)


def apply_edits_alone(base: Gabor, edits: dict[str, Any]) -> Gabor:
    """`apply_edits` as if each event were a partial of its own: about where edits put it, without the others."""
    return moved_by(base.replace(partial_hz=base.frequency_hz, partial_rad=None), edits, np.ones(len(base), np.bool_))


def unedited_origin(events: Gabor) -> Origin | None:
    """What events of one layer were before all edits, where that is known."""
    origin: Origin | None = events.known("origin")
    if origin is None or is_edited(origin.table):
        return None
    return origin if all(table.at_default("edit_layer") for table in (events, origin.table)) else None


def with_partials(events: Gabor, sample_rate_hz: int, of: Mask | None = None) -> Gabor:
    """The events, each with f_p and Φ of its partial (or its own frequency and 0 where it is in none), as edits
    have left these; only those in the layers of the events in `of`, where that is given.
    """
    without = events.partial_hz == 0
    unknown = np.unique(events.edit_layer[without if of is None else without & of])
    if not len(unknown):
        return events
    if not is_edited(events) and (of is None or events.at_default("edit_layer")):
        return events.once(("with partials", sample_rate_hz), lambda: _knowing(events, sample_rate_hz))
    ratio, factor = events.edit_ratio, events.edit_factor
    if (origin := unedited_origin(events)) is not None and events.at_default("edit_from_s"):
        known, rows = with_partials(origin.table, sample_rate_hz), slice(None) if origin.rows is None else origin.rows
        hz, rad = ratio * known.partial_hz[rows], ratio * factor * known.partial_rad[rows]
        made = events.replace(partial_hz=hz, partial_rad=rad)
        made.once("origin", lambda: origin)
        return made.sharing(events, len(events), len(events))
    base = base_of(events)
    partial_hz, partial_rad = carriers(base, unknown, sample_rate_hz)
    here = np.isin(events.edit_layer, unknown)
    held = phases_held(base, events.edit_from_s, sample_rate_hz)
    unstretched = np.sign(factor) * ratio * (1 - np.abs(factor)) * held
    return events.replace(
        partial_hz=np.where(here, ratio * partial_hz, events.partial_hz),
        partial_rad=np.where(here, ratio * factor * partial_rad + unstretched, events.partial_rad),
    )


def _knowing(events: Gabor, sample_rate_hz: int) -> Gabor:
    """Events that were never edited, with their partials."""
    unknown = np.unique(events.edit_layer[events.partial_hz == 0])
    hz, rad = carriers(events, unknown, sample_rate_hz)
    if not events.at_default("edit_layer"):
        here = np.isin(events.edit_layer, unknown)
        hz, rad = np.where(here, hz, events.partial_hz), np.where(here, rad, events.partial_rad)
    known = events.replace(partial_hz=hz, partial_rad=rad)
    return known.sharing(events, len(events), len(events))


def forget_edits(events: Gabor, layers: Any) -> Gabor:
    """Events that sound as before, those in these layers as if they had been found so and never edited.

    Where events are taken out of a layer, what is left no longer tells how its partials ran.
    """
    here = np.isin(events.edit_layer, layers)
    forgotten = ALL_EDITS | {
        "partial_hz": 0.0,
        "partial_rad": 0.0,
    }  # and found anew for the next edit, as a file's reader will
    columns = {name: np.where(here, value, events.column(name)) for name, value in forgotten.items()}
    return events.replace(base_window_s=np.where(here, 0.0, events.base_window_s), **columns)


def without_others(events: Gabor, kept: Mask) -> Gabor:
    """The events, ready for those outside `kept` to be taken out: those edited along with such forget their edits."""
    torn = np.intersect1d(events.edit_layer[~kept], events.edit_layer[follow_partials(events)])
    return forget_edits(events, torn) if len(torn) else events


def unedited(events: Gabor, mask: Mask) -> Gabor:
    """Events that sound as before, those in `mask` as if never edited, with partials to be found anew."""
    layers = np.unique(events.edit_layer[mask])
    torn = np.intersect1d(layers, events.edit_layer[follow_partials(events)])
    events = forget_edits(events, torn) if len(torn) else events
    here = np.isin(events.edit_layer, layers)
    columns = {name: np.where(mask, value, events.column(name)) for name, value in ALL_EDITS.items()}
    forgotten = {name: np.where(here, 0.0, events.column(name)) for name in ("partial_hz", "partial_rad")}
    return events.replace(base_window_s=np.where(mask, 0.0, events.base_window_s), **columns, **forgotten)


def in_own_layer(events: Gabor, mask: Mask) -> Gabor:
    """The events, those in `mask` in a layer of their own: their partials are then found among them alone. Where edits
    of theirs, or of others of their layers, follow partials, they stay where they are.
    """
    if not mask.any():
        return events
    layers = np.unique(events.edit_layer[mask])
    if np.isin(layers, events.edit_layer[follow_partials(events)]).any():
        return events
    here = np.isin(events.edit_layer, layers)
    unknown = {name: np.where(here, 0.0, events.column(name)) for name in ("partial_hz", "partial_rad")}
    return events.replace(edit_layer=np.where(mask, int(events.edit_layer.max()) + 1, events.edit_layer), **unknown)


def follow_partials(events: Gabor) -> Mask:
    """Which events have been edited in a way that depends on the others of their partial."""
    return moves(events.edit_ratio, events.edit_factor)


def carriers(base: Gabor, wanted: Any, sample_rate_hz: int) -> tuple[Array, Array]:
    """f_p in Hz and Φ in rad of the events in the `wanted` layers, each layer taken as a scene of its own; 0 for
    all others.
    """
    from motes.kinds.gabor.partials.tracking import instantaneous  # numba: only where frequencies or times change

    if len(wanted) == 1 and base.at_default("edit_layer") and base.order() is None:  # which lines then share
        return instantaneous(base.replace(partial_hz=None, partial_rad=None), sample_rate_hz)
    partial_hz, partial_rad = np.zeros(len(base)), np.zeros(len(base))
    for one in wanted:
        these = in_order(base, np.flatnonzero(base.edit_layer == one))
        alone = base.take(these).replace(partial_hz=None, partial_rad=None)
        partial_hz[these], partial_rad[these] = instantaneous(alone, sample_rate_hz)
    return partial_hz, partial_rad


def phases_held(base: Gabor, from_s: Array | None, sample_rate_hz: int) -> Array:
    """What the partial of each atom has run through, in rad since its first atom, up to `from_s`, `(n_events,)`: from
    there on alone its phase is stretched. 0 where that is 0, or the partial begins later.
    """
    held = np.zeros(len(base))
    if from_s is None or not from_s.any():
        return held
    from motes.kinds.gabor.partials.tracking import lines_of

    for one in np.unique(base.edit_layer[from_s > 0]):
        these = in_order(base, np.flatnonzero(base.edit_layer == one))
        alone = base.take(these).replace(partial_hz=None, partial_rad=None)
        lines, at_s = lines_of(alone, sample_rate_hz), float(from_s[these].max())
        held[these] = np.where(from_s[these] > 0, lines.phases_at(at_s)[lines.number], 0.0)
    return held


def partial_numbers(events: Gabor, sample_rate_hz: int) -> Ints:
    """The partial of each atom of a scene, numbered from 1 in order of time, those of one layer after those of another;
    0 for none. Found once for each table.

    Partials follow from the atoms as they were before edits, so that neither edits nor files change their numbers.
    """
    return _partials(events, sample_rate_hz)[0]


def partial_frequencies(events: Gabor, sample_rate_hz: int) -> Array:
    """The frequency in Hz of each atom's partial at the atom's centre, as edits have left it; 0 for none."""
    return _partials(events, sample_rate_hz)[1]


def _partials(events: Gabor, sample_rate_hz: int) -> tuple[Ints, Array]:
    return events.once(("partials", sample_rate_hz), lambda: _find_partials(events, sample_rate_hz))


def prepare(events: Gabor, sample_rate_hz: int, moves: Sequence[float] = USUAL) -> None:
    """Find beforehand what edits of the pitch and length of unedited atoms ask for, so that the first of them takes
    no longer than others: the lines, and the atoms that take the place of others where phases are moved so far.
    """
    from motes.kinds.gabor.partials.overlapping import sharing
    from motes.kinds.gabor.partials.rewriting import rewrite_for_edit
    from motes.kinds.gabor.partials.sweeping import windows_for
    from motes.kinds.gabor.partials.tracking import lines_of

    if len(events) and not is_edited(events) and not events.edit_layer.any():
        lines = lines_of(events, sample_rate_hz)
        events = with_partials(events, sample_rate_hz)
        sharing(events, lines)
        windows_for(lines, sample_rate_hz, 1.0)
        for by in moves:
            rewrite_for_edit(events, lines, np.ones(len(events), np.bool_), sample_rate_hz, by)


def forget(events: Gabor, sample_rate_hz: int) -> None:
    """Let go of the lines that were found for edits of these events: nobody will ask for them again."""
    from motes.kinds.gabor.partials.tracking import forget_lines

    base = base_of(events)
    for layer in np.unique(events.edit_layer):
        forget_lines(base.take(in_order(base, np.flatnonzero(events.edit_layer == layer))), sample_rate_hz)


def _find_partials(events: Gabor, sample_rate_hz: int) -> tuple[Ints, Array]:
    from motes.kinds.gabor.partials.tracking import find_partials

    base, numbers, frequencies = base_of(events), np.zeros(len(events), np.int64), np.zeros(len(events))
    for layer in np.unique(events.edit_layer):
        these = in_order(base, np.flatnonzero(events.edit_layer == layer))
        lines = find_partials(base.take(these), sample_rate_hz)
        found = lines.number
        numbers[these] = np.where(found > 0, found + numbers.max(initial=0), 0)
        frequencies[these] = np.where(found > 0, events.edit_ratio[these] * lines.frequency_hz, 0.0)
    numbers.flags.writeable = frequencies.flags.writeable = False
    return numbers, frequencies


def edits_of(events: Gabor) -> dict[str, Any]:
    """The columns that tell of edits."""
    return {name: events.column(name) for name in EDITS} | (
        {} if events.at_default("edit_from_s") else {"edit_from_s": events.edit_from_s}
    )


def edit_keys(events: Gabor) -> dict[str, Any]:
    """The columns that tell of edits and of the rooms that events are sent to: atoms that take the place of others do
    as these did.
    """
    sent = {} if events.at_default("room_id") else {"room_id": events.room_id, "wetness": events.wetness}
    return edits_of(events) | sent


def in_order(base: Gabor, these: Any) -> Any:
    order = canonical_order(*(base.column(name)[these] for name in base.ORDER))
    return these if order is None else these[order]


def moves(ratio: Array, factor: Array) -> Mask:
    """Which events have edits that follow their partials."""
    return (ratio != 1) | (np.abs(factor) != 1)


def moved_by(base: Gabor, edits: dict[str, Any], moved: Mask, held: Array | float = 0.0) -> Gabor:
    """`base`, whose events know f_p and Φ where they are `moved`, after its edits; `held` of Φ is not stretched."""
    ratio, factor = edits["edit_ratio"], edits["edit_factor"]
    stretch, sign = np.abs(factor), np.sign(factor)
    turn = (ratio * stretch - 1) * base.partial_rad + ratio * (1 - stretch) * held
    phase = sign[:, None] * (base.phase_rad + np.where(moved, turn, 0.0)[:, None])
    frequency = np.where(
        moved, ratio * base.partial_hz + (base.frequency_hz - base.partial_hz) / stretch, base.frequency_hz
    )
    columns = unfolded(
        {
            "frequency_hz": frequency,
            "phase_rad": np.where(moved[:, None], phase - 2 * np.pi * np.rint(phase / (2 * np.pi)), phase),
            "chirp_hz_per_s": base.chirp_hz_per_s * ratio / factor,
            "partial_hz": base.partial_hz * ratio,
            "partial_rad": sign * (ratio * stretch * base.partial_rad + ratio * (1 - stretch) * held),
        }
    )
    return base.replace(
        time_s=factor * base.time_s + edits["edit_shift_s"],
        window_s=stretch * base.window_s,
        amplitude=base.amplitude * edits["edit_gain"][:, None],
        **columns,
        **edits,
        **{name: base.column(now) for now, name in BASE.items()},
    )
