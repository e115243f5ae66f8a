"""Edited atoms as they are rendered: others in place of those that an edit moves by more than one frequency."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from motes.events.event_table import Array, Ints, Mask, canonical_order
from motes.kinds.gabor.edited import base_of, edit_keys, follow_partials, in_order, is_edited, moved_by
from motes.kinds.gabor.table import Gabor

if TYPE_CHECKING:
    from motes.kinds.gabor.partials.tracking import Lines

# So many different edits of one scene's atoms are rendered with care; atoms edited in rarer ways are moved as they are.
MOST_EDITS = 16
# Nor are fewer atoms than this, edited alike, a partial that is moved.
FEWEST = 8
# What edits go by, and rendering does not.
_UNHEARD = frozenset(one.name for one in Gabor.PARAMS if not one.public and one.name not in ("room_id", "wetness"))


def atoms_as_rendered(events: Gabor, sample_rate_hz: int) -> Gabor:
    """The atoms of a scene as they are to be rendered, in order of time; found once for each table.

    Where edits move a partial that sweeps under an atom, or two that share one, no one frequency is right for the atom:
    shorter or longer atoms, which sounded alike before the edit, take its place (`partials.rewriting`).
    """
    if not follow_partials(events).any():
        return events
    return events.once(("as rendered", sample_rate_hz), lambda: _rewritten(events, sample_rate_hz))


class _Layer(NamedTuple):
    """Atoms of one layer as they were before edits, in order and knowing their partials; the lines through them; and
    which event each is now, None where the rows are the same.
    """

    base: Gabor
    lines: Lines
    events: Ints | None


def _layer(events: Gabor, layer: int, sample_rate_hz: int) -> _Layer:
    origin = events.known("origin")
    is_whole = events.at_default("edit_layer")
    if is_whole and origin is not None and not is_edited(origin.table) and origin.table.at_default("edit_layer"):
        base, lines = origin.table.once(("linked", sample_rate_hz), lambda: _linked(origin.table, sample_rate_hz))
        return _Layer(base, lines, None if origin.rows is None else np.argsort(origin.rows))
    base = base_of(events)
    these = in_order(base, np.flatnonzero(events.edit_layer == layer))
    as_it_is = len(these) == len(events) and bool(np.all(these[1:] > these[:-1]))
    return _Layer(*_linked(base if as_it_is else base.take(these), sample_rate_hz), None if as_it_is else these)


def _linked(base: Gabor, sample_rate_hz: int) -> tuple[Gabor, Lines]:
    from motes.kinds.gabor.partials.tracking import lines_of

    lines = lines_of(base, sample_rate_hz)
    return base.replace(partial_hz=lines.frequency_hz, partial_rad=lines.phase_rad), lines


def _rewritten(events: Gabor, sample_rate_hz: int) -> Gabor:
    """The events of each layer, other atoms in place of those that an edit moves by more than one frequency."""
    moved, gone, parts = follow_partials(events), [np.empty(0, np.intp)], []
    for number in np.unique(events.edit_layer[moved]):
        layer = _layer(events, number, sample_rate_hz)
        base, these = layer.base, layer.events
        rows = np.flatnonzero(moved if these is None else moved[these])
        keys = edit_keys(events.take(rows if these is None else these[rows]))
        first, which, count = _distinct(keys)
        if len(first) > MOST_EDITS:  # many edits that differ in their gains alone are one of louder and softer atoms
            gain = events.edit_gain if these is None else events.edit_gain[these]
            base = base.replace(amplitude=base.amplitude * gain[:, None])
            keys["edit_gain"] = np.ones(len(rows))
            first, which, count = _distinct(keys)
        for key in np.argsort(-count, kind="stable")[:MOST_EDITS]:
            edit = {name: column[first[key]] for name, column in keys.items()}
            if count[key] < FEWEST and not edit.get("edit_from_s"):
                continue
            mask = np.zeros(len(base), np.bool_)
            mask[rows[which == key]] = True
            kept, added = _rewritten_alike(base, layer.lines, mask, edit, sample_rate_hz)
            lost = np.flatnonzero(~kept)
            gone.append(lost if these is None else these[lost])
            parts += added
    return _exchanged(events, np.concatenate(gone), parts) if parts else events


def _exchanged(events: Gabor, gone: Ints, parts: list[Gabor]) -> Gabor:
    """The events without those that are `gone`, and with those of the parts, in order: only what lies between the first
    and the last of these is put together anew, since scenes are large.
    """
    added = parts[0].with_more(*parts[1:])
    first_s, last_s = added.time_s.min(initial=np.inf), added.time_s.max(initial=-np.inf)
    low = min(int(gone.min(initial=len(events))), int(np.searchsorted(events.time_s, first_s, side="left")))
    high = max(int(gone.max(initial=-1)) + 1, int(np.searchsorted(events.time_s, last_s, side="right")))
    stays = np.ones(high - low, np.bool_)
    stays[gone - low] = False
    part = _joined(events, low + np.flatnonzero(stays), added)
    return part if high - low == len(events) else events.spliced(low, high, part, _UNHEARD)


def _joined(events: Gabor, these: Ints, added: Gabor) -> Gabor:
    """Some events and those added, in order: each column is gathered once."""
    low, tables = (int(these[0]) if len(these) else 0), (events, added)
    high = int(these[-1]) + 1 if len(these) else 0

    def whole(name: str) -> Array:
        return np.concatenate([events.column(name)[low:high], added.column(name)])

    index = np.concatenate([these - low, np.arange(high - low, high - low + len(added))])
    order = canonical_order(*(whole(name)[index] for name in events.ORDER))
    index = index if order is None else index[order]
    names = [each.name for each in fields(events) if not all(table.at_default(each.name) for table in tables)]
    return Gabor(**{name: _read_only(whole(name)[index]) for name in names})


def _read_only(column: Any) -> Any:
    column.flags.writeable = False
    return column


def _distinct(keys: dict[str, Any]) -> tuple[Ints, Ints, Ints]:
    """Of edits that occur the first event, which of them each event has, and how many have it."""
    rows = np.stack(list(keys.values()), axis=1)
    # Most events are edited as the first one is, or not at all: only the others are sorted.
    others = np.flatnonzero((rows != rows[0]).any(axis=1))
    some = np.append(0, others)
    _, first, which, count = np.unique(rows[some], axis=0, return_index=True, return_inverse=True, return_counts=True)
    which = which.reshape(-1)
    count[which[0]] += len(rows) - len(some)
    of_each = np.full(len(rows), which[0])
    of_each[others] = which[1:]
    return some[first], of_each, count


def _rewritten_alike(
    base: Gabor, lines: Any, mask: Mask, edit: dict[str, Any], sample_rate_hz: int
) -> tuple[Mask, list[Gabor]]:
    """Of the atoms of a layer in `mask`, which an edit moves alike: which of all stay, and others, moved, in place of
    those that do not.
    """
    from motes.kinds.gabor.partials.attacks import across, short_atoms
    from motes.kinds.gabor.partials.rewriting import rewrite_for_edit  # numba: only where frequencies or times change

    by, from_s = abs(float(edit["edit_ratio"] * abs(edit["edit_factor"])) - 1), float(edit.get("edit_from_s", 0.0))
    if not from_s:
        rewrite = rewrite_for_edit(base, lines, mask, sample_rate_hz, by)
        return rewrite.kept, [_all_moved(part, edit) for part in rewrite.added]
    held, added = lines.phases_at(from_s), []
    over = mask & across(base, lines, from_s, sample_rate_hz)
    sign = np.sign(edit["edit_factor"])
    still_s = edit["edit_shift_s"] + sign * (abs(edit["edit_factor"]) - 1) * from_s
    still = edit | {"edit_factor": sign, "edit_shift_s": still_s}
    for k, columns in short_atoms(base, lines, np.flatnonzero(over), sample_rate_hz, by):
        atoms = Gabor(*columns)
        late = atoms.time_s >= from_s
        added += [_all_moved(atoms.take(~late), still), _all_moved(atoms.take(late), edit, held[k])]
    # In place of its group each atom has its line, which says how far its phase is held.
    numbered = base.replace(group_id=lines.number)
    rewrite = rewrite_for_edit(numbered, lines, mask & ~over, sample_rate_hz, by)
    group = np.zeros(len(held), np.int64)
    group[lines.number] = base.group_id
    for part in rewrite.added:
        added.append(_all_moved(part.replace(group_id=group[part.group_id]), edit, held[part.group_id]))
    return rewrite.kept & ~over, added


def _all_moved(base: Gabor, edit: dict[str, Any], held: Array | float = 0.0) -> Gabor:
    edits = {name: np.full(len(base), value) for name, value in edit.items()}
    return moved_by(base, edits, np.ones(len(base), np.bool_), held)
