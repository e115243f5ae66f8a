"""Convolutions in registers against sums by the definition, whatever the tile that fits a processor."""

import numpy as np
import pytest

from motes.kernels._jit import jit
from motes.kernels.network.convolution import MARGIN, N_KEYS, add_layer, layer_terms
from motes.kernels.simd.convolution import convolution_tile

_wide = convolution_tile(11, 2, 32, 32, 32)
_narrow = convolution_tile(4, 1, 32, 32, 32)


@jit
def by_wide(x, offsets, rows, weights, out):
    for place in range(0, 44, 11):
        _wide(x, offsets, rows, weights, out, (place * 32, 0, len(rows), 0, place * 32))


@jit
def by_narrow(x, offsets, rows, weights, out):
    for place in range(0, 44, 4):
        for column in (0, 16):
            _narrow(x, offsets, rows, weights, out, (place * 32, 0, len(rows), column, place * 32 + column))


def test_tiles_of_any_shape_have_the_same_sums_to_the_bit():
    random = np.random.default_rng(0)
    x, weights = (random.normal(size=n).astype(np.float32) for n in (80 * 32, 3 * 32 * 32))
    offsets, rows = np.array([0, 5 * 32, 30 * 32]), np.array([0, 2, 1])
    out = np.ones((2, 44 * 32), np.float32)
    by_wide(x, offsets, rows, weights, out[0])
    by_narrow(x, offsets, rows, weights, out[1])
    assert out[0].tobytes() == out[1].tobytes()
    keys, w = x.reshape(80, 32).astype(float), weights.reshape(3, 32, 32).astype(float)
    wanted = 1 + sum(keys[at // 32 : at // 32 + 44] @ w[row] for at, row in zip(offsets, rows, strict=True))
    np.testing.assert_allclose(out[0].reshape(44, 32), wanted, atol=1e-4)


@pytest.mark.parametrize("channels", [16, 32])
@pytest.mark.parametrize("over_keys", [1, 12])
def test_layers_leave_out_nothing_that_is_not_zero(channels, over_keys):
    random = np.random.default_rng(over_keys)
    rectified = np.zeros((9, N_KEYS + 2 * MARGIN, channels), np.float32)
    rectified[:, MARGIN:-MARGIN] = random.normal(size=(9, N_KEYS, channels))
    weights = random.normal(size=(15, channels, channels)).astype(np.float32)
    frames, keys = (-4, -2, 0), tuple(over_keys * key for key in (-2, -1, 0, 1, 2))
    out = np.zeros((9, N_KEYS, channels), np.float32)
    add_layer(rectified, layer_terms(frames, keys, channels), weights, out, 4, 9)
    wanted = np.zeros((5, N_KEYS, channels))
    for i, frame in enumerate(frames):
        for j, key in enumerate(keys):
            inside = rectified[4 + frame : 9 + frame, MARGIN + key : MARGIN + key + N_KEYS]
            wanted += inside.astype(float) @ weights[i * 5 + j].astype(float)
    np.testing.assert_allclose(out[4:], wanted, atol=1e-3)
    assert not out[:4].any()
