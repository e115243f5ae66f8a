"""A piano of recordings, as Salamander's: `A4v10.ogg` is key A4 struck at the tenth of sixteen strengths."""

from __future__ import annotations

import os
import re
from functools import cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from motes.audio import read_audio
from motes.data.rendering.sounds.sampler import Recording, faded, read_at, without_silence
from motes.data.rendering.sounds.sources import Instrument, Sound
from motes.errors import ParameterError

PROGRAMS = (0, 1)
NAME = re.compile(r"([A-G]#?)(\d)v(\d+)\.(ogg|flac|wav|mp3)$", re.IGNORECASE)
STEPS = {"C": 0, "C#": 1, "D": 2, "D#": 3, "E": 4, "F": 5, "F#": 6, "G": 7, "G#": 8, "A": 9, "A#": 10, "B": 11}
# Of Salamander's recordings these are out of tune by so many cents, measured.
CENTS_OFF = {108: 60.0, 33: -8.5}
# A damper ends a note in so long; above this key there are none.
DAMPED_S, HIGHEST_DAMPED = 0.22, 88
LONGEST_S = 15.0
LEVEL = 1.0
# Of sixteen strengths this one is kept for tests.
TEST_LAYER = 7


class SampledPiano:
    """The recordings of a folder; `layers` are the strengths that are used, all but TEST_LAYER where none are given."""

    def __init__(self, folder: str | os.PathLike[str], sample_rate_hz: int, layers: tuple[int, ...] = ()) -> None:
        self.name, self.sample_rate_hz = "sampled piano", sample_rate_hz
        self._paths: dict[int, dict[int, Path]] = {}
        for path in sorted(Path(folder).rglob("*")):
            match = NAME.match(path.name)
            if match is None:
                continue
            key, layer = 12 * (int(match[2]) + 1) + STEPS[match[1].upper()], int(match[3])
            if layer in layers or (not layers and layer != TEST_LAYER):
                self._paths.setdefault(layer, {})[key] = path
        if not self._paths:
            raise ParameterError(f"there are no piano samples in {os.fspath(folder)}: files called as F#3v10.ogg")

    def plays(self, program: int) -> bool:
        """Grand pianos alone."""
        return program in PROGRAMS

    def instrument(self, program: int, seed: int) -> Instrument:
        """The piano; program and seed change nothing."""
        return partial(self.note, program)

    def note(
        self, program: int, key: int, velocity: int, duration_s: float, bend_cents: NDArray[np.float64] | None = None
    ) -> Sound:
        """One note alone, `(n,)`, from its onset until it is damped or has died away; it does not bend."""
        layer = min(self._paths, key=lambda number: abs(8 * number - velocity))
        near = min(self._paths[layer], key=lambda known: abs(known - key))
        recording = _recording(self._paths[layer][near], near)
        n = round(min(duration_s + 5 * DAMPED_S, LONGEST_S) * self.sample_rate_hz)
        if key > HIGHEST_DAMPED:
            n = round(LONGEST_S * self.sample_rate_hz)
        sound = read_at(recording, 440 * 2 ** ((key - 69) / 12), n, self.sample_rate_hz)
        if key <= HIGHEST_DAMPED:
            after_s = np.maximum(np.arange(len(sound)) / self.sample_rate_hz - duration_s, 0)
            sound = sound * np.exp(-6.9 / (5 * DAMPED_S) * after_s).astype(np.float32)
        loudness = np.float32(LEVEL * (velocity / (8 * layer)) ** 1.2)
        return faded(sound * loudness, round(0.02 * self.sample_rate_hz))


@cache
def _recording(path: Path, key: int) -> Recording:
    audio, rate = read_audio(path)
    mono = np.atleast_2d(audio).mean(axis=0).astype(np.float32)
    frequency_hz = 440 * 2 ** ((key - 69) / 12 + CENTS_OFF.get(key, 0.0) / 1200)
    return Recording(without_silence(mono), rate, frequency_hz)
