"""How the columns of a packet of vectors become bits: each number by slots of its column and the mean of those before,
both of which begin with what notes are usually like, since a packet holds few.

The same functions encode and decode. docs/format.md specifies them, docs/reader/vectors.py is the same in plain Python.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motes.coding.integers import code_signed, padded
from motes.coding.range_coder import N_STATE, RECIPROCAL, code_adaptive, code_number, finish, start
from motes.events.event_table import Ints
from motes.kernels._jit import jit
from motes.kinds.vector.table import LENGTHS, TIMBRES

# Of a column: 64 for numbers, then whether it is 0, after one that was and after one that was not.
SLOTS = 66
# What is coded as a difference lies within this.
FAR = 1 << 30
# Of how many events the first means are taken to be, and at most.
SEEN, MEAN_LIMIT = 8, 60
# Of the slots, as if they had learnt from so many bits.
COUNT = 16


@dataclass(frozen=True)
class Column:
    """How one column is coded: the mean it is first thought to have (None: it is coded as it is), the odds in 256 that
    a number has more bits than 0, 1, 2 …, and whether 0 has a bit of its own, and a column of zeros by one for all.
    """

    mean: int | None
    more: tuple[int, ...]
    optional: bool = True

    def slots(self) -> Ints:
        """The slots it begins with; numbers longer than `more` tells go on as its last."""
        odds = [*self.more, *[self.more[-1]] * (SLOTS - 2 - len(self.more)), 192, 64]
        return np.array([p << 24 | COUNT for p in odds], np.int64)


_WIDE = (248, 244, 236, 221, 182, 108, 31, 16)
# In the order of `motes.kinds.vector.integers.FIELDS`: normal, a seventh of them 1.8 times as far.
COLUMNS = {
    "time_s": Column(None, (248, 237, 223, 224, 232, 213, 176, 122, 58, 16), False),
    "pitch_semitones": Column(62 * 32, (248, 248, 248, 248, 248, 248, 239, 221, 182, 107, 32, 16), False),
    "loudness_db": Column(-26, (244, 231, 203, 145, 58, 16), False),
    **{
        name: Column(mean, (245, 234, 208, 155, 69, 16), False)
        for name, mean in zip(LENGTHS, (-8, -2, -40), strict=True)
    },
    "brightness_octaves": Column(16, (248, 240, 222, 183, 108, 31, 16), False),
    "noise": Column(3, (229, 197, 132, 45, 16)),
    **dict.fromkeys(TIMBRES, Column(0, (240, 223, 185, 110, 31, 16), False)),
    "gain_db": Column(0, _WIDE),
    "model": Column(None, (128, 64)),
    "low_hz": Column(None, (248, 248, 248, 248, 248, 248, 240, 224, 192, 128, 64)),
    "high_hz": Column(None, (248, 248, 248, 248, 248, 248, 248, 248, 248, 240, 224, 192, 128, 64)),
    "backward": Column(None, (16,)),
    "group_id": Column(None, (240, 192, 128, 64)),
}
# How the gains of further channels differ from that of the first.
OTHER_GAIN = Column(0, _WIDE)
# Bits of a packet's mask, the lowest first: which of these are not all 0.
OPTIONAL = tuple(name for name, column in COLUMNS.items() if column.optional)


class Coder:
    """The columns of a packet, one after the other."""

    def __init__(self, data: bytes | None, n_events: int, n_channels: int) -> None:
        self._decoding = data is not None
        size = 256 + n_events * (len(COLUMNS) + n_channels) * 17
        self._buffer = np.empty(size, np.uint8) if data is None else padded(data)
        self._rc = np.zeros(N_STATE, np.int64)
        begin(self._rc, self._buffer, int(self._decoding))

    def column(self, column: Column, values: Ints) -> Ints:
        """The values `(n,)` of a column, which a decoder overwrites."""
        values = np.array(values, np.int64)
        mean = 0 if column.mean is None else column.mean
        code_column(self._rc, self._buffer, column.slots(), column.mean is None, mean, column.optional, values)
        return values

    def finish(self) -> bytes:
        """What was written."""
        return self._buffer[: end(self._rc, self._buffer)].tobytes()


@jit
def code_column(rc, buffer, slots, plain, mean, optional, values):  # type: ignore[no-untyped-def]
    """Values `(n,)` of one column, to `buffer` or back."""
    centre, count, before = mean << 8, SEEN, 1
    for i in range(len(values)):
        value = values[i]
        if optional:
            before = code_adaptive(rc, buffer, slots, 64 + 1 - before, np.int64(value == 0))
            if before == 1:
                values[i] = 0
                continue
        if plain:
            values[i] = code_number(rc, buffer, slots, 0, value)
            continue
        predicted = (centre + 128) >> 8
        value = predicted + code_signed(rc, buffer, slots, 0, value - predicted)
        values[i] = value
        centre += ((min(max(value, -FAR), FAR) << 8) - centre) * RECIPROCAL[count] >> 16
        count = min(count + 1, MEAN_LIMIT)


@jit
def begin(rc, buffer, decoding):  # type: ignore[no-untyped-def]
    """Set up a coder."""
    start(rc, buffer, decoding)


@jit
def end(rc, buffer):  # type: ignore[no-untyped-def]
    """Number of bytes written."""
    return finish(rc, buffer)
