"""Convolution for PyTorch: the values of the exact engine, the gradients of finite differences."""

from __future__ import annotations

import numpy as np
import pytest

from motes.convolve import Bank, Exact
from motes.convolve.arrays import relative_db
from motes.errors import ParameterError

torch = pytest.importorskip("torch")
differentiable = pytest.importorskip("motes.convolve.differentiable")


def noise(*shape: int, seed: int = 0, double: bool = True) -> torch.Tensor:
    return torch.randn(
        *shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64 if double else torch.float32
    )


@pytest.mark.parametrize(
    ("x_shape", "kernel_shape"),
    [((50,), (9,)), ((2, 30), (2, 41)), ((3, 20), (7,)), ((20,), (3, 7)), ((2, 1, 20), (3, 5)), ((1,), (1,))],
)
def test_gradients_are_those_of_finite_differences(x_shape: tuple[int, ...], kernel_shape: tuple[int, ...]) -> None:
    x, kernel = noise(*x_shape).requires_grad_(), noise(*kernel_shape, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(differentiable.convolve, (x, kernel))
    assert torch.autograd.gradgradcheck(differentiable.convolve, (x, kernel))
    expected = differentiable.convolve(x, kernel)
    weight = noise(*expected.shape, seed=2)
    wanted = torch.autograd.grad((expected * weight).sum(), (x, kernel))
    singles = [t.detach().float().requires_grad_() for t in (x, kernel)]
    found = differentiable.convolve(*singles)
    assert torch.allclose(found.double(), expected, atol=1e-4)
    for one, other in zip(torch.autograd.grad((found * weight.float()).sum(), singles), wanted, strict=True):
        assert torch.allclose(one.double(), other, atol=1e-4)


def test_long_single_precision_equals_the_exact_engine_both_ways() -> None:
    x, kernel = noise(2, 30000, double=False).requires_grad_(), noise(20000, seed=1, double=False).requires_grad_()
    y = differentiable.convolve(x, kernel)
    assert np.array_equal(y.detach().numpy()[0], Exact(kernel.detach().numpy())(x.detach().numpy()[0]))
    y.square().sum().backward()
    xd, kd = x.detach().double().requires_grad_(), kernel.detach().double().requires_grad_()
    differentiable.convolve(xd, kd).square().sum().backward()
    for single, double in ((x, xd), (kernel, kd)):
        assert relative_db(single.grad.numpy() - double.grad.numpy(), double.grad.numpy()) < -110


@pytest.mark.parametrize("n_channels", [0, 2])
@pytest.mark.parametrize("n_sources", [2, 9])
def test_mixtures_are_those_of_the_bank_and_have_gradients(n_sources: int, n_channels: int) -> None:
    kernels = (noise(6, 3, double=False) @ noise(3, 400, seed=1, double=False)).numpy()
    bank = Bank(kernels.reshape(6, 2, 200) if n_channels else kernels, error_db=-80)
    basis, spread = differentiable.bank_tensors(bank)
    x, weights = noise(n_sources, 300, double=False), noise(n_sources, 6, seed=3, double=False).requires_grad_()
    heard = differentiable.bus(x, weights, basis, spread)
    assert relative_db(heard.detach().numpy() - bank.bus(x, weights.detach()), heard.detach().numpy()) < -100
    apart = differentiable.mix(x, weights, basis, spread)
    assert relative_db((apart.sum(0) - heard).detach().numpy(), heard.detach().numpy()) < -100
    assert (
        relative_db(apart[0].detach().numpy() - bank.mix(x[0], weights[0].detach()), apart[0].detach().numpy()) < -100
    )
    heard.square().sum().backward()
    step = 1e-2 * noise(n_sources, 6, seed=4, double=False)
    change = [
        differentiable.bus(x, weights.detach() + s * step, basis, spread).double().square().sum() for s in (1, -1)
    ]
    assert float((weights.grad * step).sum()) == pytest.approx(float(change[0] - change[1]) / 2, rel=1e-3)


@pytest.mark.parametrize(("n", "n_taps"), [(1, 1), (300, 7), (40, 900), (5000, 5000)])
def test_gradients_of_gradients_in_single_precision(n: int, n_taps: int) -> None:
    found = []
    for double in (False, True):
        x, kernel = (
            noise(size, seed=i, double=True).to(torch.float64 if double else torch.float32)
            for i, size in enumerate((n, n_taps))
        )
        x.requires_grad_(), kernel.requires_grad_()
        first = torch.autograd.grad(differentiable.convolve(x, kernel).square().sum(), (x, kernel), create_graph=True)
        found.append(torch.autograd.grad(first[0].square().sum() + first[1].square().sum(), (x, kernel)))
    for single, double in zip(*found, strict=True):
        assert relative_db((single.double() - double).numpy(), double.numpy()) < -100


def test_silence_has_finite_gradients() -> None:
    x, kernel = torch.zeros(100, requires_grad=True), torch.zeros(50, requires_grad=True)
    differentiable.convolve(x, kernel).sum().backward()
    assert torch.isfinite(x.grad).all()
    assert torch.isfinite(kernel.grad).all()


@pytest.mark.parametrize(
    ("x", "kernel"),
    [
        (torch.ones(5), torch.ones(0)),
        (torch.tensor([float("nan")]), torch.ones(1)),
        (torch.ones(2, 5), torch.ones(3, 5)),
        (torch.ones(5), torch.ones(5).double()),
        (torch.ones(5, dtype=torch.int64), torch.ones(5)),
        (np.ones(5), torch.ones(5)),
    ],
)
def test_nonsense_is_refused(x: torch.Tensor, kernel: torch.Tensor) -> None:
    with pytest.raises(ParameterError):
        differentiable.convolve(x, kernel)


def test_mixtures_refuse_what_does_not_fit() -> None:
    with pytest.raises(ParameterError):
        differentiable.mix(torch.ones(9), torch.ones(4), torch.ones(3, 5))
    with pytest.raises(ParameterError):
        differentiable.bus(torch.ones(2, 9), torch.ones(3, 3), torch.ones(3, 5))
