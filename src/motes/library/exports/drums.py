"""Keys of the drum channel for what has no pitch: by where its energy lies, the same for all of a part."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from motes.library.exports.chosen_notes import divided
from motes.notes.note import Note

# Below each frequency in Hz, the key of General MIDI: bass drum, low tom, high tom, snare, closed hi-hat.
KEYS = ((140.0, 36), (300.0, 45), (700.0, 50), (4000.0, 38), (np.inf, 42))
SNARE, HI_HAT, CRASH = 38, 42, 49
# Something bright that rings for longer, in seconds, is a cymbal.
CRASH_S = 0.6


def drum_keys(notes: Sequence[Note]) -> dict[int, int]:
    """For each part with notes that have no pitch, the key of these: 38, a snare, where they have no events."""
    without_pitch = [note for note in notes if note.pitch is None]
    by_part: dict[int, list[Note]] = defaultdict(list)
    for note in divided(without_pitch):
        by_part[note.part].append(note)
    return {part: _key(held) for part, held in by_part.items()}


def _key(notes: Sequence[Note]) -> int:
    found = [hz for hz in map(_median_hz, notes) if hz is not None]
    if not found:
        return SNARE
    median = float(np.median(found))
    key = next(key for below, key in KEYS if median < below)
    length_s = float(np.median([note.end_s - note.onset_s for note in notes]))
    return CRASH if key == HI_HAT and length_s > CRASH_S else key


def _median_hz(note: Note) -> float | None:
    """The frequency below which half the energy of its events lies; None where it has none with a frequency."""
    frequency, energy = [], []
    for table in note.events.only().tables:
        names = {param.name for param in table.PARAMS}
        if not len(table) or not {"frequency_hz", "amplitude"} <= names:
            continue
        frequency.append(table.column("frequency_hz"))
        amplitude = table.column("amplitude").reshape(len(table), -1)
        energy.append(np.square(amplitude).sum(axis=1) * (table.end_s - table.start_s))
    if not frequency or not np.concatenate(energy).any():
        return None
    hz, weight = np.concatenate(frequency), np.concatenate(energy)
    order = np.argsort(hz)
    so_far = np.cumsum(weight[order])
    return float(hz[order[int(np.searchsorted(so_far, so_far[-1] / 2))]])
