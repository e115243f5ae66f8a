"""The tables from which the predictions of every detail event start: part of the format."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from motes.coding.trained import Ints, unpack, untrained
from motes.kinds.detail.model import N_MIXERS, N_SLOTS

PATH = Path(__file__).with_name("tables.bin")


@cache
def trained() -> tuple[Ints, Ints]:
    """Slots and weights of the format; copy them before use."""
    if not PATH.exists():
        return untrained(N_SLOTS, N_MIXERS)
    return unpack(PATH.read_bytes(), N_SLOTS, N_MIXERS)
