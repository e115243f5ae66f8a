"""The blocks, steps and coefficients of a detail event in plain Python, for reading and as the oracle of the compiled
model.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from range_coder import Coder, Decoder, Encoder, tables

N_SLOTS, N_MIXERS = 22614, 60
N_UNARY, N_SIZES, N_PARTS = 18, 5, 128
TABLES = (0, 1152, 3744, 7200, 10980, 18540)
BEYOND, N_CODED, CUT, STEP, STEP_SIZE, MID_SIDE, SILENT = 22068, 22132, 22452, 22462, 22478, 22606, 22610
LARGEST, LARGEST_STEP = 32767, 400
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
    blocks: list[list[int]]
    steps: list[list[list[int]]]
    mid_side: list[list[int]]
    values: list[list[int]]
    mask: list[list[int]] = field(default_factory=list)
    head: dict[str, int] = field(default_factory=dict)

    @classmethod
    def blank(cls, frame: int, base: int, shape: tuple[int, int, int]) -> Event:
        """With room for frames, bands and channels."""
        n_frames, n_bands, n_channels = shape
        steps = [[[0] * n_channels for _ in range(n_bands)] for _ in range(n_frames)]
        values = [[0] * n_channels for _ in range(n_frames * frame)]
        return cls(frame, base, [[] for _ in range(n_frames)], steps, [[0] * n_bands for _ in range(n_frames)], values)

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


def _class_of(value: int, most: int) -> int:
    value = min(value, 1023)
    k = value.bit_length() - 1
    return min(value if value < 4 else 2 * k + (value >> (k - 1) & 1), most)


def _sign(value: int) -> int:
    return min(max(value, -1), 1)


class Magnitudes:
    """Those of a block, 0 outside."""

    def __init__(self, values: list[int]) -> None:
        self.values = values

    def __getitem__(self, at: int) -> int:
        return self.values[at] if 0 <= at < len(self.values) else 0

    def resampled(self, n: int) -> Magnitudes:
        """As if the block had n coefficients: the largest of several, or one for several."""
        old, m = self.values, len(self.values)
        if m > n:
            return Magnitudes([max(old[k * (m // n) : (k + 1) * (m // n)]) for k in range(n)])
        return Magnitudes([old[k // (n // m)] for k in range(n)])


class Model:
    """Both directions: what is there is coded, and what is coded is put there."""

    def __init__(self, coder: Coder, event: Event) -> None:
        self.coder, self.event, self.frame = coder, event, event.frame
        self.channels = range(len(event.values[0]))
        self.last_cut = [0] * 4
        self._forget()

    def _forget(self) -> None:
        self.before = [Magnitudes([0] * self.frame) for _ in self.channels]
        self.longer_ago = [Magnitudes([0] * self.frame) for _ in self.channels]

    def code(self) -> None:
        """All frames."""
        event, silent = self.event, 0
        for k in range(len(event.steps)):
            place = slice(k * self.frame, (k + 1) * self.frame)
            silent = self.coder.adaptive(SILENT + silent, int(not any(any(row) for row in event.values[place])))
            if silent:
                self._silence(k)
                continue
            event.blocks[k] = self._blocks(self.frame, 0, list(event.blocks[k]))
            for channel in self.channels:
                self._steps(k, channel)
            if len(self.channels) == 2:
                self._mid_side(k)
            first = k * self.frame
            for size in event.blocks[k]:
                now: list[Magnitudes] = []
                for channel in self.channels:
                    now.append(self._block(first, size, channel, now))
                self.before, self.longer_ago = now, self.before
                first += size

    def _silence(self, k: int) -> None:
        event = self.event
        event.blocks[k] = [self.frame]
        event.mid_side[k] = [0] * len(event.mid_side[k])
        for band in range(len(event.steps[k])):
            for channel in self.channels:
                event.steps[k][band][channel] = self._predicted(k, band, channel)
        self._forget()

    def _predicted(self, k: int, band: int, channel: int) -> int:
        if k:
            return self.event.steps[k - 1][band][channel]
        return self.event.steps[k][band - 1][channel] if band else self.event.base

    def _blocks(self, size: int, depth: int, told: list[int]) -> list[int]:
        """The blocks of a part of a frame; `told` begins with those that are to be encoded, and is used up."""
        if depth < 4:
            at = CUT + 2 * depth + self.last_cut[depth]
            self.last_cut[depth] = self.coder.adaptive(at, int(bool(told) and told[0] < size))
            if self.last_cut[depth]:
                return self._blocks(size // 2, depth + 1, told) + self._blocks(size // 2, depth + 1, told)
        if told:
            told.pop(0)
        return [size]

    def _steps(self, k: int, channel: int) -> None:
        steps, below = self.event.steps, 0
        for band in range(len(steps[k])):
            aside = below
            if channel:
                aside = steps[k][band][0] - steps[k - 1][band][0] if k else 0
            predicted = self._predicted(k, band, channel)
            error, at = steps[k][band][channel] - predicted, STEP + 3 * _sign(below) + _sign(aside) + 4
            below = 0
            if self.coder.adaptive(at, int(error != 0)):
                below = self.coder.signed(STEP_SIZE + (0 if k else 64), error)
            steps[k][band][channel] = min(max(predicted + below, -LARGEST_STEP), LARGEST_STEP)

    def _mid_side(self, k: int) -> None:
        rows = self.event.mid_side
        for band in range(len(rows[k])):
            below, before = rows[k][band - 1] if band else 0, rows[k - 1][band] if k else 0
            rows[k][band] = self.coder.adaptive(MID_SIDE + 2 * below + before, rows[k][band])

    def _block(self, first: int, size: int, channel: int, others: list[Magnitudes]) -> Magnitudes:
        values, halvings = self.event.values, (self.frame // size).bit_length() - 1
        for memory in (self.before, self.longer_ago):
            if len(memory[channel].values) != size:
                memory[channel] = memory[channel].resampled(size)
        last = max((k + 1 for k in range(size) if values[first + k][channel]), default=0)
        n_coded = min(self.coder.number(N_CODED + 64 * halvings, -(-last * N_PARTS // size)), N_PARTS)
        now = Magnitudes([0] * size)
        third = others[0] if channel else self.longer_ago[0]
        for k in range(n_coded * size // N_PARTS):
            contexts = self._contexts(now, third, k, halvings, channel)
            value = values[first + k][channel]
            magnitude = self._magnitude(contexts, halvings + 30 * min(channel, 1), abs(value))
            if magnitude:
                values[first + k][channel] = -magnitude if self.coder.uniform(2, int(value < 0)) else magnitude
            now.values[k] = magnitude
        return now

    def _contexts(self, now: Magnitudes, third: Magnitudes, k: int, halvings: int, channel: int) -> list[int]:
        before, size = self.before[channel], len(now.values)
        a, b, c = now[k - 1], now[k - 2], now[k - 3]
        wide = a + b + c + now[k - 4] + now[k - 5] + now[k - 6]
        around = 2 * before[k] + before[k - 1] + before[k + 1]
        around_wide = around + before[k - 2] + before[k + 2] + before[k + 3]
        beyond = 2 * third[k] + third[k - 1] + third[k + 1]
        far = self.longer_ago[channel][k]
        mixed = _class_of(beyond + around, 13) * N_SIZES + halvings
        return [
            min(a, 3) * 16 + min(b, 3) * 4 + min(before[k], 3),
            _class_of(2 * a + b + c, 11) * 12 + _class_of(around + far, 11),
            _class_of(k * 1024 // size, 23) * 8 + _class_of(2 * a + b + before[k], 7),
            (_class_of(around_wide + wide, 13) * N_SIZES + halvings) * 3 + min(a, 2),
            (mixed * 3 + min(before[k], 2)) * 2 + min(channel, 1),
            _class_of(2 * wide, 13) * 14 + _class_of(2 * around_wide, 13),
        ]

    def _magnitude(self, contexts: list[int], mixer: int, value: int) -> int:
        found = 0
        while found < N_UNARY - 1:
            where = [TABLES[i] + contexts[i] * N_UNARY + found for i in range(6)]
            if not self.coder.bit(where, mixer + N_SIZES * min(found, 5), int(value > found)):
                return found
            found += 1
        return min(found + self.coder.number(BEYOND, value - found), LARGEST)
