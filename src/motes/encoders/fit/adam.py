"""Adam's moments (Kingma & Ba 2015), for events and for the weights of rooms."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

# Decay of both moments per step; the second's is shorter than usual (0.999), since fits take only some hundred steps.
DECAYS = (0.9, 0.98)
# Added to the root of the second moment: only keeps 0/0 away.
EPSILON = 1e-12


@dataclass(frozen=True)
class AdamState:
    """Moments of the slopes of some rows of values, and how many steps each row has taken."""

    m: Tensor
    v: Tensor
    age: Tensor

    @classmethod
    def at_rest(cls, values: Tensor) -> AdamState:
        """The state before the first step."""
        still = torch.zeros_like(values)
        return cls(still, still, torch.zeros(len(values), dtype=torch.float64))

    def updated(self, slope: Tensor) -> AdamState:
        """The state after a step with this slope."""
        return replace(
            self,
            m=DECAYS[0] * self.m + (1 - DECAYS[0]) * slope,
            v=DECAYS[1] * self.v + (1 - DECAYS[1]) * slope.square(),
            age=self.age + 1,
        )

    def mean(self) -> Tensor:
        """Mean of the slopes, freed of its bias towards 0."""
        return self.m / self._bias(DECAYS[0])

    def spread(self) -> Tensor:
        """Root mean square of the slopes, freed of its bias towards 0: a step goes by `mean() / spread()`."""
        return (self.v / self._bias(DECAYS[1])).sqrt() + EPSILON

    def _bias(self, decay: float) -> Tensor:
        age = self.age.reshape(-1, *[1] * (self.m.ndim - 1))
        return 1 - decay**age
