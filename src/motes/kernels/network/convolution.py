"""Convolutions over frames × keys, whose output channels are 16 or 32: the stem of a network, and residual layers.

Rows of frames hold keys × channels; those that are read have room for keys beyond both ends, which are zero.
"""

from __future__ import annotations

from typing import NamedTuple

import llvmlite.binding as llvm
import numpy as np
from numpy.typing import NDArray

from motes.kernels._jit import jit
from motes.kernels.simd.convolution import LANES, convolution_tile

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

N_KEYS = 88
# Keys beyond the first and the last that rows have room for: the widest reach of a layer.
MARGIN = 24
# Runs of bins that the stem sums over: from one key to the next are STEM_STRIDE.
STEM_RUN, STEM_STRIDE = 9, 3
STEM_WIDTH = STEM_STRIDE * (N_KEYS - 1) + STEM_RUN
# A tile fills the registers: 32 of 512 bits, or 16 of 256, two of which are a vector.
_IS_WIDE = bool(llvm.get_host_cpu_features().get("avx512f"))
KEYS_OF_TILE = 11 if _IS_WIDE else 4
N_TILES = N_KEYS // KEYS_OF_TILE
_VECTORS = 2 if _IS_WIDE else 1

_stem16 = convolution_tile(KEYS_OF_TILE, 1, STEM_RUN, STEM_STRIDE, 16)
_stem32 = convolution_tile(KEYS_OF_TILE, _VECTORS, STEM_RUN, STEM_STRIDE, 32)
_tile16 = convolution_tile(KEYS_OF_TILE, 1, 16, 16, 16)
_tile32 = convolution_tile(KEYS_OF_TILE, _VECTORS, 32, 32, 32)


class Terms(NamedTuple):
    """What each tile of a row sums: terms begins[tile] … begins[tile + 1] − 1, each a run of inputs at `offsets` from
    the tile's own place, by the weights of row `rows`.
    """

    offsets: Ints
    rows: Ints
    begins: Ints


def layer_terms(over_frames: tuple[int, ...], over_keys: tuple[int, ...], channels: int) -> Terms:
    """Terms of a layer whose taps lie so many frames and keys away; a tap that gives a whole tile nothing but zeros
    from beyond the keys is left out.
    """
    row = (N_KEYS + 2 * MARGIN) * channels
    offsets, rows, begins = [], [], [0]
    for tile in range(N_TILES):
        low, high = tile * KEYS_OF_TILE, (tile + 1) * KEYS_OF_TILE - 1
        for i, frames in enumerate(over_frames):
            for j, keys in enumerate(over_keys):
                if high + keys >= 0 and low + keys < N_KEYS:
                    offsets.append(frames * row + keys * channels)
                    rows.append(i * len(over_keys) + j)
        begins.append(len(offsets))
    return Terms(np.array(offsets, np.int64), np.array(rows, np.int64), np.array(begins, np.int64))


def stem_terms(over_frames: tuple[int, ...], n_inputs: int) -> Terms:
    """Terms of a stem: a run of bins of each input at each of so many frames away."""
    each = [(frames, i) for frames in over_frames for i in range(n_inputs)]
    offsets = [(frames * n_inputs + i) * STEM_WIDTH for frames, i in each]
    n = len(each)
    return Terms(
        np.array(offsets * N_TILES, np.int64),
        np.array([*range(n)] * N_TILES, np.int64),
        np.arange(N_TILES + 1, dtype=np.int64) * n,
    )


@jit
def add_stem(stacked, first, terms, weights, out, begin, end):
    """out[t] += the stem's sums over stacked[first + t], t from `begin` to end − 1: `(frames, inputs, STEM_WIDTH)` to
    `(frames, N_KEYS, channels)`.
    """
    x, w, to = stacked.reshape(-1), weights.reshape(-1), out.reshape(-1)
    channels = out.shape[2]
    wide = stacked.shape[1] * stacked.shape[2]
    for t in range(begin, end):
        for tile in range(N_TILES):
            base = (first + t) * wide + tile * (KEYS_OF_TILE * STEM_STRIDE)
            at = (t * N_KEYS + tile * KEYS_OF_TILE) * channels
            low, high = terms.begins[tile], terms.begins[tile + 1]
            if channels == 16:
                _stem16(x, terms.offsets, terms.rows, w, to, (base, low, high, 0, at))
            else:
                for column in range(0, 32, LANES * _VECTORS):
                    _stem32(x, terms.offsets, terms.rows, w, to, (base, low, high, column, at + column))


@jit
def add_layer(rectified, terms, weights, out, begin, end):
    """out[t] += a layer's sums over the rows of `rectified` about t, t from `begin` to end − 1: `(frames, N_KEYS +
    2 · MARGIN, channels)` to `(frames, N_KEYS, channels)`.
    """
    x, w, to = rectified.reshape(-1), weights.reshape(-1), out.reshape(-1)
    channels = out.shape[2]
    wide = rectified.shape[1] * channels
    for t in range(begin, end):
        for tile in range(N_TILES):
            base = t * wide + (MARGIN + tile * KEYS_OF_TILE) * channels
            at = (t * N_KEYS + tile * KEYS_OF_TILE) * channels
            low, high = terms.begins[tile], terms.begins[tile + 1]
            if channels == 16:
                _tile16(x, terms.offsets, terms.rows, w, to, (base, low, high, 0, at))
            else:
                for column in range(0, 32, LANES * _VECTORS):
                    _tile32(x, terms.offsets, terms.rows, w, to, (base, low, high, column, at + column))
