"""Programme loudness is that of the recommendation."""

from __future__ import annotations

import numpy as np
import pytest

from motes.metrics.programme_loudness import block_powers, gate, loudness_lufs
from motes.units import SILENCE_DB


def sine(level_db: float, seconds: float, rate: int, hz: float = 997.0) -> np.ndarray:
    return 10 ** (level_db / 20) * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)


def loudness(audio: np.ndarray, rate: int) -> float:
    powers = block_powers([np.atleast_2d(audio)], rate)
    return loudness_lufs(powers, gate(powers))


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000, 96000])
def test_loudness_is_that_of_the_standard(rate):
    """EBU Tech 3341, cases 1, 3 and 4, shortened: a stereo sine of 1 kHz at −23 dBFS is −23 LUFS; what is soft is
    gated.
    """
    assert loudness(np.tile(sine(-23, 3, rate), (2, 1)), rate) == pytest.approx(-23, abs=0.1)
    assert loudness(sine(0, 2, rate), rate) == pytest.approx(-3.01, abs=0.1)
    for soft in (-36, -72):
        parts = [sine(soft, 4, rate), sine(-23, 12, rate), sine(soft, 4, rate)]
        assert loudness(np.tile(np.concatenate(parts), (2, 1)), rate) == pytest.approx(-23, abs=0.15)
    assert loudness(np.zeros(rate), rate) == SILENCE_DB
    assert loudness(sine(-20, 0.2, rate), rate) == pytest.approx(-23.0, abs=0.3)  # less than a block


def test_a_sinusoid_at_full_scale_in_one_channel_reads_3_below():
    """BS.1770-4: of 997 Hz, −3.01 LUFS."""
    for rate in (44100, 48000):
        assert loudness(sine(0, 2, rate), rate) == pytest.approx(-3.01, abs=0.02)


def test_pieces_of_any_length_are_one_recording():
    audio = np.random.default_rng(1).normal(0, 0.1, (2, 30000))
    cut = np.split(audio, [1, 900, 7000, 7001, 20000], axis=1)
    assert np.allclose(block_powers(cut, 16000), block_powers([audio], 16000), rtol=1e-9)
    assert len(block_powers([], 16000)) == 0
