"""The noise of `motes.noise`, compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motes.kernels._jit import jit
from motes.noise import MASK, MULTIPLIERS, SCALE, keys

_FIRST, _SECOND = np.uint32(MULTIPLIERS[0]), np.uint32(MULTIPLIERS[1])


@jit
def fill(out, key, second, first):
    """Noise of the counters from `first` into `out`; all three numbers int64 of 32 bits."""
    for i in range(len(out)):
        h = np.uint32(np.uint32(first + i) + np.uint32(key))
        h = np.uint32((h ^ (h >> np.uint32(16))) * _FIRST)
        h = np.uint32((h ^ (h >> np.uint32(15))) * _SECOND)
        h = np.uint32(h ^ (h >> np.uint32(16)) ^ np.uint32(second))
        h = np.uint32((h ^ (h >> np.uint32(16))) * _FIRST)
        h = np.uint32((h ^ (h >> np.uint32(15))) * _SECOND)
        h = np.uint32(h ^ (h >> np.uint32(16)))
        total = (
            (h & np.uint32(255))
            + ((h >> np.uint32(8)) & np.uint32(255))
            + ((h >> np.uint32(16)) & np.uint32(255))
            + (h >> np.uint32(24))
        )
        out[i] = (np.int64(total) - 510) * SCALE


def white(seed: int, channel: int, first: int, n: int) -> NDArray[np.float64]:
    """Counters first … first + n − 1 (modulo 2³²) of the noise with variance 1, `(n,)`."""
    key, second = keys(seed, channel)
    out = np.empty(n)
    fill(out, key, second, first & MASK)
    return out
