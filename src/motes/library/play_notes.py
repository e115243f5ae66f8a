"""Music played with the notes of a recording: each as the nearest of them in pitch and strength, transposed, cut off or
made longer.
"""

from __future__ import annotations

import os
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from motes.data.midi_file import read_midi_file
from motes.edit import operations
from motes.edit.joining import merged
from motes.edit.note_columns import columns_of, known_notes, note_of_groups
from motes.edit.tables import column, kept
from motes.errors import ParameterError
from motes.events.event_table import Array, Mask
from motes.events.groups import ROLES, Groups
from motes.events.note_table import NoteTable
from motes.events.notes import hz_to_pitch
from motes.notes.changing import as_first
from motes.notes.splitting import split
from motes.scene.scene import Scene

# A note of this velocity is as loud as the middle one of the recording; how much louder one of ten times as much is.
MIDDLE_VELOCITY, VELOCITY_DB = 80.0, 30.0
# As many dB count as much as a semitone, and a note that is no note at all as so many.
DB_PER_SEMITONE, UNSURE_SEMITONES = 6.0, 6.0
# No note is made longer than so many times, or louder than by so many dB.
LONGEST, LOUDEST_DB = 8.0, 30.0
# Where most energy of the drums of General MIDI is, by key, in Hz; other keys are as cymbals are.
DRUM_HZ = dict.fromkeys((35, 36), 80.0) | dict.fromkeys((41, 43, 45, 47, 48, 50), 150.0)
DRUM_HZ |= dict.fromkeys((37, 38, 39, 40), 500.0) | dict.fromkeys((42, 44, 46), 8000.0)
CYMBAL_HZ = 5000.0


class Score(NamedTuple):
    """What is to be played, `(n_notes,)` each: times in seconds, MIDI numbers (NaN for drums), how high drums are in Hz
    and how much louder each is than the middle of all, in dB.
    """

    onset_s: Array
    end_s: Array
    pitch: Array
    drum_hz: Array
    louder_db: Array


def score_of_midi(path: str | os.PathLike[str]) -> Score:
    """The notes of a MIDI file; ParameterError where it holds none."""
    found = read_midi_file(path)
    if not found:
        raise ParameterError(f"{os.fspath(path)} holds no notes")
    is_drum = np.array([note.is_drum for note in found])
    velocity = np.array([max(note.velocity, 1) for note in found], np.float64)
    return Score(
        np.array([note.onset_s for note in found]),
        np.array([note.end_s for note in found]),
        np.where(is_drum, np.nan, [note.key for note in found]),
        np.array([DRUM_HZ.get(note.key, CYMBAL_HZ) for note in found]),
        VELOCITY_DB * np.log10(velocity / MIDDLE_VELOCITY),
    )


def score_of_scene(scene: Scene) -> Score:
    """The notes of a scene; ParameterError where it knows none."""
    notes = _notes(scene)
    drums = np.isnan(notes.f0_hz)
    heights = _heights(split(scene, notes.id[drums]), notes) if drums.any() else np.zeros(len(notes))
    return Score(notes.onset_s, notes.end_s, notes.pitch, heights, notes.gain_db - np.median(notes.gain_db))


def play(scene: Scene, score: Score) -> Scene:
    """The notes of a scene as a score says: those with a pitch by the nearest that has one, drums by the nearest that
    has none. What nothing can play is left out; ParameterError where that is all.
    """
    notes = _notes(scene)
    chosen = _chosen(scene, notes, score)
    if not (chosen >= 0).any():
        lacking = "a pitch" if not np.isnan(score.pitch).all() else "no pitch, as drums have"
        raise ParameterError(f"none of the {len(notes)} notes of the scene has {lacking}: they cannot play this")
    scene = split(scene, np.unique(notes.id[chosen[chosen >= 0]]))
    played, parts = [], []
    of_note = columns_of(scene, notes)["part"].astype(np.int64)
    for i in np.flatnonzero(chosen >= 0).tolist():
        if (one := _played(scene, notes, int(chosen[i]), score, i)) is not None:
            played.append(one)
            parts.append(int(of_note[chosen[i]]))
    if not played:
        raise ParameterError("the notes that would play this have no events")
    return together(played, np.array(parts))


def together(played: list[Scene], part: NDArray[np.int64]) -> Scene:
    """Scenes of one note each as one, with the notes 1, 2 … in groups that are these parts, 0 for none."""
    while len(played) > 1:  # by twos: each event is copied few times
        played = [_both(*played[k : k + 2]) for k in range(0, len(played), 2)]
    return _in_parts(played[0], part)


def _in_parts(scene: Scene, part: NDArray[np.int64]) -> Scene:
    """The scene with its notes, in order, in groups that are these parts, 0 for none."""
    groups = scene.groups
    notes, names = groups.notes.id, np.unique(part[part > 0])
    ids = int(groups.id.max()) + 1 + np.arange(len(names))
    parent = groups.parent.copy()
    parent[np.isin(groups.id, notes)] = np.where(part > 0, np.append(ids, 0)[np.searchsorted(names, part)], 0)
    role = np.append(groups.role, np.full(len(ids), ROLES.index("part")))
    made = Groups(np.append(groups.id, ids), np.append(parent, np.zeros_like(ids)), role, groups.notes)
    return scene.with_tables((), groups=made)


