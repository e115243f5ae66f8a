"""Atoms that a fit begins with: those of matching pursuit, or random ones."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from motes.encoders.pursuit import PursuitOptions
from motes.encoders.pursuit import encode as pursue
from motes.kinds.parameterisation import HANN_ENERGY, HANN_SIGMA, Atoms, Reals

# Windows of atoms: octaves from 1024 samples at 44.1 kHz to where notes last.
WINDOW_S = (0.023, 0.046, 0.093, 0.186, 0.372, 0.743)
FEWEST_SAMPLES, MOST_SAMPLES = 64, 32768
# Amplitude below which an atom of pursuit is nothing.
SILENT = 1e-6
# Bursts of noise: where their spectra lie, and how far apart they are in time beside how wide.
NOISE_HZ, NOISE_SPACING = (300.0, 900.0, 2700.0, 8100.0), 2.0
# Standard deviation of their spectra, in octaves, and of what of a residual's level they begin with.
NOISE_OCTAVES, NOISE_PART = 0.7, 0.7
# Ranges of random atoms, the frequency's upper end as a part of the sample rate; chosen by hand.
RANDOM_WINDOW_S, RANDOM_LOWEST_HZ, RANDOM_HIGHEST_OF_RATE = (0.05, 0.5), 80.0, 0.2


def windows_for(sample_rate_hz: int) -> tuple[int, ...]:
    """Window lengths in samples, powers of two near WINDOW_S."""
    nearest = (2 ** round(math.log2(s * sample_rate_hz)) for s in WINDOW_S)
    return tuple(sorted({int(min(MOST_SAMPLES, max(FEWEST_SAMPLES, n))) for n in nearest}))


def pursuit_atoms(audio: NDArray[np.float32], sample_rate_hz: int, n_events: int) -> Atoms:
    """The first atoms of matching pursuit; fewer where there is no more to be found."""
    gabor = pursue(
        audio,
        PursuitOptions(n_events=n_events, windows=windows_for(sample_rate_hz), n_threads=1),
        sample_rate_hz=sample_rate_hz,
    ).gabor
    loud = (gabor.amplitude > SILENT).any(axis=1)
    return Atoms(
        gabor.time_s[loud], gabor.window_s[loud], gabor.frequency_hz[loud], gabor.amplitude[loud], gabor.phase_rad[loud]
    )


def random_atoms(audio: Reals, sample_rate_hz: int, n_events: int, random: np.random.Generator) -> Atoms:
    """Atoms anywhere in time, and in frequency on a logarithmic scale, that together have about the recording's
    energy.
    """
    n_channels, n_samples = audio.shape
    highest_hz = RANDOM_HIGHEST_OF_RATE * sample_rate_hz
    shortest, longest = np.log(RANDOM_WINDOW_S)
    window = np.exp(random.uniform(shortest, longest, n_events))
    frequency = np.exp(random.uniform(np.log(RANDOM_LOWEST_HZ), np.log(highest_hz), n_events))
    energy = np.sum(audio**2, axis=1) / max(1, n_events)
    level = np.sqrt(energy[None] / (HANN_ENERGY * window[:, None] * sample_rate_hz))
    phase = np.repeat(random.uniform(-np.pi, np.pi, (n_events, 1)), n_channels, axis=1)
    return Atoms(random.uniform(0, n_samples / sample_rate_hz, n_events), window, frequency, level, phase)


def noise_atoms(audio: Reals, sample_rate_hz: int, n_events: int) -> Atoms:
    """Places for bursts of noise, over all of `audio` `(n_channels, n_samples)` and four bands, as loud."""
    n_channels, n_samples = audio.shape
    n_times = n_events // len(NOISE_HZ)
    if not n_times:
        return Atoms.none(n_channels)
    duration_s = n_samples / sample_rate_hz
    times = (np.arange(n_times) + 0.5) * (duration_s / n_times)
    width_s = duration_s / n_times / NOISE_SPACING
    seconds, octave = np.arange(n_samples) / sample_rate_hz, np.fft.rfftfreq(n_samples, 1 / sample_rate_hz)
    octave = np.log2(np.maximum(octave, 1e-3))
    spectrum, level = np.fft.rfft(audio), np.zeros((len(NOISE_HZ), n_times, n_channels))
    for b, hz in enumerate(NOISE_HZ):
        band = np.fft.irfft(spectrum * np.exp(-0.5 * ((octave - math.log2(hz)) / NOISE_OCTAVES) ** 2), n_samples)
        for t, time in enumerate(times):
            near = np.exp(-(((seconds - time) / width_s) ** 2))
            level[b, t] = np.sqrt(2 * (band**2 @ near) / near.sum()) * NOISE_PART
    centre_hz = np.repeat(NOISE_HZ, n_times)
    amplitude = level.reshape(-1, n_channels)
    return Atoms(
        np.tile(times, len(NOISE_HZ)),
        np.full(len(centre_hz), width_s / HANN_SIGMA),
        centre_hz,
        amplitude,
        np.zeros_like(amplitude),
    )
