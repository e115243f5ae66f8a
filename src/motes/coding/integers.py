"""Columns of whole numbers through the range coder: each number by slots of its column, which learn as they go.

Signed numbers become ones that are not negative, 0, −1, 1, −2 … 0, 1, 2, 3 …: `fold` in kernels, `zigzags` of arrays,
and `motes.coding.varints.zigzag` where there is no compiler.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motes.coding.range_coder import N_STATE, code_number, finish, start
from motes.kernels._jit import jit, leaf

SLOTS_PER_COLUMN = 64
# A slot that has learnt nothing: probability a half, count 0.
EVEN = 1 << 31


@leaf
def fold(value):  # type: ignore[no-untyped-def]
    """A signed number as one that is not negative."""
    return 2 * value if value >= 0 else -2 * value - 1


@leaf
def unfold(value):  # type: ignore[no-untyped-def]
    """The inverse of `fold`."""
    return value >> 1 if value & 1 == 0 else -(value >> 1) - 1


def zigzags(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Signed numbers as ones that are not negative."""
    return np.where(values >= 0, 2 * values, -2 * values - 1)


def unzigzags(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """The inverse of `zigzags`."""
    return np.where(values & 1 == 0, values >> 1, -(values >> 1) - 1)


@leaf
def code_signed(rc, buffer, slots, at, value):  # type: ignore[no-untyped-def]
    """A whole number of either sign."""
    return unfold(code_number(rc, buffer, slots, at, fold(value)))


@jit
def code_numbers(decoding, buffer, slots, places, values):  # type: ignore[no-untyped-def]
    """Values `(n,)` from 0, each by the SLOTS_PER_COLUMN slots from `places` `(n,)` on, to `buffer` or back; returns
    the number of bytes when encoding.
    """
    rc = np.zeros(N_STATE, np.int64)
    start(rc, buffer, decoding)
    for i in range(len(values)):
        values[i] = code_number(rc, buffer, slots, places[i], values[i])
    return np.int64(0) if decoding else finish(rc, buffer)


def padded(data: bytes) -> NDArray[np.uint8]:
    """Coded bytes as a decoder's buffer: a zero more changes nothing, since zeros follow the end anyway."""
    return np.frombuffer(bytearray(data + bytes(1)), np.uint8)


def _slots(columns: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.full(SLOTS_PER_COLUMN * (int(columns.max(initial=0)) + 1), EVEN, np.int64)


def encode_numbers(values: NDArray[np.int64], columns: NDArray[np.int64]) -> bytes:
    """Whole numbers below 2⁶² − 1, not negative, as bytes."""
    buffer = np.empty(64 + 17 * len(values), np.uint8)
    n = code_numbers(0, buffer, _slots(columns), SLOTS_PER_COLUMN * columns, values.astype(np.int64))
    return buffer[:n].tobytes()


def decode_numbers(data: bytes, columns: NDArray[np.int64]) -> NDArray[np.int64]:
    """The inverse: as many values as there are `columns`; where the data end, zeros follow, so that any bytes
    decode to something.
    """
    values = np.zeros(len(columns), np.int64)
    code_numbers(1, padded(data), _slots(columns), SLOTS_PER_COLUMN * columns, values)
    return values
