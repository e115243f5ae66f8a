"""The packet of the vectors of notes: what of their sixteen numbers does not follow from the notes.

Readers that do not know it may skip it: what is heard does not depend on it. docs/format.md specifies it.
"""

from __future__ import annotations

import numpy as np

from motes.coding.varints import Reader, varints
from motes.errors import FormatError
from motes.events.event_table import Ints
from motes.events.note_table import FARTHEST, NoteTable, to_integers
from motes.kinds.vector.model import COLUMNS, Coder
from motes.kinds.vector.table import BESIDE_NOTES


def pack_note_vectors(notes: NoteTable) -> bytes:
    """The payload: how many notes have a vector, which, unless all, and the numbers, column by column."""
    places = np.flatnonzero(notes.has_vector)
    which = np.diff(places, prepend=-1).tolist() if len(places) < len(notes) else []
    coder = _coder(None, notes, places)
    for k, name in enumerate(BESIDE_NOTES):
        coder.column(COLUMNS[name], notes.numbers[places, k])
    return varints(len(places), *which) + coder.finish()


def unpack_note_vectors(reader: Reader, notes: NoteTable) -> NoteTable:
    """The notes with their numbers; FormatError, which names the packet, where it makes no sense."""
    n = reader.varint(len(notes))
    if not n:
        raise FormatError(f"{reader.name}: it holds no vectors")
    places = np.arange(n)
    if n < len(notes):
        steps = np.array([reader.varint(len(notes)) for _ in range(n)])
        places = np.cumsum(steps) - 1
        if steps.min() < 1 or places[-1] >= len(notes):
            raise FormatError(f"{reader.name}: it tells of notes that are not there")
    coder, numbers = _coder(reader.rest(), notes, places), notes.numbers.copy()
    for k, name in enumerate(BESIDE_NOTES):
        numbers[places, k] = coder.column(COLUMNS[name], np.zeros(n, np.int64))
    if np.any(np.abs(numbers[places]) > FARTHEST):
        raise FormatError(f"{reader.name}: a number is out of range")
    return notes.replace(numbers=numbers)


def _coder(data: bytes | None, notes: NoteTable, places: Ints) -> Coder:
    """A coder of columns, predicted by the note before that is nearest in pitch."""
    coder = Coder(data, len(places), 1)
    coder.near(to_integers(notes)[places, 3])
    return coder
