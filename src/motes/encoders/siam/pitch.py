"""Fine pitches of events: how far their lowest harmonics lie from equal temperament, in the long spectrum."""

from __future__ import annotations

from functools import cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from motes.encoders.siam.peaks import Detections
from motes.encoders.siam.spectra import SAMPLE_RATE_HZ, Floats

N_FFT = 8192
N_HARMONICS = 4
# A pitch is looked for this far about that of its key, and is at most this far from it.
REACH_CENTS, MOST_CENTS = 60.0, 50.0
# What sounds after the onset is looked at: half a window later, or half the event where that is less.
_AFTER_S = 0.5 * N_FFT / SAMPLE_RATE_HZ
_BATCH = 32
# Parabolas through three bins of a Hann window's logarithm are wrong by some cents where its lobe is cut off.
_LOWEST_BINS = 6.0


def with_fine_pitch(found: Detections, mono: Floats) -> Detections:
    """The events, those with a pitch to within cents; mono audio at SAMPLE_RATE_HZ."""
    places = np.flatnonzero(found.is_pitched)
    pitch = found.pitch.copy()
    for first in range(0, len(places), _BATCH):
        these = places[first : first + _BATCH]
        middles = found.onset_s[these] + np.minimum(_AFTER_S, 0.5 * (found.end_s - found.onset_s)[these])
        pitch[these] += cents_off(mono, middles, pitch[these]) / 100
    return found._replace(pitch=pitch)


def cents_off(mono: Floats, times_s: NDArray[np.float64], pitches: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cents by which what sounds at each time lies above each MIDI number; 0 where no harmonic stands out."""
    starts = np.round(times_s * SAMPLE_RATE_HZ).astype(int) - N_FFT // 2
    frames = np.zeros((len(starts), N_FFT), np.float32)
    for frame, start in zip(frames, starts, strict=True):
        low, high = max(start, 0), min(start + N_FFT, len(mono))
        if high > low:
            frame[low - start : high - start] = mono[low:high]
    spectra = np.abs(scipy.fft.rfft(frames * _window(), axis=1)).astype(np.float64)
    return np.array([_of_one(*each) for each in zip(spectra, pitches, strict=True)]).reshape(len(starts))


def _of_one(spectrum: NDArray[np.float64], pitch: float) -> float:
    """The mean of what each harmonic says, by its amplitude and its number, as harmonics are the finer the higher."""
    f0_bins = 440.0 * 2 ** ((pitch - 69) / 12) * N_FFT / SAMPLE_RATE_HZ
    total = weights = 0.0
    for harmonic in range(1, N_HARMONICS + 1):
        centre = harmonic * f0_bins
        reach = max(centre * (2 ** (REACH_CENTS / 1200) - 1), 1.0)
        low, high = round(centre - reach), round(centre + reach)
        if centre < _LOWEST_BINS or high + 2 > len(spectrum):
            continue
        peak = low + int(spectrum[low : high + 1].argmax())
        left, middle, right = np.log(np.maximum(spectrum[peak - 1 : peak + 2], 1e-30))
        if middle < left or middle < right or middle < -60:
            continue
        curvature = left - 2 * middle + right
        at = peak + (0.5 * (left - right) / curvature if curvature < 0 else 0.0)
        cents = 1200 * np.log2(at / centre)
        if abs(cents) <= REACH_CENTS:
            weight = harmonic * spectrum[peak]
            total, weights = total + weight * cents, weights + weight
    return float(np.clip(total / weights, -MOST_CENTS, MOST_CENTS)) if weights else 0.0


@cache
def _window() -> Floats:
    n = np.arange(N_FFT)
    return (0.5 - 0.5 * np.cos(2 * np.pi * n / N_FFT)).astype(np.float32)
