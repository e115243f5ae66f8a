"""The sixteen numbers of a note: of its own vector event, or of pitch, level and length, and what is stored beside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from motes.edit.note_columns import known_notes, note_of_groups
from motes.events.event_table import Array, Ints
from motes.kinds.vector.integers import STEPS
from motes.kinds.vector.table import BESIDE_NOTES, NUMBERS
from motes.scene.notes import NOTE_PART

if TYPE_CHECKING:
    from motes.notes.note import Note

SHORTEST_S = 0.001
_STEPS = np.array([STEPS[name] for name in BESIDE_NOTES], np.float64)


def steps_of(numbers: Array) -> Ints:
    """What of sixteen numbers `(n, 16)` does not follow from notes, in whole steps, `(n, 13)`."""
    return np.rint(numbers[:, -len(_STEPS) :] * _STEPS).astype(np.int64)


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
