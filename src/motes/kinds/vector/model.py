"""How the columns of a packet of vectors become bits: each number by slots of its column, as a difference from the mean
of those before and the one that is nearest in pitch. Slots and means begin with what notes are usually like, since a
packet holds few; `tools/train_vectors.py` fits them.

The same functions encode and decode. docs/format.md specifies them, docs/reader/vectors.py is the same in plain Python.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motes.coding.integers import code_signed, padded
from motes.coding.range_coder import N_STATE, RECIPROCAL, code_adaptive, code_number, finish, start
from motes.events.event_table import Ints
from motes.kernels._jit import jit
from motes.kinds.vector.table import TIMBRES

# Of a column: 64 for numbers, then whether it is 0, after one that was and after one that was not.
SLOTS = 66
# The mean of what is coded as it is.
PLAIN = -(1 << 40)
# What is coded as a difference lies within this.
FAR = 1 << 30
# Of how many events the first means are taken to be, and at most.
SEEN, MEAN_LIMIT = 8, 60
# Of the slots, as if they had learnt from so many bits.
COUNT = 16
# Among so many events before the nearest in pitch is found.
LAST = 8


@dataclass(frozen=True)
class Column:
    """How one column is coded: the mean it is first thought to have (None: it is coded as it is), the odds in 256 that
    a number has more bits than 0, 1, 2 …, and whether 0 has a bit of its own, and a column of zeros by one for all.
    """

    mean: int | None
    more: tuple[int, ...]
    optional: bool = True
    # Whether it is predicted half by the event before that is nearest in pitch.
    alike: bool = False

    def slots(self) -> Ints:
        """The slots it begins with; numbers longer than `more` tells go on as its last."""
        odds = [*self.more, *[self.more[-1]] * (SLOTS - 2 - len(self.more)), 192, 64]
        return np.array([p << 24 | COUNT for p in odds], np.int64)


_WIDE = (248, 244, 236, 221, 182, 108, 31, 16)
# In the order of `motes.kinds.vector.integers.FIELDS`.
COLUMNS = {
    "time_s": Column(None, (248, 237, 223, 224, 232, 213, 176, 122, 58, 16), False),
    "pitch_semitones": Column(2147, (248, 248, 248, 248, 248, 248, 244, 231, 204, 143, 51), False),
    "loudness_db": Column(-30, (231, 205, 155, 88, 56, 18), False, True),
    "log2_length_s": Column(-13, (243, 225, 196, 150, 91, 27), False, True),
    "log2_t60_s": Column(7, (239, 218, 176, 101, 38), False, True),
    "log2_attack_s": Column(-51, (244, 227, 197, 136, 78, 20), False, True),
    "brightness_octaves": Column(30, (246, 235, 214, 174, 106, 51), False, True),
    "noise": Column(4, (239, 143, 133, 179, 95), True, True),
    **dict.fromkeys(TIMBRES, Column(0, (224, 184, 111, 39, 8), False, True)),
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
        self._rc, self._near = np.zeros(N_STATE, np.int64), np.full(n_events, -1)
        begin(self._rc, self._buffer, int(self._decoding))

    def column(self, column: Column, values: Ints) -> Ints:
        """The values `(n,)` of a column, which a decoder overwrites."""
        values = np.array(values, np.int64)
        mean = PLAIN if column.mean is None else column.mean
        near = self._near if column.alike else np.full(len(values), -1)
        code_column(self._rc, self._buffer, column.slots(), mean, column.optional, near, values)
        return values

    def pitches(self, column: Column, values: Ints) -> Ints:
        """That of pitches, by which the columns after it are predicted."""
        values = self.column(column, values)
        self._near = nearest(values)
        return values

    def near(self, pitches: Ints) -> None:
        """Pitches that are known, by which the columns after are predicted."""
        self._near = nearest(pitches)

    def finish(self) -> bytes:
        """What was written."""
        return self._buffer[: end(self._rc, self._buffer)].tobytes()


@jit
def nearest(pitches):  # type: ignore[no-untyped-def]
    """Of each event which of the LAST before is nearest in pitch, the last of several; −1 where there is none."""
    near = np.full(len(pitches), -1)
    for i in range(1, len(pitches)):
        for j in range(max(0, i - LAST), i):
            if near[i] < 0 or abs(pitches[j] - pitches[i]) <= abs(pitches[near[i]] - pitches[i]):
                near[i] = j
    return near


@jit
def code_column(rc, buffer, slots, mean, optional, near, values):  # type: ignore[no-untyped-def]
    """Values `(n,)` of one column, to `buffer` or back; `mean` is PLAIN for what is coded as it is, `near` that of
    `nearest`, or −1.
    """
    plain, centre, count, before = mean == PLAIN, mean << 8, SEEN, 1
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
        predicted = centre
        if near[i] >= 0:
            predicted = (centre + (min(max(values[near[i]], -FAR), FAR) << 8)) >> 1
        predicted = (predicted + 128) >> 8
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
