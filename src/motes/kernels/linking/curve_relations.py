"""What follows from the curves of all lines at once: how fast each moves, and whose atoms lie near it."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from motes.kernels._jit import inner, jit, jit_in_order

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


class LinkedAtoms(NamedTuple):
    """Atoms in order of time with the frequency and the number (from 1, 0 for none) of their lines, `(n,)`."""

    time_s: Array
    window_s: Array
    partial_hz: Array
    number: Ints


class NearAtoms(NamedTuple):
    """Atoms near lines that are not theirs: the line, the atom, and how far it is away, `(n,)`."""

    line: Ints
    atom: Ints
    away_hz: Array

    @classmethod
    def unread(cls, n: int) -> NearAtoms:
        """Room for so many."""
        return cls(np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n))


@inner
def _value(nodes, j, at_s):
    """Frequency at a time between nodes j and j + 1, as `np.interp` has it."""
    slope = (nodes[j + 1, 1] - nodes[j, 1]) / (nodes[j + 1, 0] - nodes[j, 0])
    return slope * (at_s - nodes[j, 0]) + nodes[j, 1]


@inner
def _along(nodes, first, last, j, at_s):
    """Frequency of the line of nodes first … last − 1 at a time, and the node to go on from, for times that rise."""
    while j + 1 < last and nodes[j + 1, 0] <= at_s:
        j += 1
    if at_s <= nodes[first, 0]:
        return nodes[first, 1], j
    if j + 1 >= last:
        return nodes[last - 1, 1], j
    return _value(nodes, j, at_s), j


@jit_in_order  # times lie on a grid, so that a bit decides how many steps there are
def quantile_moves(nodes, start, step_s, apart, part, found):
    """Into found[k] goes the quantile `part` of how far line k moves in `apart` steps, −1 where it is too short for two
    such.
    """
    for k in range(len(start) - 1):
        first, last = start[k], start[k + 1]
        begin = nodes[first, 0]
        n = math.ceil((nodes[last - 1, 0] - begin) / step_s)
        if n < apart + 2:
            found[k] = -1.0
            continue
        frequency, j, delta = np.empty(n), first, (begin + step_s) - begin  # as `np.arange` has it
        for i in range(n):
            frequency[i], j = _along(nodes, first, last, j, begin + i * delta)
        moves = np.sort(np.abs(frequency[apart:] - frequency[:-apart]))
        place = part * (len(moves) - 1)
        low = min(int(place), len(moves) - 2)
        found[k] = moves[low] + (place - low) * (moves[low + 1] - moves[low])


@jit
def near_atoms(nodes, start, atoms, bins, found):
    """Which atoms of other lines lie within so many of their bins of each line's curve, and how many Hz away; returns
    how many there are, which may be more than there is room for in `found`.
    """
    time_s, window_s, partial_hz, number = atoms.time_s, atoms.window_s, atoms.partial_hz, atoms.number
    n_found = 0
    for q in range(1, len(start)):
        first, last = start[q - 1], start[q]
        low, high = np.searchsorted(time_s, nodes[first, 0]), np.searchsorted(time_s, nodes[last - 1, 0])
        j = first
        for i in range(low, high):
            if number[i] <= 0 or number[i] == q:
                continue
            frequency, j = _along(nodes, first, last, j, time_s[i])
            away_hz = abs(frequency - partial_hz[i])
            if away_hz * window_s[i] < bins:
                if n_found < len(found.line):
                    found.line[n_found], found.atom[n_found], found.away_hz[n_found] = q, i, away_hz
                n_found += 1
    return n_found
