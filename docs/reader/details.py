"""The blocks, steps and coefficients of a detail event in plain Python, for reading and as the oracle of the compiled
model.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from detail_model import Model
from range_coder import Decoder, Encoder, tables

N_SLOTS, N_MIXERS = 62_080, 84
# Edges of bands in Hz.
# fmt: off
EDGES_HZ = (
    0, 66, 152, 262, 404, 587, 824, 1129, 1522, 2029, 2683, 3526, 4614, 6017, 7826, 10158, 13167, 17047, 22050, 28000,
    35000, 44000, 55000, 70000, 88000,
)
# fmt: on


def first_tables() -> tuple[list[int], list[int]]:
    """Slots and weights from which every packet starts."""
    return tables("detail", N_SLOTS, N_MIXERS)


def usual_frame(rate: int) -> int:
    """Samples of a frame: the power of two nearest to 46.4 ms, from 64 to 8192."""
    frame = 64
    while frame < 8192 and frame * 2**0.5 < rate * 0.0464:
        frame *= 2
    return frame


def band_edges(rate: int, frame: int) -> list[int]:
    """Edges of the bands in coefficients of a block as long as a frame."""
    return [(2 * hz * frame + rate // 2) // rate for hz in EDGES_HZ if 20 * hz <= 9 * rate] + [frame]


@dataclass
class Event:
    """What of an event is coded: the sizes of the blocks of each frame, steps by frame, band and channel, whether these
    are mid and side by frame and band, and coefficients by place and channel.
    """

    frame: int
    base: int
    edges: list[int]
    blocks: list[list[int]]
    steps: list[list[list[int]]]
    mid_side: list[list[int]]
    values: list[list[int]]
    mask: list[list[int]] = field(default_factory=list)
    head: dict[str, int] = field(default_factory=dict)

    @classmethod
    def blank(cls, rate: int, frame: int, base: int, shape: tuple[int, int, int]) -> Event:
        """With room for frames, bands and channels."""
        n_frames, n_bands, n_channels = shape
        edges = [*(band_edges(rate, frame) + n_bands * [frame])[:n_bands], frame]
        steps = [[[0] * n_channels for _ in range(n_bands)] for _ in range(n_frames)]
        values = [[0] * n_channels for _ in range(n_frames * frame)]
        return cls(
            frame, base, edges, [[] for _ in range(n_frames)], steps, [[0] * n_bands for _ in range(n_frames)], values
        )

    def amplitudes(self, rate: int) -> list[list[float]]:
        """Coefficients of the transform in each channel: numbers times steps, mid and side turned back."""
        edges, n_bands = band_edges(rate, self.frame), len(self.steps[0])
        found, at = [], 0
        for k, blocks in enumerate(self.blocks):
            for size in blocks:
                for i in range(size):
                    middle = (2 * i + 1) * (self.frame // size)
                    band = min(sum(2 * edge <= middle for edge in edges) - 1, n_bands - 1)
                    row = [v * 2 ** (s / 4) for v, s in zip(self.values[at], self.steps[k][band], strict=True)]
                    if self.mid_side[k][band]:
                        row = [(row[0] + row[1]) * 0.5**0.5, (row[0] - row[1]) * 0.5**0.5]
                    found.append(row)
                    at += 1
        return found


def encode(event: Event, slots: Sequence[int], weights: Sequence[int]) -> bytes:
    """The coded bytes of an event, the first of its packet."""
    coder = Encoder(slots, weights)
    Model(coder, event).code()
    return coder.finish()


def decode(data: bytes, event: Event, slots: Sequence[int], weights: Sequence[int]) -> tuple[list[int], list[int]]:
    """Fill a blank event; returns what slots and weights have learnt, from which the next of the packet starts."""
    coder = Decoder(data, slots, weights)
    Model(coder, event).code()
    return coder.slots, coder.weights


def read_mask(data: bytes, n_frames: int, n_bands: int) -> list[list[int]]:
    """Sixteenths by frame and band."""
    coder = Decoder(data, [1 << 31] * (17 * 17 + 17 * 16), [])
    mask: list[list[int]] = []
    for _ in range(n_frames):
        before, row = mask[-1] if mask else [0] * n_bands, [0] * n_bands
        mask.append(row)
        for band in range(n_bands):
            below = row[band - 1] if band else 0
            row[band] = before[band]
            if coder.adaptive(17 * before[band] + below, 0):
                node = 1
                for _ in range(4):
                    node = 2 * node + coder.adaptive(289 + 16 * below + node, 0)
                row[band] = node - 16 + (node - 16 >= before[band])
    return mask


def mask_place(k: int, bin_number: int, rate: int, shape: tuple[int, int], length: int) -> tuple[int, int]:
    """In which frame and band of a mask of this shape a bin of the k-th frame of the transform is."""
    n_frames, n_bands = shape
    hop = usual_frame(rate) // 2
    erb = [math.log10(1 + 0.00437 * hz) for hz in (bin_number * rate / 2 / hop, rate / 2)]
    row = min(max((2 * k + 1) * hop * n_frames // (2 * length), 0), n_frames - 1)
    return row, min(int(erb[0] / erb[1] * n_bands), n_bands - 1)
