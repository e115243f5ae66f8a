"""The notes of a mosaic that are made of the sounds of one file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from motes import places
from motes.edit.note_columns import known_notes
from motes.edit.operations import at_rate
from motes.errors import FormatError
from motes.events.event_table import EventTable, Ints
from motes.files import digest_of
from motes.library.play_notes import Wanted, as_wanted
from motes.notes.splitting import split
from motes.scene.scene import Scene


@dataclass(frozen=True)
class Adaptation:
    """Which notes of a file, by their numbers, are to become what, and the rate and channels of the mosaic.

    `digest` is that of the file as the catalogue knows it.
    """

    path: str
    digest: str
    numbers: tuple[int, ...]
    wanted: tuple[Wanted, ...]
    sample_rate_hz: int
    n_channels: int


def adapted(how: Adaptation) -> list[Scene | None]:
    """A scene of each of these notes as it is wanted, None where it has no events; FormatError where the file is not
    that of the catalogue.
    """
    from motes.library.work import load_scene

    again = "motes catalogue build makes the catalogue anew"
    if not places.is_file(how.path):
        raise FormatError(f"{how.path} is no longer there: {again}")
    if digest_of(how.path) != how.digest:
        raise FormatError(f"{how.path} has changed since it came into the catalogue: {again}")
    scene = load_scene(how.path)
    notes = known_notes(scene)
    row: Ints = np.searchsorted(notes.id, how.numbers)
    scene = split(scene, np.unique(notes.id[row]))
    return [_fitting(as_wanted(scene, notes, int(i), wanted), how) for i, wanted in zip(row, how.wanted, strict=True)]


def _fitting(scene: Scene | None, how: Adaptation) -> Scene | None:
    """The scene at the rate and with the channels of the mosaic."""
    if scene is not None and scene.sample_rate_hz != how.sample_rate_hz:
        scene = at_rate(scene, how.sample_rate_hz)
    if scene is None or not scene.n_events:
        return None
    return with_channels(scene, how.n_channels)


def with_channels(scene: Scene, n_channels: int) -> Scene:
    """The events in so many channels: of several others their mean, alike in each."""
    if scene.n_channels == n_channels:
        return scene
    mean = np.full((scene.n_channels, scene.n_channels), 1 / scene.n_channels)
    tables = []
    for table in scene.tables:
        events: EventTable = table
        if scene.n_channels > 1 and len(events):
            events = events.mixed(np.ones(len(events), np.bool_), mean, scene.sample_rate_hz)
        names = [param.name for param in events.PARAMS if param.per_channel]
        columns: dict[str, Any] = {name: np.repeat(events.column(name)[:, :1], n_channels, axis=1) for name in names}
        tables.append(events.replace(**columns) if columns else events)
    return scene.replace(n_channels=n_channels, tables=tables, **dict.fromkeys([t.KIND for t in tables]))
