"""The objective of a fit: the distance of the mix from a segment of the recording, as a function of the events."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from motes.kinds.parameterisation import Parameterisation
from motes.losses import loss_named

# The recording's root of energy at least, so that sparsity of events in silence is finite.
LEAST_NORM = 1e-6


class Objective:
    """The loss of a segment's events."""

    def __init__(
        self,
        parameterisation: Parameterisation,
        reference: Tensor,
        background: Tensor,
        losses: tuple[tuple[str, float], ...],
        sparsity: float = 0.0,
    ) -> None:
        """`reference`, and what else sounds there beside the events, `(n_channels, n_samples)` float32; names and
        weights of `losses`; `sparsity` weighs the sum of the events' root mean squares.
        """
        self.parameterisation, self.reference, self.background = parameterisation, reference, background
        self._losses = tuple((loss_named(name), weight) for name, weight in losses)
        self._sparsity = sparsity
        self._norm = max(LEAST_NORM, float(reference.square().sum().sqrt()))

    def render(self, columns: dict[str, Tensor]) -> Tensor:
        """The mix, `(n_channels, n_samples)`."""
        return self.background + self.parameterisation.render(columns, self.reference.shape[1])

    def distance(self, estimate: Tensor) -> Tensor:
        """The weighted sum of all losses."""
        total = torch.zeros((), dtype=torch.float32)
        for loss, weight in self._losses:
            total = total + weight * loss(estimate[None], self.reference[None], self.parameterisation.sample_rate_hz)[0]
        return total

    def value(self, theta: Tensor, anchor: Tensor) -> Tensor:
        """The loss with its sparsity; NaN where the mix is not finite."""
        columns = self.parameterisation.columns(theta, anchor)
        mix = self.render(columns)
        if not bool(torch.isfinite(mix.detach()).all()):
            return torch.full((), math.nan)
        total = self.distance(mix)
        if self._sparsity:
            size = (self.parameterisation.energy(columns) + 1e-12).sqrt().sum().float()
            total = total + self._sparsity * size / self._norm
        return total
