"""What the network sees: spectra of a long and a short window on a scale of thirds of a semitone."""

from __future__ import annotations

from functools import cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from motes.kernels.bands import Bands, bands_of, sum_in_bands

Floats = NDArray[np.float32]

SAMPLE_RATE_HZ = 22050
HOP = 512
N_FFTS = (8192, 2048)
LOWEST_KEY, N_KEYS = 21, 88
BINS_PER_KEY = 3
# From a third of a semitone below the lowest key to the last bin below half the sample rate.
N_BINS = 311
# Levels, in dB of a sine at full scale, are scaled so that those of music lie about −2 … 2.
FLOOR_DB, CEILING_DB, MIDDLE_DB, SCALE_DB = -115.0, 12.0, -60.0, 20.0


def n_frames(n_samples: int) -> int:
    """Frames of a recording of so many samples at SAMPLE_RATE_HZ: one centred on every HOP samples."""
    return -(-n_samples // HOP)


def levels_db(audio: Floats, first_frame: int, n: int, spectra: tuple[int, ...] = (0, 1)) -> Floats:
    """Levels in dB, `(n, len(N_FFTS), N_BINS)`, of frames `first_frame` … of mono audio `(n_samples,)` at
    SAMPLE_RATE_HZ; frame i is centred on sample i · HOP, and there is silence around the recording, and
    in those of the spectra that are not asked for.
    """
    out = np.full((n, len(N_FFTS), N_BINS), FLOOR_DB, np.float32)
    for place in spectra:
        n_fft = N_FFTS[place]
        window, bands = _analysis(n_fft)
        for begin in range(0, n, 64):  # few frames at once stay in the cache
            count = min(64, n - begin)
            low = (first_frame + begin) * HOP - n_fft // 2
            stretch = _stretch(audio, low, (count - 1) * HOP + n_fft)
            frames = np.lib.stride_tricks.sliding_window_view(stretch, n_fft)[::HOP] * window
            power = np.square(np.abs(scipy.fft.rfft(frames, axis=1))).astype(np.float64)
            banded = sum_in_bands(power, bands)
            out[begin : begin + count, place] = 10 * np.log10(banded + 10 ** (FLOOR_DB / 10))
    return np.clip(out, FLOOR_DB, CEILING_DB)


def scaled(decibels: Floats) -> Floats:
    """Levels as the network takes them."""
    return np.asarray((decibels - np.float32(MIDDLE_DB)) / np.float32(SCALE_DB))


def _stretch(audio: Floats, low: int, n: int) -> Floats:
    """Samples low … low + n − 1, zeros outside."""
    out = np.zeros(n, np.float32)
    first, last = max(low, 0), min(low + n, len(audio))
    if last > first:
        out[first - low : last - low] = audio[first:last]
    return out


@cache
def _analysis(n_fft: int) -> tuple[Floats, Bands]:
    """The window, by which a sine at full scale has 0 dB, and triangles over the bins of the spectrum: as wide as a
    step of the scale, and at least two bins.
    """
    n = np.arange(n_fft)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * n / n_fft)
    window = (window / (0.5 * window.sum())).astype(np.float32)
    bins_hz = np.arange(n_fft // 2 + 1) * (SAMPLE_RATE_HZ / n_fft)
    keys = LOWEST_KEY + (np.arange(N_BINS + 2) - 2) / BINS_PER_KEY  # bin b is centred on edge b + 1
    edges_hz = 440.0 * 2 ** ((keys - 69) / 12)
    weights = np.zeros((N_BINS, len(bins_hz)))
    for b in range(N_BINS):
        below, centre, above = edges_hz[b : b + 3]
        half = max(above - centre, SAMPLE_RATE_HZ / n_fft)
        half_below = max(centre - below, SAMPLE_RATE_HZ / n_fft)
        width = np.where(bins_hz < centre, half_below, half)
        weights[b] = np.maximum(0, 1 - np.abs(bins_hz - centre) / width)
    return window, bands_of(weights)