def _both(one: Scene, other: Scene | None = None) -> Scene:
    return one if other is None else merged(one, other, one.select()).scene


def _notes(scene: Scene) -> NoteTable:
    notes = known_notes(scene)
    if not len(notes):
        raise ParameterError("the scene has no notes to play with: `motes notes`, or motes.notes(scene), finds them")
    return notes


def _chosen(scene: Scene, notes: NoteTable, score: Score) -> NDArray[np.int64]:
    """The row of the note that plays each of a score, −1 where none can."""
    level = notes.gain_db - np.median(notes.gain_db)
    unlike = np.abs(level - score.louder_db[:, None]) / DB_PER_SEMITONE + UNSURE_SEMITONES * (1 - notes.sureness)
    drums, unpitched = np.isnan(score.pitch), np.isnan(notes.f0_hz)
    apart = np.abs(notes.pitch - score.pitch[:, None])
    if drums.any() and unpitched.any():
        heights = _heights(split(scene, notes.id[unpitched]), notes)
        apart_drums = np.abs(hz_to_pitch(heights) - hz_to_pitch(np.maximum(score.drum_hz, 1.0))[:, None])
        apart = np.where(drums[:, None], apart_drums, apart)
    cost = np.where(drums[:, None] == unpitched, apart + unlike, np.inf)
    return np.where(np.isfinite(cost.min(axis=1)), np.argmin(cost, axis=1), -1)


def _heights(scene: Scene, notes: NoteTable) -> Array:
    """The mean frequency of the energy of each note's atoms, over its logarithm, in Hz, 1 where it has none."""
    atoms, heights = scene.gabor, np.ones(len(notes))
    of_atom = note_of_groups(scene.groups, atoms.group_id)
    energy = np.sum(np.square(atoms.amplitude), axis=1) * atoms.window_s
    for row, number in enumerate(notes.id.tolist()):
        mine = of_atom == number
        if energy[mine].sum() > 0:
            octaves = np.average(np.log2(np.maximum(atoms.frequency_hz[mine], 1.0)), weights=energy[mine])
            heights[row] = 2.0**octaves
    return heights


class Wanted(NamedTuple):
    """What a note is to become: from when to when in seconds, its MIDI number (NaN for what has no pitch, which is
    neither cut off nor made longer), and by how many dB louder.
    """

    onset_s: float
    end_s: float
    pitch: float
    louder_db: float


def _played(scene: Scene, notes: NoteTable, row: int, score: Score, i: int) -> Scene | None:
    """A scene of one note of a score, played by that of this row; None where it has no events."""
    louder = float(score.louder_db[i] - (notes.gain_db[row] - np.median(notes.gain_db)))
    times = float(score.onset_s[i]), float(score.end_s[i])
    return as_wanted(scene, notes, row, Wanted(*times, float(score.pitch[i]), louder))


def as_wanted(scene: Scene, notes: NoteTable, row: int, wanted: Wanted) -> Scene | None:
    """A scene of the note of this row alone, which is note 1 of it, moved, transposed, cut off or made longer, and
    louder by LOUDEST_DB at most; None where it has no events. The notes that are asked for have to be split already.
    """
    selection = scene.select(note=int(notes.id[row]), with_detail=False)
    onset_s, length_s = float(notes.onset_s[row]), float(notes.end_s[row] - notes.onset_s[row])
    wanted_s, by_s = wanted.end_s - wanted.onset_s, wanted.onset_s - onset_s
    is_drum = np.isnan(wanted.pitch)
    factor = min(wanted_s / length_s, LONGEST) if length_s > 0 and wanted_s > length_s and not is_drum else 1.0
    cut_s = onset_s + wanted_s if wanted_s < length_s and not is_drum else np.inf
    ends, times = column(scene, "end_s"), column(scene, "time_s")
    lasting = np.minimum(ends + by_s, wanted.onset_s + factor * (ends - onset_s)) >= 0
    copy = kept(selection, selection.mask & lasting & _before(times, cut_s, selection.mask)).scene
    if not copy.n_events:
        return None
    copy = as_first(copy, int(notes.id[row]))
    copy = _of_its_length(operations.move(copy.select(), by_s).scene)
    if not is_drum:
        semitones = float(wanted.pitch - hz_to_pitch(notes.f0_hz[row]))
        copy = operations.transpose(copy.select(), semitones).scene
    if factor != 1:
        copy = operations.stretch(copy.select(), factor, about_s=wanted.onset_s).scene
    copy = operations.gain(copy.select(), float(np.clip(wanted.louder_db, -LOUDEST_DB, LOUDEST_DB))).scene
    table = copy.groups.notes
    end_s = np.minimum(table.end_s, max(wanted.end_s, wanted.onset_s))
    table = table.replace(end_s=np.maximum(end_s, table.onset_s))
    return copy.with_tables((), groups=copy.groups.with_notes(table))


def _before(times: Array, cut_s: float, mask: Mask) -> Mask:
    """Which events are centred before a time; of those of `mask` the first in any case."""
    first = float(times[mask].min(initial=np.inf))
    return np.asarray((times < cut_s) | (times == first))


def _of_its_length(scene: Scene) -> Scene:
    """A scene that ends where its last event does."""
    ends = column(scene, "end_s")
    return scene.replace(n_samples=max(0, int(np.ceil(float(ends.max()) * scene.sample_rate_hz))))
