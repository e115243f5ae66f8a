"""What a page shows of a scene to click on: its events, or of a scene of many atoms its partials and what is in none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motes.scene.kinds import Array, EventTable, Ints
from motes.scene.partials import link
from motes.scene.scene import Scene
from motes.scene.select import columns
from motes.scene.table import stored_params

MOST_ALONE = 400
"""Scenes of more atoms than this are shown as partials."""
_POINTS = 24  # of a partial's line
PARTIAL = "partial"
_PARTIAL_PARAMS = (
    ("time_s", "s", "when it begins"),
    ("duration_s", "s", "how long it lasts"),
    ("frequency_hz", "Hz", "mean frequency, weighted by energy"),
    ("spread_semitones", "semitones", "how far its frequency strays from the mean"),
    ("amplitude", "", "of its strongest atom, full scale = 1"),
    ("n_atoms", "", "of how many atoms it consists"),
)


@dataclass(frozen=True, eq=False)
class Items:
    """Things to click in `scene`: `number` `(n_events,)` tells each event's, in order of time; the columns are `(n_items,)`.

    `sorts` names each item's sort, a kind of event or "partial". `strength` orders items by loudness, roughly and before any are rendered.
    `low_hz` and `high_hz` are equal for what has one frequency.
    """

    scene: Scene
    number: Ints
    sorts: list[str]
    start_s: Array
    end_s: Array
    low_hz: Array
    high_hz: Array
    strength: Array

    def __len__(self) -> int:
        return len(self.sorts)


def items_of(scene: Scene) -> Items:
    """The items of a scene, in order of time."""
    big = len(scene.gabor) > MOST_ALONE
    scene = link(scene) if big else scene
    start, end, low, high, strength, key, sort = (np.concatenate(part) for part in zip(*_columns_by_kind(scene, big), strict=True))
    names, number = np.unique(key, return_inverse=True)
    number, n_items = number.reshape(-1), len(names)
    first, last = np.full(n_items, np.inf), np.full(n_items, -np.inf)
    lowest, highest, total = np.zeros(n_items), np.zeros(n_items), np.zeros(n_items)
    np.minimum.at(first, number, start)
    np.maximum.at(last, number, end)
    np.add.at(total, number, strength)
    weight = np.maximum(strength, 1e-30)
    share = weight / np.maximum(np.bincount(number, weight, n_items), 1e-30)[number] if n_items else weight
    np.add.at(lowest, number, share * low)
    np.add.at(highest, number, share * high)
    sorts = np.empty(n_items, sort.dtype)
    sorts[number] = sort
    order = np.argsort(first, kind="stable")
    rank = np.empty(n_items, np.int64)
    rank[order] = np.arange(n_items)
    return Items(scene, rank[number], sorts[order].tolist(), first[order], last[order], lowest[order], highest[order], total[order])


def _columns_by_kind(scene: Scene, big: bool) -> Iterator[tuple[NDArray[Any], ...]]:
    first = 1 + max(int(table.column("group_id").max(initial=0)) for table in scene.tables)
    for table in scene.tables:
        low, high = bands(table)
        alone = -(first + np.arange(len(table)))
        grouped = (table.column("group_id") > 0) & (big and table.KIND == "gabor")
        first += len(table)
        key = np.where(grouped, table.column("group_id"), alone)
        sort = np.where(grouped, PARTIAL, table.KIND).astype("<U16")
        yield table.start_s, table.end_s, low, high, strengths(table), key, sort


def bands(table: EventTable) -> tuple[Array, Array]:
    """Lower and upper edge of each event in Hz, equal where it has one frequency; (0, inf) where a kind tells of none."""
    names = {param.name for param in table.PARAMS}
    for name in ("frequency_hz", "f0_hz"):
        if name in names:
            return table.column(name), table.column(name)
    if {"low_hz", "high_hz"} <= names:
        return table.column("low_hz"), table.column("high_hz")
    return np.zeros(len(table)), np.full(len(table), 1e6)


def strengths(table: EventTable) -> Array:
    """Energy of each event where its kind tells an amplitude, else what comes before all that do."""
    names = {param.name for param in table.PARAMS}
    seconds = np.maximum(table.end_s - table.start_s, 1e-6)
    if "amplitude" in names:
        amplitude = table.column("amplitude")
        return np.asarray(np.sum(np.square(amplitude if amplitude.ndim == 2 else amplitude[:, None]), axis=1) * seconds)
    return seconds * (10 ** (table.column("gain_db") / 10) if "gain_db" in names else 1e6)


def parameters(items: Items, chosen: Ints) -> dict[str, dict[str, Any]]:
    """By sort: `items` (numbers among `chosen`), `params` (name, unit, meaning), and `values` with a row per parameter."""
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
    low, _ = bands(atoms)
    weight, amplitude = np.maximum(strengths(atoms), 1e-30), np.sqrt(np.max(atoms.column("amplitude") ** 2, axis=1))
    mean = items.low_hz[mine]
    off = 12 * np.log2(np.maximum(low, 1.0) / np.maximum(mean[at], 1.0))
    spread = np.sqrt(np.bincount(at, weight * off**2) / np.bincount(at, weight))
    strongest = np.zeros(len(mine))
    np.maximum.at(strongest, at, amplitude)
    rows = [items.start_s[mine], items.end_s[mine] - items.start_s[mine], mean, spread, strongest, np.bincount(at).astype(float)]
    return {"items": place[mine], "params": list(_PARTIAL_PARAMS), "values": rows}


def lines(items: Items, chosen: Ints) -> list[list[tuple[float, float]]]:
    """The line of each chosen item, as (s, Hz): through its events where they have one frequency, else along the middle of its band.

    A window counts as long as it is above a half: what the ear takes for its length.
    """
    left, right, middle = [], [], []
    for table in items.scene.tables:
        quarter = (table.end_s - table.start_s) / 4 if "window_s" in {param.name for param in table.PARAMS} else np.zeros(len(table))
        low, high = bands(table)
        left.append(table.start_s + quarter)
        right.append(table.end_s - quarter)
        middle.append((low + high) / 2)
    lefts, rights, hz = np.concatenate(left), np.concatenate(right), np.concatenate(middle)
    order = np.lexsort((lefts, items.number))
    edges = np.searchsorted(items.number[order], np.arange(len(items) + 1))
    drawn = []
    for i in chosen.tolist():
        mine = order[edges[i] : edges[i + 1]]
        drawn.append(_line(lefts[mine], rights[mine], hz[mine]))
    return drawn


def _line(left: Array, right: Array, hz: Array) -> list[tuple[float, float]]:
    if len(left) == 1:
        return [(float(left[0]), float(hz[0])), (float(right[0]), float(hz[0]))]
    centre = (left + right) / 2
    order = np.argsort(centre, kind="stable")
    centre, along = centre[order], hz[order]
    pieces = np.array_split(np.arange(len(centre)), min(_POINTS, len(centre)))
    inner = [(float(centre[piece].mean()), float(along[piece].mean())) for piece in pieces]
    return [(float(left.min()), inner[0][1]), *inner, (float(right.max()), inner[-1][1])]
