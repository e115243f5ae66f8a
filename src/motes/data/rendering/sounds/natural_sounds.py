"""Computed sounds of nature and of things, for training: calls, drops, taps, crunches, rattles, each with much variety.

Tests have recipes of their own, in `synthetic_sounds`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from motes.data.rendering.sounds.sampler import faded
from motes.data.rendering.sounds.sources import Sound

Rng = np.random.Generator
Reals = NDArray[np.float64]
LOUDEST = 0.5


def any_natural_sound(rng: Rng, sample_rate_hz: int) -> Sound:
    """One of the sounds of this module by chance, its highest sample LOUDEST."""
    sound = RECIPES[int(rng.integers(len(RECIPES)))](rng, sample_rate_hz)
    attack = np.minimum((np.arange(len(sound)) + 1) / (_between(rng, 0.0002, 0.006) * sample_rate_hz), 1)
    shaped = (sound * attack).astype(np.float32)
    shaped *= np.float32(LOUDEST / max(float(np.abs(shaped).max(initial=0.0)), 1e-9))
    return faded(shaped, round(0.004 * sample_rate_hz))


def call(rng: Rng, sample_rate_hz: int) -> Reals:
    """A whistle or a croak, with few or many harmonics: its pitch goes through some points, and may trill or warble."""
    t = _time(_between(rng, 0.04, 0.6), sample_rate_hz)
    place, n_points = t / t[-1], int(rng.integers(2, 6))
    points = np.cumsum(rng.normal(0, rng.choice((0.05, 0.3, 0.8)), n_points))
    octaves = np.interp(place, np.linspace(0, 1, n_points), points - points[0])
    trill = rng.choice((0.0, 0.0, 0.03, 0.15, 0.35)) * np.sin(2 * np.pi * _between(rng, 8, 70) * t)
    hz = np.clip(_between(rng, 500, 7000) * 2 ** (octaves + trill), 120, 0.4 * sample_rate_hz)
    phase, sound = 2 * np.pi * np.cumsum(hz) / sample_rate_hz, np.zeros_like(t)
    falloff = rng.choice((0.02, 0.1, 0.3, 0.7))
    for k in range(1, 7):
        sound += falloff ** (k - 1) * np.sin(k * phase) * (k * hz < 0.45 * sample_rate_hz)
    pulses = 1 + rng.choice((0.0, 0.0, 0.9)) * np.cos(2 * np.pi * _between(rng, 12, 90) * t)
    shape = np.sin(np.pi * np.minimum(place + rng.uniform(0.0, 0.5), 1)) ** rng.uniform(0.4, 2.0)
    breath = _band(rng, len(t), 1500, 9000, sample_rate_hz) * rng.choice((0.0, 0.02, 0.1))
    return np.asarray((sound * pulses + breath) * shape)


def drop(rng: Rng, sample_rate_hz: int) -> Reals:
    """Bubbles: each rings at its own frequency, which rises as the bubble does, damped the faster the higher it is."""
    t = _time(_between(rng, 0.05, 0.5), sample_rate_hz)
    sound = (
        _band(rng, len(t), 1000, 9000, sample_rate_hz) * np.exp(-t / _between(rng, 0.0005, 0.004)) * rng.uniform(0, 0.5)
    )
    for i in range(int(rng.choice((1, 1, 1, 2, 4)))):
        since = np.maximum(t - (rng.uniform(0, 0.04) if i else 0.0), 0)
        hz = _between(rng, 250, 4500)
        path = np.minimum(hz * (1 + _between(rng, 0.05, 6) * since), 0.4 * sample_rate_hz)
        damping = _between(rng, 8, 60) * (hz / 1000) ** 0.5
        turns = 2 * np.pi * np.cumsum(path * (since > 0)) / sample_rate_hz
        sound += rng.uniform(0.3, 1) * np.sin(turns) * np.exp(-damping * since)
    return np.asarray(sound)


def tap(rng: Rng, sample_rate_hz: int) -> Reals:
    """Something hard on wood, metal, glass or a hollow: modes at ratios by chance, and the noise of the blow."""
    t = _time(_between(rng, 0.04, 0.6), sample_rate_hz)
    lowest_hz, sound = _between(rng, 70, 2500), np.zeros_like(t)
    damping, slope = _between(rng, 12, 150), rng.uniform(0.2, 1.0)
    for ratio in np.cumprod(np.append(1.0, 1 + rng.exponential(0.5, int(rng.integers(2, 10))))):
        if ratio * lowest_hz < 0.45 * sample_rate_hz:
            decay = np.exp(-t * damping * ratio**slope)
            sound += (
                rng.uniform(0.1, 1)
                / ratio ** rng.uniform(0, 1.2)
                * decay
                * np.sin(2 * np.pi * lowest_hz * ratio * t + rng.uniform(0, 6.3))
            )
    blow = _band(rng, len(t), 200, 9000, sample_rate_hz) * np.exp(-t / _between(rng, 0.0008, 0.01))
    return np.asarray(sound + blow * rng.uniform(0, 0.8))


def crunch(rng: Rng, sample_rate_hz: int) -> Reals:
    """A step or a break: a dull thump, and grains of noise after it, ever fewer."""
    t = _time(_between(rng, 0.08, 0.6), sample_rate_hz)
    thump = _band(rng, len(t), 35, _between(rng, 120, 900), sample_rate_hz) * np.exp(-t / _between(rng, 0.006, 0.05))
    hits = (rng.random(len(t)) < _between(rng, 0.0005, 0.02)) * rng.exponential(1.0, len(t))
    grain = np.exp(-np.arange(400) / _between(rng, 8, 120))
    envelope = np.convolve(hits, grain)[: len(t)] * np.exp(-t / _between(rng, 0.02, 0.2))
    low_hz = _between(rng, 300, 3000)
    grains = _band(rng, len(t), low_hz, low_hz * _between(rng, 1.5, 8), sample_rate_hz) * envelope
    parts = [part / max(float(np.abs(part).max()), 1e-9) for part in (thump, grains)]
    share = rng.uniform(0, 1)
    return np.asarray(share * parts[0] + (1 - share) * parts[1])


def rattle(rng: Rng, sample_rate_hz: int) -> Reals:
    """An insect, a ratchet, a hiss: noise in a narrow or a wide band, in pulses or not."""
    t = _time(_between(rng, 0.05, 0.5), sample_rate_hz)
    low_hz = _between(rng, 400, 6000)
    noise = _band(rng, len(t), low_hz, low_hz * _between(rng, 1.1, 6), sample_rate_hz)
    pulses = np.abs(np.sin(np.pi * _between(rng, 8, 60) * t + 0.5 * np.pi)) ** rng.choice((0.0, 1.0, 6.0))
    return np.asarray(noise * pulses * np.exp(-t / t[-1] * rng.uniform(0.5, 6)))


RECIPES: tuple[Callable[[Rng, int], Reals], ...] = (call, call, drop, drop, tap, crunch, rattle)


def _between(rng: Rng, low: float, high: float) -> float:
    """By chance, each octave as likely as any other."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _time(duration_s: float, sample_rate_hz: int) -> Reals:
    return np.arange(round(duration_s * sample_rate_hz)) / sample_rate_hz


def _band(rng: Rng, n: int, low_hz: float, high_hz: float, sample_rate_hz: int) -> Reals:
    """Noise in a band, `(n,)`."""
    high_hz = min(max(high_hz, 1.1 * low_hz), 0.48 * sample_rate_hz)
    sections = butter(2, (low_hz, high_hz), "band", fs=sample_rate_hz, output="sos")
    return np.asarray(sosfilt(sections, rng.standard_normal(n)))
