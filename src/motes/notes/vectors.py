"""The sixteen numbers of a note: of its own vector event, or of pitch, level and length, and what is stored beside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from motes.edit.note_columns import known_notes, note_of_groups
from motes.events.event_table import Array, Ints, Mask
from motes.kinds.vector.decoder import CURRENT
from motes.kinds.vector.integers import STEPS
from motes.kinds.vector.table import BESIDE_NOTES, NUMBERS
from motes.scene.notes import NOTE_PART

if TYPE_CHECKING:
    from motes.notes.note import Note
    from motes.scene.scene import Scene

SHORTEST_S = 0.001
_STEPS = np.array([STEPS[name] for name in BESIDE_NOTES], np.float64)


def steps_of(numbers: Array) -> Ints:
    """What of sixteen numbers `(n, 16)` does not follow from notes, in whole steps, `(n, 13)`."""
    return np.rint(numbers[:, -len(_STEPS) :] * _STEPS).astype(np.int64)


class NoteVectors(NamedTuple):
    """The sixteen numbers of all notes of a scene, `(n_notes, 16)`, which of the notes have such, and the id of the
    model that they are of, "" for none, `(n_notes,)` each.
    """

    numbers: Array
    has: Mask
    model: NDArray[Any]


def vectors_of(scene: Scene) -> NoteVectors:
    """What `vector_of` says of each note, 0 where a note has no vector."""
    notes = known_notes(scene)
    length_s = np.maximum((notes.end_s - notes.onset_s) / NOTE_PART, SHORTEST_S)
    known = np.stack([np.nan_to_num(notes.pitch), notes.gain_db, np.log2(length_s)], axis=1)
    numbers = np.concatenate([known, notes.numbers / _STEPS], axis=1)
    has, model = notes.has_vector.copy(), np.where(notes.has_vector, CURRENT, "").astype(object)
    of_event = note_of_groups(scene.groups, scene.vector.group_id)
    own, event, count = np.unique(of_event, return_index=True, return_counts=True)
    single = (own > 0) & (count == 1) & np.isin(own, notes.id)
    at, event = np.searchsorted(notes.id, own[single]), event[single]
    numbers[at], has[at] = scene.vector.numbers[event], True
    model[at] = np.array([one.id for one in scene.models] or [""], object)[scene.vector.model[event]]
    return NoteVectors(np.where(has[:, None], numbers, 0.0), has, model)


def vector_of(note: Note) -> NDArray[np.float64] | None:
    """The sixteen numbers of a note, in the order of NUMBERS; None where it has no vector, of its own or stored.

    Those stored go by the note as it is: pitch, level and length are its own, and one without a pitch has 0 there.
    """
    scene = note.scene
    own = np.flatnonzero(note_of_groups(scene.groups, scene.vector.group_id) == note.number)
    if len(own) == 1:
        return scene.vector.numbers[own[0]]
    notes = known_notes(scene)
    row = notes.only(notes.id == note.number)
    if not row.has_vector.any():
        return None
    length_s = max((note.end_s - note.onset_s) / NOTE_PART, SHORTEST_S)
    known = (note.pitch or 0.0, note.gain_db, np.log2(length_s))
    found = np.concatenate([known, row.numbers[0] / _STEPS])
    assert len(found) == len(NUMBERS)
    return found
