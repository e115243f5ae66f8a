"""How the fundamental of a note runs: from the lines that its own atoms follow, harmonics divided by their numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from motes.notes.note import Note

# Between two points of a curve, in seconds.
STEP_S = 0.01
# Further from the note's pitch than this an atom says nothing of it, in semitones.
FURTHEST = 1.5
# Harmonics that are listened to.
MOST_HARMONICS = 12
# Standard deviation of the window over which it is smoothed, in seconds; harmonics say little in less time.
SMOOTH_S = 0.02


class PitchCurve(NamedTuple):
    """Times in seconds and frequencies in Hz, `(n,)` each; none where a note has no pitch or no atoms."""

    time_s: NDArray[np.float64]
    f0_hz: NDArray[np.float64]


def pitch_curve(note: Note) -> PitchCurve:
    """The fundamental every 10 ms from onset to end, by energy among the harmonics."""
    times = np.arange(note.onset_s, max(note.end_s, note.onset_s + STEP_S), STEP_S)
    if note.f0_hz is None:
        return PitchCurve(np.empty(0), np.empty(0))
    atoms = note.events.only().gabor
    if not len(atoms):
        return PitchCurve(times, np.full(len(times), note.f0_hz))
    atoms = atoms.with_partials(note.scene.sample_rate_hz)
    frequency = np.where(atoms.partial_hz > 0, atoms.partial_hz, atoms.frequency_hz)
    number = np.maximum(np.rint(frequency / note.f0_hz), 1)
    semitones = 12 * np.log2(np.maximum(frequency, 1e-3) / (number * note.f0_hz))
    near = (np.abs(semitones) < FURTHEST) & (number <= MOST_HARMONICS)
    weight = (np.square(atoms.amplitude).sum(axis=1) * np.square(number))[near]
    spread = np.maximum(atoms.window_s[near] / 4, SMOOTH_S)
    distance = (times[:, None] - atoms.time_s[near]) / spread
    by = weight * np.exp(-0.5 * np.square(distance))
    total = by.sum(axis=1)
    bent = np.where(total > 0, by @ semitones[near] / np.where(total > 0, total, 1), 0.0)
    return PitchCurve(times, note.f0_hz * 2 ** (bent / 12))
