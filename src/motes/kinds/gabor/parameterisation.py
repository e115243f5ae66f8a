"""Windowed sinusoids as a fit by gradients moves them: windows, times and frequencies off any grid."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from motes.kinds.gabor.differentiable import render_gabors
from motes.kinds.gabor.table import Gabor
from motes.kinds.parameterisation import (
    FREQUENCY_STEP,
    HANN_ENERGY,
    HANN_SIGMA,
    SHORTEST_SAMPLES,
    Atoms,
    Coordinate,
    Extent,
    Parameterisation,
    scaled,
)

# Bounds of windows and frequencies; the longest window is some ten times what a file's codes expect.
LONGEST_S, HIGHEST_OF_RATE = 30.0, 0.499
FAINTEST = 1e-7


class GaborParameterisation(Parameterisation):
    """Coordinates of atoms relative to their window's width, their logarithmic amplitude and their phase."""

    KIND = Gabor
    COORDINATES = (
        Coordinate("time"),
        Coordinate("window"),
        Coordinate("frequency"),
        Coordinate("gain", per_channel=True),
        Coordinate("phase", per_channel=True),
    )
    ANCHORS = ("time_s", "window_s", "frequency_hz")
    CHANNEL_ANCHORS = ("level", "phase_rad")

    def of_atoms(self, atoms: Atoms) -> Tensor:
        level = np.log(np.maximum(atoms.amplitude, FAINTEST))
        return torch.from_numpy(
            np.column_stack([atoms.time_s, atoms.window_s, atoms.frequency_hz, level, atoms.phase_rad])
        )

    def anchored(self, columns: dict[str, Tensor]) -> Tensor:
        level = columns["amplitude"].clamp(min=FAINTEST).log()
        return torch.cat([torch.stack([columns[name] for name in self.ANCHORS], 1), level, columns["phase_rad"]], 1)

    def columns(self, theta: Tensor, anchor: Tensor) -> dict[str, Tensor]:
        t, a = self.coordinates.split(theta), self.anchors.split(anchor)
        rate, unit = self.sample_rate_hz, a["window_s"] * HANN_SIGMA
        return {
            "time_s": a["time_s"] + t["time"] * unit,
            "window_s": scaled(a["window_s"], t["window"], 10 * SHORTEST_SAMPLES / rate, LONGEST_S),
            "frequency_hz": (a["frequency_hz"] + FREQUENCY_STEP * t["frequency"] / unit).clamp(
                0.0, HIGHEST_OF_RATE * rate
            ),
            "amplitude": (a["level"] + t["gain"]).clamp(max=10.0).exp(),
            "phase_rad": a["phase_rad"] + t["phase"],
        }

    def render(self, columns: dict[str, Tensor], n_samples: int) -> Tensor:
        return render_gabors(columns, self.sample_rate_hz, n_samples, block=self.knot_samples())

    def amplified(self, columns: dict[str, Tensor], factors: Tensor) -> dict[str, Tensor]:
        amplitude = columns["amplitude"][:, None, :] * factors[:, :, None]
        phase = columns["phase_rad"].tile(1, factors.shape[1])
        return columns | {"amplitude": amplitude.flatten(1), "phase_rad": phase}

    def energy(self, columns: dict[str, Tensor]) -> Tensor:
        return columns["amplitude"].square().sum(1) * columns["window_s"] * (self.sample_rate_hz * HANN_ENERGY)

    def extent(self, columns: dict[str, Tensor]) -> Extent:
        return Extent(
            columns["time_s"].numpy(), columns["frequency_hz"].numpy(), HANN_SIGMA * columns["window_s"].numpy()
        )


PARAMETERISATION = GaborParameterisation
