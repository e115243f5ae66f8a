"""Damped modes: found where there are some, told where there are none, and run as a recurrence."""

from __future__ import annotations

import numpy as np
import pytest
from plain_modal import plain_ring

from motes.convolve.arrays import relative_db
from motes.convolve.exact import Exact
from motes.convolve.modal import Modal, Modes, find_modes
from motes.errors import ParameterError


def noise(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(n).astype(np.float32)


def planted(n_modes: int, n_taps: int, seed: int = 0, slow: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """A kernel, and the frequencies in cycles per sample of the modes it is the sum of."""
    rng = np.random.default_rng(seed)
    frequency = rng.uniform(0.002, 0.3, n_modes)
    poles = np.exp(2j * np.pi * frequency - rng.uniform(3, 9, n_modes) / (n_taps * slow))
    amplitudes = rng.uniform(0.2, 1, n_modes) * np.exp(2j * np.pi * rng.random(n_modes))
    return Modes(1.0, poles, amplitudes, n_taps, 0.0).taps().astype(np.float32), np.sort(frequency)


@pytest.mark.parametrize("n_modes", [1, 2, 8, 15])
@pytest.mark.parametrize("n_taps", [2000, 30000])
def test_planted_modes_are_found(n_modes: int, n_taps: int) -> None:
    kernel, frequency = planted(n_modes, n_taps, seed=n_modes)
    modes = find_modes(kernel, -100)
    assert modes.error_db <= -100
    assert len(modes.poles) == n_modes
    assert np.allclose(np.sort(np.angle(modes.poles)) / (2 * np.pi), frequency, atol=1e-6)
    assert relative_db(modes.taps() - kernel, kernel) == pytest.approx(modes.error_db, abs=0.01)


@pytest.mark.parametrize("slow", [0.2, 5.0])  # ended by itself, and cut off while it sounds
@pytest.mark.parametrize("n", [1, 31, 5000, 20001])
def test_recurrence_equals_exact(n: int, slow: float) -> None:
    kernel, _ = planted(9, 3000, slow=slow)
    modal = Modal(find_modes(kernel, -100))
    assert modal.cut == (slow > 1)
    x = noise(n)
    expected = Exact(kernel)(x)
    assert modal(x).shape == expected.shape
    assert relative_db(modal(x) - expected, expected) < -90


@pytest.mark.parametrize("cut", [False, True])
def test_kernel_equals_twin(cut: bool) -> None:
    rng = np.random.default_rng(3)
    poles = np.exp(2j * np.pi * rng.random(11) - rng.uniform(0.001, 0.01, 11))
    modes = Modes(0.7, poles, rng.standard_normal(11) + 1j * rng.standard_normal(11), 200, 0.0)
    x = noise(500)
    expected = plain_ring(x, modes.direct, modes.poles, modes.amplitudes, 200 if cut else None, 699)
    assert relative_db(Modal(modes, tail_db=-300 if cut else 300)(x) - expected, expected) < -110


def test_slow_modes_stay_exact_for_long() -> None:
    """Poles in double precision: a minute of ringing is still in tune."""
    pole = np.exp(0.031j - 1e-7)
    modal = Modal(Modes(0.0, np.array([pole]), np.array([1.0 + 0j]), 2_000_000, 0.0), tail_db=300)
    y = modal([1.0])
    n = np.arange(1_990_000, 2_000_000)
    expected = (pole**n).real
    assert relative_db(y[n] - expected, expected) < -100


def test_noise_has_no_modes_and_says_so() -> None:
    with pytest.raises(ParameterError, match="come within"):
        find_modes(noise(20000), -60)


def test_small_kernels() -> None:
    for kernel in ([2.0], [0.0], [1.0, 0.5], [0.0, 0.0, 1.0], [0.0, 1.0, 0.5, 0.25, 0.125]):
        try:
            modes = find_modes(kernel, -80)
        except ParameterError:
            continue
        x = noise(100)
        assert relative_db(Modal(modes)(x) - np.convolve(x, kernel), np.convolve(x, kernel)) < -75
    assert find_modes([2.0], -80).error_db == -200


@pytest.mark.parametrize("kernel", [[], [np.nan, 1.0], [[1.0]]])
def test_nonsense_is_refused(kernel: list[float]) -> None:
    with pytest.raises(ParameterError):
        find_modes(kernel)
