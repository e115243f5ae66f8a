"""Tables from which a packet's predictions start, as the bytes of a file: part of the format, made by
tools/train_tables.py and tools/train_texture.py.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motes.coding.integers import EVEN
from motes.coding.range_coder import N_INPUTS

Ints = NDArray[np.int64]
# Weight of each input of a mixer that has learnt nothing: 0.4, in 1/65536.
_ALIKE = 26214


def untrained(n_slots: int, n_mixers: int) -> tuple[Ints, Ints]:
    """Slots that know nothing, and mixers that trust all alike."""
    return np.full(n_slots, EVEN, np.int64), np.full(n_mixers * N_INPUTS, _ALIKE, np.int64)


def pack(slots: Ints, weights: Ints) -> bytes:
    """Probabilities (16 bits), counts (8 bits) and weights (32 bits, signed), each little-endian in a row."""
    probability = np.clip(slots >> 16, 1, 65535).astype("<u2")
    return (
        probability.tobytes() + np.minimum(slots & 1023, 255).astype("u1").tobytes() + weights.astype("<i4").tobytes()
    )


def unpack(data: bytes, n_slots: int, n_mixers: int) -> tuple[Ints, Ints]:
    """The inverse of `pack`."""
    assert len(data) == 3 * n_slots + 4 * n_mixers * N_INPUTS, "these tables do not belong to this model"
    probability = np.frombuffer(data, "<u2", n_slots).astype(np.int64)
    count = np.frombuffer(data, "u1", n_slots, 2 * n_slots).astype(np.int64)
    return probability << 16 | count, np.frombuffer(data, "<i4", n_mixers * N_INPUTS, 3 * n_slots).astype(np.int64)
