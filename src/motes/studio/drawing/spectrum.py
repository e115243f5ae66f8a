"""The level at one time and frequency, and the peak beside it, more exactly than a picture has them."""

from __future__ import annotations

import numpy as np
from typing_extensions import TypedDict

from motes.stft import hann
from motes.studio.drawing.spectrogram import DEEPEST_DB, Reader, fft_length, padded
from motes.units import erb_rate, erb_rate_to_hz

# Frames are filled up with zeros to so many times their length, so that the parabola fits the main lobe.
_ZEROS = 4
# How far the peak may be from the frequency asked for, in ERB, and at least in bins of the window.
_REACH_ERB, _REACH_BINS = 0.5, 1.5


class SpectrumAnswer(TypedDict):
    """Levels, dB below a sinusoid of full scale; the peak is the strongest near the frequency, null for none."""

    level_db: float
    peak_hz: float | None
    peak_db: float | None


def spectrum_at(
    read: Reader, n_samples: int, rate: int, time_s: float, frequency_hz: float, window_s: float
) -> SpectrumAnswer:
    """The spectrum of a frame about `time_s`, of `window_s` about, at `frequency_hz` (0 … rate / 2)."""
    import scipy.fft

    n_fft, centre = fft_length(window_s, rate), round(time_s * rate)
    audio = padded(read, centre - n_fft // 2, centre + n_fft // 2, n_samples)
    spectra = scipy.fft.rfft(audio * hann(n_fft), _ZEROS * n_fft, axis=-1)
    power = np.mean(np.abs(spectra.astype(np.complex128)) ** 2, axis=0) * (16 / n_fft**2)
    decibels = np.maximum(10 * np.log10(np.maximum(power, 1e-30)), -DEEPEST_DB)
    bin_hz = rate / (_ZEROS * n_fft)
    level = float(np.interp(frequency_hz / bin_hz, np.arange(len(decibels)), decibels))
    around = erb_rate_to_hz(erb_rate(frequency_hz) + np.array([-_REACH_ERB, _REACH_ERB]))
    reach = _REACH_BINS * _ZEROS * bin_hz
    low, high = min(around[0], frequency_hz - reach) / bin_hz, max(around[1], frequency_hz + reach) / bin_hz
    first, last = max(1, int(np.ceil(low))), min(len(decibels) - 2, int(high))
    inside = np.arange(first, last + 1)
    tops = inside[(decibels[inside] > decibels[inside - 1]) & (decibels[inside] >= decibels[inside + 1])]
    if not len(tops) or decibels[top := int(tops[np.argmax(decibels[tops])])] <= -DEEPEST_DB:
        return {"level_db": level, "peak_hz": None, "peak_db": None}
    before, at, after = decibels[top - 1 : top + 2]
    beside = 0.5 * (before - after) / (before - 2 * at + after)
    return {
        "level_db": level,
        "peak_hz": float((top + beside) * bin_hz),
        "peak_db": float(at - 0.25 * (before - after) * beside),
    }
