"""How what a detail event holds is predicted and coded, in plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from range_coder import Coder

if TYPE_CHECKING:
    from details import Event

N_UNARY, N_PLACES, MOST_SIZE, N_SIZES = 18, 12, 6, 5
# Where the slots of each of six contexts stand: of magnitudes, of changes of steps, and of how far blocks are coded.
TABLES = (0, 3960, 11160, 14616, 21816, 39096)
STEP = (42624, 44976, 47976, 48696, 50196, 52896)
END = (53988, 55488, 56268, 56940, 60840, 61560)
BEYOND, STEP_BEYOND, END_BEYOND, CUT, MID_SIDE, SILENT = 61872, 61936, 62000, 62064, 62074, 62078
STEP_MIXER, END_MIXER = 60, 72
LARGEST, LARGEST_STEP = 32767, 400
# 65536 times the fourth roots of 1, 2, 4 and 8.
ROOTS = (65536, 77936, 92682, 110218)


def _class_of(value: int, most: int) -> int:
    value = min(value, 1023)
    k = value.bit_length() - 1
    return min(value if value < 4 else 2 * k + (value >> (k - 1) & 1), most)


def _fine(value: int) -> int:
    value = min(value, 4095)
    k = value.bit_length() - 1
    return value if value < 8 else 4 * k - 4 + (value >> (k - 2) & 3)


def _clip(value: int, most: int) -> int:
    return min(max(value, -most), most)


def _at_steps(magnitude: int, quarters: int) -> int:
    """A magnitude, in 16ths, at steps 2^(quarters/4) times finer."""
    if quarters == 0:
        return magnitude
    quarters = _clip(quarters, 40)
    return min((magnitude * (ROOTS[quarters % 4] << (quarters // 4 + 10)) + (1 << 25)) >> 26, 1 << 19)


class Magnitudes:
    """Those of a block in 16ths, 0 outside."""

    def __init__(self, values: list[int]) -> None:
        self.values = values

    def __getitem__(self, at: int) -> int:
        return self.values[at] if 0 <= at < len(self.values) else 0

    def around(self, at: int, weights: Sequence[int]) -> int:
        """The sum of those from `at` - 1 on, weighted."""
        return sum(weight * self[at - 1 + i] for i, weight in enumerate(weights))

    def resampled(self, n: int) -> Magnitudes:
        """As if the block had n coefficients: the largest of several, or one for several."""
        old, m = self.values, len(self.values)
        if m > n:
            return Magnitudes([max(old[k * (m // n) : (k + 1) * (m // n)]) for k in range(n)])
        return Magnitudes([old[k // (n // m)] for k in range(n)])


@dataclass
class Ends:
    """How many bands of the last blocks of a channel are coded."""

    last: int = 0
    before: int = 0
    mean: int = 0


class Model:
    """Both directions: what is there is coded, and what is coded is put there."""

    def __init__(self, coder: Coder, event: Event) -> None:
        self.coder, self.event, self.frame = coder, event, event.frame
        self.channels, self.bands = range(len(event.values[0])), range(len(event.steps[0]))
        self.last_cut = [0] * 4
        self.ends = [Ends() for _ in self.channels]
        self.changed = [[0] * len(self.bands) for _ in self.channels]
        self.ago = [[0] * len(self.bands) for _ in self.channels]
        self._forget()

    def _forget(self) -> None:
        self.before = [Magnitudes([2] * self.frame) for _ in self.channels]
        self.mean = [Magnitudes([2] * self.frame) for _ in self.channels]
        self.activity = [[0] * len(self.bands) for _ in self.channels]

    def _starts(self, size: int) -> list[int]:
        """The first coefficient of each band of a block, and where the last ends."""
        ratio = self.frame // size
        return [(2 * edge + ratio - 1) // (2 * ratio) for edge in self.event.edges]

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
            ends = self._ends(k)
            top = max(end for row in ends for end in row)
            for channel in self.channels:
                self._steps(k, channel, top)
            if len(self.channels) == 2:
                self._mid_side(k, top)
            if k:
                self._follow(k)
            self._frame(k, ends)

    def _frame(self, k: int, ends: list[list[int]]) -> None:
        first, sums = k * self.frame, [[0] * len(self.bands) for _ in self.channels]
        for size, of_block in zip(self.event.blocks[k], ends, strict=True):
            if len(self.before[0].values) != size:
                self.before = [memory.resampled(size) for memory in self.before]
                self.mean = [memory.resampled(size) for memory in self.mean]
            now: list[Magnitudes] = []
            for channel in self.channels:
                now.append(Block(self, k, first, size, now).code(of_block[channel], sums[channel]))
            for mean, before in zip(self.mean, self.before, strict=True):
                mean.values = [(m + b + 1) >> 1 for m, b in zip(mean.values, before.values, strict=True)]
            self.before = now
            first += size
        widths = [max(after - edge, 1) for edge, after in pairwise(self.event.edges)]
        self.activity = [[_class_of(16 * s // w, 11) for s, w in zip(row, widths, strict=True)] for row in sums]

    def _silence(self, k: int) -> None:
        event = self.event
        event.blocks[k] = [self.frame]
        event.mid_side[k] = [0] * len(event.mid_side[k])
        for band in self.bands:
            for channel in self.channels:
                event.steps[k][band][channel] = self._predicted(k, band, channel)
        self._forget()

    def _predicted(self, k: int, band: int, channel: int) -> int:
        if k:
            return self.event.steps[k - 1][band][channel]
        return self.event.steps[k][band - 1][channel] if band else self.event.base

    def _follow(self, k: int) -> None:
        """Bring magnitudes to the steps of a frame."""
        steps = self.event.steps
        for channel in self.channels:
            for memory in (self.before[channel], self.mean[channel]):
                starts = self._starts(len(memory.values))
                for band in self.bands:
                    for i in range(starts[band], starts[band + 1]):
                        quarters = steps[k - 1][band][channel] - steps[k][band][channel]
                        memory.values[i] = _at_steps(memory.values[i], quarters)

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

    def _signed(self, starts: Sequence[int], contexts: list[int], mixer: int, beyond: int, value: int) -> int:
        def bit(place: int, bit: int) -> int:
            where = [start + N_PLACES * context + place for start, context in zip(starts, contexts, strict=True)]
            return self.coder.bit(where, mixer + place, bit)

        if not bit(0, int(value != 0)):
            return 0
        negative = bit(1, int(value < 0))
        size = 1
        while size < MOST_SIZE and bit(1 + size + 5 * negative, int(abs(value) > size)):
            size += 1
        if size == MOST_SIZE:
            size += min(self.coder.number(beyond, abs(value) - size), LARGEST)
        return -size if negative else size

    def _ends(self, k: int) -> list[list[int]]:
        """How many bands of each block and channel of a frame are coded."""
        found, first = [], k * self.frame
        for size in self.event.blocks[k]:
            starts, row = self._starts(size), []
            for channel in self.channels:
                values = [row[channel] for row in self.event.values[first : first + size]]
                last = max((i + 1 for i in range(size) if values[i]), default=0)
                wanted = next(band for band, start in enumerate(starts) if start >= last)
                ends = self.ends[channel]
                contexts = self._end_contexts((self.frame // size).bit_length() - 1, channel)
                told = self._signed(END, contexts, END_MIXER, END_BEYOND, wanted - ends.last)
                end = min(max(ends.last + told, 0), len(self.bands))
                ends.before, ends.last = ends.last, end
                ends.mean += (16 * end - ends.mean) >> 2
                row.append(end)
            found.append(row)
            first += size
        return found

    def _end_contexts(self, halvings: int, channel: int) -> list[int]:
        ends, first = self.ends[channel], self.ends[0]
        low, turn = min(ends.last, 24), _clip(ends.before - ends.last, 6) + 6
        aside = first.last if channel else (ends.mean + 8) >> 4
        return [
            5 * low + halvings,
            5 * turn + halvings,
            8 * (_clip(ends.last - ends.before, 3) + 3) + (_clip(first.last - first.before, 3) + 4 if channel else 0),
            13 * low + turn,
            3 * (5 * min(len(self.bands) - ends.last, 3) + halvings) + min(ends.last, 2),
            13 * min(channel, 1) + _clip(aside - ends.last, 6) + 6,
        ]

    def _steps(self, k: int, channel: int, top: int) -> None:
        steps, below, further = self.event.steps, 0, 0
        for band in self.bands:
            predicted = self._predicted(k, band, channel)
            if band >= top:
                steps[k][band][channel] = predicted
                self.changed[channel][band] = self.ago[channel][band] = 0
                continue
            contexts = self._step_contexts(k, band, channel, (below, further))
            told = self._signed(STEP, contexts, STEP_MIXER, STEP_BEYOND, steps[k][band][channel] - predicted)
            steps[k][band][channel] = _clip(predicted + told, LARGEST_STEP)
            self.ago[channel][band] = 0 if told else self.ago[channel][band] + 1
            self.changed[channel][band] = told or self.changed[channel][band]
            below, further = told, below

    def _step_contexts(self, k: int, band: int, channel: int, lower: tuple[int, int]) -> list[int]:
        steps, (below, further) = self.event.steps, lower
        aside = steps[k][band][0] - self._predicted(k, band, 0) if channel else further
        slope = above = last = 0
        if k:
            now = steps[k - 1][band][channel]
            slope = steps[k][band - 1][channel] - now if band else 0
            above = steps[k - 1][band + 1][channel] - now if band + 1 < len(self.bands) else 0
            height = (_clip(now - self.event.base, 8) + 8) >> 2
            short = int(min(self.event.blocks[k]) < self.frame // 2)
            last = 1 + 2 * (5 * (_clip(below + further, 4) + 4) + height) + short
        few = _clip(below, 2) + 2
        return [
            7 * (7 * (2 * (k == 0) + min(channel, 1)) + _clip(below, 3) + 3) + _clip(aside, 3) + 3,
            5 * (25 * (k == 0) + min(band, 24)) + few,
            5 * self.activity[channel][band] + few,
            5 * (5 * (_clip(self.changed[channel][band], 2) + 2) + min(self.ago[channel][band], 4)) + few,
            15 * (_clip(slope, 7) + 7) + _clip(above, 7) + 7,
            last,
        ]

    def _mid_side(self, k: int, top: int) -> None:
        rows = self.event.mid_side
        for band in range(top):
            below, before = rows[k][band - 1] if band else 0, rows[k - 1][band] if k else 0
            rows[k][band] = self.coder.adaptive(MID_SIDE + 2 * below + before, rows[k][band])
        rows[k][top:] = [0] * (len(self.bands) - top)


class Block:
    """The coefficients of one block and channel; `others` are the channels before it."""

    def __init__(self, model: Model, k: int, first: int, size: int, others: list[Magnitudes]) -> None:
        self.model, self.coder, self.k, self.first, self.size = model, model.coder, k, first, size
        self.channel, self.halvings = len(others), (model.frame // size).bit_length() - 1
        self.before, self.mean = model.before[self.channel], model.mean[self.channel]
        self.kind = 0
        self.other = self.mean
        if len(model.channels) > 1:
            self.kind = min(self.channel, 1) + 1
            self.other = others[0] if others else model.before[-1]

    def code(self, end: int, sums: list[int]) -> Magnitudes:
        """The lowest `end` bands; adds magnitudes, each at most 15, to the sums of bands."""
        values, steps = self.model.event.values, [row[self.channel] for row in self.model.event.steps[self.k]]
        starts, now, lower = self.model._starts(self.size), [2] * self.size, [0] * 6
        for band in range(end):
            if band:
                lower = [_at_steps(v, steps[band - 1] - steps[band]) for v in lower]
            for i in range(starts[band], starts[band + 1]):
                row = values[self.first + i]
                magnitude = self._magnitude(self._contexts(lower, i), abs(row[self.channel]))
                if magnitude:
                    negative = self.coder.uniform(2, int(row[self.channel] < 0))
                    row[self.channel] = -magnitude if negative else magnitude
                now[i] = 16 * magnitude or 2
                sums[band] += min(magnitude, 15)
                lower = [now[i], *lower[:5]]
        return Magnitudes(now)

    def _contexts(self, lower: list[int], i: int) -> list[int]:
        a, b, c, d, e, f = lower
        below = 13 * a + 7 * b + 3 * c + 2 * d + e + f
        before = self.before.around(i, (2, 6, 4, 2, 1, 1)) + self.mean.around(i, (1, 5, 2))
        beyond = self.other.around(i, (2, 5, 2))
        expected = below + before
        if self.kind:
            expected += (beyond - (expected >> 3)) >> 1
        rank = _class_of(expected >> 4, 19)
        few = [min((v + 8) >> 4, 3) for v in (a, b, self.before[i])]
        return [
            5 * _fine(expected >> 3) + self.halvings,
            20 * _class_of(below >> 4, 19) + _class_of(before >> 4, 19),
            3 * (16 * few[0] + 4 * few[1] + few[2]) + min((self.mean[i] + 8) >> 4, 2),
            20 * _class_of(1024 * i // self.size, 19) + rank,
            3 * (20 * _class_of(beyond >> 3, 15) + rank) + self.kind,
            14 * _class_of((2 * a + b + c) >> 2, 13) + _class_of((c + d + e + f) >> 2, 13),
        ]

    def _magnitude(self, contexts: list[int], value: int) -> int:
        mixer, found = self.halvings + 30 * min(self.channel, 1), 0
        while found < N_UNARY - 1:
            where = [start + N_UNARY * context + found for start, context in zip(TABLES, contexts, strict=True)]
            if not self.coder.bit(where, mixer + N_SIZES * min(found, 5), int(value > found)):
                return found
            found += 1
        return min(found + self.coder.number(BEYOND, value - found), LARGEST)
