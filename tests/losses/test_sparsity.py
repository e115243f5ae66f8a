"""Sparsity terms, and what a residual still tells."""

from __future__ import annotations

import math

import pytest
import torch

from motes.errors import ParameterError
from motes.losses.sparsity import (
    energy,
    expected_l0,
    hard_concrete_gate,
    residual_information,
    straight_through_gate,
    straight_through_l0,
    weighted_l1,
)

N = 32768


def noise(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_l1_and_energy() -> None:
    amplitude = torch.tensor([[1.0, -2.0, 0.0], [0.0, 0.0, 0.0]])
    assert weighted_l1(amplitude).tolist() == [3, 0]
    assert weighted_l1(amplitude, torch.tensor([2.0, 0.5, 9.0])).tolist() == [3, 0]
    assert energy(amplitude).tolist() == [5, 0]


def test_reweighted_l1_counts() -> None:
    """With weights 1 / (|a| + ε) the sum is the number of amplitudes that are not small."""
    amplitude = torch.tensor([[1.0, -0.01, 300.0, 0.0]])
    assert float(weighted_l1(amplitude, 1 / (amplitude.abs() + 1e-6))) == pytest.approx(3, abs=1e-3)


@pytest.mark.parametrize("logit", [-3.0, 0.0, 1.5])
def test_expected_l0_is_the_share_of_open_hard_concrete_gates(logit: float) -> None:
    uniform = torch.rand(1, 200_000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    gate = hard_concrete_gate(torch.full_like(uniform, logit), uniform)
    assert float((gate > 0).double().mean()) == pytest.approx(float(expected_l0(torch.tensor([[logit]]))), abs=5e-3)
    assert float(gate.min()) >= 0
    assert float(gate.max()) <= 1


def test_gates_without_draws_are_decided() -> None:
    assert hard_concrete_gate(torch.tensor([[-9.0, 9.0]])).tolist() == [[0, 1]]


def test_straight_through_counts_exactly_and_slopes_softly() -> None:
    logit = torch.tensor([[-1.0, 0.5, 2.0]], requires_grad=True)
    assert straight_through_gate(logit).tolist() == [[0, 1, 1]]
    count = straight_through_l0(logit)
    assert count.tolist() == [2]
    count.sum().backward()
    soft = torch.sigmoid(logit.detach())
    torch.testing.assert_close(logit.grad, soft * (1 - soft))


@pytest.mark.parametrize(
    "function", [energy, expected_l0, weighted_l1, lambda x: hard_concrete_gate(x, torch.full_like(x, 0.4).detach())]
)
def test_gradcheck(function) -> None:
    assert torch.autograd.gradcheck(function, (noise(0, 2, 5).requires_grad_(),))


def test_wrong_input_is_named() -> None:
    with pytest.raises(ParameterError, match=r"amplitude .*\(3,\)"):
        weighted_l1(torch.zeros(3))
    with pytest.raises(ParameterError, match=r"uniform .*\(1, 2\).*\(1, 3\)"):
        hard_concrete_gate(torch.zeros(1, 3), torch.zeros(1, 2))
    with pytest.raises(ParameterError, match=r"logit, of shape \(1, 1\), holds NaN"):
        expected_l0(torch.tensor([[math.nan]]))
    with pytest.raises(ParameterError, match="n_bins"):
        residual_information(torch.zeros(1, 1, 100), torch.zeros(1, 1, 100), n_bins=4)


def residual(signal: torch.Tensor) -> float:
    return float(residual_information(torch.zeros_like(signal), signal))


@pytest.mark.parametrize("level", [1.0, 0.01])
def test_noise_under_an_envelope_tells_nothing(level: float) -> None:
    """White noise, noise that swells, noise with a coloured spectrum, at any level."""
    swell = 1.5 + torch.sin(torch.arange(N) * (2 * math.pi * 3 / 44100))
    spectrum = torch.fft.rfft(noise(2, 1, 1, N))
    coloured = torch.fft.irfft(spectrum / (1 + torch.arange(N // 2 + 1) / 1000), n=N)
    for signal in (noise(0, 1, 1, N), noise(1, 1, 1, N) * swell, coloured):
        assert residual(0.1 * level * signal) < 0.12


def test_partials_clicks_and_music_tell_much() -> None:
    t = torch.arange(N, dtype=torch.float64) / 44100
    harmonic = sum(0.1 / k * torch.sin(2 * math.pi * 220 * k * t) for k in range(1, 20))[None, None]
    clicks = torch.zeros(1, 1, N, dtype=torch.float64)
    clicks[..., ::9000] = 0.5
    assert residual(harmonic) > 0.4
    assert residual(clicks) > 0.5
    hidden = 0.01 * noise(0, 1, 1, N)
    assert residual(harmonic + hidden) > residual(0.01 * harmonic + hidden) + 0.1


def test_gradcheck_of_the_residual() -> None:
    t = torch.arange(300, dtype=torch.float64)
    e, r = noise(0, 1, 1, 300).mul(0.01).requires_grad_(), torch.sin(t * 0.3)[None, None]
    assert torch.autograd.gradcheck(lambda x: residual_information(x, r, window=32, n_frames=3, n_bins=3), (e,))
