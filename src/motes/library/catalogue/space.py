"""Vectors in a space of sixteen numbers, and which of them are nearest to others."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from motes.events.event_table import Array, Ints

# The least standard deviation that a number is measured in, a tenth of a semitone, decibel, octave …: one that is the
# same in all rows must not make all others far away.
LEAST_DEVIATION = 0.1
# Of the squared norms: what single precision loses where a difference is computed as a product.
ROUNDING = 1e-5


class Neighbours(NamedTuple):
    """The nearest rows of each vector asked for, the nearest first, `(m, k)`, and their distances: the root mean square
    of the differences of the sixteen numbers, each in standard deviations.
    """

    row: Ints
    distance: Array


class Space:
    """Vectors `(n, 16)` to be compared with others, all of them. Numbers are measured in `deviation` `(16,)`, by
    default the standard deviations of these vectors.
    """

    def __init__(self, numbers: Array, deviation: Array | None = None) -> None:
        self.numbers = numbers
        self.deviation = deviation_of(numbers) if deviation is None else deviation
        self._centre = numbers.mean(axis=0)
        self._scaled = ((numbers - self._centre) / self.deviation).astype(np.float32)
        self._norm = np.einsum("ij,ij->i", self._scaled, self._scaled)

    def nearest(self, wanted: Array, count: int) -> Neighbours:
        """The `min(count, n)` nearest rows of each of these vectors `(m, 16)`; of equal ones those that come first."""
        count = min(count, len(self.numbers))
        rows, apart = np.zeros((len(wanted), count), np.int64), np.zeros((len(wanted), count))
        for i, one in enumerate(wanted):
            rows[i], apart[i] = self._nearest(one, count)
        return Neighbours(rows, apart)

    def _nearest(self, wanted: Array, count: int) -> tuple[Ints, Array]:
        """As |x|² − 2 x·w, which is one product, and the candidates that rounding leaves again by the definition."""
        scaled = ((wanted - self._centre) / self.deviation).astype(np.float32)
        about = self._norm - 2 * (self._scaled @ scaled)
        last = np.partition(about, count - 1)[count - 1]
        near = np.flatnonzero(about <= last + ROUNDING * (1 + self._norm + scaled @ scaled))
        distance = distances(self.numbers[near], wanted, self.deviation)
        order = np.argsort(distance, kind="stable")[:count]
        return near[order], distance[order]


def deviation_of(numbers: Array) -> Array:
    """The standard deviation of each of sixteen numbers `(n, 16)`, `(16,)`, as distances are measured in."""
    return deviation_from(numbers.var(axis=0, dtype=np.float64))


def deviation_from(variance: Array) -> Array:
    """What numbers of these variances are measured in, `(16,)`."""
    return np.asarray(np.maximum(np.sqrt(np.maximum(variance, 0.0)), LEAST_DEVIATION))


def distances(numbers: Array, wanted: Array, deviation: Array) -> Array:
    """How far vectors `(..., 16)` are from others, `(...)`."""
    return np.asarray(np.sqrt(np.mean(((numbers - wanted) / deviation) ** 2, axis=-1)))
