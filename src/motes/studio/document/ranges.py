"""Sets of events as ranges of their numbers, first, end, first, end, …, as requests and files have them."""

from __future__ import annotations

import numpy as np

from motes.errors import ParameterError
from motes.events.event_table import Mask


def mask_of_ranges(ranges: list[int], n_events: int) -> Mask:
    """Events first … end − 1 of each pair."""
    if len(ranges) % 2:
        raise ParameterError("ranges come in pairs: first, end, first, end, …")
    edges = np.array(ranges, np.int64).reshape(-1, 2)
    if np.any(edges[:, 0] > edges[:, 1]) or (edges.size and edges.max() > n_events):
        raise ParameterError(f"a range is outside of the events, 0 … {n_events}, or ends before it begins")
    steps = np.zeros(n_events + 1, np.int64)
    np.add.at(steps, edges[:, 0], 1)
    np.add.at(steps, edges[:, 1], -1)
    return np.asarray(np.cumsum(steps)[:-1] > 0)


def ranges_of(mask: Mask) -> list[int]:
    """The inverse: as few pairs as possible."""
    edges = np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8))
    return [int(edge) for edge in np.flatnonzero(edges)]
