"""Noise that is defined, not borrowed: a hash of (seed, channel, counter) in 32-bit integers, the same here, in torch
and in JavaScript.

docs/format.md specifies it with test vectors; `motes.kernels.noise` is the fast twin.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

MASK = 0xFFFFFFFF
GOLDEN = 0x9E3779B9
MULTIPLIERS = (0x7FEB352D, 0x846CA68B)
# A sum of four bytes less its mean has the variance 4 · (256² − 1)/12 = 21845.
SCALE = 1 / math.sqrt(21845.0)


def mix(number: int) -> int:
    """A bijection of 32-bit numbers in which each bit of the input flips half of the output's (constants by C.
    Wellons' search, "lowbias32").
    """
    number &= MASK
    number = (number ^ number >> 16) * MULTIPLIERS[0] & MASK
    number = (number ^ number >> 15) * MULTIPLIERS[1] & MASK
    return number ^ number >> 16


def keys(seed: int, channel: int) -> tuple[int, int]:
    """The two 32-bit keys of a channel's noise."""
    first = mix(mix(seed) + (channel + 1) * GOLDEN)
    return first, mix(first + GOLDEN)


def white_integers(seed: int, channel: int, first: int, n: int) -> NDArray[np.int64]:
    """Counters first … first + n − 1 (modulo 2³²) of the noise, whole numbers from −510 to 510, nearly Gaussian
    with a variance of 21845.
    """
    key, second = keys(seed, channel)
    counter = (np.arange(first, first + n, dtype=np.int64) + key) & MASK
    h = _mix(_mix(counter) ^ second)
    return (h & 255) + (h >> 8 & 255) + (h >> 16 & 255) + (h >> 24) - 510


def white(seed: int, channel: int, first: int, n: int) -> NDArray[np.float64]:
    """Noise of variance 1, `(n,)`: `white_integers`, scaled."""
    return white_integers(seed, channel, first, n).astype(np.float64) * SCALE


def _mix(number: NDArray[np.int64]) -> NDArray[np.int64]:
    """`mix` of each; products wrap around at 2⁶⁴, which leaves their lower 32 bits right."""
    number = (number ^ number >> 16) * np.int64(MULTIPLIERS[0]) & MASK
    number = (number ^ number >> 15) * np.int64(MULTIPLIERS[1]) & MASK
    return number ^ number >> 16
