"""What a page shows of a scene to click on: its notes, and of what is in none its events, or of many atoms their
partials.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from motes import kinds
from motes.edit.selection import columns
from motes.events.columns import stored_params
from motes.events.event_table import Array, EventTable, Ints
from motes.kinds.gabor.partials.tracking import Curve, find_partials
from motes.report import note_items
from motes.report.note_items import NOTE
from motes.scene.scene import Scene
from motes.units import erb_rate

# Scenes of more atoms than this are shown as partials.
MOST_ALONE = 400
_POINTS = 120  # of a partial's line
_LEAP_SEMITONES, _FASTEST_SEMITONES_PER_S = 3.0, 60.0  # a wide vibrato makes 40 in a second, voices that glide less
_STRAIGHT_ERB = 0.05  # how far a line may be drawn from where it runs: half a pixel
PARTIAL = "partial"
# Keys of items that are notes are their numbers and this; of partials theirs.
_NOTES = 1 << 40
_PARTIAL_PARAMS = (
    ("time_s", "s", "when it begins"),
    ("duration_s", "s", "how long it lasts"),
    ("frequency_hz", "Hz", "mean frequency"),
    ("spread_semitones", "semitones", "how far its frequency strays from the mean"),
    ("amplitude", "", "of its strongest atom, full scale = 1"),
    ("n_atoms", "", "of how many atoms it consists"),
)


@dataclass(frozen=True, eq=False)
class Items:
    """Things to click in `scene`: `number` `(n_events,)` tells each event's, in order of time; the columns are
    `(n_items,)`.

    `sorts` names each item's sort, a kind of event, "partial" or "note", and `notes` the numbers of notes, 0 of all
    else. `strength` orders items by loudness, roughly and
    before any are rendered. `low_hz` and `high_hz` are equal for what has one frequency. `curves` tells of a partial
    or note how its frequency runs, None of all else.
    """

    scene: Scene
    number: Ints
    sorts: list[str]
    start_s: Array
    end_s: Array
    low_hz: Array
    high_hz: Array
    strength: Array
    curves: list[Curve | None]
    notes: Ints

    def __len__(self) -> int:
        return len(self.sorts)


def items_of(scene: Scene, notes: Literal["divided", "own", "none"] = "divided") -> Items:
    """The items of a scene, in order of time: of notes in a scene in which their atoms are divided, or in this one
    those that have events of their own, or none.
    """
    scene = note_items.with_note_events(scene) if notes == "divided" else scene
    lines = find_partials(scene.gabor, scene.sample_rate_hz) if len(scene.gabor) > MOST_ALONE else None
    line_of = np.zeros(len(scene.gabor), np.int64) if lines is None else lines.number
    start, end, low, high, strength, key, sort = (
        np.concatenate(part) for part in zip(*_columns_by_kind(scene, line_of), strict=True)
    )
    note = note_items.note_numbers(scene) * (notes != "none")
    key, sort = np.where(note > 0, _NOTES + note, key), np.where(note > 0, NOTE, sort)
    names, number = np.unique(key, return_inverse=True)
    number, n_items = number.reshape(-1), len(names)
    first, last = np.full(n_items, np.inf), np.full(n_items, -np.inf)
    lowest, highest, total = np.full(n_items, np.inf), np.zeros(n_items), np.zeros(n_items)
    np.minimum.at(first, number, start)
    np.maximum.at(last, number, end)
    np.add.at(total, number, strength)
    np.minimum.at(lowest, number, low)
    np.maximum.at(highest, number, high)
    bends = note_items.curves_of(scene, [k - _NOTES for k in names.tolist() if k > _NOTES])
    curves: list[Curve | None] = [
        bends.get(k - _NOTES) if k > _NOTES else None if lines is None or k <= 0 else lines.curves[k - 1]
        for k in names.tolist()
    ]
    for i, curve in enumerate(curves):
        if curve is not None:
            lowest[i] = highest[i] = _mean(curve, curve.frequency_hz)
    sorts = np.empty(n_items, sort.dtype)
    sorts[number] = sort
    order = np.argsort(first, kind="stable")
    rank = np.empty(n_items, np.int64)
    rank[order] = np.arange(n_items)
    curves = [curves[i] for i in order.tolist()]
    return Items(
        scene,
        rank[number],
        sorts[order].tolist(),
        first[order],
        last[order],
        lowest[order],
        highest[order],
        total[order],
        curves,
        np.maximum(names[order] - _NOTES, 0),
    )


def _columns_by_kind(scene: Scene, line_of: Ints) -> Iterator[tuple[NDArray[Any], ...]]:
    """Of each kind's events start, end, band, strength, a key that events of one item share (of a partial its
    line's number), and sort.
    """
    first = 0
    for table in scene.tables:
        drawing = kinds.of(table).drawing
        low, high = drawing.band_hz(table)
        in_line = line_of > 0 if table is scene.gabor else np.zeros(len(table), bool)
        key = -(1 + first + np.arange(len(table), dtype=np.int64))
        if table is scene.gabor:
            key = np.where(in_line, line_of, key)
        first += len(table)
        sort = np.where(in_line, PARTIAL, table.KIND).astype("<U16")
        yield table.start_s, table.end_s, low, high, drawing.strength(table), key, sort


def _mean(curve: Curve, values: Array) -> float:
    """Mean over time along a line."""
    gaps = np.diff(curve.time_s)
    if not np.sum(gaps) > 0:
        return float(np.mean(values))
    return float(np.sum(gaps * (values[1:] + values[:-1]) / 2) / np.sum(gaps))


def parameters(items: Items, chosen: Ints) -> dict[str, dict[str, Any]]:
    """By sort: `items` (numbers among `chosen`), `params` (name, unit, meaning), and `values` with a row per
    parameter.
    """
    found: dict[str, dict[str, Any]] = {}
    place = np.full(len(items), -1)
    place[chosen] = np.arange(len(chosen))
    first = 0
    for table in items.scene.tables:
        number = items.number[first : first + len(table)]
        first += len(table)
        sort_of = np.array([items.sorts[i] for i in number.tolist()], "<U16")
        mine = np.flatnonzero((sort_of == table.KIND) & (place[number] >= 0))
        if len(mine):
            found[table.KIND] = _of_events(table, mine, place[number[mine]])
        lines = np.flatnonzero((sort_of == PARTIAL) & (place[number] >= 0))
        if len(lines):
            found[PARTIAL] = _of_partials(items, table.take(lines), number[lines], place)
    if len(notes := np.flatnonzero((items.notes > 0) & (place >= 0))):
        found[NOTE] = _of_notes(items, notes, place)
    return found


def _of_events(table: EventTable, mine: NDArray[np.intp], place: Ints) -> dict[str, Any]:
    held = columns(table)
    params = [param for param in stored_params(type(table)) if param.name not in ("group_id", "room_id")]
    order = np.argsort(place, kind="stable")
    return {
        "items": place[order],
        "params": [(param.name, param.unit, param.meaning) for param in params],
        "values": [np.asarray(held[param.name], np.float64)[mine[order]] for param in params],
    }


def _of_partials(items: Items, atoms: EventTable, number: Ints, place: Ints) -> dict[str, Any]:
    mine = np.unique(number)
    at = np.searchsorted(mine, number)
    amplitude, mean = np.sqrt(np.max(atoms.column("amplitude") ** 2, axis=1)), items.low_hz[mine]
    spread = np.array([_spread_semitones(items.curves[i]) for i in mine.tolist()])
    strongest = np.zeros(len(mine))
    np.maximum.at(strongest, at, amplitude)
    rows = [
        items.start_s[mine],
        items.end_s[mine] - items.start_s[mine],
        mean,
        spread,
        strongest,
        np.bincount(at).astype(float),
    ]
    return {"items": place[mine], "params": list(_PARTIAL_PARAMS), "values": rows}


def _of_notes(items: Items, mine: NDArray[np.intp], place: Ints) -> dict[str, Any]:
    n_events = np.bincount(items.number, minlength=len(items))[mine]
    middle_hz = np.sqrt(np.maximum(items.low_hz[mine], 1.0) * np.maximum(items.high_hz[mine], 1.0))
    rows = note_items.rows_of(items.scene, items.notes[mine], n_events, middle_hz)
    return {"items": place[mine], "params": list(note_items.PARAMS), "values": rows}


def _spread_semitones(curve: Curve | None) -> float:
    if curve is None:
        return 0.0
    semitones = 12 * np.log2(np.maximum(curve.frequency_hz, 1.0))
    return float(np.sqrt(_mean(curve, (semitones - _mean(curve, semitones)) ** 2)))


Stroke = list[tuple[float, float]]


def lines(items: Items, chosen: Ints) -> list[list[Stroke]]:
    """The line of each chosen item, as strokes of (s, Hz): a partial's as its frequency runs, else straight, along the
    middle of its band.

    A partial is drawn by the atoms that carry it: those of attacks, which it masks, lie where nothing is heard. Where
    it leaps faster than any sound glides, two were linked by a short atom that belongs to both: there it is not drawn.
    A window counts as long as it is above a half: what the ear takes for its length; a splat until it has decayed by 40
    dB.
    """
    left, right = np.full(len(items), np.inf), np.full(len(items), -np.inf)
    first = 0
    for table in items.scene.tables:
        begins, ends = kinds.of(table).drawing.extent_s(table)
        number = items.number[first : first + len(table)]
        first += len(table)
        np.minimum.at(left, number, begins)
        np.maximum.at(right, number, ends)
    for i in np.flatnonzero(items.notes).tolist():  # a note is drawn from its onset to its end
        if (curve := items.curves[i]) is not None:
            left[i], right[i] = curve.time_s[0], curve.time_s[-1]
    middle = (items.low_hz + items.high_hz) / 2
    return [_strokes(items.curves[i], float(left[i]), float(right[i]), float(middle[i])) for i in chosen.tolist()]


def _strokes(curve: Curve | None, left: float, right: float, hz: float) -> list[Stroke]:
    if curve is None:
        return [[(left, hz), (right, hz)]]
    kept = _corners(curve.time_s, erb_rate(np.maximum(curve.frequency_hz, 0.0)))
    points = [(float(curve.time_s[k]), float(curve.frequency_hz[k])) for k in kept]
    points = [(min(left, points[0][0]), points[0][1]), *points, (max(right, points[-1][0]), points[-1][1])]
    strokes = [points[:1]]
    for before, after in pairwise(points):
        if _leaps(before, after):
            strokes.append([])
        if after != before:
            strokes[-1].append(after)
    return [stroke for stroke in strokes if len(stroke) > 1] or [[(left, hz), (right, hz)]]


def _leaps(before: tuple[float, float], after: tuple[float, float]) -> bool:
    semitones = abs(12 * np.log2(max(after[1], 1.0) / max(before[1], 1.0)))
    return bool(semitones > max(_LEAP_SEMITONES, _FASTEST_SEMITONES_PER_S * (after[0] - before[0])))


def _corners(time_s: Array, erb: Array) -> list[int]:
    """Which points to join by straight lines so that all others lie on them, nearly: where a line is furthest off
    it is split (Ramer 1972).
    """
    kept, waiting = {0, len(time_s) - 1}, [_furthest(time_s, erb, 0, len(time_s) - 1)]
    while waiting and len(kept) < _POINTS:
        off, low, middle, high = heappop(waiting)
        if -off <= _STRAIGHT_ERB:
            break
        kept.add(middle)
        for ends in ((low, middle), (middle, high)):
            heappush(waiting, _furthest(time_s, erb, *ends))
    return sorted(kept)


def _furthest(time_s: Array, erb: Array, low: int, high: int) -> tuple[float, int, int, int]:
    """The point between two that lies furthest off the line through them: (minus how far, low, point, high)."""
    if high - low < 2:
        return 0.0, low, low, high
    inside = slice(low + 1, high)
    off = np.abs(erb[inside] - np.interp(time_s[inside], time_s[[low, high]], erb[[low, high]]))
    return -float(off.max()), low, low + 1 + int(off.argmax()), high
