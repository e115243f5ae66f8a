"""A phase vocoder (Flanagan & Golden 1966; Dolson 1986) for the audio of one event: longer or shorter at the same
pitch, then read faster or slower.
"""

from __future__ import annotations

import numpy as np

from motes.events.event_table import Array

N_FFT, HOP = 1024, 256


def stretched(audio: Array, factor: float) -> Array:
    """`round(factor · n)` samples of audio `(n_channels, n)` at the pitch it had; energy grows by `factor`."""
    import scipy.fft

    n_out = max(1, round(audio.shape[1] * factor))
    if factor == 1:
        return audio
    window = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(N_FFT) + 0.5) / N_FFT))
    n_frames = -(-(n_out + N_FFT) // HOP)
    padded = np.pad(audio, ((0, 0), (N_FFT + HOP, 2 * N_FFT + int(HOP / factor) + HOP)))
    made = np.zeros((len(audio), (n_frames + 4) * HOP + N_FFT))
    weight = np.zeros(made.shape[1])
    advance = 2 * np.pi * HOP * np.arange(N_FFT // 2 + 1) / N_FFT
    phase = None
    for k in range(n_frames):
        # The middle of frame k lies k hops after half a frame before the start.
        at = round((k * HOP - N_FFT // 2) / factor) + N_FFT + HOP - N_FFT // 2
        at = min(max(at, HOP), padded.shape[1] - N_FFT)
        now = scipy.fft.rfft(padded[:, at : at + N_FFT] * window, axis=1)
        before = scipy.fft.rfft(padded[:, at - HOP : at - HOP + N_FFT] * window, axis=1)
        turn = np.angle(now * np.conj(before)) - advance
        turn -= 2 * np.pi * np.round(turn / (2 * np.pi))
        phase = np.angle(now) if phase is None else phase + advance + turn
        frame = scipy.fft.irfft(np.abs(now) * np.exp(1j * phase), N_FFT, axis=1) * window
        made[:, k * HOP : k * HOP + N_FFT] += frame
        weight[k * HOP : k * HOP + N_FFT] += window**2
    return np.asarray((made / np.maximum(weight, 1e-3))[:, N_FFT : N_FFT + n_out])


def transposed(audio: Array, ratio: float, n_out: int) -> Array:
    """Audio read `ratio` times as fast, `n_out` samples of it."""
    if ratio == 1:
        return np.asarray(np.pad(audio, ((0, 0), (0, max(0, n_out - audio.shape[1]))))[:, :n_out])
    import scipy.signal

    return np.asarray(scipy.signal.resample(audio, n_out, axis=1))
