"""Masks of detail to coded bytes and back: each value by what stands before it in time and below it in frequency."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motes.coding.integers import EVEN, padded
from motes.coding.range_coder import N_STATE, code_adaptive, finish, start
from motes.errors import FormatError
from motes.kernels._jit import jit
from motes.kinds.detail.table import MASK_UNITS

N_VALUES = MASK_UNITS + 1
# Bits of a value that is another than the one before.
N_BITS = 4
CHANGED = N_VALUES * N_VALUES
N_SLOTS = CHANGED + N_VALUES * (1 << N_BITS)


@jit
def code_mask(decoding, buffer, slots, mask):
    """A mask `(n_frames, n_bands)`, int64, to `buffer` or back; returns the number of bytes when encoding."""
    rc = np.zeros(N_STATE, np.int64)
    start(rc, buffer, decoding)
    for row in range(mask.shape[0]):
        for band in range(mask.shape[1]):
            before = mask[row - 1, band] if row else np.int64(0)
            below = mask[row, band - 1] if band else np.int64(0)
            value = mask[row, band]
            changed = np.int64(1) if value != before else np.int64(0)
            if code_adaptive(rc, buffer, slots, before * N_VALUES + below, changed) == 0:
                mask[row, band] = before
                continue
            other, node = value - (np.int64(1) if value > before else np.int64(0)), np.int64(1)
            for bit in range(N_BITS - 1, -1, -1):
                node = 2 * node + code_adaptive(
                    rc, buffer, slots, np.int64(CHANGED) + (below << N_BITS) + node, (other >> bit) & 1
                )
            other = node - (1 << N_BITS)
            mask[row, band] = other + (np.int64(1) if other >= before else np.int64(0))
    return finish(rc, buffer) if decoding == 0 else np.int64(0)


def encode_mask(mask: NDArray[np.int8]) -> bytes:
    """A mask `(n_frames, n_bands)` as coded bytes."""
    buffer = np.zeros(64 + 4 * mask.size, np.uint8)
    n = code_mask(0, buffer, np.full(N_SLOTS, EVEN, np.int64), mask.astype(np.int64))
    return buffer[:n].tobytes()


def decode_mask(data: bytes, shape: tuple[int, int], name: str) -> NDArray[np.int8]:
    """The inverse; FormatError, which has a name, where it makes no sense."""
    if min(shape) < 1:
        raise FormatError(f"{name}: a mask without frames or bands")
    found = np.zeros(shape, np.int64)
    code_mask(1, padded(data), np.full(N_SLOTS, EVEN, np.int64), found)
    return found.astype(np.int8)
