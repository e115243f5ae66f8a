"""Keys of the drum channel for what has no pitch: by how bright what sets in with it is, the same for all of a part."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from motes.notes.note import Note
from motes.scene.scene import Scene
from motes.units import erb_rate, erb_rate_to_hz

# Below each brightness in Hz, the key of General MIDI: bass drum, low tom, snare, closed hi-hat.
KEYS = ((700.0, 36), (950.0, 45), (4500.0, 38), (np.inf, 42))
SNARE, HI_HAT, CRASH = 38, 42, 49
# Something bright that rings for longer, in seconds, is a cymbal.
CRASH_S = 0.6
# What sounds for so long after an onset is compared with what did before, in seconds.
BESIDE_S = 0.06
# Of a part so many notes are looked at.
MOST_NOTES = 24
# Loudness goes by power to this.
_LOUDNESS = 0.3


def drum_keys(scene: Scene, notes: Sequence[Note]) -> dict[int, int]:
    """For each part with notes that have no pitch, the key of these; 38, a snare, where nothing sets in with them."""
    by_part: dict[int, list[Note]] = defaultdict(list)
    for note in notes:
        if note.pitch is None:
            by_part[note.part].append(note)
    return {part: _key(scene, held) for part, held in by_part.items()}


def _key(scene: Scene, notes: Sequence[Note]) -> int:
    looked_at = notes[:: -(-len(notes) // MOST_NOTES)]
    found = [hz for hz in (brightness_hz(scene, note.onset_s) for note in looked_at) if hz is not None]
    if not found:
        return SNARE
    median = float(np.median(found))
    key = next(key for below, key in KEYS if median < below)
    length_s = float(np.median([note.end_s - note.onset_s for note in notes]))
    return CRASH if key == HI_HAT and length_s > CRASH_S else key


def brightness_hz(scene: Scene, onset_s: float) -> float | None:
    """The mean frequency, by loudness on the scale of the ear, of what sets in at a time; None where nothing does."""
    rate, end_s = scene.sample_rate_hz, scene.duration_s
    half = round(BESIDE_S * rate)
    start_s = max(onset_s - BESIDE_S, 0.0)
    if onset_s >= end_s:
        return None
    audio = np.atleast_2d(scene.render(start_s, min(onset_s + BESIDE_S, end_s))).astype(np.float64).mean(axis=0)
    at = min(round((onset_s - start_s) * rate), len(audio))
    more = np.maximum(_power(audio[at:], half) - _power(audio[:at], half), 0.0)
    place = erb_rate(np.fft.rfftfreq(half, 1 / rate))
    loudness = np.bincount(place.astype(np.int64), more) ** _LOUDNESS
    if not loudness.any():
        return None
    middle = np.average(np.arange(len(loudness)) + 0.5, weights=loudness)
    return float(erb_rate_to_hz(middle))


def _power(audio: NDArray[np.float64], n_samples: int) -> NDArray[np.float64]:
    return np.square(np.abs(np.fft.rfft(np.hanning(len(audio)) * audio, n_samples)))
