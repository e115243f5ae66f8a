"""A phase vocoder (Flanagan & Golden 1966), its phases locked to peaks (Laroche & Dolson 1999), for the audio of one
event: longer or shorter at the same pitch, then read faster or slower.
"""

from __future__ import annotations

import numpy as np

from motes.events.event_table import Array, Ints
from motes.kinds.detail.grid import frame_samples

# Frames of the vocoder for each of its windows.
OVERLAP = 4


def window_samples(sample_rate_hz: int) -> int:
    """Length of its windows: half a frame, 1024 samples at 44.1 kHz."""
    return frame_samples(sample_rate_hz) // 2


def stretched(audio: Array, factor: float, n_fft: int) -> Array:
    """`round(factor · n)` samples of audio `(n_channels, n)` at the pitch it had; energy grows by `factor`."""
    import scipy.fft

    n_out, hop = max(1, round(audio.shape[1] * factor)), n_fft // OVERLAP
    if factor == 1:
        return audio
    window = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(n_fft) + 0.5) / n_fft))
    n_frames = -(-(n_out + n_fft) // hop)
    padded = np.pad(audio, ((0, 0), (n_fft + hop, 2 * n_fft)))
    made = np.zeros((len(audio), (n_frames + OVERLAP) * hop + n_fft))
    weight = np.zeros(made.shape[1])
    advance = 2 * np.pi * hop * np.arange(n_fft // 2 + 1) / n_fft
    phase = None
    for k in range(n_frames):
        # The middle of frame k lies k hops after half a frame before the start; beyond both ends are zeros.
        at = round((k * hop - n_fft // 2) / factor) + n_fft + hop - n_fft // 2
        at = min(max(at, hop), padded.shape[1] - n_fft)
        now = scipy.fft.rfft(padded[:, at : at + n_fft] * window, axis=1)
        before = scipy.fft.rfft(padded[:, at - hop : at - hop + n_fft] * window, axis=1)
        turn = np.angle(now * np.conj(before)) - advance
        turn -= 2 * np.pi * np.round(turn / (2 * np.pi))
        further = np.zeros(now.shape) if phase is None else phase + advance + turn - np.angle(now)
        further = np.take_along_axis(further, _peaks(np.abs(now)), axis=1)
        phase = np.angle(now) + further
        frame = scipy.fft.irfft(now * np.exp(1j * further), n_fft, axis=1) * window
        made[:, k * hop : k * hop + n_fft] += frame
        weight[k * hop : k * hop + n_fft] += window**2
    return np.asarray((made / np.maximum(weight, 1e-3))[:, n_fft : n_fft + n_out])


def _peaks(magnitude: Array) -> Ints:
    """For each bin the nearest peak, `(n_channels, n_bins)`: a bin that is not below its two neighbours on either side.
    All bins of a peak are turned alike, as they belong to one sinusoid.
    """
    n_bins = magnitude.shape[1]
    around = np.pad(magnitude, ((0, 0), (2, 2)))
    is_peak = np.all([magnitude >= around[:, k : k + n_bins] for k in (0, 1, 3, 4)], axis=0)
    found = np.empty(magnitude.shape, np.int64)
    for channel, peaks in enumerate(map(np.flatnonzero, is_peak)):
        found[channel] = peaks[np.searchsorted((peaks[1:] + peaks[:-1]) / 2, np.arange(n_bins))]
    return found


def transposed(audio: Array, ratio: float, n_out: int) -> Array:
    """Audio read `ratio` times as fast, `n_out` samples of it."""
    if ratio == 1:
        return np.asarray(np.pad(audio, ((0, 0), (0, max(0, n_out - audio.shape[1]))))[:, :n_out])
    import scipy.signal

    return np.asarray(scipy.signal.resample(audio, n_out, axis=1))
