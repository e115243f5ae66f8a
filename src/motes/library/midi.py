"""Notes of a standard MIDI file, for instruments to play."""

from __future__ import annotations

import os

import numpy as np

from motes.data.midi_file import read_midi_file
from motes.errors import ParameterError
from motes.library.perform import Notes


def read_notes(path: str | os.PathLike[str]) -> Notes:
    """All notes of a MIDI file, bare or wrapped in RIFF, but those of the drum channel, tempo changes followed.

    AudioError for what is no MIDI file, ParameterError where it holds no notes.
    """
    found = read_midi_file(path)
    notes = [note for note in found if not note.is_drum]
    if not notes:
        drums = "holds drums only (channel 10), which have no pitch" if found else "holds no notes"
        raise ParameterError(f"{os.fspath(path)} {drums}")
    columns = np.array([(note.onset_s, note.key, note.velocity) for note in notes], np.float64)
    return Notes(*columns.T)
