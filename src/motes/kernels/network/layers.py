"""What lies between convolutions: biases, rectifying, what the keys of a frame have in common, and the heads.

A frame is computed from frames alone, in one order, so that it does not matter which others are computed beside it.
Loops stand where slices would be shorter: numba compiles an assignment to a slice ten times as long.
"""

from __future__ import annotations

import math

import numpy as np

from motes.kernels._jit import jit
from motes.kernels.network.convolution import MARGIN

# Kernels get finite numbers only.
LOWEST = np.finfo(np.float32).min


@jit
def rectify(x, bias, rectified, begin, end):
    """x[t] += bias, and rectified[t] the positive part of it, with room beyond the keys; t from `begin` to end − 1."""
    for t in range(begin, end):
        for key in range(x.shape[1]):
            for c in range(x.shape[2]):
                value = x[t, key, c] + bias[c]
                x[t, key, c] = value
                rectified[t, MARGIN + key, c] = max(value, np.float32(0))


@jit
def add_context(x, bias, weights, dense_bias, begin, end):
    """x[t] += bias, then to each key tanh(dense_bias + weights · (mean, largest) over the keys)."""
    n_keys, channels = x.shape[1], x.shape[2]
    common = np.empty(2 * channels, np.float32)
    added = np.empty(channels, np.float32)
    for t in range(begin, end):
        for c in range(channels):
            common[c] = 0
            common[channels + c] = LOWEST
            added[c] = dense_bias[c]
        for key in range(n_keys):
            for c in range(channels):
                value = x[t, key, c] + bias[c]
                x[t, key, c] = value
                common[c] += value
                common[channels + c] = max(common[channels + c], value)
        for c in range(channels):
            common[c] /= np.float32(n_keys)
        for i in range(2 * channels):
            for c in range(channels):
                added[c] += common[i] * weights[i, c]
        for c in range(channels):
            added[c] = math.tanh(added[c])
        for key in range(n_keys):
            for c in range(channels):
                x[t, key, c] += added[c]


@jit
def read_keys(x, norm, weights, bias, keys, pooled, begin, end):
    """x[t] becomes the features, the positive part of x · norm[0] + norm[1]; keys[t] = weights · features + bias
    of each key; pooled[t] the means of the features over bands of neighbouring keys, `(channels, bands)`.
    """
    n_keys, channels, n_bands = x.shape[1], x.shape[2], pooled.shape[2]
    width = n_keys // n_bands
    for t in range(begin, end):
        for c in range(channels):
            for band in range(n_bands):
                pooled[t, c, band] = 0
        for key in range(n_keys):
            for o in range(weights.shape[1]):
                keys[t, key, o] = bias[o]
            for c in range(channels):
                value = max(x[t, key, c] * norm[0, c] + norm[1, c], np.float32(0))
                x[t, key, c] = value
                pooled[t, c, key // width] += value
                for o in range(weights.shape[1]):
                    keys[t, key, o] += value * weights[c, o]
        for c in range(channels):
            for band in range(n_bands):
                pooled[t, c, band] /= np.float32(width)


@jit
def convolve_frames(x, frames, weights, bias, out, begin, end):
    """out[t] = bias + Σ_i weights[i] · x[t + frames[i]]: `(frames, inputs)` to `(frames, outputs)`."""
    for t in range(begin, end):
        for o in range(out.shape[1]):
            out[t, o] = bias[o]
        for i in range(len(frames)):
            for n in range(x.shape[1]):
                value = x[t + frames[i], n]
                if value != 0:
                    for o in range(weights.shape[2]):
                        out[t, o] += value * weights[i, n, o]
