"""Multi-resolution spectrogram losses: distances of short-time magnitudes, with phase left out.

Yamamoto, Song, Kim: "Parallel WaveGAN", ICASSP 2020, §2.2 (convergence and log magnitude); Engel, Hantrakul, Gu,
Roberts: "DDSP", ICLR 2020, §4.2.1 (linear and log magnitude over several windows).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from motes.errors import ParameterError
from motes.losses._cache import kept
from motes.losses._checks import check_pair, check_positive_integer, check_rate
from motes.losses._frames import power_spectrogram

WINDOWS = (512, 1024, 2048)
FLOOR_DB = -80.0


def multi_resolution_stft(
    estimate: Tensor,
    reference: Tensor,
    sample_rate_hz: float | None = None,
    *,
    windows: Sequence[int] = WINDOWS,
    hops_per_window: int = 4,
    linear_weight: float = 1.0,
    log_weight: float = 1.0,
    convergence_weight: float = 1.0,
    n_mels: int | None = None,
    a_weighting: bool = False,
    gain_invariant: bool = False,
    floor_db: float = FLOOR_DB,
) -> Tensor:
    """Mean over window lengths of linear, log and relative distance between STFT magnitudes, `(batch,)`, 0 … ∞.

    `estimate`, `reference`: `(batch, channels, samples)`, full scale 1. The terms, with magnitudes M in units of
    sinusoid amplitude, means over channels, frames and bins: linear |M̂ − M| over the mean of M; log |ln(M̂ + floor) −
    ln(M + floor)|; convergence ‖M̂ − M‖ / ‖M‖. `windows` are Hann windows in samples, hop `window / hops_per_window`;
    `floor_db` is where loudness ends, in dB re full scale: quieter bins count for less and less, and silence has a
    finite gradient. `n_mels` bands of Hz → mel (O'Shaughnessy 1987: 2595 lg(1 + f / 700)) instead of bins and
    `a_weighting` (IEC 61672-1, annex E) need `sample_rate_hz`. `gain_invariant` first scales the estimate to the
    reference's energy.

    Raises ParameterError for tensors that do not fit, odd windows, or a missing sample rate.
    """
    check_pair(estimate, reference)
    if not windows or min(linear_weight, log_weight, convergence_weight) < 0 or not math.isfinite(floor_db):
        raise ParameterError(
            f"windows must not be empty, weights not negative, floor_db finite: {windows}, floor_db {floor_db}"
        )
    rate = check_rate(sample_rate_hz) if a_weighting or n_mels is not None else None
    if gain_invariant:
        estimate = match_energy(estimate, reference, floor_db)
    floor = 10 ** (floor_db / 20)
    total = torch.zeros(estimate.shape[0], dtype=estimate.dtype, device=estimate.device)
    for window in windows:
        e, r = (_magnitude(x, window, hops_per_window, rate, n_mels, a_weighting, floor) for x in (estimate, reference))
        total = total + _distance(e, r, floor, linear_weight, log_weight, convergence_weight)
    return total / len(windows)


def spectral_convergence(estimate: Tensor, reference: Tensor, *, windows: Sequence[int] = WINDOWS) -> Tensor:
    """‖M̂ − M‖ / ‖M‖ of STFT magnitudes, mean over window lengths, `(batch,)`, 0 … ∞:
    `motes.metrics.signal.spectral_convergence` to train by.
    """
    return multi_resolution_stft(estimate, reference, windows=windows, linear_weight=0.0, log_weight=0.0)


def match_energy(estimate: Tensor, reference: Tensor, floor_db: float = FLOOR_DB) -> Tensor:
    """The estimate scaled to the energy of its reference, each of the batch by itself; both energies are held above
    the floor (dB re full scale).
    """
    floor = 10 ** (floor_db / 10)
    e, r = (x.square().mean((1, 2), keepdim=True) + floor for x in (estimate, reference))
    return estimate * (r / e).sqrt()


def _magnitude(
    signal: Tensor, window: int, hops: int, rate: float | None, n_mels: int | None, a_weighting: bool, floor: float
) -> Tensor:
    check_positive_integer(window, "a window", 2)
    check_positive_integer(hops, "hops_per_window")
    power = power_spectrogram(signal, window, window // hops)
    if a_weighting and rate is not None:
        frequency_hz = torch.arange(window // 2 + 1, dtype=torch.float64) * rate / window
        power = power * a_weight(frequency_hz).square().to(power)
    if n_mels is not None and rate is not None:
        power = power @ _mel_matrix(window, rate, check_positive_integer(n_mels, "n_mels"), power.dtype, power.device)
    # Far below the floor the root turns round, so that its slope stays finite at silence and nothing audible changes.
    return (power + (1e-2 * floor) ** 2).sqrt()


def _distance(e: Tensor, r: Tensor, floor: float, linear: float, log: float, convergence: float) -> Tensor:
    difference = e - r
    total = difference.new_zeros(e.shape[0])
    inner = tuple(range(1, e.ndim))
    if linear:
        total = total + linear * difference.abs().mean(inner) / (r.mean(inner) + floor)
    if log:
        total = total + log * ((e + floor) / (r + floor)).log().abs().mean(inner)
    if convergence:
        tiny = 1e-3 * floor  # keeps the slope of the root finite where both are the same
        rms = (difference.square().mean(inner) + tiny**2).sqrt() - tiny
        total = total + convergence * rms / (r.square().mean(inner) + floor**2).sqrt()
    return total


def a_weight(frequency_hz: Tensor) -> Tensor:
    """A-weighting as a factor on amplitude at frequencies in Hz, 1 at 1 kHz: IEC 61672-1:2013, annex E."""
    square = frequency_hz.square()
    value = 12194.217**2 * square**2 / ((square + 20.598997**2) * (square + 12194.217**2))
    value = value / ((square + 107.65265**2) * (square + 737.86223**2)).sqrt()
    return value * 10 ** (1.9997 / 20)


@kept(32)
def _mel_matrix(n_fft: int, rate: float, n_mels: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Triangles of unit sum on the mel scale from 0 to half the sample rate, `(bins, n_mels)`; a triangle narrower
    than a bin takes its nearest bin.
    """
    bins = np.arange(n_fft // 2 + 1) * rate / n_fft
    mel = np.linspace(0, 2595 * np.log10(1 + rate / 2 / 700), n_mels + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    rising = (bins[:, None] - low) / (centre - low)
    falling = (high - bins[:, None]) / (high - centre)
    matrix = np.maximum(0, np.minimum(rising, falling))
    empty = matrix.sum(0) == 0
    matrix[np.abs(bins[:, None] - centre).argmin(0)[empty], np.nonzero(empty)[0]] = 1
    return torch.from_numpy(matrix / matrix.sum(0)).to(device, dtype)
