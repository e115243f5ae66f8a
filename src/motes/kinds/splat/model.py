"""How the columns of a packet of splats become bits: each number by slots of its column and the mean of those before.

The same functions encode and decode. docs/format.md specifies them, docs/reader/splats.py is the same in plain Python.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motes.coding.integers import code_signed
from motes.coding.range_coder import RECIPROCAL, code_adaptive, code_number, code_uniform, finish, start
from motes.kernels._jit import jit

# Of a column: 64 for numbers, then whether it is 0, after one that was and after one that was not.
SLOTS = 66
PLAIN, CENTRED = -1, 0
# What is coded as a difference lies within this.
FAR = 1 << 30
MEAN_LIMIT = 30
# What is added to differences of gain between channels, and to gains, so that 0 is left for silence.
OFF, NO_LEVEL = 4096, 801


@dataclass(frozen=True)
class Column:
    """How one column is coded: the mean that it is first thought to have (None: it is coded as it is), the bits of
    a difference from the mean, and whether 0 has a bit of its own, and a column of zeros by one bit for all.
    """

    mean: int | None
    bits: int
    optional: bool = True


# Means and bits are those of scenes of 64 splats fitted to music and speech; for what fits leave alone, such as are
# usual. In the order of FIELDS, without those whose values are all equally likely.
COLUMNS = {
    "width_s": Column(218, 5, False),
    "t60_s": Column(110, 4, False),
    "octave": Column(8, 1, False),
    "centre_hz": Column(184, 4, False),
    "width_octaves": Column(64, 4, False),
    "shape": Column(49, 5),
    "rolloff_db": Column(36, 4),
    "damping_slope": Column(3, 2),
    "n_partials": Column(31, 1),
    "cutoff_start_hz": Column(52, 4),
    "cutoff_end_hz": Column(0, 4),
    "crossfade_s": Column(0, 3),
    "tremolo": Column(0, 3),
    "modulation_hz": Column(10, 6),
    "noise": Column(20, 4),
    "seed": Column(None, 6),
    "low_hz": Column(None, 11),
    "high_hz": Column(None, 15),
    "backward": Column(None, 0),
    "group_id": Column(None, 3),
    "time_s": Column(None, 6, False),
    "inharmonicity": Column(4, 4),
    "glide_per_s": Column(0, 5),
    "vibrato_cents": Column(0, 6),
    "gain_db": Column(NO_LEVEL - 104, 6),
    "other_gain_db": Column(OFF, 3),
}
# Bits of a packet's mask, the lowest first: which of these are not all 0.
OPTIONAL = tuple(name for name, column in COLUMNS.items() if column.optional and not name.endswith("gain_db"))


def prior(column: Column) -> list[int]:
    """The slots that a column begins with: numbers of `bits` bits, a number seldom 0; all of them learn fast."""
    more = [min(max(0.5 + 0.45 * np.tanh(0.8 * (column.bits - place - 0.5)), 0.03), 0.97) for place in range(64)]
    return [round(p * (1 << 22)) << 10 | 2 for p in (*more, 0.75, 0.25)]


@jit
def code_column(rc, buffer, slots, mean, optional, values):  # type: ignore[no-untyped-def]
    """Values `(n,)` of one column, to `buffer` or back; `mean` is PLAIN for what is coded as it is."""
    plain, centre, count, before = mean == PLAIN, mean << 8, 0, 1
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
def code_evenly(rc, buffer, bits, values):  # type: ignore[no-untyped-def]
    """Values `(n,)` below 2^`bits` `(n,)`, all equally likely, to `buffer` or back."""
    for i in range(len(values)):
        left, made = bits[i], np.int64(0)
        while left > 0:
            n = min(left, 16)
            left -= n
            made = made << n | code_uniform(
                rc, buffer, np.int64(1) << n, (values[i] >> left) & ((np.int64(1) << n) - 1)
            )
        values[i] = made


@jit
def begin(rc, buffer, decoding):  # type: ignore[no-untyped-def]
    """Set up a coder."""
    start(rc, buffer, decoding)


@jit
def end(rc, buffer):  # type: ignore[no-untyped-def]
    """Number of bytes written."""
    return finish(rc, buffer)


@jit
def add_up(steps, bits, first):  # type: ignore[no-untyped-def]
    """Times from how many multiples of 2^`bits` units each lies beyond the one before; those past 2^58 stay there."""
    time = first
    for i in range(len(steps)):
        time = min(max(((time >> bits[i]) + steps[i]) << bits[i], -(1 << 58)), 1 << 58)
        steps[i] = time
