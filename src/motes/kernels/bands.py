"""Sums over bands of frequency, and back from bands to bins: what a product with a matrix of weights would be, without
the zeros and without BLAS.

BLAS wakes threads of its own for matrices as small as these, which costs more than the product, and its sums depend on
how many there are.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from motes.kernels._jit import jit_in_order

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


class Bands(NamedTuple):
    """Weights `(n_bands, n_bins)` and the run of bins, first … last − 1, outside of which a band's are zero."""

    weights: Array
    first: Ints
    last: Ints


def bands_of(weights: Array) -> Bands:
    """The bands with these weights, `(n_bands, n_bins)`."""
    inside, n_bins = weights != 0.0, weights.shape[1]
    first = np.where(inside.any(axis=1), inside.argmax(axis=1), n_bins)
    last = np.where(inside.any(axis=1), n_bins - inside[:, ::-1].argmax(axis=1), n_bins)
    return Bands(np.ascontiguousarray(weights, np.float64), first.astype(np.int64), last.astype(np.int64))


def sum_in_bands(values: Array, bands: Bands) -> Array:
    """Weighted sums over each band's bins: `(…, n_bins)` to `(…, n_bands)`."""
    n_bands, n_bins = bands.weights.shape
    out = np.empty((values.size // n_bins, n_bands))
    add_bins(np.ascontiguousarray(values).reshape(-1, n_bins), bands.weights, bands.first, bands.last, out)
    return out.reshape(*values.shape[:-1], n_bands)


def spread_over_bins(values: Array, bands: Bands) -> Array:
    """What each bin gets from the bands it lies in: `(…, n_bands)` to `(…, n_bins)`."""
    n_bands, n_bins = bands.weights.shape
    out = np.zeros((values.size // n_bands, n_bins))
    add_bands(np.ascontiguousarray(values).reshape(-1, n_bands), bands.weights, bands.first, bands.last, out)
    return out.reshape(*values.shape[:-1], n_bins)


@jit_in_order
def add_bins(values, weights, first, last, out):
    """out[f, b] = Σ_j weights[b, j] · values[f, j]."""
    for f in range(values.shape[0]):
        for b in range(weights.shape[0]):
            total = 0.0
            for j in range(first[b], last[b]):
                total += weights[b, j] * values[f, j]
            out[f, b] = total


@jit_in_order
def add_bands(values, weights, first, last, out):
    """out[f, j] += Σ_b weights[b, j] · values[f, b]."""
    for f in range(values.shape[0]):
        for b in range(weights.shape[0]):
            for j in range(first[b], last[b]):
                out[f, j] += weights[b, j] * values[f, b]
