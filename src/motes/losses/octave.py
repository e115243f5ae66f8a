"""Octave bands: a split that loses nothing, and a spectrogram loss with short transforms of its own in each band.

The split multiplies the spectrum by weights that sum to one at every frequency and fade over half an octave below each
edge (a raised cosine in log frequency); each band is cut to its own Nyquist frequency, so band k has 2⁻ᵏ of the
samples. The weights are the smooth partition of the frequency axis that Meyer wavelets rest on (Daubechies: "Ten
lectures on wavelets", SIAM 1992, §4.2.1), taken as amplitudes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from motes.errors import ParameterError
from motes.losses._cache import kept
from motes.losses._checks import check_pair, check_positive_integer, check_signal
from motes.losses._fourier import rfft
from motes.losses.spectral import FLOOR_DB, match_energy, multi_resolution_stft

BAND_WINDOWS = (32, 128, 512)
N_BANDS = 8


def split_octaves(signal: Tensor, n_bands: int = N_BANDS) -> list[Tensor]:
    """Octave bands of `(batch, channels, n)`, highest first, band k at 2⁻ᵏ of the sample rate: `(batch, channels, ⌈n /
    2ᵇ⌉ · 2ᵇ⁻ᵏ)`, b = n_bands.

    Band k lies between 2⁻ᵏ⁻² and 2⁻ᵏ⁻¹ of the sample rate, the last one reaches down to 0. `merge_octaves` gives the
    signal back to the precision of its numbers. The signal is taken as periodic after zeros up to the next multiple of
    2ᵇ samples.
    """
    check_signal(signal, "signal")
    check_positive_integer(n_bands, "n_bands")
    n_padded = _padded_length(signal.shape[-1], n_bands)
    spectrum = rfft(functional.pad(signal, (0, n_padded - signal.shape[-1])))
    bands = []
    for k, weight in enumerate(_weights(n_padded, n_bands, signal.dtype, signal.device)):
        n_band = n_padded >> k
        bands.append(torch.fft.irfft(spectrum[..., : n_band // 2 + 1] * weight, n=n_band) * 2.0**-k)
    return bands


def merge_octaves(bands: Sequence[Tensor], n_samples: int) -> Tensor:
    """The signal `(batch, channels, n_samples)` that `split_octaves` made the bands of."""
    if not bands or bands[0].shape[-1] != _padded_length(n_samples, len(bands)):
        raise ParameterError(f"these {len(bands)} bands are not those of {n_samples} samples")
    spectrum = rfft(bands[0])
    for k, band in enumerate(bands[1:], 1):
        part = rfft(band) * 2.0**k
        spectrum = spectrum + functional.pad(part, (0, spectrum.shape[-1] - part.shape[-1]))
    return torch.fft.irfft(spectrum, n=bands[0].shape[-1])[..., :n_samples]


def octave_stft(
    estimate: Tensor,
    reference: Tensor,
    *,
    n_bands: int = N_BANDS,
    windows: Sequence[int] = BAND_WINDOWS,
    linear_weight: float = 1.0,
    log_weight: float = 1.0,
    convergence_weight: float = 1.0,
    gain_invariant: bool = False,
    floor_db: float = FLOOR_DB,
) -> Tensor:
    """Mean over octave bands of `multi_resolution_stft` with windows in the band's own samples, `(batch,)`, 0 … ∞.

    `estimate`, `reference`: `(batch, channels, samples)`. Every octave counts equally, however little energy it
    holds, and a window lasts the longer the lower its band: at 44.1 kHz the default windows last 0.7, 2.9 and 12 ms in
    the top octave, 128 times as long in the lowest. Signals too short for the lowest bands get fewer of them. Arguments
    as there; raises ParameterError as there.
    """
    check_pair(estimate, reference)
    check_positive_integer(n_bands, "n_bands")
    if gain_invariant:
        estimate = match_energy(estimate, reference, floor_db)
    n_bands = min(n_bands, max(1, int(math.log2(estimate.shape[-1])) - 3))
    total = torch.zeros(estimate.shape[0], dtype=estimate.dtype, device=estimate.device)
    for e, r in zip(split_octaves(estimate, n_bands), split_octaves(reference, n_bands), strict=True):
        total = total + multi_resolution_stft(
            e,
            r,
            windows=windows,
            linear_weight=linear_weight,
            log_weight=log_weight,
            convergence_weight=convergence_weight,
            floor_db=floor_db,
        )
    return total / n_bands


def _padded_length(n_samples: int, n_bands: int) -> int:
    step = 1 << n_bands  # one more halving than bands, so that even the last has an even length
    return -(-n_samples // step) * step


@kept(16)
def _weights(n_padded: int, n_bands: int, dtype: torch.dtype, device: torch.device) -> tuple[Tensor, ...]:
    """Weights of each band for each bin up to its Nyquist frequency; together 1 everywhere."""
    frequency = torch.arange(n_padded // 2 + 1, dtype=torch.float64) / n_padded
    # below[k]: what is left for bands k, k + 1, …: 1 up to half an octave under the edge 2⁻ᵏ⁻¹, 0 from the edge on
    below = []
    for k in range(n_bands):
        octaves_down = -torch.log2(frequency.clamp_min(1e-30) * 2 ** (k + 1))
        fade = torch.sin(torch.pi / 2 * (2 * octaves_down).clamp(0, 1)) ** 2
        below.append(torch.ones_like(fade) if k == 0 else fade)
    weights = [upper - lower for upper, lower in zip(below, [*below[1:], torch.zeros_like(below[0])], strict=True)]
    return tuple(w[: (n_padded >> k) // 2 + 1].to(device, dtype) for k, w in enumerate(weights))
