"""Where the events of a scene stand in a picture of time and frequency, whatever their kind."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from motes import kinds
from motes.events.event_table import Array, EventTable, Ints
from motes.kinds.kind import N_MORE
from motes.scene.scene import Scene
from motes.units import erb_rate


@dataclass(frozen=True, eq=False)
class Geometry:
    """Columns `(n_events,)` over all events of a scene in its order; `low_hz` and `high_hz` are equal for what has
    one frequency.
    """

    start_s: Array
    end_s: Array
    low_hz: Array
    high_hz: Array
    level_db: Array
    group_id: Ints
    # The place of each event's kind in `motes.kinds.KINDS`.
    kind: NDArray[np.uint8]
    # `(n_events, 2)`, what `Look.aux` names.
    aux: Array
    # `(n_events, N_MORE)`, what `Look.more` names; `(0, N_MORE)` where no kind has any.
    more: Array

    @cached_property
    def middle_s(self) -> Array:
        """Half-way from start to end."""
        return (self.start_s + self.end_s) / 2

    @cached_property
    def middle_erb(self) -> Array:
        """Half-way from the lower to the upper edge, on the ERB-rate scale."""
        return (erb_rate(self.low_hz) + erb_rate(self.high_hz)) / 2

    @cached_property
    def by_start(self) -> NDArray[np.intp]:
        """Events in order of their starts."""
        return np.argsort(self.start_s, kind="stable")

    @cached_property
    def _starts(self) -> Array:
        return self.start_s[self.by_start]

    @cached_property
    def _latest_end(self) -> Array:
        """The latest end of each event and all that start before it: ascending."""
        return np.maximum.accumulate(self.end_s[self.by_start]) if len(self.start_s) else self.end_s

    def sounding(self, start_s: float, end_s: float) -> NDArray[np.intp]:
        """Events that sound somewhere in start_s … end_s."""
        first = int(np.searchsorted(self._latest_end, start_s, side="right"))
        last = int(np.searchsorted(self._starts, end_s, side="left"))
        found = self.by_start[first:last]
        return found[self.end_s[found] > start_s]


def geometry_of(scene: Scene) -> Geometry:
    """The geometry of a scene."""
    parts = [_of_kind(place, table, scene.sample_rate_hz / 2) for place, table in enumerate(scene.tables)]
    start, end, low, high, level, group, kind, aux, more = (np.concatenate(part) for part in zip(*parts, strict=True))
    has_more = any(len(table) and kinds.of(table).look.more for table in scene.tables)
    return Geometry(start, end, low, high, level, group, kind, aux, more if has_more else np.empty((0, N_MORE)))


def _of_kind(place: int, table: EventTable, nyquist_hz: float) -> tuple[NDArray[np.generic], ...]:
    """The columns of `Geometry` for the events of one kind."""
    look, drawing = kinds.of(table).look, kinds.of(table).drawing
    low, high = drawing.sounding_band_hz(table, nyquist_hz)
    more = np.zeros((len(table), N_MORE))
    start, end = drawing.shown_s(table)
    more[:, : len(look.more)] = drawing.more(table, nyquist_hz)
    return (
        start,
        end,
        low,
        high,
        drawing.level_db(table),
        table.column("group_id"),
        np.full(len(table), place, np.uint8),
        drawing.aux(table, look.aux),
        more,
    )
