"""Notes of a SoundFont, each rendered alone, from its first sample on."""

from __future__ import annotations

import os
from functools import partial

import numpy as np
from numpy.typing import NDArray

from motes.data.missing import MissingPackageError
from motes.data.rendering.scores.score import DRUMS, range_of
from motes.data.rendering.sounds.sampler import faded
from motes.data.rendering.sounds.sources import BEND_SAMPLES, Instrument, Sound
from motes.errors import ParameterError

# How long a release may go on, and below which part of its peak nothing is left of a sound.
LONGEST_RELEASE_S, SILENT = 4.0, 1e-4
# What is cut fades for some milliseconds, which no other note may hold.
CUT_SAMPLES, MOST_CUTS, FADE_S = 1024, 16, 0.01
# Programs whose notes stay below this are left out: the library lacks what makes them sound.
LOUD_ENOUGH = 0.004


class SoundFont:
    """The programs of a SoundFont file (SF2 or SF3) as single notes, by tinysoundfont."""

    def __init__(self, path: str | os.PathLike[str], sample_rate_hz: int) -> None:
        try:
            import tinysoundfont
        except ImportError:
            raise MissingPackageError("SoundFonts", "--no-deps tinysoundfont") from None
        if not os.path.isfile(path):
            raise ParameterError(f"there is no SoundFont {os.fspath(path)}")
        self.name = os.path.basename(path)
        self.sample_rate_hz = sample_rate_hz
        self._synth = tinysoundfont.Synth(samplerate=sample_rate_hz, gain=-6)
        try:
            self._id = self._synth.sfload(os.fspath(path))
        except Exception as error:  # the library raises bare exceptions
            raise ParameterError(f"{self.name} is no SoundFont that can be read ({error})") from None

        self._audible: dict[int, bool] = {}

    def plays(self, program: int) -> bool:
        """Whether notes of this program are heard."""
        if program not in self._audible:
            low, high = range_of(program)
            sound = self.note(program, (low + high) // 2 if program != DRUMS else 38, 90, 0.3)
            self._audible[program] = float(np.abs(sound).max(initial=0.0)) > LOUD_ENOUGH
        return self._audible[program]

    def instrument(self, program: int, seed: int) -> Instrument:
        """The program; the seed changes nothing."""
        return partial(self.note, program)

    def note(
        self, program: int, key: int, velocity: int, duration_s: float, bend_cents: NDArray[np.float64] | None = None
    ) -> Sound:
        """One note alone, `(n,)`, from its onset until its release has died away.

        `bend_cents` is its pitch over time, one value for every `BEND_SAMPLES`.
        """
        synth, channel = self._synth, 9 if program == DRUMS else 0
        synth.program_select(channel, self._id, 128 if program == DRUMS else 0, 0 if program == DRUMS else program)
        synth.pitchbend_range(channel, 2)
        synth.pitchbend(channel, 8192)
        synth.noteon(channel, key, velocity)
        n_held = max(round(duration_s * self.sample_rate_hz), 1)
        held = self._blocks(n_held, channel, bend_cents)
        synth.noteoff(channel, key)
        parts, peak = [held], float(np.abs(held).max(initial=0.0))
        for _ in range(round(LONGEST_RELEASE_S * self.sample_rate_hz / 4096)):
            parts.append(self._generate(4096))
            if np.abs(parts[-1]).max() <= SILENT * peak:
                break
        self._cut(channel)
        return faded(np.concatenate(parts), round(FADE_S * self.sample_rate_hz))

    def _cut(self, channel: int) -> None:
        self._synth.sounds_off(channel)
        for _ in range(MOST_CUTS):
            if not self._generate(CUT_SAMPLES).any():
                return

    def _blocks(self, n: int, channel: int, bend_cents: NDArray[np.float64] | None) -> Sound:
        if bend_cents is None:
            return self._generate(n)
        parts = []
        for i, first in enumerate(range(0, n, BEND_SAMPLES)):
            cents = float(bend_cents[min(i, len(bend_cents) - 1)])
            self._synth.pitchbend(channel, int(np.clip(8192 + cents / 200 * 8192, 0, 16383)))
            parts.append(self._generate(min(BEND_SAMPLES, n - first)))
        return np.concatenate(parts)

    def _generate(self, n: int) -> Sound:
        stereo = np.frombuffer(bytes(self._synth.generate(n)), dtype=np.float32).reshape(-1, 2)
        return np.asarray(stereo.sum(axis=1) * np.float32(0.5))
