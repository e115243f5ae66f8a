"""Auditory images: nerve activity, as the ear makes it of a sound, and the image that it settles to; and distances
between them.

Patterson, Robinson, Holdsworth, McKeown, Zhang, Allerhand: "Complex sounds and auditory images", in Auditory Physiology
and Perception, 1992; Patterson, Allerhand, Giguère: "Time-domain modeling of peripheral auditory processing", JASA 98
(1995); Bleeck, Ives, Patterson: "Aim-mat", Acta Acustica 90 (2004).

    gammatone bank → half-wave rectification → square root → low-pass → strobes → stabilised image

Strobes are the peaks of a channel that rise above a threshold which each of them sets anew and which then decays; what
follows a strobe is added to the image from lag 0 on, so that what repeats stands still, and the image fades.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from motes.errors import ParameterError
from motes.losses._cache import kept
from motes.losses._checks import check_pair, check_positive_integer, check_rate, check_signal
from motes.losses._fourier import rfft
from motes.losses._gammatone import erb_spaced_hz, gammatones

N_BANDS, LOW_HZ, HIGHEST_HZ = 64, 60.0, 12_000.0
FLOOR_DB = -80.0
# Corner of the low-pass, two poles at once: above it nerves no longer follow the waveform, only its envelope.
PHASE_LOCKING_HZ = 1200.0
# Nerve activity keeps at least so many samples per second (or all there are): what the low-pass leaves needs no more.
NERVE_RATE_HZ = 11_000.0
# Time constant of the strobe threshold.
THRESHOLD_S = 0.02
# Time constant of the image.
FADING_S = 0.04
HOP_S, LONGEST_LAG_S = 0.023, 0.035


class Bank(NamedTuple):
    """A filter bank ready for signals of one length."""

    # `(bands,)`, from low to high.
    centre_hz: Tensor
    # Of the gammatones, `(bands, n_fft // 2 + 1)`.
    spectra: Tensor
    # Spectrum of the loss of phase locking, up to the Nyquist frequency of nerve activity.
    low_pass: Tensor
    n_fft: int
    # Samples of the signal per sample of nerve activity.
    step: int


def nerve_activity(
    signal: Tensor,
    sample_rate_hz: float | None,
    *,
    n_bands: int = N_BANDS,
    low_hz: float = LOW_HZ,
    extra_s: float = 0.0,
) -> tuple[Tensor, float]:
    """Neural activity pattern of `(batch, channels, n)`: `(batch, channels, bands, m)` from low to high, and its
    samples per second.

    Gammatones with centres from `low_hz` to 12 kHz or 0.45 of the sample rate, half-wave rectified, compressed by √(x +
    floor) − √floor (the slope at silence is finite; the floor is −80 dB re full scale), then the loss of phase locking:
    two poles at 1200 Hz. m covers the signal and `extra_s` more. Raises ParameterError for a signal that does not fit,
    a missing rate, or bands that do not lie below half of it.
    """
    check_signal(signal, "signal")
    rate = check_rate(sample_rate_hz)
    n_samples = signal.shape[-1] + math.ceil(extra_s * rate)
    bank = filter_bank(n_samples, rate, n_bands, low_hz, signal.dtype, signal.device)
    spectrum = rfft(functional.pad(signal, (0, bank.n_fft - signal.shape[-1])))
    motion = torch.fft.irfft(spectrum[..., None, :] * bank.spectra, n=bank.n_fft)
    fired = rfft(_Compress.apply(motion, 10 ** (FLOOR_DB / 20)))
    n_slow = bank.n_fft // bank.step
    activity = torch.fft.irfft(fired[..., : n_slow // 2 + 1] * bank.low_pass, n=n_slow)
    return activity[..., : -(-n_samples // bank.step)], rate / bank.step


@kept(8)
def filter_bank(
    n_samples: int, rate: float, n_bands: int, low_hz: float, dtype: torch.dtype, device: torch.device
) -> Bank:
    """The bank for signals of `n_samples` at `rate` samples per second."""
    check_positive_integer(n_bands, "n_bands")
    high_hz = min(HIGHEST_HZ, 0.45 * rate)
    if not 0 < low_hz < high_hz:
        raise ParameterError(
            f"low_hz must lie between 0 and {high_hz:g}, where the bank ends at sample_rate_hz {rate:g}, not at "
            f"{low_hz!r}"
        )
    step = max(1, int(rate // NERVE_RATE_HZ))
    centre_hz = erb_spaced_hz(low_hz, high_hz, n_bands)
    responses = gammatones(centre_hz, rate)
    n_fft = _quick_length(n_samples + responses.shape[-1], 2 * step)
    z = np.exp(-2j * np.pi * np.arange(n_fft // step // 2 + 1) / n_fft)
    pole = math.exp(-2 * math.pi * PHASE_LOCKING_HZ / rate)
    low_pass = ((1 - pole) / (1 - pole * z)) ** 2 / step
    if step == 1 or n_fft // step % 2 == 0:
        low_pass[-1] = low_pass[-1].real  # the Nyquist bin of a real signal
    complex_dtype = torch.complex64 if dtype == torch.float32 else torch.complex128
    spectra = np.fft.rfft(responses, n=n_fft)
    return Bank(
        torch.from_numpy(centre_hz).to(device, dtype),
        torch.from_numpy(spectra).to(device, complex_dtype),
        torch.from_numpy(low_pass).to(device, complex_dtype),
        n_fft,
        step,
    )


def strobes(activity: Tensor, rate_hz: float) -> Tensor:
    """Booleans that are true where a channel strobes, shaped as `activity`, `(…, m)` at `rate_hz` samples per second.
    No gradient flows through them.

    A local peak strobes if it is above a threshold that starts at the last strobe's height and falls as exp(−t / 20
    ms). Peaks under the threshold could never raise it later, since all fall alike: so a strobe is a peak whose
    ln(height) + t / 20 ms exceeds that of every peak before it.
    """
    y = activity.detach()
    is_peak = torch.zeros_like(y, dtype=torch.bool)
    if y.shape[-1] < 3:
        return is_peak
    inner = y[..., 1:-1]
    least = math.sqrt(2 * 10 ** (FLOOR_DB / 20)) - math.sqrt(10 ** (FLOOR_DB / 20))
    is_peak[..., 1:-1] = (inner > y[..., :-2]) & (inner >= y[..., 2:]) & (inner > least)
    decays = torch.arange(y.shape[-1], device=y.device, dtype=torch.float64) / (THRESHOLD_S * rate_hz)
    exact = y.dtype if decays[-1] < 1000 else torch.float64  # single precision is too coarse for long sounds
    record = torch.where(is_peak, y.clamp_min(least).to(exact).log() + decays.to(exact), -torch.inf)
    best = record.cummax(-1).values
    is_peak[..., 1:] &= record[..., 1:] > best[..., :-1]
    return is_peak


def auditory_image(
    signal: Tensor, sample_rate_hz: float | None, *, n_bands: int = N_BANDS, low_hz: float = LOW_HZ
) -> tuple[Tensor, float, float]:
    """Stabilised auditory image of `(batch, channels, n)`: `(batch, channels, frames, bands, lags)`, its hop and its
    lag step in seconds.

    Frames are about 23 ms apart, lags reach to 35 ms. A frame is the mean of what followed the strobes before it,
    weighted by exp(−age / 40 ms) and divided by one more than the sum of the weights: it does not depend on how often a
    channel strobes, and fades when it stops. Gradients flow through the activity, not through the strobes' places.
    Raises ParameterError as `nerve_activity` does.
    """
    activity, rate = nerve_activity(signal, sample_rate_hz, n_bands=n_bands, low_hz=low_hz, extra_s=LONGEST_LAG_S)
    hop, n_lags = max(1, round(HOP_S * rate)), max(1, round(LONGEST_LAG_S * rate))
    n_frames = max(1, -(-(activity.shape[-1] - n_lags) // hop))
    n_fft = _quick_length(hop + n_lags, 2)
    padded = functional.pad(activity, (0, max(0, n_frames * hop + n_fft - activity.shape[-1])))
    age = torch.arange(hop, 0, -1, device=activity.device, dtype=activity.dtype) / rate
    weights = (
        strobes(padded, rate)[..., : n_frames * hop].to(activity.dtype).unflatten(-1, (n_frames, hop))
        * (-age / FADING_S).exp()
    )
    fading = math.exp(-hop / rate / FADING_S)
    followed = _Followed.apply(padded, torch.fft.rfft(weights, n=n_fft).conj().resolve_conj(), hop, n_lags)
    frames_first = [x.movedim(3, 0) for x in (followed, weights.sum(-1))]
    image, weight = (_Fading.apply(x, fading) for x in frames_first)
    return (image / (1 + weight)[..., None]).movedim(0, 2), hop / rate, 1 / rate


def auditory_image_distance(
    estimate: Tensor, reference: Tensor, sample_rate_hz: float | None = None, *, n_bands: int = N_BANDS
) -> Tensor:
    """Mean magnitude of the difference of two auditory images over the mean of the reference's, `(batch,)`, 0 … ∞.

    `estimate`, `reference`: `(batch, channels, samples)`, full scale 1. Each is strobed by itself, so that a shift of a
    periodic sound costs nothing but its ends, while a change of its period does. Raises ParameterError for tensors that
    do not fit or a missing rate.
    """
    check_pair(estimate, reference)
    e, r = (auditory_image(x, sample_rate_hz, n_bands=n_bands)[0] for x in (estimate, reference))
    return _relative(e, r)


def nerve_activity_distance(
    estimate: Tensor, reference: Tensor, sample_rate_hz: float | None = None, *, n_bands: int = N_BANDS
) -> Tensor:
    """Mean magnitude of the difference of two neural activity patterns over the mean of the reference's, `(batch,)`, 0
    … ∞.

    `estimate`, `reference`: `(batch, channels, samples)`, full scale 1. Unlike that of images it depends on the
    phase of low frequencies and on any delay. Raises ParameterError for tensors that do not fit or a missing rate.
    """
    check_pair(estimate, reference)
    e, r = (nerve_activity(x, sample_rate_hz, n_bands=n_bands)[0] for x in (estimate, reference))
    return _relative(e, r)


def _relative(e: Tensor, r: Tensor) -> Tensor:
    inner = tuple(range(1, e.ndim))
    return (e - r).abs().mean(inner) / (r.abs().mean(inner) + 1e-3)


class _Compress(torch.autograd.Function):
    """√(max(x, 0) + floor) − √floor; one pass each way over what is the largest tensor of all."""

    @staticmethod
    def forward(ctx: Any, motion: Tensor, floor: float) -> Tensor:
        root = motion.clamp_min(0).add_(floor).sqrt_()
        ctx.save_for_backward(root)
        ctx.floor = floor
        return root - math.sqrt(floor)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (root,) = ctx.saved_tensors
        slope = (gradient * 0.5).div_(root)
        return slope.masked_fill_(root <= math.sqrt(ctx.floor), 0.0), None


class _Followed(torch.autograd.Function):
    """Sums of what followed the strobes of each hop, weighted: `(…, frames, lags)` from activity `(…, m)` and the
    weights' conjugate spectra.
    """

    @staticmethod
    def forward(ctx: Any, activity: Tensor, weights: Tensor, hop: int, n_lags: int) -> Tensor:
        n_frames, n_fft = weights.shape[-2], 2 * (weights.shape[-1] - 1)
        ctx.save_for_backward(weights)
        ctx.shape, ctx.hop = activity.shape, hop
        pieces = activity.unfold(-1, hop + n_lags, hop)[..., :n_frames, :]
        return torch.fft.irfft(torch.fft.rfft(pieces, n=n_fft).mul_(weights), n=n_fft)[..., :n_lags]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        (weights,) = ctx.saved_tensors
        n_frames, n_fft = weights.shape[-2], 2 * (weights.shape[-1] - 1)
        hop, n_piece = ctx.hop, ctx.hop + gradient.shape[-1]
        pieces = torch.fft.irfft(torch.fft.rfft(gradient, n=n_fft).mul_(weights.conj()), n=n_fft)[..., :n_piece]
        result = gradient.new_zeros(ctx.shape)
        for first in range(0, n_piece, hop):  # pieces overlap: hop by hop, each hop of all frames at once
            part = pieces[..., first : first + hop]
            target = result[..., first : first + n_frames * hop].unflatten(-1, (n_frames, hop))
            target[..., : part.shape[-1]] += part
        return result, None, None, None


class _Fading(torch.autograd.Function):
    """y[t] = x[t] + fading · y[t − 1] along the first axis."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, fading: float) -> Tensor:
        ctx.fading = fading
        result = values.clone(memory_format=torch.contiguous_format)
        for i in range(1, len(result)):
            result[i].add_(result[i - 1], alpha=fading)
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        result = gradient.clone(memory_format=torch.contiguous_format)
        for i in range(len(result) - 2, -1, -1):
            result[i].add_(result[i + 1], alpha=ctx.fading)
        return result, None


def _quick_length(least: int, step: int) -> int:
    """The smallest multiple of `step`, at least `least`, whose quotient is a power of two times 1, 3, 5 or 9."""
    blocks = -(-least // step)
    return step * min(odd * 2 ** max(0, math.ceil(math.log2(blocks / odd))) for odd in (1, 3, 5, 9, 15, 17))
