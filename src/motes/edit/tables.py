"""The events of a selection as tables by kind, and the selection again when these have changed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import pairwise, takewhile
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from motes.edit.note_changes import without_lost
from motes.errors import ParameterError
from motes.events.event_table import Array, EventTable, Mask
from motes.events.frozen import Origin
from motes.scene.scene import Scene
from motes.units import require_finite

if TYPE_CHECKING:
    from motes.edit.selection import Selection

Change = Callable[[EventTable, Mask], EventTable]
# What is moved or joined further past the end than this is taken for a mistake.
MAX_GAP_S = 3600.0


def parts(scene: Scene, mask: Mask) -> list[tuple[EventTable, Mask]]:
    """Each kind's events, with its part of a mask `(n_events,)` over all of them."""
    return list(zip(scene.tables, by_kind(scene, mask), strict=True))


def by_kind(scene: Scene, values: NDArray[Any]) -> list[NDArray[Any]]:
    """Values over all events `(n_events,)`, kind by kind."""
    edges = np.cumsum([0, *map(len, scene.tables)])
    return [values[low:high] for low, high in pairwise(edges)]


def numbers_of(scene: Scene, kind: str) -> slice:
    """Which numbers the events of a kind have among all."""
    first = sum(len(table) for table in takewhile(lambda table: kind != table.KIND, scene.tables))
    return slice(first, first + len(scene.table(kind)))


def column(scene: Scene, name: str) -> Any:
    """A column that every kind has, over all events `(n_events,)`."""
    return np.concatenate([table.column(name) for table in scene.tables])


def rebuilt(selection: Selection, tables: Iterable[EventTable], mask: Mask, **scene_changes: Any) -> Selection:
    """The selection in its scene with these tables in place of its own, in canonical order; `mask` is over them."""
    masks, ordered, low = [], [], 0
    for table in tables:
        part, order = mask[low : low + len(table)], table.order()
        masks.append(part if order is None else part[order])
        ordered.append(table if order is None else table.take(order))
        low += len(table)
    return replace(selection, scene=selection.scene.with_tables(ordered, **scene_changes), mask=np.concatenate(masks))


def changed(selection: Selection, change: Change, row_by_row: bool = False, **scene_changes: Any) -> Selection:
    """The selection with each kind's selected events changed; `row_by_row` where that depends on no other event, and
    keeps what files hold of them from before edits.
    """
    if row_by_row:
        near = [_changed_near(table, mask, change) for table, mask in parts(selection.scene, selection.mask)]
        scene = selection.scene.with_tables([table for table, _ in near], **scene_changes)
        return replace(selection, scene=scene, mask=np.concatenate([mask for _, mask in near]))
    tables = [change(table, mask) if mask.any() else table for table, mask in parts(selection.scene, selection.mask)]
    return rebuilt(selection, tables, selection.mask, **scene_changes)


def _changed_near(table: EventTable, mask: Mask, change: Change) -> tuple[EventTable, Mask]:
    """A table with events changed, and the mask of these, in order: all that lie between others are left alone, so
    that an edit costs by what it changes.
    """
    rows = np.flatnonzero(mask)
    if not len(rows):
        return table, mask
    origin = table.known("origin") or Origin(table, None)
    low, high = int(rows[0]), int(rows[-1]) + 1
    whole = 2 * (high - low) > len(table) or any(table.ragged_start(name) is None for name in table.RAGGED)
    if whole:
        low, high, made = 0, len(table), change(table, mask)
        order = made.order()
        part = made if order is None else made.take(order)
    else:
        part = change(table.take(slice(low, high)), mask[low:high])
        times, now = table.column(table.ORDER[0]), part.column(table.ORDER[0])
        first = int(np.searchsorted(times[:low], now.min(), side="left"))
        last = high + int(np.searchsorted(times[high:], now.max(), side="right"))
        part = table.take(slice(first, last)).spliced(low - first, high - first, part)
        low, high, order = first, last, part.order()
        part = part if order is None else part.take(order)
    found = part if whole else table.spliced(low, high, part)
    found.once("order", lambda: None)
    if order is not None:
        before = np.arange(len(table)) if origin.rows is None else origin.rows
        origin = origin._replace(rows=np.concatenate([before[:low], before[low:high][order], before[high:]]))
        mask = np.concatenate([mask[:low], mask[low:high][order], mask[high:]])
    if not table.RAGGED:
        found.once("origin", lambda: origin)
    return found, mask


def kept(selection: Selection, mask: Mask) -> Selection:
    """The scene with only the events in `mask`, and the notes that these leave."""
    tables = [events.only(part) for events, part in parts(selection.scene, mask)]
    left = without_lost(selection.scene, selection.scene.with_tables(tables))
    return replace(selection, scene=left, mask=selection.mask[mask])


def onset_s(selection: Selection) -> float:
    """When the first selected event begins to sound: not before 0."""
    starts = column(selection.scene, "start_s")[sounding(selection)]
    return max(0.0, float(starts.min())) if len(starts) else 0.0


def sounding(selection: Selection) -> Mask:
    """Which events say when the selected ones begin and end: shares of detail only where nothing else does."""
    mask, of_detail = selection.mask.copy(), numbers_of(selection.scene, "detail")
    mask[of_detail] &= selection.scene.detail.mask_frames == 0
    return mask if mask.any() else selection.mask


def audible_end_s(selection: Selection) -> float:
    """When the last selected event ends, or the scene if that is sooner: past its end nothing sounds."""
    ends = column(selection.scene, "end_s")[selection.mask]
    return min(float(ends.max()), selection.scene.duration_s) if len(ends) else 0.0


def samples_up_to(scene: Scene, end_s: float) -> int:
    """Samples of a scene that has to hold sound up to `end_s`; it never shrinks."""
    return max(scene.n_samples, math.ceil(end_s * scene.sample_rate_hz - 1e-6))


def check_early(selection: Selection, end_s: Array, doing: str) -> None:
    """ParameterError where selected events would have an end before 0."""
    early = np.flatnonzero(selection.mask & (end_s < 0))
    if len(early):
        i = early[0]
        raise ParameterError(
            f"{doing} would end event {i} (now at {column(selection.scene, 'time_s')[i]:g} s) before 0, at "
            f"{end_s[i]:g} s: leave out what begins so early, or go less far"
        )


def check_gap(scene: Scene, at_s: float, doing: str, value: float) -> None:
    """ParameterError where `at_s`, which `value` led to, is far past the end of the scene."""
    if at_s > scene.duration_s + MAX_GAP_S:
        raise ParameterError(
            f"{doing} to {at_s:g} s is far past the end, {scene.duration_s:g} s: were these samples, not seconds? "
            f"({value:g})"
        )


def require_time(name: str, value: float) -> float:
    """A finite time from 0 on; ParameterError for any other."""
    number = require_finite(name, value)
    if number < 0:
        raise ParameterError(f"{name} must not be below 0, and is {number:g}")
    return number
