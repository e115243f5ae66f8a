"""What can play a part: SoundFonts, patches, sampled pianos, one-shots, additive instruments."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.float32]
# One value for every so many samples of a note's bend.
BEND_SAMPLES = 512


class Instrument(Protocol):
    """What plays the notes of one part: from its onset until it has died away, `(n,)`. `bend_cents` is the pitch over
    time, one value for every BEND_SAMPLES; some instruments cannot bend and play as they do.
    """

    def __call__(
        self, key: int, velocity: int, duration_s: float, bend_cents: NDArray[np.float64] | None = None
    ) -> Sound: ...


class Source(Protocol):
    """Where instruments come from. `instrument` is the same for the same program and seed."""

    name: str

    def plays(self, program: int) -> bool:
        """Whether it has this program of General MIDI, or score.DRUMS."""
        ...

    def instrument(self, program: int, seed: int) -> Instrument:
        """One instrument of a program that it plays."""
        ...


def spectral_centre_key(sound: Sound, sample_rate_hz: int) -> float:
    """Where the energy of a sound lies, as a MIDI key: the mean of log frequency, weighted by power."""
    n = min(len(sound), sample_rate_hz)
    if n < 16:
        return 69.0
    power = np.abs(np.fft.rfft(sound[:n])) ** 2
    frequency_hz = np.fft.rfftfreq(n, 1 / sample_rate_hz)
    audible = (frequency_hz > 25) & (frequency_hz < 16000)
    total = float(power[audible].sum())
    if total <= 0:
        return 69.0
    octaves = float(np.sum(power[audible] * np.log2(frequency_hz[audible] / 440)) / total)
    return 69 + 12 * octaves
