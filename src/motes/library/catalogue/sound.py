"""The sound that a catalogue is searched for: of one of its files, of another .mote file, or of a recording."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from motes import places
from motes.audio import RECORDINGS, open_source
from motes.edit.note_columns import levels_db
from motes.errors import MotesWarning, ParameterError
from motes.events.event_table import Array, Ints
from motes.events.groups import ROLES, Groups
from motes.events.note_table import HIGHEST_DB, LOWEST_DB, NoteTable
from motes.events.notes import DRUMS, pitch_name
from motes.kinds.vector.decoder import CURRENT
from motes.library.catalogue.brute_force import numbers_of
from motes.library.catalogue.nearest import models_of
from motes.library.catalogue.rows import KINDS
from motes.library.catalogue.scene_rows import rows_of
from motes.library.work import load_scene
from motes.units import SILENCE_DB

if TYPE_CHECKING:
    from motes.library.catalogue.catalogue import Catalogue
    from motes.scene.scene import Scene

# Recordings that are looked for are encoded first.
LONGEST_S = 60.0
_NAMES = ["number", "time_s", "length_s", "pitch", "gain_db", "model"]


@dataclass(frozen=True, eq=False)
class Sound:
    """A sound by its sixteen numbers `(16,)`, and whose they are; where it is, in seconds, and its MIDI number, None
    for what has no pitch. `scene` is that of its file, None for a file of the catalogue.
    """

    file: str
    kind: str
    number: int
    time_s: float
    length_s: float
    pitch: float | None
    gain_db: float
    model: str
    numbers: Array
    scene: Scene | None

    def __str__(self) -> str:
        high = "without pitch" if self.pitch is None else pitch_name(self.pitch)
        return f"{self.kind} {self.number} ({high}, {self.length_s:.2f} s from {self.time_s:.2f} s)"


def asked_for(catalogue: Catalogue, name: str) -> Sound:
    """The sound of this name: `song.mote:12` is note 12 of a file of the catalogue, or else of one on disk,
    `song.mote:partial:3` another sound, `take.wav:2` the second note found in a recording.

    Without a number it is the strongest in the file, and where there are several a MotesWarning says which it is. A
    recording in which no notes are found is one sound without pitch. Raises ParameterError where there is none such.
    """
    file, kind, number = parsed(catalogue, name)
    sounds = (_in_catalogue if file in catalogue.files else _on_disk)(catalogue, file, kind, number)
    found = np.arange(len(sounds.number)) if number is None else np.flatnonzero(sounds.number == number)
    if not len(found):
        if number is not None and file in catalogue.files:
            sounds = _in_catalogue(catalogue, file, kind, None)
        raise ParameterError(f"{file} has no {kind}{'' if number is None else f' {number}'}{_instead(sounds)}")
    at = found[np.lexsort((-sounds.length_s[found], -sounds.gain_db[found]))[0]]
    chosen = sounds.one(int(at))
    if len(found) > 1:
        other = sounds.number[found[0] if found[0] != at else found[1]]
        named = f"{file}:{'' if kind == 'note' else kind + ':'}{other}"
        words = f"{file} holds {len(found)} {kind}s: looked for is the strongest, {chosen}; {named} names another"
        warnings.warn(MotesWarning(words), stacklevel=5)
    return chosen


class _Sounds(NamedTuple):
    """The sounds of a kind in a file, of which `one` makes that at a place."""

    number: Ints
    length_s: Array
    gain_db: Array
    one: Callable[[int], Sound]


def _instead(sounds: _Sounds) -> str:
    if not len(sounds.number):
        return ""
    return f", but {len(sounds.number)}, from {sounds.number[0]} to {sounds.number[-1]}"


def parsed(catalogue: Catalogue, name: str) -> tuple[str, str, int | None]:
    """File, kind and number of a sound by its name; files are allowed to have colons in their names."""
    if name in catalogue.files or places.is_file(name):
        return name, "note", None
    file, _, number = name.rpartition(":")
    file, kind = next(((file.removesuffix(f":{k}"), k) for k in KINDS if file.endswith(f":{k}")), (file, "note"))
    if not file or not number.isdecimal():
        raise ParameterError(
            f"{name!r} is no sound of a catalogue, and no file: say song.mote:12, song.mote:partial:3, or take.wav"
        )
    return file, kind, int(number)


def _in_catalogue(catalogue: Catalogue, file: str, kind: str, number: int | None) -> _Sounds:
    """The sounds of a kind in a file of the catalogue, of one number where it is given."""
    import pyarrow.dataset

    wanted = pyarrow.dataset.field("kind") == kind
    if number is not None:  # of a Parquet file, few groups of rows hold it
        wanted &= pyarrow.dataset.field("number") == number
    rows = catalogue.rows_of(file, wanted)

    def one(at: int) -> Sound:
        row = rows.slice(at, 1)
        (values,) = row.select(_NAMES).to_pylist()
        return Sound(file=file, kind=kind, numbers=numbers_of(row)[0], scene=None, **values)

    number_of, length_s, gain_db = (rows[name].to_numpy() for name in ("number", "length_s", "gain_db"))
    return _Sounds(number_of, length_s, gain_db, one)


def _on_disk(catalogue: Catalogue, file: str, kind: str, number: int | None) -> _Sounds:
    """The sounds of a kind in a .mote file or a recording that is not in the catalogue, described as those in it."""
    suffix = os.path.splitext(file)[1].lower()
    if not places.is_file(file):
        raise ParameterError(f"{file} is neither in the catalogue nor a file")
    if suffix != ".mote" and suffix not in RECORDINGS:
        raise ParameterError(f"{file} is neither a .mote file nor a recording by its name")
    models = models_of(catalogue, kind)
    scene = load_scene(file) if suffix == ".mote" else _encoded(file, with_vectors=models[:1] == [CURRENT])
    rows = rows_of(scene)
    rows = rows.take(rows.columns["kind"] == kind)
    if not np.isin(rows.columns["model"], models).any():
        rows = rows_of(_without_vectors(scene))
        rows = rows.take(rows.columns["kind"] == kind)

    def one(at: int) -> Sound:
        values = {name: rows.columns[name][at : at + 1].tolist()[0] for name in _NAMES}
        if np.isnan(values["pitch"]):
            values["pitch"] = None
        return Sound(file=file, kind=kind, numbers=rows.vector[at], scene=scene, **values)

    return _Sounds(rows.columns["number"], rows.columns["length_s"], rows.columns["gain_db"], one)


def _encoded(file: str, with_vectors: bool) -> Scene:
    """A recording as a scene with notes, one over all of it where none are found."""
    from motes.encoders.door import encode

    source = open_source(file)
    lasts_s = source.n_samples / source.sample_rate_hz
    if lasts_s > LONGEST_S:
        raise ParameterError(
            f"{file} lasts {lasts_s:.0f} s, and a recording to be looked for at most {LONGEST_S:g} s: cut the sound "
            f"out, or name a note of it once it is encoded (motes encode {file} --notes), as in song.mote:12"
        )
    scene = encode(file, notes=True, note_vectors=with_vectors)
    if not scene.n_events:
        raise ParameterError(f"{file} is silent: there is nothing to look for")
    return scene if len(scene.groups.notes) else _as_one_note(scene)


def _without_vectors(scene: Scene) -> Scene:
    """The scene without the numbers that are stored beside its notes."""
    groups = scene.groups
    return scene.replace(groups=Groups(groups.id, groups.parent, groups.role, groups.notes.replace(numbers=None)))


def _as_one_note(scene: Scene) -> Scene:
    """The scene with a note without pitch that lasts as long as it does."""
    level_db = levels_db(scene.gabor).max(initial=SILENCE_DB)
    columns = ([0.0], [scene.duration_s], [np.nan], [np.clip(level_db, LOWEST_DB, HIGHEST_DB)], [1.0], [DRUMS])
    note = NoteTable(np.ones(1, np.int64), *(np.array(column) for column in columns)).rounded()
    one = np.ones(1, np.int64)
    return scene.replace(groups=Groups(one, 0 * one, ROLES.index("note") * one, note))
