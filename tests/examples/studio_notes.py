"""A scene with notes: two that sound together, one after them, and a hit without pitch."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from motes.events.groups import Groups
from motes.events.note_table import NoteTable
from motes.kinds.gabor.table import Gabor
from motes.scene.scene import Scene

RATE = 16000
WINDOW_S, HOP_S = 0.064, 0.016


class PlannedNote(NamedTuple):
    onset_s: float
    end_s: float
    f0_hz: float


NOTES = (PlannedNote(0.1, 0.5, 220.0), PlannedNote(0.12, 0.6, 330.0), PlannedNote(2.2, 2.6, 247.0))
HIT = (1.5, 1.55)


def noted_scene(seconds: float = 3.0) -> Scene:
    """The scene, quantised; the notes have six harmonics, of which atoms every 16 ms are joined to partials."""
    rows = []
    for note in NOTES:
        for harmonic in range(1, 7):
            for centre_s in np.arange(note.onset_s + WINDOW_S / 2, note.end_s, HOP_S):
                hz = harmonic * note.f0_hz
                rows.append((centre_s, WINDOW_S, hz, 0.05 / harmonic, (2 * np.pi * hz * centre_s) % (2 * np.pi)))
    for hz in (3300.0, 4100.0, 5300.0):
        rows.append((HIT[0] + 0.008, 0.016, hz, 0.03, 0.0))
    time_s, window_s, hz, amplitude, phase = np.array(rows).T
    atoms = Gabor(time_s, window_s, hz, amplitude[:, None], phase[:, None])
    onset_s, end_s, f0_hz = np.array([*NOTES, (*HIT, np.nan)]).T
    notes = NoteTable(
        np.arange(1, 5), onset_s, end_s, f0_hz, [-20, -22, -20, -25], [0.97, 0.9, 0.5, 0.75], [-1, -1, -1, 128]
    ).rounded()
    groups = Groups(np.arange(1, 7), [5, 5, 5, 6, 0, 0], [1, 1, 1, 1, 4, 4], notes)
    return Scene(RATE, round(seconds * RATE), 1, atoms, groups=groups).quantise()
