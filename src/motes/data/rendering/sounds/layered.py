"""Instruments made of others, so that training meets more timbres than there are: two at once, the stops of an organ,
and what colours either.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.signal import sosfilt

from motes.data.rendering.scores.score import SUSTAINED
from motes.data.rendering.sounds.sources import Instrument, Sound

Rng = np.random.Generator
# Organs, accordions and harmonicas, whose stops sound other keys too; of these programs so many are layered so.
ORGANS, WITH_STOPS, DOUBLED = range(16, 24), 0.75, 0.06
# Semitones of the stops of 16, 4, 2⅔, 2, 1⅗ and 1 foot above that of 8 feet, and how often each is drawn.
STOPS = ((-12, 0.35), (12, 0.75), (19, 0.3), (24, 0.5), (28, 0.15), (36, 0.2))
# How often a part is played by two instruments, and how often it is coloured.
WITH_ANOTHER, COLOURED = 0.2, 0.6
LOWEST_KEY, HIGHEST_KEY = 16, 115


class LayeredInstrument:
    """An instrument, with what sounds beside it: the same for the same seed. `others` are what may play with it."""

    def __init__(
        self, instrument: Instrument, others: Sequence[Instrument], program: int, seed: int, sample_rate_hz: int
    ) -> None:
        rng = np.random.default_rng([seed, 5])
        self.instrument = instrument
        self.layers: list[tuple[Instrument, int, float]] = []
        if program in ORGANS and rng.random() < WITH_STOPS:
            self.layers = [
                (instrument, semitones, _gain(rng, -22, 2)) for semitones, often in STOPS if rng.random() < often
            ]
        elif program in SUSTAINED and rng.random() < DOUBLED:
            self.layers = [(instrument, int(rng.choice((12, 12, -12))), _gain(rng, -24, -8))]
        if others and rng.random() < WITH_ANOTHER:
            self.layers.append((others[int(rng.integers(len(others)))], 0, _gain(rng, -12, 6)))
        self.sections = _colour(rng, sample_rate_hz) if rng.random() < COLOURED else None

    def note(self, key: int, velocity: int, duration_s: float, bend_cents: NDArray[np.float64] | None = None) -> Sound:
        """One note, `(n,)`, as long as the longest of its layers."""
        parts = [(self.instrument(key, velocity, duration_s, bend_cents), 1.0)]
        for instrument, semitones, gain in self.layers:
            if LOWEST_KEY <= key + semitones <= HIGHEST_KEY:
                parts.append((instrument(key + semitones, velocity, duration_s, bend_cents), gain))
        sound = np.zeros(max(len(part) for part, _ in parts), np.float32)
        for part, gain in parts:
            sound[: len(part)] += part * np.float32(gain)
        if self.sections is None or not len(sound):
            return sound
        return np.asarray(sosfilt(self.sections, sound), np.float32)


def _gain(rng: Rng, lowest_db: float, highest_db: float) -> float:
    return 10 ** (float(rng.uniform(lowest_db, highest_db)) / 20)


def _colour(rng: Rng, sample_rate_hz: int) -> NDArray[np.float64]:
    """Peaks and dips of a body, as sections of second order (Bristow-Johnson's equaliser)."""
    sections = []
    for _ in range(int(rng.integers(1, 5))):
        hz, gain_db = float(np.exp(rng.uniform(np.log(90), np.log(7000)))), rng.uniform(-14, 12)
        turn = 2 * np.pi * hz / sample_rate_hz
        slope, amplitude = np.sin(turn) / (2 * rng.uniform(0.5, 4.0)), 10 ** (gain_db / 40)
        above, below = 1 + slope * amplitude, 1 - slope * amplitude
        over, under = 1 + slope / amplitude, 1 - slope / amplitude
        middle = -2 * np.cos(turn)
        sections.append([above / over, middle / over, below / over, 1.0, middle / over, under / over])
    return np.array(sections)
