"""Computed sounds without pitch: any, for training; drips, steps, knocks and bird calls, for tests alone; and rain."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.signal import butter, sosfilt

from motes.data.rendering.sounds.sampler import faded
from motes.data.rendering.sounds.sources import Sound

Rng = np.random.Generator
LOUDEST = 0.5


def any_sound(rng: Rng, sample_rate_hz: int) -> Sound:
    """For training: a burst of noise in a band, modes that are no harmonics, a sweep, or several of these."""
    n = round(float(np.exp(rng.uniform(np.log(0.02), np.log(1.2)))) * sample_rate_hz)
    t = np.arange(n) / sample_rate_hz
    length_s = n / sample_rate_hz
    sound = np.zeros(n)
    which = rng.random(3) < (0.6, 0.45, 0.3)
    if which[0] or not which.any():
        low_hz = float(np.exp(rng.uniform(np.log(40), np.log(6000))))
        high_hz = min(low_hz * float(np.exp(rng.uniform(np.log(1.5), np.log(30)))), 0.45 * sample_rate_hz)
        sound += _band(rng.standard_normal(n), low_hz, high_hz, sample_rate_hz) * np.exp(
            -t / length_s * rng.uniform(3, 8)
        )
    if which[1]:
        lowest_hz = float(np.exp(rng.uniform(np.log(50), np.log(3000))))
        for _ in range(int(rng.integers(2, 12))):
            mode_hz = lowest_hz * float(np.exp(rng.uniform(0, np.log(8))))
            if mode_hz < 0.45 * sample_rate_hz:
                decay = np.exp(-t / length_s * rng.uniform(3, 12) * (mode_hz / lowest_hz) ** 0.5)
                sound += 0.3 * rng.uniform(0.1, 1) * decay * np.sin(2 * np.pi * mode_hz * t + rng.uniform(0, 6.3))
    if which[2]:
        from_hz, octaves = float(np.exp(rng.uniform(np.log(80), np.log(6000)))), rng.uniform(-2, 2)
        path_hz = np.clip(from_hz * 2 ** (octaves * t / length_s), 30, 0.45 * sample_rate_hz)
        sound += (
            0.7 * np.sin(2 * np.pi * np.cumsum(path_hz) / sample_rate_hz) * np.exp(-t / length_s * rng.uniform(1, 5))
        )
    return _finished(sound, rng.uniform(0.0002, 0.006), sample_rate_hz)


def drip(rng: Rng, sample_rate_hz: int) -> Sound:
    """A drop into water: a bubble that rings and rises, after the click of the drop."""
    t = np.arange(round(0.22 * sample_rate_hz)) / sample_rate_hz
    start_hz, damping = rng.uniform(500, 2200), rng.uniform(18, 45)
    path_hz = start_hz * (1 + rng.uniform(0.5, 3) * t)
    bubble = np.sin(2 * np.pi * np.cumsum(path_hz) / sample_rate_hz) * np.exp(-damping * t)
    click = rng.standard_normal(len(t)) * np.exp(-t / 0.0012) * 0.15
    return _finished(bubble + click, 0.0008, sample_rate_hz)


def step(rng: Rng, sample_rate_hz: int) -> Sound:
    """A step on gravel or boards: a heel, and the grains after it."""
    n = round(0.28 * sample_rate_hz)
    t = np.arange(n) / sample_rate_hz
    heel = _band(rng.standard_normal(n), 60, rng.uniform(250, 700), sample_rate_hz) * np.exp(-t / 0.018) * 2
    grains = _band(rng.standard_normal(n), 900, rng.uniform(3000, 9000), sample_rate_hz)
    sparse = np.convolve((rng.random(n) < 0.004) * rng.random(n), np.exp(-np.arange(200) / 40.0), "same")
    return _finished(
        heel + grains * sparse * np.exp(-t / rng.uniform(0.05, 0.12)) * rng.uniform(0.3, 1.0), 0.002, sample_rate_hz
    )


def knock(rng: Rng, sample_rate_hz: int) -> Sound:
    """A knuckle on a door: the modes of a panel, strongly damped."""
    t = np.arange(round(0.25 * sample_rate_hz)) / sample_rate_hz
    lowest_hz, sound = rng.uniform(110, 320), np.zeros_like(t)
    for ratio in (1.0, 1.62, 2.31, 2.98, 4.1, 5.6, 7.9):
        decay = np.exp(-t * rng.uniform(25, 60) * ratio**0.6)
        sound += (
            rng.uniform(0.3, 1) / ratio * decay * np.sin(2 * np.pi * lowest_hz * ratio * rng.uniform(0.97, 1.03) * t)
        )
    return _finished(sound + 0.1 * rng.standard_normal(len(t)) * np.exp(-t / 0.002), 0.0008, sample_rate_hz)


def bird_call(rng: Rng, sample_rate_hz: int) -> Sound:
    """One call: a whistle that glides or trills."""
    t = np.arange(round(rng.uniform(0.08, 0.4) * sample_rate_hz)) / sample_rate_hz
    place = t / t[-1]
    glide = rng.uniform(-0.7, 0.7) * place + rng.uniform(-0.4, 0.4) * np.sin(np.pi * place)
    trill = rng.choice((0.0, 0.0, rng.uniform(0.05, 0.25))) * np.sin(2 * np.pi * rng.uniform(18, 45) * t)
    phase = 2 * np.pi * np.cumsum(rng.uniform(2200, 5200) * 2 ** (glide + trill)) / sample_rate_hz
    sound = (np.sin(phase) + rng.uniform(0, 0.2) * np.sin(2 * phase)) * np.sin(
        np.pi * np.minimum(place + 0.15, 1)
    ) ** 0.7
    return _finished(sound, 0.004, sample_rate_hz)


NATURE: tuple[Callable[[Rng, int], Sound], ...] = (drip, step, knock, bird_call)


def rain(rng: Rng, n: int, sample_rate_hz: int) -> Sound:
    """Rain, `(n,)`, of root mean square 1: a rush of noise that swells, and drops too many to be heard one by one."""
    rush = _band(rng.standard_normal(n), rng.uniform(200, 900), rng.uniform(5000, 14000), sample_rate_hz)
    places = np.linspace(0, n - 1, max(2, n // (2 * sample_rate_hz)))
    swell = 10 ** (np.interp(np.arange(n), places, rng.normal(0, 1.5, len(places))) / 20)
    drops = (rng.random(n) < 400 / sample_rate_hz) * rng.exponential(1.0, n)
    patter = sosfilt(butter(2, (1500, 9000), "band", fs=sample_rate_hz, output="sos"), drops)
    mixed = rush * swell / np.sqrt(np.mean(rush**2)) + 0.5 * patter / np.sqrt(np.mean(patter**2) + 1e-12)
    return np.asarray(mixed / np.sqrt(np.mean(mixed**2)), np.float32)


def _band(noise: np.ndarray, low_hz: float, high_hz: float, sample_rate_hz: int) -> np.ndarray:
    """Noise in a band."""
    high_hz = min(max(high_hz, 1.2 * low_hz), 0.49 * sample_rate_hz)
    return np.asarray(sosfilt(butter(2, (low_hz, high_hz), "band", fs=sample_rate_hz, output="sos"), noise))


def _finished(sound: np.ndarray, attack_s: float, sample_rate_hz: int) -> Sound:
    attack = np.minimum((np.arange(len(sound)) + 1) / max(attack_s * sample_rate_hz, 1), 1)
    shaped = (sound * attack).astype(np.float32)
    shaped *= np.float32(LOUDEST / max(float(np.abs(shaped).max(initial=0.0)), 1e-9))
    return faded(shaped, round(0.005 * sample_rate_hz))
