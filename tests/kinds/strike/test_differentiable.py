"""Struck modes in PyTorch: the recurrence's values, and the right slopes."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from motes.encoders.instrument.mode_responses import Sites  # noqa: E402
from motes.kinds.strike.differentiable import render_strikes, scan  # noqa: E402


def problem(seed=0, n_modes=9, n_strikes=5, n_channels=2, n_samples=3000):
    rng = np.random.default_rng(seed)
    rate = np.stack([-rng.uniform(1e-4, 0.02, n_modes), rng.uniform(0.01, 3, n_modes)])
    mixing = rng.normal(size=(n_channels, n_modes)) + 1j * rng.normal(size=(n_channels, n_modes))
    at = np.sort(rng.uniform(0, n_samples - 1, n_strikes))
    value = rng.normal(size=(n_strikes, n_modes)) + 1j * rng.normal(size=(n_strikes, n_modes))
    return Sites(rate, mixing, at, value), n_samples


def rendered(sites, n_samples, block, kind=torch.complex128):
    rate, at = torch.from_numpy(sites.poles), torch.from_numpy(sites.strike_samples)
    return render_strikes(
        -rate[0],
        rate[1],
        torch.from_numpy(sites.mixing).to(kind),
        at,
        torch.from_numpy(sites.amplitudes).to(kind),
        n_samples,
        block,
    )


@pytest.mark.parametrize("block", [64, 512, 4000])
def test_it_agrees_with_the_recurrence(block):
    sites, n_samples = problem()
    expected = sites.render(n_samples)
    assert np.abs(rendered(sites, n_samples, block).numpy() - expected).max() < 1e-9 * np.abs(expected).max()
    single = rendered(sites, n_samples, block, torch.complex64).numpy()
    assert np.abs(single - expected).max() < 1e-4 * np.abs(expected).max()


def test_the_scan_is_the_recurrence():
    rng = np.random.default_rng(1)
    entering = torch.from_numpy(rng.normal(size=(23, 4)) + 1j * rng.normal(size=(23, 4)))
    exponent = torch.from_numpy(-rng.uniform(0, 1, 4) + 1j * rng.normal(size=4))
    state, expected = torch.zeros(4, dtype=torch.complex128), []
    for row in entering:
        state = torch.exp(exponent) * state + row
        expected.append(state)
    assert torch.allclose(scan(entering, exponent), torch.stack(expected))


def test_slopes_are_finite_differences():
    sites, n_samples = problem(2, n_modes=3, n_strikes=2, n_channels=1, n_samples=300)
    rate, at = torch.from_numpy(sites.poles), torch.from_numpy(sites.strike_samples)
    inputs = [-rate[0], rate[1], torch.from_numpy(sites.mixing), at, torch.from_numpy(sites.amplitudes)]
    for tensor in inputs:
        tensor.requires_grad_()
    assert torch.autograd.gradcheck(lambda *x: render_strikes(*x, n_samples, 64), inputs, eps=1e-7, atol=1e-3)
