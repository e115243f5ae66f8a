"""What an edit changes of the sound: the stretch of time outside which two scenes render the same samples."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from motes import kinds
from motes.events.event_table import Array, EventTable
from motes.scene.scene import Scene
from motes.synth.render import prepared

_SPREAD = np.uint64(0x9E3779B97F4A7C15)
# Noise is rendered in frames that reach over the ends of its events by some milliseconds.
_MARGIN_S = 0.05
_SILENT = {"tables", "quantiser", "groups", "metadata", "tags", "format_version"}


class Changed(NamedTuple):
    """`start_s` … `end_s` is where something sounds different; `whole` where rounding may differ anywhere else too."""

    start_s: float
    end_s: float
    whole: bool


def changed(before: Scene, after: Scene) -> Changed | None:
    """Where two scenes sound different; None where nowhere."""
    if before is after:
        return None
    edges: list[tuple[float, float]] = []
    whole = False
    if any(
        not _alike(getattr(before, name), getattr(after, name))
        for name in before.__dataclass_fields__
        if name not in _SILENT
    ):
        edges.append(
            (min(before.n_samples, after.n_samples) / after.sample_rate_hz, max(before.duration_s, after.duration_s))
        )
        whole = _other_sources(before, after)
    for one, other in zip(prepared(before).tables, prepared(after).tables, strict=True):
        found = _changed_rows(one, other)
        if found is not None:
            edges.append(found)
            whole = whole or kinds.of(one).renderer.SHARES
    if not edges:
        return None
    rooms = [room for scene in (before, after) for room in scene.rooms]  # which ring on, and share convolutions
    tail_s = max((room.duration_s for room in rooms), default=0.0)
    whole = whole or bool(rooms)
    start, end = min(edge[0] for edge in edges) - _MARGIN_S, max(edge[1] for edge in edges) + tail_s + _MARGIN_S
    return Changed(max(0.0, start), max(0.0, min(end, max(before.duration_s, after.duration_s))), whole)


def _other_sources(before: Scene, after: Scene) -> bool:
    """Whether what events are played on has changed, more than by something new at its end."""
    names = (name for name in before.__dataclass_fields__ if name not in _SILENT and name != "n_samples")
    return any(not _begins(getattr(after, name), getattr(before, name)) for name in names)


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, tuple):
        return len(one) == len(other) and _begins(one, other)
    return one is other or (isinstance(one, int | float | str) and one == other)


def _begins(longer: Any, shorter: Any) -> bool:
    if isinstance(shorter, tuple):
        return len(longer) >= len(shorter) and all(a is b or a.equals(b) for a, b in zip(longer, shorter, strict=False))
    return _alike(longer, shorter)


def _changed_rows(one: EventTable, other: EventTable) -> tuple[float, float] | None:
    """From the first start to the last end of the events that are in one table only."""
    if one is other:
        return None
    before, behind = _common(one, other)
    if all(getattr(one, name) is getattr(other, name) for name in one.RAGGED):
        rows = _differing(one, other)
        if not any(map(len, rows)):
            return None
        one, other = one.take(rows[0]), other.take(rows[1])
    elif not (before or behind) and one.equals(other):
        return None
    else:
        one, other = (table.take(slice(before, len(table) - behind)) for table in (one, other))
    hashes = np.concatenate([_hashes(one), _hashes(other)])
    unique, number = np.unique(hashes, return_inverse=True)
    signs = np.concatenate([np.ones(len(one)), -np.ones(len(other))])
    apart = np.bincount(number.reshape(-1), signs, len(unique))[number.reshape(-1)] != 0
    if not apart.any():
        return None
    start = np.concatenate([one.start_s, other.start_s])[apart]
    end = np.concatenate([one.end_s, other.end_s])[apart]
    return float(start.min()), float(end.max())


def _hashes(table: EventTable) -> NDArray[np.uint64]:
    """`row_hashes`, kept with tables whose rows are long: they stand before this edit, and before the next."""
    return table.once("row hashes", lambda: row_hashes(table)) if table.RAGGED else row_hashes(table)


def _differing(one: EventTable, other: EventTable) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The rows of either table without those that are the same in the same place, counted from the first or, where
    there are more in one, from the last: comparing columns costs less than hashing rows, and edits change few.
    """
    before, behind = _common(one, other)
    n_one, n_other = len(one) - before - behind, len(other) - before - behind
    n = min(n_one, n_other)
    ahead = _apart(one, other, slice(before, before + n), slice(before, before + n))
    if n_one == n_other:
        return before + ahead, before + ahead
    first = int(ahead[0]) if len(ahead) else n
    ends = before + n_one, before + n_other
    last = _apart(one, other, *(slice(end - n + first, end) for end in ends))
    n_same = n - first - (int(last[-1]) + 1 if len(last) else 0)
    mine, theirs = (np.arange(before + first, end - n_same) for end in ends)
    return mine, theirs


def _common(one: EventTable, other: EventTable) -> tuple[int, int]:
    """How many of their first and last rows two tables are known to have in common, since both were made of one."""
    mine, n = _older(one), min(len(one), len(other))
    for table, first, last in _older(other):
        for same, n_first, n_last in mine:
            if same is table:
                first = min(first, n_first, n)
                return first, min(last, n_last, n - first)
    return 0, 0


def _older(table: EventTable) -> list[tuple[EventTable, int, int]]:
    """A table and those that it was made of, with how many first and last rows it has in common with each."""
    found = [(table, len(table), len(table))]
    while (shared := table.known("shared")) is not None and (older := shared.table()) is not None:
        _, first, last = found[-1]
        found.append((older, min(first, shared.n_first), min(last, shared.n_last)))
        table = older
    return found


def _apart(one: EventTable, other: EventTable, mine: slice, theirs: slice) -> NDArray[np.intp]:
    """Which of some rows of one table differ from as many of another, in anything that sounds."""
    apart = np.zeros(mine.stop - mine.start, np.bool_)
    for name in _sounding_columns(one):
        a, b = one.column(name), other.column(name)
        if (a is b and mine == theirs) or (one.at_default(name) and other.at_default(name)):
            continue
        differ = a[mine] != b[theirs]
        apart |= differ.any(axis=1) if differ.ndim == 2 else differ
    return np.flatnonzero(apart)


def _sounding_columns(table: EventTable) -> list[str]:
    """The names of the columns that rendering goes by."""
    return [
        param.name
        for param in table.PARAMS
        if (param.public or param.name in ("room_id", "wetness")) and param.name != "group_id"
    ]


def row_hashes(table: EventTable) -> NDArray[np.uint64]:
    """A number for each event, equal where all that sounds of it is equal."""
    hashes = np.zeros(len(table), np.uint64)
    with np.errstate(over="ignore"):
        for name in _sounding_columns(table):
            column: Array = np.ascontiguousarray(table.column(name))
            for values in column.T if column.ndim == 2 else [column]:
                hashes = (hashes ^ np.ascontiguousarray(values + values.dtype.type(0)).view(np.uint64)) * _SPREAD
                hashes ^= hashes >> np.uint64(29)
    for name in table.RAGGED:
        digests = np.array([hash(values.tobytes()) for values in table.ragged(name)], np.int64)
        hashes ^= digests.view(np.uint64) * _SPREAD
    return hashes
