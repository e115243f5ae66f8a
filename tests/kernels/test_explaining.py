"""Shares of spectrograms and of sums of windowed sinusoids, against their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from plain_explaining import atom_plain, expected_parts_plain, least_squares_plain

from motes.kernels.explaining.factorisation import expected_parts
from motes.kernels.explaining.least_squares import SMALLEST, overlapping_pairs, solve_least_squares


def test_parts_of_frames_equal_their_twin() -> None:
    rng = np.random.default_rng(0)
    n_rows, n_frames, n_bins = 5, 9, 33
    spectrogram = rng.exponential(1.0, (n_frames, n_bins))
    templates, template_of = rng.exponential(1.0, (3, n_bins)), np.array([0, 1, 2, 1, 0])
    sounds = rng.random((n_rows, n_frames)) < 0.6
    sounds[:, 4] = False
    activations = np.where(sounds, rng.exponential(1.0, sounds.shape), 0.0)
    frames, rows = np.nonzero(sounds.T)
    first = np.searchsorted(frames, np.arange(n_frames + 1))
    gained, spectra = np.zeros(len(rows)), np.zeros_like(templates)
    held = activations[rows, frames]
    expected_parts(spectrogram, (first, rows, np.arange(len(rows))), templates, template_of, held, gained, spectra)
    expected, expected_spectra = expected_parts_plain(spectrogram, templates, template_of, activations)
    np.testing.assert_allclose(gained, expected[rows, frames], rtol=1e-9)
    np.testing.assert_allclose(spectra, expected_spectra, rtol=1e-9)


def atoms(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    centre = np.sort(rng.uniform(1500, 5000, n))
    return centre, rng.choice([256.0, 1024.0, 2048.0], n), rng.uniform(0.1, 0.2, n)


@pytest.mark.parametrize("rises", [False, True])
def test_inner_products_equal_sums_over_samples(rises) -> None:
    centre, window, omega = atoms(60, 1)
    steps = np.random.default_rng(3).integers(-8, 9, 60) * (np.arange(60) % 2)
    chirp = 4 * np.pi * steps / window**2 if rises else np.zeros(0)
    rows = zip(centre, window, omega, chirp if rises else np.zeros(60), strict=True)
    sound = np.array([atom_plain(*row[:3], 7000, row[3]) for row in rows])
    expected = np.conj(sound) @ sound.T
    first, second = np.empty(2000, np.int64), np.empty(2000, np.int64)
    products = np.empty(2000, np.complex128)
    n = overlapping_pairs(centre, window, omega, chirp, first, second, products)
    found = np.zeros_like(expected)
    found[first[:n], second[:n]] = products[:n]
    largest = 0.375 * np.sqrt(np.outer(window, window))
    assert (np.abs(found - np.triu(expected, 1)) <= 1.1 * SMALLEST * largest).all()
    assert overlapping_pairs(centre, window, omega, chirp, first[:3], second[:3], products[:3]) == n


def test_conjugate_gradients_solve_for_some_of_the_events() -> None:
    rng = np.random.default_rng(2)
    n, chosen, damping = 30, np.arange(3, 25, 2), 0.1
    root = rng.standard_normal((n, 2 * n)) + 1j * rng.standard_normal((n, 2 * n))
    whole = root @ np.conj(root.T)
    others = ~np.eye(n, dtype=bool)
    columns = np.nonzero(others)[1]
    matrix = (np.arange(n + 1) * (n - 1), columns, whole[others], np.diag(whole).real.copy())
    local = np.full(n, -1)
    local[chosen] = np.arange(len(chosen))
    right, start = (rng.standard_normal(len(chosen)) * (1 + 1j) for _ in range(2))
    found = solve_least_squares(chosen, local, matrix, right, start, damping, 200)
    expected = least_squares_plain(whole[np.ix_(chosen, chosen)], right, start, damping)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
