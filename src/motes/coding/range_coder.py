"""A range coder for whole numbers whose bits are predicted by several contexts at once, mixed in the logistic domain
(after Mahoney's lpaq).

Everything is integer arithmetic below 2⁶³, so that every machine gets the same bytes. One function both encodes and
decodes: it is handed the bit to encode, and returns the bit encoded or decoded. docs/format.md specifies it;
docs/reader/range_coder.py is the same in plain Python.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motes.kernels._jit import leaf

LOW, RANGE, CODE, POSITION, CACHE, PENDING, DECODING, RECORD, N_STATE = range(9)
TOP = 1 << 40
BOTTOM = 1 << 32

# Contexts mixed for every bit.
N_INPUTS = 6
COUNT_LIMIT = 255
RATE_SHIFT = 20
RATE = 14
HALF = 1 << (RATE_SHIFT - 1)
N_COSTS = 256

# fmt: off
_KNOTS = (  # 65536/(1 + e^(−k/2)), k = −20 … 20
    3, 5, 8, 13, 22, 36, 60, 98, 162, 267, 439, 720, 1179, 1921, 3108, 4971, 7812, 11955, 17625, 24743, 32768,
    40793, 47911, 53581, 57724, 60565, 62428, 63615, 64357, 64816, 65097, 65269, 65374, 65438, 65476, 65500, 65514,
    65523, 65528, 65531, 65533,
)
# fmt: on


def _tables() -> tuple[NDArray[np.int32], NDArray[np.int16], NDArray[np.int32]]:
    squash = np.empty(5121, np.int64)  # of x/256, x = −2560 … 2560
    for x in range(-2560, 2561):
        k, rest = divmod(x + 2560, 128)
        upper = _KNOTS[min(k + 1, 40)]
        squash[x + 2560] = min(max((_KNOTS[k] * (128 - rest) + upper * rest + 64) >> 7, 3), 65533)
    stretch = np.searchsorted(squash, np.arange(4096) * 16 + 8).astype(np.int64) - 2560
    reciprocal = np.array([(65536 * 2) // (2 * n + 3) for n in range(1024)], np.int64)
    return (
        squash.astype(np.int32),
        np.clip(stretch, -2047, 2047).astype(np.int16),
        reciprocal[:256].astype(np.int32),
    )  # small: they share the cache


SQUASH, STRETCH, RECIPROCAL = _tables()


@leaf
def start(rc, buffer, decoding):
    """Set the state `rc` for the first symbol; when decoding, read the first five bytes. `rc[RECORD]`, else 0, is
    where `slots` counts bits.
    """
    rc[LOW], rc[RANGE], rc[CODE], rc[POSITION], rc[CACHE], rc[PENDING], rc[DECODING] = 0, TOP, 0, 0, -1, 0, decoding
    if decoding:
        for _ in range(5):
            rc[CODE] = (rc[CODE] << 8) | next_byte(rc, buffer)


@leaf
def next_byte(rc, buffer):
    """The next byte of the payload; zeros follow its end."""
    position = rc[POSITION]
    rc[POSITION] = position + 1
    return np.int64(buffer[position]) if position < len(buffer) else np.int64(0)


@leaf
def put_byte(rc, buffer, byte):
    """Append a byte; past the end of the buffer only count (the caller makes it larger and starts again)."""
    if rc[POSITION] < len(buffer):
        buffer[rc[POSITION]] = byte
    rc[POSITION] += 1


@leaf
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


@leaf
def renormalise(rc, buffer):
    """Keep the range above 2³²."""
    while rc[RANGE] < BOTTOM:
        rc[RANGE] <<= 8
        if rc[DECODING]:
            rc[CODE] = (rc[CODE] << 8) | next_byte(rc, buffer)
        else:
            shift_out(rc, buffer)


@leaf
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


@leaf
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


@leaf
def learn(slot, bit):
    """A slot after one more bit: its probability moves by 1/(count + 1.5) of the way."""
    count, p = slot & 1023, slot >> 10
    p += ((bit * ((1 << 22) - 1) - p) * RECIPROCAL[count]) >> 16
    return (p << 10) | min(count + 1, COUNT_LIMIT)


@leaf
def decide(rc, buffer, p, bit):
    """Encode or decode a bit that is 1 with probability p/65536."""
    bound = (rc[RANGE] >> 16) * p
    if rc[DECODING]:
        bit = np.int64(rc[CODE] < bound)
        rc[CODE] -= bound * (1 - bit)
    else:
        rc[LOW] += bound * (1 - bit)
    rc[RANGE] = bound if bit else rc[RANGE] - bound
    if rc[RANGE] < BOTTOM:
        renormalise(rc, buffer)
    return bit


@leaf
def code_bit(rc, buffer, slots, where, weights, mix, bit):
    """One bit, predicted by the slots at `where[:N_INPUTS]`, mixed with the weights that start at `mix`; all of them
    learn from it.

    A slot is a probability of 1 in 22 bits above a count in 10 bits. The inputs are spelled out: twice as fast as a
    loop, whose stores may alias.
    """
    a0, a1, a2, a3, a4, a5 = where[0], where[1], where[2], where[3], where[4], where[5]
    s0, s1, s2, s3, s4, s5 = slots[a0], slots[a1], slots[a2], slots[a3], slots[a4], slots[a5]
    t0, t1, t2 = np.int64(STRETCH[s0 >> 20]), np.int64(STRETCH[s1 >> 20]), np.int64(STRETCH[s2 >> 20])
    t3, t4, t5 = np.int64(STRETCH[s3 >> 20]), np.int64(STRETCH[s4 >> 20]), np.int64(STRETCH[s5 >> 20])
    w0, w1, w2, w3, w4, w5 = (
        weights[mix],
        weights[mix + 1],
        weights[mix + 2],
        weights[mix + 3],
        weights[mix + 4],
        weights[mix + 5],
    )
    x = (w0 * t0 + w1 * t1 + w2 * t2 + w3 * t3 + w4 * t4 + w5 * t5) >> 16
    p = np.int64(SQUASH[min(max(x, -2560), 2560) + 2560])
    bit = decide(rc, buffer, p, bit)
    if rc[RECORD]:
        record(rc, slots, where, weights, mix, p, bit)
    error = ((bit << 16) - p) * RATE
    weights[mix] = w0 + ((t0 * error + HALF) >> RATE_SHIFT)
    weights[mix + 1] = w1 + ((t1 * error + HALF) >> RATE_SHIFT)
    weights[mix + 2] = w2 + ((t2 * error + HALF) >> RATE_SHIFT)
    weights[mix + 3] = w3 + ((t3 * error + HALF) >> RATE_SHIFT)
    weights[mix + 4] = w4 + ((t4 * error + HALF) >> RATE_SHIFT)
    weights[mix + 5] = w5 + ((t5 * error + HALF) >> RATE_SHIFT)
    slots[a0], slots[a1], slots[a2] = learn(s0, bit), learn(s1, bit), learn(s2, bit)
    slots[a3], slots[a4], slots[a5] = learn(s3, bit), learn(s4, bit), learn(s5, bit)
    return bit


@leaf
def record(rc, slots, where, weights, mix, p, bit):
    """For training: count the bits that each slot predicted, and the millibits that each mixer cost."""
    weights[len(weights) - N_COSTS + mix // N_INPUTS] += np.int64(-1000 * np.log2((p if bit else 65536 - p) / 65536))
    for i in range(N_INPUTS):
        slots[where[i] + rc[RECORD] * (1 + bit)] += 1


@leaf
def code_adaptive(rc, buffer, slots, at, bit):
    """One bit, predicted by the one slot `at`, which learns from it."""
    bit = decide(rc, buffer, min(max(slots[at] >> 16, 32), 65504), bit)
    if rc[RECORD]:
        slots[at + rc[RECORD] * (1 + bit)] += 1
    slots[at] = learn(slots[at], bit)
    return bit


@leaf
def code_number(rc, buffer, slots, base, value):
    """A whole number from 0 to 2⁶² − 2 (Elias gamma of value + 1): its bit length in unary with slots from `base`,
    then its bits plainly.
    """
    length = np.int64(0)
    while length < 62:
        more = np.int64(1) if (value + 1) >> (length + 1) > 0 else np.int64(0)
        if code_adaptive(rc, buffer, slots, base + length, more) == 0:
            break
        length += 1
    number = np.int64(1)
    for k in range(length - 1, -1, -1):
        number = (number << 1) | code_uniform(rc, buffer, np.int64(2), ((value + 1) >> k) & 1)
    return number - 1
