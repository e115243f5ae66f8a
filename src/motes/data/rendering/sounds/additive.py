"""Additive instruments made by chance, struck or sustained, so that training meets timbres that no font has."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motes.data.rendering.sounds.sources import Sound
from motes.units import NEPERS_60_DB

# Frequency ratios of the modes of free bars and tuned ones, and of a membrane.
BARS = (
    (1.0, 2.756, 5.404, 8.933),
    (1.0, 4.0, 10.0, 17.5),
    (1.0, 3.0, 6.2, 11.0),
    (1.0, 3.98, 9.2, 15.6),
    (1.0, 1.504, 1.742, 2.0, 2.245, 2.494),
)
# Programs of General MIDI that are bars, plates and bells.
BAR_PROGRAMS = (*range(8, 15), 108, 114)
MOST_PARTIALS = 26
LONGEST_S = 6.0


class AdditiveInstrument:
    """One instrument, the same for the same seed; one of bars for the programs that are."""

    def __init__(self, seed: int, sample_rate_hz: int, program: int | None = None) -> None:
        rng = np.random.default_rng(seed)
        self.rng, self.sample_rate_hz = rng, sample_rate_hz
        self.is_struck = rng.random() < 0.55
        self.modes = np.array(BARS[rng.integers(len(BARS))]) if self.is_struck and rng.random() < 0.3 else None
        self.rolloff_db = rng.uniform(2, 14)
        self.irregular_db = rng.normal(0, rng.uniform(1, 7), MOST_PARTIALS)
        self.odd_only_db = rng.choice((0.0, 0.0, 0.0, 12.0, 25.0))
        self.formants = [
            (rng.uniform(300, 4000), rng.uniform(0.2, 0.8), rng.uniform(-8, 14)) for _ in range(rng.integers(0, 4))
        ]
        self.inharmonicity = float(np.exp(rng.uniform(np.log(1e-5), np.log(1e-3)))) if self.is_struck else 0.0
        self.t60_s = float(np.exp(rng.uniform(np.log(0.25), np.log(12))))
        self.damping_slope = rng.uniform(0.1, 1.2)
        self.attack_s = float(np.exp(rng.uniform(np.log(0.001), np.log(0.006 if self.is_struck else 0.12))))
        self.release_s = float(np.exp(rng.uniform(np.log(0.03), np.log(0.3))))
        self.vibrato_cents = 0.0 if self.is_struck or rng.random() < 0.4 else rng.uniform(5, 45)
        self.vibrato_hz = rng.uniform(4, 7)
        self.tremolo = rng.choice((0.0, 0.0, rng.uniform(0, 0.4)))
        self.noise_db = rng.uniform(-60, -22)
        self.second_stage = rng.uniform(0, 0.4) if self.is_struck else 0.0
        self.sag = rng.uniform(-0.3, 0.6)
        if program in BAR_PROGRAMS:
            self._become_bars(rng)

    def _become_bars(self, rng: np.random.Generator) -> None:
        """Modes about those of known bars, each as strong as chance has it, the higher ones damped sooner."""
        bars = np.array(BARS[rng.integers(len(BARS) - 1)])
        self.is_struck, self.modes = True, bars * np.exp(rng.normal(0, 0.02, len(bars)) * (np.arange(len(bars)) > 0))
        self.rolloff_db, self.formants = rng.uniform(-2, 8), []
        self.irregular_db[1 : len(bars)] = rng.uniform(-25, 3, len(bars) - 1)
        self.t60_s = float(np.exp(rng.uniform(np.log(0.2), np.log(9))))
        self.damping_slope, self.attack_s = rng.uniform(0.3, 1.6), float(np.exp(rng.uniform(-7, -5)))

    def note(self, key: int, velocity: int, duration_s: float, bend_cents: NDArray[np.float64] | None = None) -> Sound:
        """One note alone, `(n,)`, from its onset until its release has died away; it has a vibrato of its own."""
        rate = self.sample_rate_hz
        f0 = 440.0 * 2 ** ((key - 69) / 12)
        length_s = min(duration_s + 1.5 * self.release_s + (0.1 if self.is_struck else 0.0), LONGEST_S)
        t = (np.arange(round(length_s * rate)) / rate).astype(np.float32)
        ratios = self._ratios(f0)
        levels = self._levels(ratios, f0, velocity)
        audible = levels > levels.max() - 66
        ratios, amplitudes = ratios[audible], 10 ** (levels[audible] / 20)
        sway = self.vibrato_cents * (1 - np.exp(-t / 0.3)) * np.cos(2 * np.pi * self.vibrato_hz * t)
        turn = np.cumsum(2 ** (sway / 1200) if self.vibrato_cents else np.ones_like(t), dtype=np.float64) * (
            2 * np.pi * f0 / rate
        )
        sound = np.zeros_like(t)
        for ratio, amplitude in zip(ratios, amplitudes, strict=True):
            angle = np.fmod(turn * ratio + self.rng.uniform(0, 2 * np.pi), 2 * np.pi).astype(np.float32)
            sound += np.float32(amplitude) * self._decay(t, ratio, f0) * np.sin(angle)
        sound += self._noise(t, np.sqrt(np.sum(amplitudes**2)))
        return np.asarray(sound * self._envelope(t, duration_s) * (velocity / 127) ** 1.3, np.float32)

    def _ratios(self, f0: float) -> NDArray[np.float64]:
        if self.modes is not None:
            ratios = self.modes
        else:
            k = np.arange(1, MOST_PARTIALS + 1)
            ratios = k * np.sqrt((1 + self.inharmonicity * k**2) / (1 + self.inharmonicity))
        return np.asarray(ratios[ratios * f0 < 0.46 * self.sample_rate_hz])

    def _levels(self, ratios: NDArray[np.float64], f0: float, velocity: int) -> NDArray[np.float64]:
        softer = (127 - velocity) / 127 * 6
        levels = -(self.rolloff_db + softer) * np.log2(ratios) + self.irregular_db[: len(ratios)]
        if self.modes is None:
            levels[1::2] -= self.odd_only_db
        for centre_hz, octaves, gain_db in self.formants:
            levels += gain_db * np.exp(-0.5 * (np.log2(ratios * f0 / centre_hz) / octaves) ** 2)
        return np.asarray(levels)

    def _decay(self, t: Sound, ratio: float, f0: float) -> Sound:
        if not self.is_struck:
            return np.asarray(1 - self.sag * (1 - np.exp(-t / 0.4)), np.float32)
        rate = NEPERS_60_DB / self.t60_s * ratio**self.damping_slope * (f0 / 261.6) ** 0.4
        slow = self.second_stage
        return np.asarray((1 - slow) * np.exp(-rate * t) + slow * np.exp(-0.3 * rate * t), np.float32)

    def _noise(self, t: Sound, level: float) -> Sound:
        noise = self.rng.standard_normal(len(t)).astype(np.float32) * np.float32(level * 10 ** (self.noise_db / 20))
        return np.asarray(noise * np.exp(-t / 0.03) if self.is_struck else noise, np.float32)

    def _envelope(self, t: Sound, duration_s: float) -> Sound:
        attack = 1 - np.exp(-t / np.float32(self.attack_s / 2))
        release = np.exp(-np.maximum(t - duration_s, 0) / np.float32(self.release_s / NEPERS_60_DB * 2))
        swell = 1 + self.tremolo * np.cos(2 * np.pi * self.vibrato_hz * t)
        last = np.minimum((len(t) - np.arange(len(t))) / (0.01 * self.sample_rate_hz), 1)
        return np.asarray(attack * release * swell * last, np.float32)
