"""The exact engine against sums by definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from motes.convolve.blocks import SMALLEST, best_blocks, sizes
from motes.convolve.exact import Exact
from motes.errors import ParameterError


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def by_definition(x: np.ndarray, kernels: np.ndarray) -> np.ndarray:
    """`(n_inputs, n)` through `(n_outputs, n_inputs, n_taps)`, summed one product after the other in double
    precision.
    """
    y = np.zeros((len(kernels), x.shape[1] + kernels.shape[2] - 1))
    for o, row in enumerate(kernels.astype(float)):
        for i, kernel in enumerate(row):
            for n, value in enumerate(x[i].astype(float)):
                y[o, n : n + len(kernel)] += value * kernel
    return y


def assert_equal(found: np.ndarray, expected: np.ndarray, db: float = -120.0) -> None:
    assert found.shape == expected.shape
    assert np.linalg.norm(found - expected) <= 10 ** (db / 20) * np.linalg.norm(expected) + 1e-30


@given(
    n=st.integers(1, 1500),
    taps=st.integers(1, 1500),
    outputs=st.integers(1, 3),
    inputs=st.integers(1, 3),
    once=st.booleans(),
)
def test_equals_the_definition(n: int, taps: int, outputs: int, inputs: int, once: bool) -> None:
    x, kernels = noise(inputs, n, seed=n), noise(outputs, inputs, taps, seed=taps)
    assert_equal(Exact(kernels, uses_once=once)(x), by_definition(x, kernels))


@pytest.mark.parametrize(("n", "taps"), [(50000, 777), (3000, 40000), (100000, 20000)])
def test_long_ones_equal_fft_in_double_precision(n: int, taps: int) -> None:
    x, h = noise(n), noise(taps, seed=1)
    size = n + taps - 1
    assert_equal(Exact(h)(x), np.fft.irfft(np.fft.rfft(x, size) * np.fft.rfft(h, size), size))


def test_prepared_for_one_length_works_for_others() -> None:
    h = noise(1000)
    engine = Exact(h, n_samples=5000)
    for n in (1, 5000, 30000, 999):
        x = noise(n, seed=n)
        assert_equal(engine(x), np.convolve(x.astype(float), h))


@pytest.mark.parametrize("delay", [0, 1, 511, 512, 9999])
def test_delayed_impulse_delays(delay: int) -> None:
    x = noise(6000)
    impulse = np.zeros(10000, np.float32)
    impulse[delay] = 1
    expected = np.zeros(15999)
    expected[delay : delay + 6000] = x
    assert_equal(Exact(impulse)(x), expected)


def test_linear() -> None:
    engine = Exact(noise(3000))
    a, b = noise(2, 20000, seed=1)
    assert_equal(engine(2 * a - 3 * b), 2 * engine(a).astype(float) - 3 * engine(b).astype(float))


def test_one_to_many_and_many_to_one_agree_with_one_to_one() -> None:
    h, x = noise(3, 700), noise(3, 4000, seed=1)
    assert_equal(Exact(h)(x[0]), np.stack([Exact(k)(x[0]) for k in h]))
    assert_equal(Exact(h[None])(x)[0], np.sum([Exact(k)(row) for k, row in zip(h, x, strict=True)], axis=0))


def test_silence_stays_silence() -> None:
    assert not Exact(noise(600))(np.zeros(5000)).any()


@pytest.mark.parametrize(
    ("kernel", "x"),
    [
        ([], [1.0]),
        ([1.0], []),
        ([np.nan], [1.0]),
        ([1.0], [np.inf]),
        ([1e39], [1.0]),
        ([1.0], [[1.0], [2.0]]),
        (np.ones((2, 2, 3)), np.ones((3, 5))),
        (["a"], [1.0]),
        ([1j], [1.0]),
        (np.ones((1, 1, 1, 1)), [1.0]),
        ([1.0], 1.0),
    ],
)
def test_nonsense_is_refused(kernel: object, x: object) -> None:
    with pytest.raises(ParameterError):
        Exact(kernel)(x)  # type: ignore[arg-type]


@given(n=st.integers(1, 10**6), taps=st.integers(1, 10**6))
def test_blocks_cover_the_signal_and_never_wrap(n: int, taps: int) -> None:
    blocks = best_blocks(n, taps)
    assert blocks.hop * blocks.n_blocks >= n
    assert blocks.hop + taps - 1 <= 2 * blocks.size
    assert blocks.size % SMALLEST == 0


def test_sizes_reach_from_least_to_most() -> None:
    assert sizes(1, 1000) == [256, 512, 768, 1024]
    assert sizes(700, 700) == [768]
