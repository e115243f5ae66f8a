"""Short-time Fourier transform: what metrics compare and pictures show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motes.errors import ParameterError

_BLOCK_VALUES = 2**22  # of one block of frames, so that an hour needs no more memory than a minute


def hann(n_fft: int) -> NDArray[np.float32]:
    """The periodic Hann window, `(n_fft,)`."""
    window: NDArray[np.float64] = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)
    return window.astype(np.float32)


def stft_blocks(audio: NDArray[np.floating[Any]], n_fft: int, hop_length: int) -> Iterator[NDArray[np.complex64]]:
    """Spectra of `audio` `(channels, n)` or `(n,)` a few frames at a time: each `(channels, frames, n_fft // 2 + 1)`.

    Frame t is centred on sample t · hop_length; there are n // hop_length + 1 of them, and the audio is taken as zero
    outside. Hann window, no normalisation: a full-scale sinusoid on a bin has a magnitude of n_fft / 4. Raises
    ParameterError for an odd n_fft or a hop below 1.
    """
    import scipy.fft

    if n_fft < 2 or n_fft % 2 or hop_length < 1:
        raise ParameterError(f"n_fft must be even and hop_length at least 1, not {n_fft} and {hop_length}")
    audio = audio[np.newaxis] if audio.ndim == 1 else audio
    n_channels, n_samples = audio.shape
    n_frames, half = n_samples // hop_length + 1, n_fft // 2
    at_once = max(1, _BLOCK_VALUES // (n_fft * n_channels))
    window = hann(n_fft)
    for first in range(0, n_frames, at_once):
        last = min(first + at_once, n_frames)
        start, stop = first * hop_length - half, (last - 1) * hop_length + half
        piece = np.zeros((n_channels, stop - start), np.float32)
        piece[:, max(0, -start) : max(0, -start) + min(stop, n_samples) - max(start, 0)] = audio[
            :, max(start, 0) : stop
        ]
        frames = np.lib.stride_tricks.sliding_window_view(piece, n_fft, axis=1)[:, ::hop_length]
        yield scipy.fft.rfft(frames * window, axis=-1)


def stft(audio: NDArray[np.floating[Any]], n_fft: int, hop_length: int) -> NDArray[np.complex64]:
    """All frames of `stft_blocks` in one array, `(channels, n_frames, n_fft // 2 + 1)`."""
    return np.concatenate(list(stft_blocks(audio, n_fft, hop_length)), axis=1)
