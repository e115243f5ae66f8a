"""The scattering transform: against its definition, against another implementation, and its theorems."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from motes.errors import ParameterError
from motes.losses._morlet import low_pass_spectrum, morlet_spectrum, wavelets
from motes.losses.scattering import Scattering, scattering_distance


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def by_definition(signal: np.ndarray, transform: Scattering) -> np.ndarray:
    """Whole convolutions and moduli, and nothing subsampled before the end; the signal reflected many times over."""
    n, step = 8 * len(signal), 2**transform.octaves
    bins = np.fft.fftfreq(n, 1 / n).astype(int)
    low = low_pass_spectrum(transform.octaves, bins, n)
    extended = np.pad(signal, (0, n - len(signal)), mode="reflect")
    rows = []
    for path in transform.paths:
        u = extended
        for wavelet in path.wavelets:
            u = np.abs(np.fft.ifft(np.fft.fft(u) * morlet_spectrum(wavelet, np.arange(n), n)))
        rows.append(np.fft.ifft(np.fft.fft(u) * low).real[step : len(signal) - step : step])
    return np.stack(rows)


@pytest.mark.parametrize("name", ["J6_Q8", "J8_Q12"])
def test_equals_kymatio(shared_folder: Path, name: str) -> None:
    golden = np.load(shared_folder / "goldens" / "kymatio_scattering1d.npz")
    octaves, per_octave = (int(part[1:]) for part in name.split("_"))
    signal, expected, order = (golden[f"{name}_{what}"] for what in ("x", "S", "order"))
    transform = Scattering(len(signal), octaves, per_octave, as_kymatio=True)
    assert [path.order for path in transform.paths] == list(order)
    for attribute, what in (("centre", "xi"), ("sigma", "sigma"), ("octave", "j")):
        found = [
            [getattr(w, attribute) for w in path.wavelets] + [np.nan] * (2 - path.order) for path in transform.paths
        ]
        np.testing.assert_allclose(found, golden[f"{name}_{what}"], rtol=1e-6)
    ours = transform(torch.from_numpy(signal)).numpy()
    assert ours.shape == expected.shape
    for which in (order >= 0, order == 0, order == 1, order == 2):
        assert np.linalg.norm(ours[which] - expected[which]) < 1e-3 * np.linalg.norm(expected[which])
    single = np.linalg.norm(ours - expected, axis=1) / np.linalg.norm(expected, axis=1)
    assert np.median(single) < 1e-3
    assert single.max() < 5e-3  # faint paths, where kymatio's own subsampling shows too


def test_equals_its_definition() -> None:
    """Cutting bands out and transforming them with few samples changes nothing that matters."""
    signal = noise(2048) * torch.linspace(0, 1, 2048)
    transform = Scattering(2048, 5, 6)
    expected = by_definition(signal.numpy(), transform)
    ours = transform(signal).numpy()[:, 1:-1]
    order = np.array([path.order for path in transform.paths])
    for o in (0, 1, 2):
        assert np.linalg.norm(ours[order == o] - expected[order == o]) < 1e-3 * np.linalg.norm(expected[order == o]), o


@pytest.mark.parametrize(("octaves", "per_octave"), [(6, 8), (8, 12), (8, 1)])
def test_filters_neither_lose_a_frequency_nor_amplify_one(octaves: int, per_octave: int) -> None:
    """Littlewood–Paley: |φ|² + ½ Σ (|ψ(f)|² + |ψ(−f)|²) is at most 1, and not near 0 up to the highest wavelet."""
    n = 2**14
    bins = np.arange(n)
    total = low_pass_spectrum(octaves, bins, n) ** 2
    for wavelet in wavelets(octaves, per_octave):
        square = morlet_spectrum(wavelet, bins, n) ** 2
        total += (square + np.roll(square[::-1], 1)) / 2
    assert total.max() <= 1.0 + 1e-6
    assert total[: int(wavelets(octaves, per_octave)[0].centre * n)].min() > 0.15


def test_contraction() -> None:
    """Two sounds' coefficients are never farther apart than the sounds."""
    transform = Scattering(8192, 6, 8)
    for seed in range(4):
        x, y = noise(8192, seed=seed), noise(8192, seed=seed + 10)
        y = x + 10.0**-seed * y
        x[:1024] = y[:1024] = x[-1024:] = y[-1024:] = 0  # what is reflected at the ends would count twice
        distance = (transform(x) - transform(y)).norm() * 2 ** (6 / 2)
        assert float(distance) <= float((x - y).norm())


def test_translation_by_a_step_moves_the_coefficients_by_one() -> None:
    signal = torch.zeros(16384, dtype=torch.float64)
    signal[4000:8000] = noise(4000)
    transform = Scattering(16384, 6, 8)
    here, there = transform(signal), transform(signal.roll(64))
    assert float((here[:, 8:-9] - there[:, 9:-8]).norm() / here.norm()) < 1e-3


def test_a_shift_is_heard_the_less_the_longer_the_average() -> None:
    signal = torch.zeros(32768, dtype=torch.float64)
    signal[8000:16000] = noise(8000)
    change = []
    for octaves in (5, 8, 11):
        transform = Scattering(32768, octaves, 4)
        here, there = transform(signal), transform(signal.roll(64))
        change.append(float((here - there).norm() / here.norm()))
    assert change[0] > 2 * change[1] > 4 * change[2]
    assert change[2] < 0.05
    assert float((signal - signal.roll(64)).norm() / signal.norm()) > 1


@pytest.mark.parametrize("n", [1, 2, 3, 100, 1023, 1025])
def test_any_length(n: int) -> None:
    transform = Scattering(n, 6, 4)
    result = transform(torch.ones(2, n))
    assert result.shape == (2, len(transform.paths), -(-n // 64))
    torch.testing.assert_close(result[:, 0], torch.ones_like(result[:, 0]), atol=1e-4, rtol=0)  # the mean of a constant
    assert float(result[:, 1:].abs().max()) < 1e-4


def test_gradcheck() -> None:
    transform = Scattering(64, 3, 2)
    assert torch.autograd.gradcheck(transform, (noise(2, 64).requires_grad_(),))


@pytest.mark.parametrize("options", [{}, {"time_averaged": True}, {"log_compressed": False}])
def test_gradcheck_of_the_distance(options: dict[str, bool]) -> None:
    r, e = noise(1, 1, 64), noise(1, 1, 64, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: scattering_distance(x, r, octaves=3, per_octave=2, **options), (e,))


def test_wrong_options_and_lengths_are_refused() -> None:
    with pytest.raises(ParameterError, match="order"):
        Scattering(100, order=3)
    with pytest.raises(ParameterError, match="octaves"):
        Scattering(100, octaves=0)
    with pytest.raises(ParameterError, match=r"100 samples.*\(2, 99\)"):
        Scattering(100)(torch.zeros(2, 99))
