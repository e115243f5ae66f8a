"""Statistics by which listeners know a texture (rain, fire, a crowd), and the distance of two sounds' statistics.

McDermott & Simoncelli: "Sound texture perception via statistics of the auditory periphery", Neuron 71 (2011),
experimental procedures. Left out is their correlation of neighbouring modulation bands within one channel (C2), by
which onsets differ from their reversal.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from motes.errors import ParameterError
from motes.losses._bands import bands_of
from motes.losses._cache import kept
from motes.losses._checks import check_pair, check_positive_integer, check_rate, check_signal
from motes.losses._fourier import rfft
from motes.losses._gammatone import erb_rate, erb_spaced_hz

N_BANDS, LOW_HZ, HIGH_HZ = 30, 50.0, 10_000.0
ENVELOPE_RATE_HZ = 400.0
# Of the compression of an envelope.
EXPONENT = 0.3
# Centres of the modulation filters, 0.5 … 200 Hz, each with a Q of 2.
MODULATIONS_HZ = tuple(0.5 * 2 ** (i * math.log2(400) / 19) for i in range(20))
# Centres of the modulation bands whose correlations between channels are taken, an octave wide.
OCTAVES_HZ = (3.125, 6.25, 12.5, 25.0, 50.0, 100.0)
FLOOR_DB = -80.0
_VARIANCE_FLOOR = 1e-6
_SCALES = (0.01, 0.05, 1.0, 0.5, 0.5, 0.1, 0.5)  # of the classes, in their order


class TextureStatistics(NamedTuple):
    """Statistics, each `(batch, channels, …)`, of envelopes that are compressed by the power 0.3."""

    # Of each band's envelope, `(…, bands)`.
    mean: Tensor
    # Its standard deviation over its mean, `(…, bands)`.
    variation: Tensor
    # `(…, bands)`.
    skewness: Tensor
    # `(…, bands)`; 3 for a Gaussian.
    kurtosis: Tensor
    # Between the envelopes of two bands, `(…, bands, bands)`.
    correlation: Tensor
    # Root of the share of an envelope's variance that each modulation filter passes, `(…, bands, 20)`.
    modulation: Tensor
    # Between two bands within an octave of modulation, `(…, 6, bands, bands)`.
    modulation_correlation: Tensor


def texture_statistics(signal: Tensor, sample_rate_hz: float | None, *, n_bands: int = N_BANDS) -> TextureStatistics:
    """The statistics of `(batch, channels, n)`, over its whole duration: a texture takes some seconds.

    Bands are half-cosines on the ERB scale from 50 Hz to 10 kHz (or 0.45 of the sample rate), their squares summing to
    one; envelopes are magnitudes of the analytic bands, compressed, at 400 Hz. Raises ParameterError for a signal that
    does not fit or a missing rate.
    """
    check_signal(signal, "signal")
    rate = check_rate(sample_rate_hz)
    bank = _bank(signal.shape[-1], rate, check_positive_integer(n_bands, "n_bands", 2), signal.dtype, signal.device)
    spectrum = rfft(_padded(signal.flatten(0, 1), bank.n))
    analytic = torch.view_as_real(torch.fft.ifft(bands_of(spectrum, bank.filters, bank.starts, bank.n)))
    floor = 10 ** (FLOOR_DB / 20)
    fast = (analytic[..., 0].square() + analytic[..., 1].square() + floor**2) ** (EXPONENT / 2)
    n_kept = max(1, round(bank.n_envelope * signal.shape[-1] / bank.n))
    slow = torch.fft.irfft(
        rfft(fast)[..., : bank.n_envelope // 2 + 1] * (bank.n_envelope / fast.shape[-1]), n=bank.n_envelope
    )
    return _statistics(slow[..., :n_kept].unflatten(0, signal.shape[:2]), bank.n_envelope * rate / bank.n)


def texture_distance(
    estimate: Tensor, reference: Tensor, sample_rate_hz: float | None = None, *, n_bands: int = N_BANDS
) -> Tensor:
    """Mean over the seven classes of statistics of their relative distance, `(batch,)`, 0 … ∞; 0 for two draws of one
    endless texture.

    `estimate`, `reference`: `(batch, channels, samples)`, full scale 1. Within a class: the rms of the difference over
    the rms of the reference's and the class's own scale (0.01 for means … 1 for skewness), which keeps chance
    correlations of short sounds from counting; skewness is taken as asinh, kurtosis as ln(1 + ·). Raises ParameterError
    for tensors that do not fit or a missing rate.
    """
    check_pair(estimate, reference)
    pair = (_compressed(texture_statistics(x, sample_rate_hz, n_bands=n_bands)) for x in (estimate, reference))
    total = torch.zeros(estimate.shape[0], dtype=estimate.dtype, device=estimate.device)
    for e, r, scale in zip(*pair, _SCALES, strict=True):
        inner, tiny = tuple(range(1, e.ndim)), 1e-4
        rms = ((e - r).square().mean(inner) + tiny**2).sqrt() - tiny
        total = total + rms / (r.square().mean(inner).sqrt() + scale)
    return total / len(TextureStatistics._fields)


def _compressed(statistics: TextureStatistics) -> TextureStatistics:
    """Higher moments, which a single click in a quiet band can make huge, on a logarithmic scale."""
    return statistics._replace(skewness=statistics.skewness.asinh(), kurtosis=statistics.kurtosis.log1p())


def _statistics(envelope: Tensor, rate_hz: float) -> TextureStatistics:
    n = envelope.shape[-1]
    mean = envelope.mean(-1, keepdim=True)
    centred = envelope - mean
    variance = centred.square().mean(-1) + _VARIANCE_FLOOR
    normal = centred / variance.sqrt()[..., None]
    spectrum = rfft(normal)
    spectral, octaves = _modulation_filters(n, rate_hz, envelope.dtype, envelope.device)
    power = (spectrum.real.square() + spectrum.imag.square()) @ spectral
    parts = torch.view_as_real(spectrum).flatten(-2)  # real and imaginary parts: correlations are their inner products
    weighted = parts[..., None, :, :] * octaves[:, None, :]
    covariance = weighted @ weighted.transpose(-1, -2)
    scale = (covariance.diagonal(dim1=-2, dim2=-1) + _VARIANCE_FLOOR).sqrt()
    return TextureStatistics(
        mean[..., 0],
        (variance.sqrt() / mean[..., 0]),
        normal.pow(3).mean(-1),
        normal.pow(4).mean(-1),
        normal @ normal.transpose(-1, -2) / n,
        (power + _VARIANCE_FLOOR).sqrt(),
        covariance / (scale[..., :, None] * scale[..., None, :]),
    )


class _Bank(NamedTuple):
    n: int
    n_envelope: int
    filters: Tensor
    starts: tuple[int, ...]


@kept(8)
def _bank(n_samples: int, rate: float, n_bands: int, dtype: torch.dtype, device: torch.device) -> _Bank:
    """Half-cosine bands between equally spaced ERB rates, as factors for the bins they cover; all are cut out with
    the width of the widest.
    """
    high_hz = min(HIGH_HZ, 0.45 * rate)
    if high_hz <= LOW_HZ:
        raise ParameterError(f"sample_rate_hz {rate:g} leaves no band above {LOW_HZ:g} Hz")
    n = -(-max(n_samples, round(0.1 * rate)) // 64) * 64
    edges = erb_rate(erb_spaced_hz(LOW_HZ, high_hz, n_bands + 2))
    edges_hz = erb_spaced_hz(LOW_HZ, high_hz, n_bands + 2)
    width = math.ceil((edges_hz[-1] - edges_hz[-3]) * n / rate) + 1
    n_envelope = max(2, 2 * round(ENVELOPE_RATE_HZ * n / rate / 2))
    m = max(-(-2 * width // 16) * 16, n_envelope)  # twice the width: a magnitude is wider than its band
    starts = tuple(round((edges_hz[k] + edges_hz[k + 2]) / 2 * n / rate) - m // 2 for k in range(n_bands))
    filters = np.zeros((n_bands, m))
    for k, start in enumerate(starts):
        frequency = (start + np.arange(m)) * rate / n
        position = (erb_rate(np.maximum(frequency, 0)) - edges[k + 1]) / (edges[1] - edges[0])
        filters[k] = np.where((np.abs(position) < 1) & (frequency > 0), np.cos(np.pi / 2 * np.clip(position, -1, 1)), 0)
    filters *= 2 * m / n  # 2: an analytic band has the amplitude of the real one
    return _Bank(n, n_envelope, torch.from_numpy(filters).to(device, dtype), starts)


@kept(8)
def _modulation_filters(n: int, rate_hz: float, dtype: torch.dtype, device: torch.device) -> tuple[Tensor, Tensor]:
    """Filters for envelopes of n samples: power weights `(bins, 20)` that give shares of the variance, and octave
    amplitudes `(6, 2 · bins)`.
    """
    frequency = np.arange(n // 2 + 1) * rate_hz / n
    both_sides = np.where((frequency > 0) & (frequency < rate_hz / 2), 2.0, 1.0) / n**2
    centres = np.array(MODULATIONS_HZ)
    spectral = (
        np.cos(np.clip((frequency[:, None] / centres - 1) * np.pi, -np.pi / 2, np.pi / 2)) ** 2
    )  # half a centre frequency wide at half power
    log_frequency = np.log2(np.maximum(frequency, 1e-9))
    octaves = np.cos(
        np.clip((log_frequency - np.log2(np.array(OCTAVES_HZ))[:, None]) * np.pi / 2, -np.pi / 2, np.pi / 2)
    )
    weights = octaves * np.sqrt(both_sides)
    return (
        torch.from_numpy(spectral * both_sides[:, None]).to(device, dtype),
        torch.from_numpy(np.repeat(weights, 2, axis=-1)).to(device, dtype),
    )


def _padded(signal: Tensor, n: int) -> Tensor:
    return torch.nn.functional.pad(signal, (0, n - signal.shape[-1]))
