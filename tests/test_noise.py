"""The noise that the format defines."""

from pathlib import Path

import numpy as np
import pytest

from motes.kernels.noise import white as fast_white
from motes.noise import SCALE, keys, mix, white, white_integers

VECTORS = {  # of docs/format.md
    (1, 0, 0): [191, -338, 177, 215, -38, 20, 102, 167],
    (1, 1, 0): [-203, 59, 72, 4, -1, -12, -201, -188],
    (4294967295, 0, -2): [-28, 78, -58, 85, 65, -39, 42, 24],
}


def definition(seed: int, channel: int, counter: int) -> int:
    """One number by the definition, with Python's whole numbers."""
    first, second = keys(seed, channel)
    h = mix(mix(counter + first) ^ second)
    return sum(h >> shift & 255 for shift in (0, 8, 16, 24)) - 510


@pytest.mark.parametrize(("seed", "channel", "first"), VECTORS)
def test_it_is_what_the_format_says(seed, channel, first):
    expected = [definition(seed, channel, first + i) for i in range(8)]
    assert white_integers(seed, channel, first, 8).tolist() == expected
    assert expected == VECTORS[seed, channel, first]
    printed = " ".join(map(str, expected)).replace("-", "−")
    assert printed in (Path(__file__).parents[1] / "docs/format.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("first", [0, -1000, 2**32 - 100, 7 * 2**32])
def test_the_kernel_is_its_twin(first):
    assert np.array_equal(fast_white(5, 2, first, 3000), white(5, 2, first, 3000))
    assert np.array_equal(fast_white(5, 2, first, 3000)[700:], fast_white(5, 2, first + 700, 2300))


def test_it_is_white_and_nearly_gaussian():
    n = 1 << 20
    noise = fast_white(1, 0, 0, n)
    assert abs(noise.mean()) < 5 / np.sqrt(n)
    assert abs(np.mean(noise**2) - 1) < 0.01
    assert 2.6 < np.mean(noise**4) < 3.0
    for lag in (1, 2, 3, 256, 65536):
        assert abs(np.mean(noise[lag:] * noise[:-lag])) < 5 / np.sqrt(n)
    for other in (fast_white(2, 0, 0, n), fast_white(1, 1, 0, n), fast_white(0, 0, 0, n)):
        assert abs(np.mean(noise * other)) < 5 / np.sqrt(n)
    power = np.abs(np.fft.rfft(noise.reshape(-1, 4096))) ** 2
    assert np.ptp(power.mean(axis=0)[1:-1] / 4096) < 0.7  # 256 spectra: a standard deviation of 1/16
    assert abs(SCALE**-2 - 21845) < 1e-6
