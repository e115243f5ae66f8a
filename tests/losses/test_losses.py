"""What holds for every loss, and how they are asked for by name."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from motes.errors import MissingExtraError, ParameterError
from motes.losses import LOSSES, Loss, loss_named

RATE = 16000
every_loss = pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)


def noise(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype) * 0.1


def chord(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """Tones in a little noise."""
    t = torch.arange(shape[-1], dtype=torch.float64) / RATE
    tones = sum(0.1 * torch.sin(2 * torch.pi * f * t) for f in (220.0, 700.0, 2500.0))
    return (tones + 0.1 * noise(*shape, seed=1, dtype=torch.float64)).to(dtype)


@every_loss
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_unreduced_in_the_precision_of_its_input(loss: Loss, dtype: torch.dtype) -> None:
    e, r = noise(3, 2, 5000, dtype=dtype), chord(3, 2, 5000, dtype=dtype)
    value = loss(e, r, RATE)
    assert value.shape == (3,)
    assert value.dtype == dtype
    assert bool((value > 0).all())
    torch.testing.assert_close(value[1:2], loss(e[1:2], r[1:2], RATE), rtol=1e-3, atol=1e-5)


@every_loss
def test_a_sound_is_nearest_to_itself(loss: Loss) -> None:
    r = chord(1, 1, 8000)
    assert abs(float(loss(r, r, RATE))) < 1e-3 * float(loss(noise(1, 1, 8000), r, RATE))


@every_loss
@pytest.mark.parametrize("case", ["both", "estimate", "reference", "impulse", "same"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_silence_gives_finite_values_and_gradients(loss: Loss, case: str, dtype: torch.dtype) -> None:
    e, r = noise(2, 1, 3000, dtype=dtype), noise(2, 1, 3000, seed=1, dtype=dtype)
    if case in ("both", "estimate"):
        e = torch.zeros_like(e)
    if case in ("both", "reference"):
        r = torch.zeros_like(r)
    if case == "impulse":
        e = torch.zeros_like(e)
        e[..., 1500] = 1
    if case == "same":
        e = r.clone()
    e.requires_grad_()
    value = loss(e, r, RATE)
    value.sum().backward()
    assert bool(torch.isfinite(value).all())
    assert e.grad is not None
    assert bool(torch.isfinite(e.grad).all())
    assert float(e.grad.abs().max()) < 1e6


@every_loss
@pytest.mark.parametrize("n", [1, 2, 17, 1000, 1001])
def test_any_length(loss: Loss, n: int) -> None:
    e, r = noise(1, 1, n).requires_grad_(), noise(1, 1, n, seed=1)
    value = loss(e, r, RATE)
    value.sum().backward()
    assert value.shape == (1,)
    assert bool(torch.isfinite(value).all())
    assert bool(torch.isfinite(e.grad).all())


@every_loss
def test_descent_finds_a_nearer_sound(loss: Loss) -> None:
    """A short step down the gradient lowers the loss."""
    e, r = noise(1, 1, 4000).requires_grad_(), chord(1, 1, 4000)
    before = loss(e, r, RATE)
    (slope,) = torch.autograd.grad(before.sum(), e)
    after = loss((e - 1e-3 * e.norm() * slope / slope.norm()).detach(), r, RATE)
    assert float(slope.norm()) > 0
    assert after.item() < before.item()


@every_loss
@pytest.mark.parametrize(
    ("estimate", "reference", "said"),
    [
        (torch.zeros(100), torch.zeros(1, 1, 100), r"estimate .*\(100,\)"),
        (torch.zeros(1, 1, 100), torch.zeros(1, 100), r"reference .*\(1, 100\)"),
        (torch.zeros(1, 1, 100), torch.zeros(1, 1, 99), r"estimate .*\(1, 1, 100\).*\(1, 1, 99\)"),
        (
            torch.zeros(1, 1, 100, dtype=torch.complex64),
            torch.zeros(1, 1, 100),
            r"estimate, of shape \(1, 1, 100\).*complex64",
        ),
        (
            torch.zeros(1, 1, 100),
            torch.zeros(1, 1, 100, dtype=torch.int64),
            r"reference, of shape \(1, 1, 100\).*int64",
        ),
        (torch.full((1, 1, 100), torch.nan), torch.zeros(1, 1, 100), r"estimate, of shape \(1, 1, 100\), holds NaN"),
        (torch.zeros(1, 1, 100), torch.full((1, 1, 100), torch.inf), r"reference, of shape \(1, 1, 100\), holds NaN"),
        (torch.zeros(1, 1, 0), torch.zeros(1, 1, 0), r"estimate is empty.*\(1, 1, 0\)"),
        (torch.zeros(1, 1, 100), torch.zeros(1, 1, 100).double(), r"float32.*float64"),
        ([0.0], torch.zeros(1, 1, 100), "estimate must be a torch tensor.*list"),
    ],
)
def test_bad_input_is_named(loss: Loss, estimate: torch.Tensor, reference: torch.Tensor, said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        loss(estimate, reference, RATE)


@every_loss
def test_missing_rate_is_named_where_it_matters(loss: Loss) -> None:
    x = noise(1, 1, 1000)
    if not loss.needs_rate:
        loss(x, x)
        return
    for rate in (None, 0, -1.0, float("nan"), "fast"):
        with pytest.raises(ParameterError, match="sample_rate_hz"):
            loss(x, x, rate)  # type: ignore[arg-type]


def test_names_are_unique_and_unknown_ones_refused() -> None:
    names = [loss.name for loss in LOSSES]
    assert len(set(names)) == len(names)
    assert all(loss_named(name).name == name for name in names)
    with pytest.raises(ParameterError, match=r"'nearness'.*stft"):
        loss_named("nearness")


def test_pytorch_is_loaded_only_when_a_loss_is_called() -> None:
    code = "import sys, motes, motes.losses, motes.cli.evaluate; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_without_pytorch_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'motes\[learn\]'"):
        LOSSES[0](None, None)  # type: ignore[arg-type]


@every_loss
def test_filters_made_without_gradients_serve_with_them(loss: Loss) -> None:
    """What is kept from a call in inference mode can still be trained through; views and other strides are no
    different.
    """
    e, r = noise(1, 1, 1234), chord(1, 1, 1234)
    with torch.inference_mode():
        expected = loss(e, r, RATE).item()
    strided = torch.stack([e, e], -1)[..., 0].requires_grad_()
    value = loss(strided, r, RATE)
    value.sum().backward()
    assert value.item() == pytest.approx(expected, rel=1e-4)
