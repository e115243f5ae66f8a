"""Events for drawing, a stretch of time at a time: of coarse stretches the strongest, of the finest all.
docs/studio-api.md has the bytes.
"""

from __future__ import annotations

import math
import struct

import numpy as np
from numpy.typing import NDArray

from motes.events.event_table import Mask
from motes.studio.drawing.geometry import Geometry
from motes.studio.errors import NotFound

FINEST_S = 0.5
MOST_EVENTS = 4096
_HEADER = struct.Struct("<4s5I2d2I")


def span_s(level: int) -> float:
    """Seconds in a tile of a level."""
    return float(FINEST_S * 2**level)


def coarsest_level(duration_s: float) -> int:
    """The level at which one tile holds everything."""
    return max(0, math.ceil(math.log2(max(duration_s, FINEST_S) / FINEST_S)))


def check_tile(level: int, index: int, duration_s: float) -> float:
    """The start of a tile, s; NotFound where there is none."""
    if not 0 <= level <= coarsest_level(duration_s) or not 0 <= index < max(1, math.ceil(duration_s / span_s(level))):
        raise NotFound(f"there is no tile {index} of level {level} in {duration_s:g} s")
    return index * span_s(level)


def event_tile(
    geometry: Geometry, muted: Mask, level: int, index: int, revision: int, duration_s: float, limit: int = MOST_EVENTS
) -> bytes:
    """The bytes of a tile: what sounds in it, the strongest first."""
    start, span = check_tile(level, index, duration_s), span_s(level)
    last = start + span >= duration_s  # events may lie past the end
    found = geometry.sounding(start if index else -math.inf, math.inf if last else start + span)
    n_all = len(found)
    found = strongest(geometry, found, n_all if level == 0 else limit)
    further = geometry.more[found].astype("<f4").T.tobytes() if len(geometry.more) else b""
    gap = -2 * len(found) % 4
    head = _HEADER.pack(
        b"MTE1",
        len(found),
        n_all,
        level,
        index,
        revision,
        start,
        span,
        _HEADER.size,
        (_HEADER.size + 38 * len(found) + gap) if further else 0,
    )
    columns = [
        found.astype("<u4"),
        *((values[found] - start).astype("<f4") for values in (geometry.start_s, geometry.end_s)),
        *(values[found].astype("<f4") for values in (geometry.low_hz, geometry.high_hz, geometry.level_db)),
        np.minimum(geometry.group_id[found], 2**32 - 1).astype("<u4"),
        *(geometry.aux[found, i].astype("<f4") for i in range(2)),
        geometry.kind[found],
        muted[found].astype(np.uint8),
    ]
    return b"".join([head, *(column.tobytes() for column in columns), *([bytes(gap), further] if further else [])])


def strongest(geometry: Geometry, found: NDArray[np.intp], n: int) -> NDArray[np.intp]:
    """The n strongest of these events, the strongest first."""
    level = geometry.level_db[found]
    if n < len(found):
        kept = np.argpartition(-level, n)[:n] if n else np.empty(0, np.intp)
        found, level = found[kept], level[kept]
    return found[np.lexsort((found, -level))]
