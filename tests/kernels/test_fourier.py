"""The transform without sorted bins against NumPy's, and its products against convolution by its definition."""

from __future__ import annotations

import numpy as np
import pytest
from plain_fourier import order, plain_forward

from motes.kernels import fourier

SIZES = (256, 384 * 2, 512, 1024, 1536, 8192, 12288, 32768)


def forward(x: np.ndarray, size: int, scale: float = 1.0) -> np.ndarray:
    spectra = np.empty((1, 2, size), np.float32)
    fourier.forward_blocks((x * scale).astype(np.float32), len(x), len(x), *fourier.tables(size), spectra)
    return spectra


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("part", [2.0, 1.3, 0.2])
def test_forward_equals_twin(size: int, part: float) -> None:
    x = np.random.default_rng(size).standard_normal(int(size * part))
    found = forward(x, size)[0]
    expected = plain_forward(np.pad(x, (0, 2 * size - len(x))))
    assert np.linalg.norm(found[0] + 1j * found[1] - expected) < 1e-6 * np.linalg.norm(expected)


@pytest.mark.parametrize("size", SIZES)
def test_order_names_every_bin_once(size: int) -> None:
    assert sorted(order(size)) == list(range(size))


@pytest.mark.parametrize("size", [256, 512, 768])
def test_products_are_convolutions_that_wrap_with_their_sign_changed(size: int) -> None:
    rng = np.random.default_rng(1)
    x, h = rng.standard_normal((2, 2 * size))
    y = np.zeros(2 * size, np.float32)
    fourier.inverse_blocks(forward(x, size)[None], forward(h, size, 1 / size), 2 * size, *fourier.tables(size), y)
    full = np.convolve(x, h)
    expected = full[: 2 * size] - np.append(full[2 * size :], 0)
    assert np.linalg.norm(y - expected) < 1e-6 * np.linalg.norm(expected)


def test_inverse_adds_inputs_and_overlaps() -> None:
    rng, size, hop = np.random.default_rng(2), 256, 300
    tables = fourier.tables(size)
    x, h = rng.standard_normal((2, 1000)).astype(np.float32), rng.standard_normal((2, 100))
    spectra = np.empty((2, 4, 2, size), np.float32)
    for i in range(2):
        fourier.forward_blocks(x[i], hop, hop, *tables, spectra[i])
    y = np.ones(1099, np.float32)
    fourier.inverse_blocks(spectra, np.concatenate([forward(k, size, 1 / size) for k in h]), hop, *tables, y)
    expected = 1 + sum(np.convolve(x[i], h[i]) for i in range(2))
    assert np.abs(y - expected).max() < 1e-4
