"""The network for streams, in PyTorch: short windows, past frames and few that are to come."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from motes.encoders.siam.layout import N_BANDS, N_STEM_BINS, STREAMING, Layout
from motes.encoders.siam.spectra import BINS_PER_KEY, N_KEYS
from motes.training.network import Context, stacked


class FramesConv(nn.Conv1d):
    """A convolution over frames whose taps lie as a layout says, zeros around what there is."""

    def __init__(self, n_in: int, n_out: int, frames: tuple[int, ...]) -> None:
        super().__init__(n_in, n_out, len(frames), dilation=frames[1] - frames[0])
        self.frames = frames

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(nn.functional.pad(x, (-min(self.frames), max(self.frames))))


class StreamingBlock(nn.Module):
    """A residual convolution over three frames × five keys."""

    def __init__(self, channels: int, frames: tuple[int, ...], over_keys: int) -> None:
        super().__init__()
        dilation = frames[1] - frames[0], over_keys
        self.conv = nn.Conv2d(channels, channels, (len(frames), 5), dilation=dilation, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        self.padding = 2 * over_keys, 2 * over_keys, -min(frames), max(frames)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.norm(self.conv(nn.functional.pad(torch.relu(x), self.padding)))


class StreamingNetwork(nn.Module):
    """Scaled levels `(batch, 2, n_frames, N_BINS)`, of which the short window's are taken, to the maps and features
    that `EventNetwork` returns; those of a frame know `layout.ahead` frames after it.
    """

    def __init__(self, layout: Layout = STREAMING) -> None:
        super().__init__()
        channels, self.layout = layout.channels, layout
        kernel = len(layout.stem_frames), N_STEM_BINS
        padding = -min(layout.stem_frames), (N_STEM_BINS - BINS_PER_KEY) // 2
        self.stem = nn.Conv2d(layout.n_inputs, channels, kernel, stride=(1, BINS_PER_KEY), padding=padding)
        self.place = nn.Parameter(torch.zeros(1, channels, 1, N_KEYS))
        self.blocks = nn.ModuleList(StreamingBlock(channels, *layer) for layer in layout.layers)
        self.contexts = nn.ModuleList(Context(channels) for _ in layout.context_after)
        self.norm = nn.BatchNorm2d(channels)
        self.keys = nn.Conv2d(channels, layout.n_key_outputs, 1)
        self.bands = nn.Sequential(
            FramesConv(channels * N_BANDS, layout.n_hidden, layout.head_frames),
            nn.ReLU(),
            FramesConv(layout.n_hidden, 3 * N_BANDS, layout.head_frames),
        )
        with torch.no_grad():
            assert self.keys.bias is not None
            self.keys.bias[:2] = torch.tensor([-4.0, -2.0])

    def forward(self, levels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x = self.stem(stacked(levels[:, list(self.layout.spectra)])) + self.place
        contexts = iter(self.contexts)
        for i, block in enumerate(self.blocks):
            x = block(x)
            if i in self.layout.context_after:
                x = next(contexts)(x)
        x = torch.relu(self.norm(x))
        pooled = x.unflatten(3, (N_BANDS, N_KEYS // N_BANDS)).mean(dim=4)
        bands = self.bands(pooled.permute(0, 1, 3, 2).flatten(1, 2))
        return self.keys(x), bands.unflatten(1, (3, N_BANDS)).transpose(2, 3), x
