"""Rooms that events can be sent to: those of the folder of impulse responses, and synthetic ones."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from motes.data import impulse_responses
from motes.errors import MotesError
from motes.events.event_table import Mask
from motes.events.room import Room
from motes.scene.rooms import tail_s
from motes.scene.scene import Scene
from motes.studio.answers import RoomAnswer, RoomHeld

_MOST_FILES = 1000


def known_rooms() -> list[RoomAnswer]:
    """The rooms of the folder that can be read, in order of name, then synthetic ones."""
    folder = impulse_responses.folder_in_force()
    found = []
    for name, path in impulse_responses.files(folder)[:_MOST_FILES] if folder is not None and folder.exists() else []:
        status = path.stat()
        if (about := _of_file(path, name, status.st_size, status.st_mtime_ns)) is not None:
            found.append(about)
    return found + [_about(Room.synthetic(rt60_s)) for rt60_s in impulse_responses.SYNTHETIC_RT60_S]


@lru_cache(maxsize=4096)
def _of_file(path: Path, name: str, _size: int, _changed_ns: int) -> RoomAnswer | None:
    try:
        return _about(impulse_responses.read(path, name))
    except MotesError:
        return None


def _about(room: Room) -> RoomAnswer:
    return {
        "name": room.name,
        "rt60_s": room.rt60(),
        "duration_s": room.duration_s,
        "n_channels": None if room.response is None else len(room.response),
        "sample_rate_hz": room.sample_rate_hz or None,
        "synthetic": room.is_synthetic,
    }


def rooms_of(scene: Scene) -> list[RoomHeld]:
    """The rooms of a scene, with the ids that its events name."""
    return [{"id": i, "name": room.name, "missing": room.is_missing} for i, room in enumerate(scene.rooms, 1)]


def find_room(scene: Scene, room: str | int | None) -> Room | int | None:
    """A room by its name or its id in the scene; of two of a name, the one that the scene has. ParameterError where
    there is none.
    """
    if not isinstance(room, str):
        return room or None
    found = [i for i, held in enumerate(scene.rooms, 1) if held.name == room and not held.is_missing]
    return found[0] if found else impulse_responses.room(room)


def tails_end_s(scene: Scene, mask: Mask) -> float:
    """When the last of these events has died away in its room."""
    ends, first = [0.0], 0
    for table in scene.tables:
        part = mask[first : first + len(table)]
        first += len(table)
        if part.any():
            ends.append(float((table.end_s + tail_s(scene, table))[part].max()))
    return max(ends)
