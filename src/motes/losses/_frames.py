"""Short-time Fourier transform for losses: the frames of `motes.stft`, made so that their gradient is a few
additions.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from motes.errors import ParameterError
from motes.losses._cache import kept
from motes.losses._fourier import power_spectrum
from motes.stft import hann


@kept(64)
def amplitude_window(n_fft: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Periodic Hann window `(n_fft,)` scaled so that a sinusoid on a bin has its amplitude as magnitude."""
    return torch.from_numpy(hann(n_fft)).to(device, dtype) * (4 / n_fft)


def frames_of(signal: Tensor, n_fft: int, hop_length: int) -> Tensor:
    """Overlapping frames `(…, n // hop_length + 1, n_fft)` of `(…, n)`, frame t centred on sample t · hop_length, zero
    outside.

    `hop_length` must divide `n_fft`: frames are then put together from whole hops, whose gradient costs no scattered
    additions.
    """
    if n_fft < 2 or n_fft % 2 or hop_length < 1 or n_fft % hop_length:
        raise ParameterError(f"n_fft must be even and a multiple of hop_length, not {n_fft} and {hop_length}")
    n_frames, per_frame = signal.shape[-1] // hop_length + 1, n_fft // hop_length
    total = (n_frames + per_frame - 1) * hop_length
    padded = functional.pad(signal, (n_fft // 2, max(0, total - n_fft // 2 - signal.shape[-1])))[..., :total]
    hops = padded.unflatten(-1, (-1, hop_length))
    return torch.cat([hops[..., i : i + n_frames, :] for i in range(per_frame)], -1)


def power_spectrogram(signal: Tensor, n_fft: int, hop_length: int) -> Tensor:
    """Squared STFT magnitudes `(…, frames, n_fft // 2 + 1)` of `(…, n)` in units of squared sinusoid amplitude."""
    window = amplitude_window(n_fft, signal.dtype, signal.device)
    return power_spectrum(frames_of(signal, n_fft, hop_length) * window)
