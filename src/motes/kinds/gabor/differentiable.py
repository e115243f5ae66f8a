"""Windowed sinusoids in PyTorch, differentiable in time, window, frequency, amplitude and phase;
`motes.kinds.gabor.table` is the definition.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from motes.kinds.waves import Tiles, add_up, turned


def render_gabors(columns: Mapping[str, Tensor], sample_rate_hz: int, n_samples: int, *, block: int = 64) -> Tensor:
    """The sound of gabor events, `(n_channels, n_samples)` float32.

    `columns`: `time_s`, `window_s`, `frequency_hz` `(n_events,)`, `amplitude` and `phase_rad` `(n_events, n_channels)`,
    float64, and `chirp_hz_per_s` `(n_events,)` where frequencies rise. Envelopes are exact every `block` samples:
    windows should be some ten times as long, and what a frequency rises within half a window turn by less than a radian
    within a block. Events at or above half the sample rate are left out.
    """
    rate = sample_rate_hz
    in_band = torch.nonzero(columns["frequency_hz"].detach() <= rate / 2)[:, 0]
    if len(in_band) == 0:
        return torch.zeros(columns["amplitude"].shape[1], n_samples)
    centre, window, omega = (columns[name][in_band] * factor for name, factor in _in_samples(rate))
    tiles = Tiles.of((centre - window / 2).detach().clamp(min=0), (centre + window / 2).detach(), block, n_samples)
    since = tiles.knots() - centre[tiles.unit, None]
    at = 2 * math.pi * since / window[tiles.unit, None]
    inside = at.abs() < math.pi
    envelope = torch.where(inside, 0.5 + 0.5 * torch.cos(at), torch.zeros_like(at)).float()
    slope = torch.where(inside, -math.pi / window[tiles.unit, None] * torch.sin(at), torch.zeros_like(at)).float()
    still, carrier = torch.zeros_like(envelope), omega[tiles.unit, None] * since
    risen = still
    if "chirp_hz_per_s" in columns:
        chirp = (columns["chirp_hz_per_s"][in_band] * (2 * math.pi / rate**2))[tiles.unit, None]
        carrier, risen = carrier + 0.5 * chirp * since * since, (chirp * since).float()
    amplitude, phase = columns["amplitude"][in_band].float(), columns["phase_rad"][in_band]
    channels = [
        add_up(
            tiles,
            *turned(envelope, slope, still, risen, carrier + phase[tiles.unit, c, None]),
            omega,
            amplitude[:, c, None],
        )
        for c in range(amplitude.shape[1])
    ]
    return torch.cat(channels)


def _in_samples(rate: int) -> tuple[tuple[str, float], ...]:
    return ("time_s", rate), ("window_s", rate), ("frequency_hz", 2 * math.pi / rate)
