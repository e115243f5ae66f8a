"""A range coder for whole numbers whose bits are predicted by several contexts at once, mixed in the logistic domain (after Mahoney's lpaq).

Everything is integer arithmetic below 2⁶³, so that every machine gets the same bytes. One function both encodes and decodes: it is handed the
bit to encode, and returns the bit encoded or decoded. docs/format.md specifies it; `motes.codec.twin` says the same in plain Python.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motes.kernels._jit import jit

LOW, RANGE, CODE, POSITION, CACHE, PENDING, DECODING, RECORD, N_STATE = range(9)
TOP = 1 << 40
BOTTOM = 1 << 32

N_INPUTS = 7
"""Contexts mixed for every bit."""
COUNT_LIMIT = 1000
RATE_SHIFT = 20
RATE = 6

_KNOTS = [round(65536 / (1 + 2.718281828459045 ** (-k / 2))) for k in range(-20, 21)]  # squash at every half; spelled out in docs/format.md


def _tables() -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    squash = np.empty(5121, np.int64)  # of x/256, x = −2560 … 2560
    for x in range(-2560, 2561):
        k, rest = divmod(x + 2560, 128)
        upper = _KNOTS[min(k + 1, 40)]
        squash[x + 2560] = min(max((_KNOTS[k] * (128 - rest) + upper * rest + 64) >> 7, 3), 65533)
    stretch = np.searchsorted(squash, np.arange(4096) * 16 + 8).astype(np.int64) - 2560
    reciprocal = np.array([(65536 * 2) // (2 * n + 3) for n in range(1024)], np.int64)
    return squash, np.clip(stretch, -2047, 2047), reciprocal


SQUASH, STRETCH, RECIPROCAL = _tables()


@jit
def start(rc, buffer, decoding):
    """Set the state `rc` for the first symbol; when decoding, read the first five bytes. `rc[RECORD]`, else 0, is where `slots` counts bits."""
    rc[LOW], rc[RANGE], rc[CODE], rc[POSITION], rc[CACHE], rc[PENDING], rc[DECODING] = 0, TOP, 0, 0, -1, 0, decoding
    if decoding:
        for _ in range(5):
            rc[CODE] = (rc[CODE] << 8) | next_byte(rc, buffer)


@jit
def next_byte(rc, buffer):
    """The next byte of the payload; zeros follow its end."""
    position = rc[POSITION]
    rc[POSITION] = position + 1
    return np.int64(buffer[position]) if position < len(buffer) else np.int64(0)


@jit
def put_byte(rc, buffer, byte):
    """Append a byte; past the end of the buffer only count (the caller makes it larger and starts again)."""
    if rc[POSITION] < len(buffer):
        buffer[rc[POSITION]] = byte
    rc[POSITION] += 1


@jit
def shift_out(rc, buffer):
    """Move the top byte of `low` out; bytes of 255 wait until it is known whether a carry comes."""
    low = rc[LOW]
    if low < (np.int64(255) << 32) or low >= TOP:
        carry = low >> 40
        if rc[CACHE] >= 0:
            put_byte(rc, buffer, (rc[CACHE] + carry) & 255)
        while rc[PENDING] > 0:
            put_byte(rc, buffer, (255 + carry) & 255)
            rc[PENDING] -= 1
        rc[CACHE] = (low >> 32) & 255
    else:
        rc[PENDING] += 1
    rc[LOW] = (low & (BOTTOM - 1)) << 8


@jit
def renormalise(rc, buffer):
    """Keep the range above 2³²."""
    while rc[RANGE] < BOTTOM:
        rc[RANGE] <<= 8
        if rc[DECODING]:
            rc[CODE] = (rc[CODE] << 8) | next_byte(rc, buffer)
        else:
            shift_out(rc, buffer)


@jit
def finish(rc, buffer):
    """End encoding with as few bytes as possible and return their number (trailing zeros are left out)."""
    low, end = rc[LOW], rc[LOW] + rc[RANGE]
    for bits in range(40, -1, -8):
        mask = (np.int64(1) << bits) - 1
        value = (low + mask) & ~mask
        if value < end:
            rc[LOW] = value
            break
    for _ in range(6):
        shift_out(rc, buffer)
    n = rc[POSITION]
    while 0 < n <= len(buffer) and buffer[n - 1] == 0:
        n -= 1
    return n


@jit
def code_uniform(rc, buffer, n_values, value):
    """One of `n_values` (at most 2²⁴) equally likely values."""
    step = rc[RANGE] // n_values
    if rc[DECODING]:
        value = min(rc[CODE] // step, n_values - 1)
        rc[CODE] -= value * step
    else:
        rc[LOW] += value * step
    rc[RANGE] = step
    renormalise(rc, buffer)
    return value


@jit
def code_bit(rc, buffer, slots, where, weights, mix, bit):
    """One bit, predicted by the slots at `where[:N_INPUTS]`, mixed with the weights that start at `mix`; all of them learn from it.

    A slot is a probability of 1 in 22 bits above a count in 10 bits.
    """
    dot = np.int64(0)
    for i in range(N_INPUTS):
        dot += weights[mix + i] * STRETCH[slots[where[i]] >> 20]
    x = min(max(dot >> 16, -2560), 2560)
    p = SQUASH[x + 2560]
    bound = (rc[RANGE] >> 16) * p
    if rc[DECODING]:
        bit = np.int64(1) if rc[CODE] < bound else np.int64(0)
    if bit:
        rc[RANGE] = bound
    else:
        rc[RANGE] -= bound
        if rc[DECODING]:
            rc[CODE] -= bound
        else:
            rc[LOW] += bound
    if rc[RANGE] < BOTTOM:
        renormalise(rc, buffer)
    error = ((bit << 16) - p) * RATE
    target = bit * ((1 << 22) - 1)
    if rc[RECORD]:
        weights[len(weights) - 256 + mix // N_INPUTS] += np.int64(-1000 * np.log2((p if bit else 65536 - p) / 65536))
        for i in range(N_INPUTS):
            slots[where[i] + rc[RECORD] * (1 + bit)] += 1
    for i in range(N_INPUTS):
        slot = np.int64(slots[where[i]])
        weights[mix + i] += (STRETCH[slot >> 20] * error + (1 << (RATE_SHIFT - 1))) >> RATE_SHIFT
        count, q = slot & 1023, slot >> 10
        q += ((target - q) * RECIPROCAL[count]) >> 16
        if count < COUNT_LIMIT:
            count += 1
        slots[where[i]] = (q << 10) | count
    return bit


@jit
def code_adaptive(rc, buffer, slots, at, bit):
    """One bit, predicted by the one slot `at`, which learns from it."""
    slot = np.int64(slots[at])
    count, q = slot & 1023, slot >> 10
    bound = (rc[RANGE] >> 16) * min(max(q >> 6, 32), 65504)
    if rc[DECODING]:
        bit = np.int64(1) if rc[CODE] < bound else np.int64(0)
    if bit:
        rc[RANGE] = bound
    else:
        rc[RANGE] -= bound
        if rc[DECODING]:
            rc[CODE] -= bound
        else:
            rc[LOW] += bound
    renormalise(rc, buffer)
    if rc[RECORD]:
        slots[at + rc[RECORD] * (1 + bit)] += 1
    q += ((bit * ((1 << 22) - 1) - q) * RECIPROCAL[count]) >> 16
    slots[at] = (q << 10) | min(count + 1, COUNT_LIMIT)
    return bit


@jit
def code_number(rc, buffer, slots, base, value):
    """A whole number from 0 to 2⁶² − 2 (Elias gamma of value + 1): its bit length in unary with the slots `base … base + 61`, then its bits plainly."""
    length = np.int64(0)
    while length < 62:
        more = np.int64(1) if (value + 1) >> (length + 1) > 0 else np.int64(0)
        if code_adaptive(rc, buffer, slots, base + length, more) == 0:
            break
        length += 1
    number = np.int64(1)
    for k in range(length - 1, -1, -1):
        number = (number << 1) | code_uniform(rc, buffer, 2, ((value + 1) >> k) & 1)
    return number - 1
