"""Where the coefficients of detail lie: frames, the blocks that these are cut into, and bands; all in whole numbers, so
that every machine agrees.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

FRAME_S = 0.0464
# A frame is one block, or cut in halves up to this often: 2048 … 128 samples at 44.1 kHz.
MOST_HALVINGS = 4
SHORTEST_FRAME, LONGEST_FRAME = 64, 8192
# Equal on the ERB-rate scale up to 22.05 kHz, then a third of an octave each.
EDGES_HZ = (
    *(0, 66, 152, 262, 404, 587, 824, 1129, 1522, 2029, 2683, 3526, 4614, 6017, 7826, 10158, 13167, 17047),
    *(22050, 28000, 35000, 44000, 55000, 70000, 88000),
)
# A last band narrower than a tenth of all is none of its own.
LAST_EDGE = 9, 20


def frame_samples(sample_rate_hz: int) -> int:
    """Samples of a frame: the power of two nearest to 46 ms, 2048 at 44.1 kHz."""
    nearest = 2 ** round(float(np.log2(max(1.0, sample_rate_hz * FRAME_S))))
    return min(max(nearest, SHORTEST_FRAME), LONGEST_FRAME)


@lru_cache(maxsize=16)
def band_edges(sample_rate_hz: int, frame: int) -> Ints:
    """Edges of the bands in coefficients of a block as long as a frame, `(n_bands + 1,)`."""
    numerator, denominator = LAST_EDGE
    kept = [hz for hz in EDGES_HZ if hz * denominator <= sample_rate_hz * numerator]
    edges = [(2 * hz * frame + sample_rate_hz // 2) // sample_rate_hz for hz in kept]
    found = np.array([*edges, frame], np.int64)
    found.flags.writeable = False
    return found


def event_edges(sample_rate_hz: int, frame: int, n_bands: int) -> Ints:
    """Edges of the bands of an event that has so many, the last of which reaches to the top, `(n_bands + 1,)`."""
    edges = band_edges(sample_rate_hz, frame)
    found = np.full(n_bands + 1, frame, np.int64)
    n = min(n_bands, len(edges))
    found[:n] = edges[:n]
    return found


@lru_cache(maxsize=64)
def band_of(sample_rate_hz: int, frame: int, size: int) -> Ints:
    """The band of each coefficient of a block of `size`, `(size,)`: that in which its middle lies."""
    middle = (2 * np.arange(size, dtype=np.int64) + 1) * (frame // size)
    found = np.searchsorted(2 * band_edges(sample_rate_hz, frame), middle, side="right") - 1
    found.flags.writeable = False
    return found


def places(sizes: Ints, frame: int, n_bands: int, sample_rate_hz: int) -> Ints:
    """For each coefficient of some blocks the row of its frame and band among an event's `n_frames · n_bands`."""
    frame_of = (np.cumsum(sizes) - sizes) // frame
    return np.concatenate(
        [
            at * n_bands + np.minimum(band_of(sample_rate_hz, frame, size), n_bands - 1)
            for at, size in zip(frame_of.tolist(), sizes.tolist(), strict=True)
        ]
    )


def is_tree(sizes: Ints, frame: int) -> bool:
    """Whether the blocks of some frames are halves of halves of these, each at a multiple of its own size."""
    if len(sizes) == 0 or np.any(sizes < max(1, frame >> MOST_HALVINGS)) or np.any(sizes > frame):
        return False
    if np.any(sizes & (sizes - 1)):
        return False
    ends = np.cumsum(sizes)
    return bool(np.all((ends - sizes) % sizes == 0) and ends[-1] % frame == 0)
