"""The notes of a mosaic that are made of the sounds of one file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from motes import places
from motes.edit import operations
from motes.edit.note_columns import known_notes, note_of_groups
from motes.errors import FormatError
from motes.events.event_table import Array, EventTable, Ints
from motes.events.note_table import HIGHEST_DB, LOWEST_DB
from motes.files import digest_of
from motes.library.play_notes import LOUDEST_DB, Wanted, as_wanted
from motes.notes.splitting import split
from motes.scene.scene import Scene


@dataclass(frozen=True)
class Adaptation:
    """Which notes of a file, by their numbers, are to become what, and the rate and channels of the mosaic.

    `digest` is that of the file as the catalogue knows it; `energy` that of the atoms of the notes that they stand for,
    0 where these have none, and `gain_db` the level of these notes.
    """

    path: str
    digest: str
    numbers: tuple[int, ...]
    wanted: tuple[Wanted, ...]
    energy: tuple[float, ...]
    gain_db: tuple[float, ...]
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
    todo = zip(row.tolist(), how.wanted, how.energy, how.gain_db, strict=True)
    return [_as_strong(_fitting(as_wanted(scene, notes, i, wanted), how), *level) for i, wanted, *level in todo]


def energies(scene: Scene, ids: Ints) -> Array:
    """The energy of the atoms of each of these notes, which ascend, in full scale² s, mean of the channels, `(n,)`."""
    atoms = scene.gabor
    note = note_of_groups(scene.groups, atoms.group_id)
    mine = np.isin(note, ids)
    energy = np.mean(np.square(atoms.amplitude), axis=1) * atoms.window_s
    return np.asarray(np.bincount(np.searchsorted(ids, note[mine]), energy[mine], len(ids)), np.float64)


def _as_strong(scene: Scene | None, energy: float, gain_db: float) -> Scene | None:
    """The scene of one note with this energy, as a note of this level; by LOUDEST_DB at most, and as it is where either
    energy is not known.
    """
    if scene is None:
        return None
    held = float(energies(scene, np.ones(1, np.int64))[0])
    if held <= 0 or energy <= 0:
        return scene
    asked_db = 10 * np.log10(energy / held)
    louder_db = float(np.clip(asked_db, -LOUDEST_DB, LOUDEST_DB))
    scene = operations.gain(scene.select(), louder_db).scene
    level = np.full(1, np.clip(gain_db + louder_db - asked_db, LOWEST_DB, HIGHEST_DB))
    return scene.with_tables((), groups=scene.groups.with_notes(scene.groups.notes.replace(gain_db=level)))


def _fitting(scene: Scene | None, how: Adaptation) -> Scene | None:
    """The scene at the rate and with the channels of the mosaic."""
    if scene is not None and scene.sample_rate_hz != how.sample_rate_hz:
        scene = operations.at_rate(scene, how.sample_rate_hz)
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
