"""The tables from which every packet's predictions start: part of the format, made by tools/train_tables.py."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from motes.coding.range_coder import N_INPUTS
from motes.kinds.gabor.model import N_MIXERS, N_SLOTS

Ints = NDArray[np.int64]
PATH = Path(__file__).with_name("tables.bin")
N_BYTES = 3 * N_SLOTS + 4 * N_MIXERS * N_INPUTS


def untrained() -> tuple[Ints, Ints]:
    """Slots that know nothing, and mixers that trust all alike."""
    return np.full(N_SLOTS, 1 << 31, np.int64), np.full(N_MIXERS * N_INPUTS, 26214, np.int64)


def pack(slots: Ints, weights: Ints) -> bytes:
    """Probabilities (16 bits), counts (8 bits) and weights (32 bits, signed), each little-endian in a row."""
    probability = np.clip(slots >> 16, 1, 65535).astype("<u2")
    return (
        probability.tobytes() + np.minimum(slots & 1023, 255).astype("u1").tobytes() + weights.astype("<i4").tobytes()
    )


def unpack(data: bytes, n_slots: int = N_SLOTS, n_mixers: int = N_MIXERS) -> tuple[Ints, Ints]:
    """The inverse of `pack`."""
    assert len(data) == 3 * n_slots + 4 * n_mixers * N_INPUTS, "these tables do not belong to this model"
    probability = np.frombuffer(data, "<u2", n_slots).astype(np.int64)
    count = np.frombuffer(data, "u1", n_slots, 2 * n_slots).astype(np.int64)
    return probability << 16 | count, np.frombuffer(data, "<i4", n_mixers * N_INPUTS, 3 * n_slots).astype(np.int64)


@cache
def trained() -> tuple[Ints, Ints]:
    """Slots and weights of the format; copy them before use."""
    return unpack(PATH.read_bytes())
