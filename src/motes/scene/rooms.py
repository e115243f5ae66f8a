"""The rooms of a scene: which of them its events are in, and how long those go on there."""

from __future__ import annotations

import numpy as np

from motes.events.event_table import Array, EventTable
from motes.events.room import is_sent
from motes.scene.scene import Scene


def without_unused(scene: Scene) -> Scene:
    """The scene with only the rooms that an event is in, numbered anew."""
    used = np.unique(
        np.concatenate([np.zeros(1, np.int64), *(np.unique(table.room_id) for table in scene.tables if is_sent(table))])
    )
    if len(used) == len(scene.rooms) + 1:
        return scene
    number = np.zeros(len(scene.rooms) + 1, np.int64)
    number[used] = np.arange(len(used))
    tables = [table.replace(room_id=number[table.room_id]) for table in scene.tables if is_sent(table)]
    return scene.with_tables(tables, rooms=tuple(scene.rooms[k - 1] for k in used[used > 0]))


def dry(scene: Scene) -> Scene:
    """The scene with no event in a room."""
    tables = [table.replace(room_id=None, wetness=None) for table in scene.tables if is_sent(table)]
    return scene.with_tables(tables, rooms=()) if scene.rooms else scene


def tail_s(scene: Scene, table: EventTable) -> Array:
    """How long each event of a table goes on in its room, `(n_events,)`."""
    lengths = np.array([0.0, *(room.duration_s for room in scene.rooms)])
    return lengths[table.room_id] * (table.wetness > 0)
