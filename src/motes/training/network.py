"""The network that finds events, in PyTorch; `motes.encoders.siam.network` computes it without."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from motes.encoders.siam.layout import (
    BLOCKS,
    CHANNELS,
    CONTEXT_AFTER,
    END,
    HARMONIC_BINS,
    N_BANDS,
    N_HIDDEN_BANDS,
    N_STEM_BINS,
    WHOLE,
)
from motes.encoders.siam.spectra import BINS_PER_KEY, FLOOR_DB, MIDDLE_DB, N_BINS, N_FFTS, N_KEYS, SCALE_DB

SILENCE = (FLOOR_DB - MIDDLE_DB) / SCALE_DB


class Block(nn.Module):
    """A residual convolution over 3 frames × 5 keys, dilated in both."""

    def __init__(self, channels: int, over_frames: int, over_keys: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            channels,
            channels,
            (3, 5),
            padding=(over_frames, 2 * over_keys),
            dilation=(over_frames, over_keys),
            bias=False,
        )
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.norm(self.conv(torch.relu(x)))


class Context(nn.Module):
    """What all keys of a frame have in common, added to each."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.dense = nn.Linear(2 * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        common = torch.cat([x.mean(dim=3), x.amax(dim=3)], dim=1).transpose(1, 2)  # (batch, frames, 2 channels)
        return x + torch.tanh(self.dense(common)).transpose(1, 2)[..., None]


class EventNetwork(nn.Module):
    """Scaled levels `(batch, 2, n_frames, N_BINS)` to maps over frames × keys and frames × bands.

    Returns `(batch, WHOLE.n_key_outputs, n_frames, N_KEYS)`, `(batch, 3, n_frames, N_BANDS)` and the features that
    numbers of events are read off, `(batch, CHANNELS, n_frames, N_KEYS)`.
    """

    def __init__(self, channels: int = CHANNELS) -> None:
        super().__init__()
        n_in = len(N_FFTS) * len(HARMONIC_BINS)
        self.stem = nn.Conv2d(
            n_in, channels, (3, N_STEM_BINS), stride=(1, BINS_PER_KEY), padding=(1, (N_STEM_BINS - BINS_PER_KEY) // 2)
        )
        self.place = nn.Parameter(torch.zeros(1, channels, 1, N_KEYS))
        self.blocks = nn.ModuleList(Block(channels, *dilation) for dilation in BLOCKS)
        self.contexts = nn.ModuleList(Context(channels) for _ in CONTEXT_AFTER)
        self.norm = nn.BatchNorm2d(channels)
        self.keys = nn.Conv2d(channels, WHOLE.n_key_outputs, 1)
        self.bands = nn.Sequential(
            nn.Conv1d(channels * N_BANDS, N_HIDDEN_BANDS, 3, padding=1),
            nn.ReLU(),
            nn.Conv1d(N_HIDDEN_BANDS, 3 * N_BANDS, 3, padding=1),
        )
        with torch.no_grad():
            assert self.keys.bias is not None
            self.keys.bias[:2] = torch.tensor([-4.0, -2.0])
            self.keys.bias[END] = -4.0

    def forward(self, levels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x = self.stem(stacked(levels)) + self.place
        context = 0
        for i, block in enumerate(self.blocks):
            x = block(x)
            if i in CONTEXT_AFTER:
                x = self.contexts[context](x)
                context += 1
        x = torch.relu(self.norm(x))
        keys = self.keys(x)
        pooled = x.unflatten(3, (N_BANDS, N_KEYS // N_BANDS)).mean(dim=4)  # (batch, channels, frames, bands)
        bands = self.bands(pooled.permute(0, 1, 3, 2).flatten(1, 2))
        return keys, bands.unflatten(1, (3, N_BANDS)).transpose(2, 3), x


def stacked(levels: Tensor) -> Tensor:
    """The levels shifted by each harmonic, as channels: `(batch, 2, frames, N_BINS)` to `(batch, 16, frames, 264)`."""
    wide = N_KEYS * BINS_PER_KEY
    low, high = -min(HARMONIC_BINS), max(HARMONIC_BINS) + wide - N_BINS
    padded = nn.functional.pad(levels, (low, high), value=SILENCE)
    shifted = [padded[..., low + bins : low + bins + wide] for bins in HARMONIC_BINS]
    return torch.stack(shifted, dim=2).flatten(1, 2).contiguous(memory_format=torch.channels_last)
