"""Convolution in PyTorch, with gradients; imported only by those who have PyTorch: `pip install 'motes[learn]'`.

On the CPU in single precision the exact engine runs both ways, since the gradient of a convolution is a correlation.
Elsewhere, and in double precision, PyTorch's own transforms are used.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from motes.convolve.arrays import Samples
from motes.convolve.blocks import best_blocks, sizes, transform, transform_ns
from motes.convolve.exact import TINY, Exact
from motes.convolve.low_rank import Bank
from motes.errors import MissingExtraError, ParameterError

try:
    import torch
    from torch import Tensor
except ImportError as error:
    raise MissingExtraError("motes.convolve.differentiable", "learn") from error


def convolve(x: Tensor, kernel: Tensor) -> Tensor:
    """`(…, n)` with `(…, n_taps)` to `(…, n + n_taps − 1)`: leading dimensions are broadcast, as in PyTorch's
    arithmetic.

    float32 or float64, differentiable in both any number of times. Raises ParameterError for empty or non-finite input
    or shapes that do not fit.
    """
    for tensor, name in ((x, "x"), (kernel, "kernel")):
        _check(tensor, name)
    try:
        shape = torch.broadcast_shapes(x.shape[:-1], kernel.shape[:-1])
    except RuntimeError:
        raise ParameterError(
            f"x, of shape {tuple(x.shape)}, and kernel, of shape {tuple(kernel.shape)}, do not fit each other"
        ) from None
    if x.dtype != kernel.dtype or x.device != kernel.device:
        raise ParameterError(f"x is {x.dtype} on {x.device}, kernel {kernel.dtype} on {kernel.device}: they must agree")
    if x.dtype == torch.float32 and x.device.type == "cpu":
        n_out = x.shape[-1] + kernel.shape[-1] - 1
        y: Tensor = _Window.apply(x.expand(*shape, x.shape[-1]), kernel.expand(*shape, kernel.shape[-1]), 0, n_out)
        return y
    size = x.shape[-1] + kernel.shape[-1] - 1
    padded = _good_size(size)
    return torch.fft.irfft(torch.fft.rfft(x, padded) * torch.fft.rfft(kernel, padded), padded)[..., :size]


def mix(x: Tensor, weights: Tensor, basis: Tensor, spread: Tensor | None = None) -> Tensor:
    """Each source through its own mixture of kernels: `x` `(…, n)`, `weights` `(…, n_kernels)` to `(…, [n_channels,] n
    + n_taps − 1)`.

    `basis` `(rank, n_taps)` or `(rank, n_channels, n_taps)` are the kernels, or with `spread` `(n_kernels, rank)` those
    that a `Bank` shares: see `bank_tensors`. Kernels are mixed before anything is convolved, which is all that one
    source each costs.
    """
    mixed = weights if spread is None else weights @ spread
    if mixed.shape[-1] != len(basis):
        raise ParameterError(f"weights, of shape {tuple(weights.shape)}, do not fit {len(basis)} kernels")
    kernels = torch.tensordot(mixed, basis, 1)
    return convolve(x if basis.ndim == 2 else x.unsqueeze(-2), kernels)


def bus(x: Tensor, weights: Tensor, basis: Tensor, spread: Tensor | None = None) -> Tensor:
    """The sum over sources of what `mix` gives: `x` `(n_sources, n)`, `weights` `(n_sources, n_kernels)` to
    `([n_channels,] n + n_taps − 1)`.

    Costs no more convolutions than there are kernels in `basis`, however many the sources.
    """
    mixed = weights if spread is None else weights @ spread
    if x.ndim != 2 or mixed.shape != (len(x), len(basis)):
        raise ParameterError(
            f"x {tuple(x.shape)}, weights {tuple(weights.shape)} and basis {tuple(basis.shape)} do not fit each other"
        )
    if len(x) <= len(basis):
        return mix(x, mixed, basis).sum(0)
    sent = mixed.T @ x
    return convolve(sent if basis.ndim == 2 else sent.unsqueeze(1), basis).sum(0)


def bank_tensors(bank: Bank) -> tuple[Tensor, Tensor]:
    """The `basis` and `spread` of a bank, for `mix` and `bus`."""
    return torch.from_numpy(bank.basis[:, 0] if bank.is_flat else bank.basis), torch.from_numpy(bank.weights)


def _check(tensor: Tensor, name: str) -> None:
    if not isinstance(tensor, Tensor) or tensor.dtype not in (torch.float32, torch.float64):
        raise ParameterError(
            f"{name} must be a float32 or float64 tensor, not {getattr(tensor, 'dtype', type(tensor).__name__)}"
        )
    if tensor.ndim == 0 or tensor.numel() == 0:
        raise ParameterError(f"{name} must be samples along its last dimension, not the shape {tuple(tensor.shape)}")
    if not bool(torch.isfinite(tensor.detach()).all()):
        raise ParameterError(f"{name}, of shape {tuple(tensor.shape)}, holds NaN or infinities")


def _good_size(least: int) -> int:
    from scipy.fft import next_fast_len

    return int(next_fast_len(least, real=True))


def _window(a: Samples, b: Samples, first: int, last: int) -> Samples:
    """Samples first … last − 1 of a ∗ b, all of which exist; by one block that may wrap where nobody looks, or by
    many.
    """
    full = len(a) + len(b) - 1
    size = sizes(1, max((max(full - first, last, len(a), len(b)) + 1) // 2, 1))[-1]
    short, long = sorted((a, b), key=len)
    blocks = best_blocks(len(long), len(short), counts_setup=True)
    if len(a) * len(b) <= TINY or blocks.ns + blocks.setup_ns < 3 * transform_ns(size):
        return Exact(short, uses_once=True)(long)[first:last]
    apply, y = transform(size), np.zeros(2 * size, np.float32)
    apply.inverse(apply.forward(a, len(a), len(a), 1)[None], apply.kernel(b)[None], 2 * size, y)
    return y[first:last]


def _is_same(rows: Tensor) -> bool:
    """Whether all rows are one that was expanded."""
    return all(stride == 0 for stride, n in zip(rows.stride()[:-1], rows.shape[:-1], strict=True) if n > 1)


class _Window(torch.autograd.Function):
    """Samples first … first + count − 1 of the convolution of each row of two tensors of one leading shape; zero where
    there are none.

    Its gradients are windows of convolutions with what is reversed.
    """

    @staticmethod
    def forward(context: Any, a: Tensor, b: Tensor, first: int, count: int) -> Tensor:
        context.save_for_backward(a, b)
        context.first = first
        full = a.shape[-1] + b.shape[-1] - 1
        low, high = max(first, 0), min(first + count, full)
        rows, kernels = (np.ascontiguousarray(t.detach().reshape(-1, t.shape[-1]).numpy()) for t in (a, b))
        y = np.zeros((len(rows), count), np.float32)
        shared = Exact(kernels[0]) if len(rows) > 1 and _is_same(b) and (low, high) == (0, full) else None
        if low < high:
            for out, row, kernel in zip(y, rows, kernels, strict=True):
                out[low - first : high - first] = shared(row) if shared else _window(row, kernel, low, high)
        return torch.from_numpy(y).reshape(*a.shape[:-1], count)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        a, b = context.saved_tensors
        n, n_taps = a.shape[-1], b.shape[-1]
        by_a = (
            _Window.apply(gradient, b.flip(-1), n_taps - 1 - context.first, n) if context.needs_input_grad[0] else None
        )
        by_b = (
            _Window.apply(gradient, a.flip(-1), n - 1 - context.first, n_taps) if context.needs_input_grad[1] else None
        )
        return by_a, by_b, None, None
