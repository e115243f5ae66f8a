"""Specific loudness: what the ear makes of the power in each of its bands, and a distance by it, at the cost of two
spectrograms.

Moore, Glasberg, Baer: "A model for the prediction of thresholds, loudness, and partial loudness", JAES 45 (1997):
specific loudness grows with excitation to the power 0.2. Without spread of excitation, which neighbouring bands of two
windows stand in for.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from motes.errors import ParameterError
from motes.losses._cache import kept
from motes.losses._checks import check_pair, check_positive_integer, check_rate, check_signal
from motes.losses._frames import power_spectrogram
from motes.losses._gammatone import erb_rate

N_BANDS, LOW_HZ, HIGHEST_HZ = 64, 50.0, 16_000.0
# Long enough to tell low bands apart, and short enough to tell when something begins.
WINDOWS_S, HOPS_PER_WINDOW = (0.0232, 0.0929), 4
FLOOR_DB, EXPONENT = -90.0, 0.2


def loudness_distance(
    estimate: Tensor, reference: Tensor, sample_rate_hz: float | None = None, *, n_bands: int = N_BANDS
) -> Tensor:
    """Mean magnitude of the difference of two specific loudnesses over the mean of the reference's, `(batch,)`, 0 … ∞;
    mean over two windows of about 23 and 93 ms.

    `estimate`, `reference`: `(batch, channels, samples)`, full scale 1. Faint bands count more than in spectrograms,
    and phase does not count. Raises ParameterError for tensors that do not fit or a missing rate.
    """
    check_pair(estimate, reference)
    total = torch.zeros(estimate.shape[0], dtype=estimate.dtype, device=estimate.device)
    for window_s in WINDOWS_S:
        e, r = (specific_loudness(x, sample_rate_hz, window_s=window_s, n_bands=n_bands) for x in (estimate, reference))
        total = total + (e - r).abs().mean((1, 2, 3)) / (r.mean((1, 2, 3)) + 1e-3)
    return total / len(WINDOWS_S)


def specific_loudness(
    signal: Tensor, sample_rate_hz: float | None, *, window_s: float = WINDOWS_S[0], n_bands: int = N_BANDS
) -> Tensor:
    """Specific loudness `(batch, channels, frames, n_bands)` of `(batch, channels, n)`, 1 for a sinusoid of full scale:
    the power in bands, equal on the ERB-rate scale from 50 Hz to 16 kHz or half the rate, to the power 0.2 above that
    of −90 dB re full scale.

    Frames are a quarter of a window apart, which is the power of two of samples nearest to `window_s` seconds. Raises
    ParameterError for a signal that does not fit or a missing rate.
    """
    check_signal(signal, "signal")
    rate = check_rate(sample_rate_hz)
    n_fft = max(8, 2 ** round(math.log2(window_s * rate)))
    bands = _bands(n_fft, rate, check_positive_integer(n_bands, "n_bands"), signal.dtype, signal.device)
    floor = 10 ** (FLOOR_DB / 10)
    power = power_spectrogram(signal, n_fft, n_fft // HOPS_PER_WINDOW) @ bands
    return (power + floor) ** EXPONENT - floor**EXPONENT


@kept(32)
def _bands(n_fft: int, rate: float, n_bands: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Triangles on the ERB-rate scale, at least one ERB to either side, `(bins, n_bands)`; a band between two bins
    takes the nearer one.
    """
    high_hz = min(HIGHEST_HZ, rate / 2)
    if high_hz <= LOW_HZ:
        raise ParameterError(f"sample_rate_hz must be above {2 * LOW_HZ:g} for bands of the ear, not {rate:g}")
    bins = erb_rate(np.arange(n_fft // 2 + 1) * rate / n_fft)
    low, high = erb_rate(np.array([LOW_HZ, high_hz]))
    centres = np.linspace(low, high, n_bands)
    reach = max(1.0, (high - low) / max(1, n_bands - 1))
    matrix = np.maximum(0, 1 - np.abs(bins[:, None] - centres) / reach)
    empty = matrix.sum(0) == 0
    matrix[np.abs(bins[:, None] - centres).argmin(0)[empty], np.nonzero(empty)[0]] = 1
    return torch.from_numpy(matrix).to(device, dtype)
