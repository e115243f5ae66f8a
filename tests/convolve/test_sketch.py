"""Sketches: right on average, off by the variance that is told, and good enough to find the best atom."""

from __future__ import annotations

import numpy as np
import pytest

from motes.convolve.arrays import relative_db
from motes.convolve.sketch import CountSketch, Fold, Ranking, ShiftedRanking, estimate_convolution
from motes.errors import ParameterError


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("kind", ["noise", "tone", "spike"])
def test_estimates_are_right_on_average_and_vary_as_told(kind: str) -> None:
    n, m, draws = 600, 60, 4000
    t = np.arange(n)
    x = {"noise": noise(n), "tone": np.sin(0.3 * t), "spike": np.eye(1, n, 5)[0] + 0.1 * noise(n)}[kind].astype(
        np.float32
    )
    y = (0.5 * x + 0.5 * noise(n, seed=1) * np.linalg.norm(x) / np.sqrt(n)).astype(np.float32)
    true = float(x @ y)
    found = np.array([float(s(x) @ s(y)) for s in (CountSketch(n, m, seed) for seed in range(draws))])
    p = CountSketch(n, m).meeting
    variance = p * (float(x @ x) * float(y @ y) + true**2 - 2 * float(np.sum(x**2 * y**2)))
    assert abs(found.mean() - true) < 4 * np.sqrt(variance / draws)
    assert found.var() == pytest.approx(variance, rel=0.12)


def test_as_many_dimensions_as_samples_are_exact() -> None:
    x, y = noise(2, 300)
    sketch = CountSketch(300, 300)
    assert float(sketch(x) @ sketch(y)) == pytest.approx(float(x @ y), rel=1e-5)


def test_best_atom_is_found_among_many() -> None:
    atoms, rng = noise(1000, 2048), np.random.default_rng(1)
    ranking, found = Ranking(atoms, n_dimensions=256), 0
    for k in range(50):
        x = atoms[k] * 0.3 + rng.standard_normal(2048).astype(np.float32)
        indices, values = ranking.rank(x, top=8, n_rescored=64)
        assert np.allclose(values, atoms[indices] @ x, rtol=1e-3, atol=1e-3)
        assert (np.diff(np.abs(values)) <= 0).all()
        found += int(np.abs(atoms @ x).argmax() in indices)
        assert np.mean(np.abs(ranking.estimate(x) - atoms @ x) < 3 * ranking.deviation(x)) > 0.99
    assert found >= 48


def test_binding_is_folded_convolution() -> None:
    x, h, fold = noise(700), noise(333, seed=1), Fold(97, seed=3)
    y = np.convolve(x, h)
    found = fold.samples(fold.spectrum(x) * fold.spectrum(h))
    expected = sum(
        np.exp(1j * fold.angle * k) * np.pad(y, (0, 97))[k * 97 : k * 97 + 97] for k in range(len(y) // 97 + 1)
    )
    assert np.abs(found - expected).max() < 1e-3


@pytest.mark.parametrize("fold", [1, 3, 8])
def test_estimated_convolution_is_right_on_average(fold: int) -> None:
    x, h = noise(500), noise(400, seed=1)
    y = np.convolve(x, h)
    if fold == 1:
        assert relative_db(estimate_convolution(x, h, fold) - y, y) < -110
        return
    for n_draws in (1, 20):
        off = [relative_db(estimate_convolution(x, h, fold, n_draws, seed=1000 * s) - y, y) for s in range(40)]
        expected = 10 * np.log10((fold - 1) / (2 * n_draws))
        assert 10 * np.log10(np.mean(10 ** (np.array(off) / 10))) == pytest.approx(expected, abs=1.5)


def test_shifted_atom_is_found() -> None:
    atoms, rng = noise(200, 1000), np.random.default_rng(1)
    ranking = ShiftedRanking(atoms, n_dimensions=512)
    for k in range(10):
        x = 0.5 * rng.standard_normal(3000).astype(np.float32)
        x[300 * (k % 6) + 17 :][:1000] += atoms[k]
        indices, values = ranking.rank(x, top=4, n_rescored=16)
        assert indices[0] == k
        assert values[0] == pytest.approx(np.abs(np.correlate(x, atoms[k], "full")).max(), rel=1e-4)


def test_nonsense_is_refused() -> None:
    ranking = Ranking(noise(10, 50), 20)
    for refused in (
        lambda: CountSketch(0, 5),
        lambda: CountSketch(10, 0),
        lambda: CountSketch(10, 5)(noise(9)),
        lambda: ranking.rank(noise(49)),
        lambda: ranking.rank(noise(50), top=11),
        lambda: ranking.rank(noise(50), top=0),
        lambda: ranking.rank(noise(50) * np.nan),
        lambda: Ranking(noise(50)),
        lambda: Fold(2.5),  # type: ignore[arg-type]
        lambda: estimate_convolution([1.0], [], 2),
    ):
        with pytest.raises(ParameterError):
            refused()
