"""Sums over bands against the products of matrices that they stand for."""

import numpy as np
import pytest

from motes.kernels.bands import bands_of, spread_over_bins, sum_in_bands
from motes.kinds.texture.table import band_edges_hz, band_weights


@pytest.mark.parametrize("shape", [(), (3,), (2, 5), (2, 0)])
@pytest.mark.parametrize(
    ("n_bands", "ratio"), [(1, 1.0), (64, 1.0), (256, 0.3), (64, 4.0), (8, 1000.0)]
)  # in narrow, wide and no bins
def test_bands_are_products_with_their_weights(n_bands, ratio, shape):
    weights = band_weights(band_edges_hz(50.0, 20000.0, n_bands) * ratio, 44100)
    bands, random = bands_of(weights), np.random.default_rng(n_bands)
    at_bins, in_bands = random.uniform(0, 1, (*shape, weights.shape[1])), random.uniform(-1, 1, (*shape, n_bands))
    np.testing.assert_allclose(sum_in_bands(at_bins, bands), at_bins @ weights.T, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(spread_over_bins(in_bands, bands), in_bands @ weights, rtol=1e-12, atol=1e-15)
    strided = np.moveaxis(np.stack([at_bins, at_bins], axis=0), 0, -1)[..., 1]
    np.testing.assert_array_equal(sum_in_bands(strided, bands), sum_in_bands(at_bins, bands))
