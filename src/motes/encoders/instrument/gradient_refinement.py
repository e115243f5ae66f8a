"""Joint refinement of an instrument by gradients: frequencies, decays, weights and mixing at once, towards any loss
(Adam; Kingma & Ba 2015).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from motes.encoders.instrument.mode_responses import Sites
from motes.encoders.instrument.mode_tuning import FASTEST, SLOWEST
from motes.encoders.time_limit import reason_of
from motes.errors import MissingExtraError
from motes.events.instrument import Complexes, Reals
from motes.losses import loss_named
from motes.stop_reason import StopReason

if TYPE_CHECKING:
    from torch import Tensor

# How far a step moves weights relative to their control's mean and decays relative to themselves.
LEARNING_RATE = 0.02
# The same of frequencies, relative to their mode's bandwidth: they have to stay within it.
FREQUENCY_SCALE = 0.2
# Of the relative error of the waveform beside the loss: it holds the phases. These three are chosen by hand.
WAVEFORM_WEIGHT = 0.5


@dataclass(frozen=True)
class Refinement:
    """Objective of the steps, a loss by its name and `l1` times the sum of the weights, and their number."""

    loss: str
    n_steps: int
    l1: float = 0.0


@dataclass(frozen=True)
class Refined:
    """Modes and weights after some steps: the best of them, their loss, and why the steps ended."""

    poles: Reals
    mixing: Complexes
    weights: Complexes
    loss: float
    stopped: str


def import_torch() -> None:
    """Import PyTorch, or raise MissingExtraError."""
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("refining by gradients (--refine 0 does without)", "learn") from error


def refine(
    sites: Sites,
    gains: Reals,
    weights: Complexes,
    audio: Reals,
    sample_rate_hz: int,
    refinement: Refinement,
    on_step: Callable[[int, float], str | None],
) -> Refined:
    """The modes and weights with the lowest loss seen; `on_step(step, loss)` may return a reason to stop. Ctrl-C stops,
    too.

    `weights` `(n_controls, n_modes)`: those that are 0 stay so. Strike j injects `gains[j] @ weights`. Raises
    MissingExtraError without PyTorch.
    """
    import_torch()
    import torch

    model = _Model(sites, weights)
    objective = _objective(model, gains, audio, sample_rate_hz, refinement)
    optimiser = torch.optim.Adam(model.parameters, lr=LEARNING_RATE)
    best, stopped = Refined(sites.poles, sites.mixing, weights, math.inf, ""), str(StopReason.N_EVENTS_REACHED)
    try:
        for step in range(refinement.n_steps + 1):
            total = objective()
            loss = float(total.detach())
            if loss < best.loss:
                best = model.snapshot(loss)
            if reason := on_step(step, loss):
                stopped = reason
                break
            if step < refinement.n_steps:
                optimiser.zero_grad()
                total.backward()
                optimiser.step()
    except KeyboardInterrupt as interrupt:
        stopped = reason_of(interrupt)
    return replace(best, stopped=stopped)


def _objective(
    model: _Model, gains: Reals, audio: Reals, sample_rate_hz: int, refinement: Refinement
) -> Callable[[], Tensor]:
    """A function that gives what the steps lower, as the model stands."""
    import torch

    reference = torch.from_numpy(np.ascontiguousarray(audio)).float()
    distance = loss_named(refinement.loss)
    spread, power = torch.from_numpy(gains).to(torch.complex64), reference.square().sum()

    def total() -> Tensor:
        estimate = model.render(spread, len(reference[0]))
        error = (estimate - reference).square().sum() / power
        return (
            distance(estimate[None], reference[None], sample_rate_hz)[0]
            + WAVEFORM_WEIGHT * error.sqrt()
            + refinement.l1 * model.size()
        )

    return total


class _Model:
    """Parameters in units in which a step of the learning rate is small; stable whatever their values."""

    def __init__(self, sites: Sites, weights: Complexes) -> None:
        import torch

        self._strike_samples = torch.from_numpy(sites.strike_samples)
        self._decay0, self._omega0 = torch.from_numpy(-sites.poles[0]), torch.from_numpy(sites.poles[1])
        self._mixing0 = torch.from_numpy(sites.mixing).to(torch.complex64)
        energy = np.sum(np.abs(sites.mixing) ** 2, axis=0) / np.maximum(-4 * sites.poles[0], 1e-9)
        self._energy = torch.from_numpy(np.sqrt(energy)).float()
        self._mask = torch.from_numpy(weights != 0)
        self._scale = torch.from_numpy(_units(weights, energy)).float()
        self._weights0 = torch.from_numpy(weights).to(torch.complex64)
        self._sum = float((self._weights0.abs() * self._energy).sum()) or 1.0
        zeros: Any = lambda *shape: torch.zeros(shape, requires_grad=True)  # noqa: E731
        n_controls, n_modes = weights.shape
        self._frequency, self._damping = zeros(n_modes), zeros(n_modes)
        self._change = zeros(n_controls, n_modes, 2)
        self.parameters = [self._frequency, self._damping, self._change]
        self._mix = zeros(*sites.mixing.shape, 2) if len(sites.mixing) > 1 else None
        if self._mix is not None:
            self.parameters.append(self._mix)

    def _weights(self) -> Tensor:
        import torch

        change = torch.view_as_complex(self._change) * self._scale
        moved: Tensor = (self._weights0 + change) * self._mask
        return moved

    def _poles(self) -> tuple[Tensor, Tensor]:
        decay = (self._decay0 * (0.5 * self._damping.double()).exp()).clamp(SLOWEST, FASTEST)
        omega = self._omega0 + FREQUENCY_SCALE * self._decay0 * self._frequency.double()
        return decay, omega.clamp(1e-5, math.pi)

    def _mixing(self) -> Tensor:
        import torch

        return self._mixing0 if self._mix is None else self._mixing0 + torch.view_as_complex(self._mix)

    def render(self, gains: Tensor, n_samples: int) -> Tensor:
        """The sound of all strikes, `(n_channels, n_samples)`."""
        from motes.kinds.strike.differentiable import render_strikes

        decay, omega = self._poles()
        return render_strikes(decay, omega, self._mixing(), self._strike_samples, gains @ self._weights(), n_samples)

    def size(self) -> Tensor:
        """Sum of the weights' moduli by energy, relative to what it was."""
        weights = self._weights()
        total: Tensor = (
            (weights.real.square() + weights.imag.square() + 1e-20).sqrt() * self._energy
        ).sum() / self._sum
        return total

    def snapshot(self, loss: float) -> Refined:
        """The values now, in NumPy."""
        decay, omega = self._poles()
        poles = np.stack([-decay.detach().numpy(), omega.detach().numpy()])
        weights = np.where(self._mask.numpy(), self._weights().detach().numpy().astype(np.complex128), 0)
        return Refined(poles, self._mixing().detach().numpy().astype(np.complex128), weights, loss, "")


def _units(weights: Complexes, energy: Reals) -> NDArray[np.float64]:
    """Size of change of each weight that matters: the root mean square of its control's weights, by energy."""
    root = np.sqrt(energy)
    n = np.maximum(np.count_nonzero(weights, axis=1), 1)
    mean = np.sqrt(np.sum(np.abs(weights * root) ** 2, axis=1) / n)
    unit: NDArray[np.float64] = mean[:, None] / root[None]
    return unit
