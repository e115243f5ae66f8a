"""Joint refinement of an instrument by gradients: frequencies, decays, weights and mixing at once, towards any loss
(Adam; Kingma & Ba 2015).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from motes.encoders.instrument.mode_responses import Sites
from motes.errors import MissingExtraError
from motes.events.instrument import Complexes, Reals
from motes.losses import loss_named
from motes.stop_reason import StopReason

if TYPE_CHECKING:
    from torch import Tensor

# Of weights relative to their control's mean, of frequencies relative to their mode's bandwidth, of decays relative to
# themselves.
LEARNING_RATE = 0.02
FREQUENCY_SCALE = 0.2
# Of the relative error of the waveform beside the loss: it holds the phases.
WAVEFORM_WEIGHT = 0.5
# Nepers per sample between which decays stay.
SLOWEST, FASTEST = 2.5e-6, 0.05


@dataclass
class Refined:
    """Modes and weights after some steps: the best of them, and how well they did."""

    rate: Reals
    mixing: Complexes
    weights: Complexes
    value: float
    stopped: str


def refine(
    sites: Sites,
    shared: Reals,
    weights: Complexes,
    audio: Reals,
    sample_rate_hz: int,
    *,
    loss: str,
    n_steps: int,
    l1: float,
    on_step: Callable[[int, float], str | None],
) -> Refined:
    """The modes and weights with the lowest loss seen in `n_steps`; `on_step(step, loss)` may return a reason to stop.
    Ctrl-C stops, too.

    `weights` `(n_controls, n_modes)`: those that are 0 stay so. Raises MissingExtraError without PyTorch.
    """
    try:
        import torch
    except ImportError as error:
        raise MissingExtraError("refining by gradients (--refine 0 does without)", "learn") from error
    model = _Model(sites, weights)
    reference = torch.from_numpy(np.ascontiguousarray(audio)).float()
    distance = loss_named(loss)
    optimiser = torch.optim.Adam(model.parameters, lr=LEARNING_RATE)
    spread, power = torch.from_numpy(shared).to(torch.complex64), reference.square().sum()
    stopped: str = StopReason.N_EVENTS_REACHED
    best = Refined(sites.rate, sites.mixing, weights, math.inf, stopped)
    try:
        for step in range(n_steps + 1):
            estimate = model.render(spread, len(reference[0]))
            left = (estimate - reference).square().sum() / power
            total = (
                distance(estimate[None], reference[None], sample_rate_hz)[0]
                + WAVEFORM_WEIGHT * left.sqrt()
                + l1 * model.size()
            )
            value = float(total.detach())
            if value < best.value:
                best = model.snapshot(value)
            reason = on_step(step, value)
            if reason is not None:
                stopped = reason
                break
            if step < n_steps:
                optimiser.zero_grad()
                total.backward()
                optimiser.step()
    except KeyboardInterrupt:
        stopped = StopReason.CANCELLED
    best.stopped = stopped
    return best


class _Model:
    """The unknowns, each in units in which a step of the learning rate is small; stable whatever their values."""

    def __init__(self, sites: Sites, weights: Complexes) -> None:
        import torch

        self._start, self._mixing0, self._weights0 = sites.rate, sites.mixing, weights
        self._at = torch.from_numpy(sites.at)
        self._decay0, self._omega0 = torch.from_numpy(-sites.rate[0]), torch.from_numpy(sites.rate[1])
        energy = np.sum(np.abs(sites.mixing) ** 2, axis=0) / np.maximum(-4 * sites.rate[0], 1e-9)
        self._unit = _units(weights, energy)
        self._energy = torch.from_numpy(np.sqrt(energy)).float()
        self._mask = torch.from_numpy(weights != 0)
        self._scale, self._first = torch.from_numpy(self._unit).float(), torch.from_numpy(weights).to(torch.complex64)
        self._sum = float((self._first.abs() * self._energy).sum()) or 1.0
        zeros: Any = lambda *shape: torch.zeros(shape, requires_grad=True)  # noqa: E731
        n_controls, n_modes = weights.shape
        self.bend, self.damp, self.move = zeros(n_modes), zeros(n_modes), zeros(n_controls, n_modes, 2)
        self.parameters = [self.bend, self.damp, self.move]
        self.mix = zeros(*sites.mixing.shape, 2) if len(sites.mixing) > 1 else None
        if self.mix is not None:
            self.parameters.append(self.mix)

    def _weights(self) -> Tensor:
        import torch

        change = torch.view_as_complex(self.move) * self._scale
        moved: Tensor = (self._first + change) * self._mask
        return moved

    def _rate(self) -> tuple[Tensor, Tensor]:
        decay = (self._decay0 * (0.5 * self.damp.double()).exp()).clamp(SLOWEST, FASTEST)
        return decay, (self._omega0 + FREQUENCY_SCALE * self._decay0 * self.bend.double()).clamp(1e-5, math.pi)

    def _mixing(self) -> Tensor:
        import torch

        first = torch.from_numpy(self._mixing0).to(torch.complex64)
        return first if self.mix is None else first + torch.view_as_complex(self.mix)

    def render(self, shared: Tensor, n_samples: int) -> Tensor:
        """What it sounds like, `(n_channels, n_samples)`."""
        from motes.kinds.strike.differentiable import render_strikes

        decay, omega = self._rate()
        return render_strikes(decay, omega, self._mixing(), self._at, shared @ self._weights(), n_samples)

    def size(self) -> Tensor:
        """Sum of the weights' moduli by energy, relative to what it was."""
        weights = self._weights()
        total: Tensor = (
            (weights.real.square() + weights.imag.square() + 1e-20).sqrt() * self._energy
        ).sum() / self._sum
        return total

    def snapshot(self, value: float) -> Refined:
        """The values now, in NumPy."""
        decay, omega = self._rate()
        rate = np.stack([-decay.detach().numpy(), omega.detach().numpy()])
        mask = self._mask.numpy()
        weights = np.where(mask, self._weights().detach().numpy().astype(np.complex128), 0)
        return Refined(rate, self._mixing().detach().numpy().astype(np.complex128), weights, value, "")


def _units(weights: Complexes, energy: Reals) -> NDArray[np.float64]:
    """For each weight a size of change that matters: the root mean square of its control's weights, by energy."""
    root = np.sqrt(energy)
    n = np.maximum(np.count_nonzero(weights, axis=1), 1)
    mean = np.sqrt(np.sum(np.abs(weights * root) ** 2, axis=1) / n)
    unit: NDArray[np.float64] = mean[:, None] / root[None]
    return unit
