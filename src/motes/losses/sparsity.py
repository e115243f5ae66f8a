"""Terms that keep a scene small: how many events there are, how large, and what information is left in the residual.

The first ones take amplitudes or gate logits `(batch, events)`, any further axes counted in, and give `(batch,)`.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from motes.errors import ParameterError
from motes.losses._checks import check_pair, check_positive_integer
from motes.losses._frames import power_spectrogram

# γ and ζ of the hard concrete distribution.
STRETCH = (-0.1, 1.1)
# Its β.
TEMPERATURE = 2 / 3
EULER = 0.5772156649015329


def weighted_l1(amplitude: Tensor, weight: Tensor | None = None) -> Tensor:
    """Σ weight · |amplitude| over all but the first axis, `(batch,)`; `weight` (≥ 0) broadcasts, e.g. 1 / (|amplitude|
    + ε) of the last step, detached.

    Candès, Wakin, Boyd: "Enhancing sparsity by reweighted ℓ1 minimization", J. Fourier Analysis and Applications 14
    (2008), §2.2.
    """
    magnitude = _check_events(amplitude, "amplitude").abs()
    return _total(magnitude if weight is None else magnitude * _check_finite(weight, "weight"))


def energy(amplitude: Tensor) -> Tensor:
    """Σ amplitude² over all but the first axis, `(batch,)`."""
    return _total(_check_events(amplitude, "amplitude").square())


def hard_concrete_gate(logit: Tensor, uniform: Tensor | None = None) -> Tensor:
    """Gates in 0 … 1, shaped as `logit`, that are exactly 0 or 1 with some probability and differentiable between.

    `uniform`: numbers in 0 … 1 shaped alike, drawn by the caller; without them the deterministic gate for use
    after training. Louizos, Welling, Kingma: "Learning sparse neural networks through L0 regularization", ICLR 2018,
    eqs. 10, 11 and 13.
    """
    _check_events(logit, "logit")
    low, high = STRETCH
    if uniform is None:
        return (torch.sigmoid(logit) * (high - low) + low).clamp(0, 1)
    if uniform.shape != logit.shape:
        raise ParameterError(
            f"uniform has the shape {tuple(uniform.shape)}, logit {tuple(logit.shape)}: they must be the same"
        )
    u = uniform.clamp(1e-6, 1 - 1e-6)
    return (torch.sigmoid((u.log() - (-u).log1p() + logit) / TEMPERATURE) * (high - low) + low).clamp(0, 1)


def expected_l0(logit: Tensor) -> Tensor:
    """Expected number of hard concrete gates that are not 0, `(batch,)`: Louizos et al. 2018, eq. 12."""
    low, high = STRETCH
    return _total(torch.sigmoid(_check_events(logit, "logit") - TEMPERATURE * math.log(-low / high)))


def straight_through_gate(logit: Tensor) -> Tensor:
    """1 where the logit is positive, else 0, with the slope of its sigmoid.

    Bengio, Léonard, Courville: "Estimating or propagating gradients through stochastic neurons", arXiv 1308.3432
    (2013), §3.
    """
    soft = torch.sigmoid(_check_events(logit, "logit"))
    return soft + ((logit > 0).to(soft.dtype) - soft).detach()


def straight_through_l0(logit: Tensor) -> Tensor:
    """Number of open gates, `(batch,)`, with the slope of their sigmoids."""
    return _total(straight_through_gate(logit))


def residual_information(
    estimate: Tensor,
    reference: Tensor,
    *,
    window: int = 1024,
    n_frames: int = 5,
    n_bins: int = 9,
    floor_db: float = -80.0,
) -> Tensor:
    """Information that the residual, reference − estimate, holds beyond a slowly changing spectrum, in nats per
    spectrogram cell, `(batch,)`, 0 … ∞.

    `estimate`, `reference`: `(batch, channels, samples)`, full scale 1. Noise under a smooth envelope has a power P in
    each cell of its spectrogram that is exponentially distributed around the local mean P̄ (over `n_frames` × `n_bins`
    cells), so that ln P̄ − ln P has the mean γ = 0.577; partials and clicks leave most cells far below their
    neighbours' mean. The result is how far the mean exceeds γ, cells weighted by P̄ / (P̄ + floor): 0 when what is left
    can be coded as an envelope of noise, whatever its level, or is silence. Spectral flatness, local: Gray & Markel,
    IEEE Trans. ASSP 22 (1974).

    Raises ParameterError for tensors that do not fit and for windows or neighbourhoods that are not odd or too small.
    """
    check_pair(estimate, reference)
    for name, value in (("n_frames", n_frames), ("n_bins", n_bins)):
        if check_positive_integer(value, name, 3) % 2 == 0:
            raise ParameterError(f"{name} must be odd, not {value}")
    floor = 10 ** (floor_db / 10)
    power = power_spectrogram(reference - estimate, window, window // 2) + 1e-4 * floor
    mean = functional.avg_pool2d(power, (n_frames, n_bins), 1, (n_frames // 2, n_bins // 2), count_include_pad=False)
    weight = mean / (mean + floor)
    excess = (mean / power).log() - _expected_excess(n_frames * n_bins)
    return (weight * excess).mean((1, 2, 3)).clamp_min(0)


def _expected_excess(n_cells: int) -> float:
    """Mean of ln P̄ − ln P for noise: γ, less what a mean over few cells falls short of it."""
    return EULER - 1 / (2 * n_cells)


def _check_events(tensor: Tensor, name: str) -> Tensor:
    if not isinstance(tensor, Tensor) or not tensor.is_floating_point() or tensor.ndim < 2:
        shape = (
            f"{tensor.dtype} of shape {tuple(tensor.shape)}" if isinstance(tensor, Tensor) else type(tensor).__name__
        )
        raise ParameterError(f"{name} must be a real tensor of shape (batch, events), not {shape}")
    return _check_finite(tensor, name)


def _check_finite(tensor: Tensor, name: str) -> Tensor:
    if not bool(torch.isfinite(tensor.detach()).all()):
        raise ParameterError(f"{name}, of shape {tuple(tensor.shape)}, holds NaN or infinities")
    return tensor


def _total(values: Tensor) -> Tensor:
    return values.flatten(1).sum(1)
