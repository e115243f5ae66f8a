"""The way in: shapes, what `auto` picks and says, and what is refused."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from motes.convolve import METHODS, Bank, convolve, correlate, plan
from motes.convolve.arrays import relative_db
from motes.errors import ParameterError


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def ringing(n_taps: int = 20000) -> np.ndarray:
    t = np.arange(n_taps)
    return sum(np.exp(-(8 + i) * t / n_taps) * np.cos((0.03 + 0.11 * i) * t) for i in range(5)).astype(np.float32)


def test_shapes() -> None:
    x, kernels = noise(3, 700), noise(3, 90, seed=1)
    each = np.stack([np.convolve(row, kernel) for row, kernel in zip(x, kernels, strict=True)])
    assert np.allclose(convolve(x[0], kernels[0]), each[0], atol=1e-4)
    assert np.allclose(convolve(x, kernels), each, atol=1e-4)
    assert np.allclose(convolve(x, kernels[0]), [np.convolve(row, kernels[0]) for row in x], atol=1e-4)
    assert np.allclose(convolve(x[0], kernels), [np.convolve(x[0], kernel) for kernel in kernels], atol=1e-4)
    assert np.allclose(convolve(x, kernels[None]), each.sum(0)[None], atol=1e-4)
    assert np.allclose(convolve(x[:1], kernels), convolve(x[0], kernels), atol=1e-4)
    assert convolve(x[0], kernels[:1]).shape == (1, 789)


def test_correlation_finds_a_delay() -> None:
    pattern = noise(300)
    x = np.zeros(5000)
    x[1234 : 1234 + 300] = pattern
    found = correlate(x, pattern)
    assert int(found.argmax()) - (len(pattern) - 1) == 1234
    assert np.allclose(found, np.correlate(x, pattern, "full"), atol=1e-3)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_as_near_as_it_tells(method: str) -> None:
    kernel, x = ringing(), noise(30000)
    asked = -3.0 if method == "sketch" else -60.0
    chosen = plan(kernel, method, error_db=asked, n_samples=30000)  # type: ignore[arg-type]
    exact = np.fft.irfft(np.fft.rfft(x, 65536) * np.fft.rfft(kernel, 65536), 65536)[:49999]
    found = chosen(x)
    assert found.shape == exact.shape
    assert chosen.error_db <= asked
    assert relative_db(found - exact, exact) < chosen.error_db + (
        10 if method == "sketch" else 4
    )  # told for white noise and on average
    assert chosen.method == method or method == "auto"
    assert chosen.reason


def test_auto_takes_modes_where_there_are_modes_and_says_so() -> None:
    chosen = plan(ringing(65536), error_db=-100)
    assert chosen.method == "modal"
    assert chosen.error_db <= -100
    assert chosen.predicted_ns["modal"] < chosen.predicted_ns["exact"]
    assert "modal" in chosen.reason


def test_auto_is_exact_for_noise_for_single_uses_and_without_an_error() -> None:
    assert plan(noise(30000), error_db=-60).method == "exact"
    assert "no 64 damped modes" in plan(noise(30000), error_db=-60).reason
    assert plan(ringing(), error_db=-60, n_uses=1).method == "exact"
    assert plan(ringing()).method == "exact"
    assert plan(ringing()).error_db <= -120


def test_auto_takes_a_bank_of_low_rank() -> None:
    kernels = (noise(200, 3) @ noise(3, 5000, seed=1)).astype(np.float32)
    chosen = plan(kernels, error_db=-60, n_samples=20000, n_uses=10000)
    assert chosen.method == "low_rank"
    x = noise(20000)
    assert relative_db(chosen(x) - Bank(kernels)(x), Bank(kernels)(x)) < -60
    assert plan(noise(20, 5000), error_db=-60, n_samples=20000).method == "exact"


def test_the_package_loads_without_numba_scipy_and_torch() -> None:
    code = "import sys, motes.convolve; print([m for m in ('numba', 'scipy', 'torch') if m in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


@pytest.mark.parametrize(
    ("x", "kernel", "kwargs"),
    [
        ([], [1.0], {}),
        ([1.0], [], {}),
        ([np.nan], [1.0], {}),
        ([1.0], [np.inf], {}),
        (np.ones((2, 9)), np.ones((3, 4)), {}),
        (np.ones((2, 9)), np.ones((1, 3, 4)), {}),
        ([1.0], [1.0], {"method": "fast"}),
        ([1.0], [1.0], {"method": "modal"}),
        ([1.0], [1.0], {"error_db": np.nan}),
        ([1.0], [1.0], {"error_db": "good"}),
        (np.ones(9), np.ones((2, 4)), {"method": "modal", "error_db": -20}),
        (np.ones(9), np.ones((2, 4)), {"method": "sketch", "error_db": -20}),
        (np.ones((2, 9)), np.ones((2, 4)), {"method": "low_rank", "error_db": -20}),
        (np.ones((2, 9)), np.ones((2, 2, 4)), {"method": "low_rank", "error_db": -20}),
    ],
)
def test_nonsense_is_refused(x: object, kernel: object, kwargs: dict[str, object]) -> None:
    with pytest.raises(ParameterError):
        convolve(x, kernel, **kwargs)  # type: ignore[arg-type]
