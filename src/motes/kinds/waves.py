"""A sum of many sinusoids with slowly changing amplitude and phase, in PyTorch, at the cost of a few matrix products.

Each sinusoid is a carrier of constant frequency times an envelope, complex and smooth. Envelopes are known, with their
slopes, on a grid of knots `block` samples apart; between them cubic Hermite polynomials are taken. A knot's value and
slope then sound like two short pieces of its carrier, to either side, and all pieces that belong to a knot are one
product of matrices. The error falls with the fourth power of `block`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

TILE_KNOTS = 64


@dataclass(frozen=True)
class Tiles:
    """Where sinusoids sound: pairs of a sinusoid and a tile of TILE_KNOTS knots, in the order of sinusoids,
    then of tiles.
    """

    # Which sinusoid, `(n_pairs,)`.
    unit: Tensor
    tile: Tensor
    block: int
    n_samples: int

    @classmethod
    def of(cls, start: Tensor, end: Tensor, block: int, n_samples: int) -> Tiles:
        """For sinusoids that sound from sample `start` to `end`, `(n_units,)`; tiles before sample 0 have negative
        numbers.
        """
        span, last = block * TILE_KNOTS, -(-(n_samples // block + 2) // TILE_KNOTS) - 1
        sounds = (end > 0) & (start < n_samples)
        low = torch.div(start, span, rounding_mode="floor").clamp(max=last).long()
        high = torch.div(end + block, span, rounding_mode="floor").clamp(0, last).long()
        count = torch.where(sounds, high - low + 1, torch.zeros_like(low))
        unit = torch.repeat_interleave(torch.arange(len(start)), count)
        place = torch.arange(len(unit)) - torch.repeat_interleave(torch.cumsum(count, 0) - count, count)
        return cls(unit, low[unit] + place, block, n_samples)

    @property
    def n_tiles(self) -> int:
        """Tiles in all."""
        return -(-(self.n_samples // self.block + 2) // TILE_KNOTS)

    def knots(self) -> Tensor:
        """The samples of the knots of each pair, `(n_pairs, TILE_KNOTS)` float64."""
        return ((self.tile * TILE_KNOTS)[:, None] + torch.arange(TILE_KNOTS)).double() * self.block


def add_up(
    tiles: Tiles, real: Tensor, imag: Tensor, real_slope: Tensor, imag_slope: Tensor, omega: Tensor, gain: Tensor
) -> Tensor:
    """The sum, `(n_channels, n_samples)` float32.

    Values and slopes (per sample) at the knots of each pair, `(n_pairs, TILE_KNOTS)`, carriers included; `omega`
    `(n_units,)` in radians per sample; `gain` `(n_units, n_channels)`.
    """
    block, n_channels = tiles.block, gain.shape[1]
    at = torch.argsort(tiles.tile, stable=True)
    at = at[tiles.tile[at] >= 0]
    unit, counts = tiles.unit[at], torch.bincount(tiles.tile[at], minlength=tiles.n_tiles).tolist()
    pieces = torch.stack([real, imag, real_slope, imag_slope]).index_select(1, at).split(counts, 1)
    carriers, gains = _carriers(omega, block).index_select(1, unit).split(counts, 1), gain[unit].split(counts)
    rows = []
    for values, sounds, loud in zip(pieces, carriers, gains, strict=True):
        waves = sounds.reshape(-1, 2 * block)
        rows.append(
            torch.stack([(values * loud[:, c, None]).reshape(-1, TILE_KNOTS).T @ waves for c in range(n_channels)])
        )
    summed = torch.cat(rows, 1)
    return (summed[:, :-1, block:] + summed[:, 1:, :block]).reshape(n_channels, -1)[:, : tiles.n_samples]


def _carriers(omega: Tensor, block: int) -> Tensor:
    """What the real and imaginary part of a knot's value and slope sound like around it, `(4, n_units, 2 block)`."""
    offset = torch.arange(-block, block)
    angle = omega[:, None].float() * offset
    distance = offset.abs() / block
    value, slope = 1 - 3 * distance**2 + 2 * distance**3, offset * (1 - distance) ** 2
    cosine, sine = torch.cos(angle), torch.sin(angle)
    return torch.stack([value * cosine, -value * sine, slope * cosine, -slope * sine])


def turned(
    envelope: Tensor, envelope_slope: Tensor, phase: Tensor, phase_slope: Tensor, carrier: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Real and imaginary values and slopes of envelope · exp(i (phase + carrier)), the slope without the carrier's;
    `carrier` float64.
    """
    angle = torch.remainder(carrier, 2 * math.pi).float() + phase
    cosine, sine = torch.cos(angle), torch.sin(angle)
    turning = envelope * phase_slope
    return (
        envelope * cosine,
        envelope * sine,
        envelope_slope * cosine - turning * sine,
        envelope_slope * sine + turning * cosine,
    )
