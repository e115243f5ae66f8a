"""Pieces of a signal: the kernel against its twin."""

import numpy as np
import pytest

from motes.kernels.pieces import brought_down, brought_down_plain


@pytest.mark.parametrize(
    ("n_channels", "window", "hop", "n_pieces"),
    [(1, 2048, 512, 9), (2, 128, 32, 40), (3, 32768, 8192, 2), (2, 64, 100, 1), (1, 8, 2, 5)],
)
def test_pieces_equal_their_twin(n_channels, window, hop, n_pieces):
    random = np.random.default_rng(window)
    n = (n_pieces - 1) * hop + window
    signal = random.normal(size=(n_channels, n)) + 1j * random.normal(size=(n_channels, n))
    omega, weights = random.uniform(-3.5, 3.5, n_pieces), random.uniform(0, 1, window)
    found = brought_down(signal, hop, omega, weights)
    assert found.shape == (n_channels, n_pieces, window)
    assert np.abs(found - brought_down_plain(signal, hop, omega, weights)).max() < 1e-10


def test_a_tone_at_its_own_frequency_stands_still():
    omega, n = 0.3, np.arange(1024)
    still = brought_down(np.exp(1j * omega * n)[None], 256, np.full(4, omega), np.ones(256))[0]
    assert np.allclose(still, np.exp(1j * omega * (256 * np.arange(4) + 128))[:, None], atol=1e-11)
