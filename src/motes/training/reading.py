"""The small networks that read the sixteen numbers of an event off what the large one found, in PyTorch."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from motes.encoders.siam.reading import N_BAND_FEATURES, N_HIDDEN, N_KEY_FEATURES, N_NUMBERS


class Reader(nn.Module):
    """Features of events `(n, n_features)` to their sixteen numbers, of unit variance, `(n, N_NUMBERS)`."""

    def __init__(self, n_features: int = N_KEY_FEATURES) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(n_features, N_HIDDEN),
            nn.ReLU(),
            nn.Linear(N_HIDDEN, N_HIDDEN),
            nn.ReLU(),
            nn.Linear(N_HIDDEN, N_NUMBERS),
        )

    def forward(self, features: Tensor) -> Tensor:
        return torch.as_tensor(self.layers(features))


def readers() -> nn.ModuleDict:
    """One for what has a pitch, one for what has none."""
    return nn.ModuleDict({"keys": Reader(N_KEY_FEATURES), "bands": Reader(N_BAND_FEATURES)})
