"""Banks of kernels as mixtures of few, and single kernels as few that repeat: never further off than they say."""

from __future__ import annotations

import numpy as np
import pytest

from motes.convolve.arrays import relative_db
from motes.convolve.exact import Exact
from motes.convolve.low_rank import Bank, PartitionedKernel
from motes.errors import ParameterError


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def related(n_kernels: int = 12, n_taps: int = 800, rank: int = 4, faint: float = 1e-3) -> np.ndarray:
    """Mixtures of `rank` noises of levels that differ widely, with a faint part of their own."""
    rng = np.random.default_rng(7)
    mixed = rng.standard_normal((n_kernels, rank)) @ (
        rng.standard_normal((rank, n_taps)) * 10.0 ** -np.arange(rank)[:, None]
    )
    return (
        (mixed + faint * rng.standard_normal((n_kernels, n_taps))) * 10.0 ** rng.uniform(-2, 1, (n_kernels, 1))
    ).astype(np.float32)


@pytest.mark.parametrize("asked", [-10.0, -30.0, -40.0, -80.0])
def test_no_kernel_is_further_off_than_told(asked: float) -> None:
    kernels = related()
    bank = Bank(kernels, error_db=asked)
    assert bank.error_db <= asked
    impulse = bank([1.0])
    worst = max(relative_db(found - kernel, kernel) for found, kernel in zip(impulse, kernels, strict=True))
    assert worst == pytest.approx(bank.error_db, abs=0.3) or max(worst, bank.error_db) < -110
    assert bank.rank_errors_db[bank.rank] == pytest.approx(bank.error_db, abs=0.1) or bank.error_db < -85
    smaller = Bank(kernels, rank=bank.rank - 1) if bank.rank > 1 else None
    assert smaller is None or smaller.error_db > asked


def test_planted_rank_is_found() -> None:
    assert Bank(related(faint=0), error_db=-85).rank == 4
    assert Bank(related(rank=1, faint=0), error_db=-60).rank == 1


def test_exact_bank_equals_its_kernels_one_by_one() -> None:
    kernels, x = related(), noise(3000)
    found, expected = Bank(kernels)(x), np.stack([Exact(k)(x) for k in kernels])
    assert relative_db(found - expected, expected) < -115


@pytest.mark.parametrize("n_sources", [1, 3, 30])
@pytest.mark.parametrize("error_db", [None, -85.0])
@pytest.mark.parametrize("n_channels", [0, 2])
def test_mixtures_equal_their_definition(n_sources: int, error_db: float | None, n_channels: int) -> None:
    kernels = related(24 if n_channels else 12).reshape((12, 2, 800) if n_channels else (12, 800))
    bank = Bank(kernels, error_db=error_db)
    sources, weights = noise(n_sources, 2000), np.abs(noise(n_sources, 12, seed=2))
    mixed = np.tensordot(weights.astype(float), kernels, 1)
    limit = -75 if error_db else -110

    heard = np.stack([Exact(m)(sources[0]) for m in mixed])
    found = bank.mix(sources[0], weights)
    assert found.shape == heard.reshape(n_sources, *kernels.shape[1:-1], 2799).shape
    assert relative_db(found - heard.reshape(found.shape), heard) < limit
    assert relative_db(bank.mix(sources[0], weights[0]) - found[0], found[0]) < -100

    expected = sum(Exact(m)(s) for m, s in zip(mixed, sources, strict=True))
    assert relative_db(bank.bus(sources, weights) - np.squeeze(expected), expected) < limit


def test_a_mixture_is_off_by_no_more_than_its_bound() -> None:
    kernels = related()
    bank = Bank(kernels, error_db=-30)
    weights = noise(12, seed=4)
    off = np.linalg.norm(bank.mix([1.0], weights) - weights @ kernels)
    assert off <= np.abs(weights) @ np.linalg.norm(kernels, axis=1) * 10 ** (bank.error_db / 20) * 1.001


@pytest.mark.parametrize("asked", [-10.0, -40.0, -80.0])
def test_partitioned_kernel_is_off_by_what_it_tells(asked: float) -> None:
    t = np.arange(3000)
    kernel = (np.exp(-t / 600) * (np.sin(0.3 * t) + 0.3 * np.cos(0.011 * t)) + 1e-3 * noise(3000)).astype(np.float32)
    lowered = PartitionedKernel(kernel, error_db=asked)
    assert lowered.error_db <= asked
    off = relative_db(lowered([1.0]) - kernel, kernel)
    assert off == pytest.approx(lowered.error_db, abs=0.2) or max(off, lowered.error_db) < -110
    x = noise(10000)
    expected = Exact(kernel)(x)
    assert lowered(x).shape == expected.shape
    assert relative_db(lowered(x) - expected, expected) < lowered.error_db + 3  # for white noise; less than 3 dB apart


def test_damped_modes_have_twice_their_number_as_rank() -> None:
    t = np.arange(16384)
    kernel = sum(np.exp(-t / (2000 + 300 * i)) * np.cos((0.05 + 0.07 * i) * t + i) for i in range(5))
    assert PartitionedKernel(kernel, error_db=-80).rank == 10


def test_nonsense_is_refused() -> None:
    bank = Bank(related())
    for refused in (
        lambda: Bank(noise(5)),
        lambda: Bank(related(), error_db=3),
        lambda: Bank(related(), error_db=-300),
        lambda: Bank(related(), rank=0),
        lambda: Bank(related(), rank=13),
        lambda: bank.mix(noise(10), noise(11)),
        lambda: bank.mix(noise(2, 10), noise(12)),
        lambda: bank.bus(noise(3, 10), noise(4, 12)),
        lambda: bank.mix([np.nan], noise(12)),
        lambda: PartitionedKernel([1.0], error_db=np.inf),
        lambda: PartitionedKernel([], error_db=-20),
    ):
        with pytest.raises(ParameterError):
            refused()
