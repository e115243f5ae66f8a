"""The same for PyTorch, with gradients; imported only by those who have PyTorch: `pip install 'motes[learn]'`.

On the CPU in single precision the exact engine runs both ways, since the gradient of a convolution is a correlation. Elsewhere, and in double
precision, PyTorch's own transforms are used.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from motes.convolve.exact import Exact
from motes.convolve.low_rank import Bank
from motes.errors import MissingExtraError, ParameterError

try:
    import torch
    from torch import Tensor
except ImportError as error:
    raise MissingExtraError("motes.convolve.differentiable", "learn") from error


def convolve(x: Tensor, kernel: Tensor) -> Tensor:
    """`(…, n)` with `(…, n_taps)` to `(…, n + n_taps − 1)`: leading dimensions are broadcast, as in PyTorch's arithmetic.

    float32 or float64, differentiable in both any number of times. Raises ParameterError for empty or non-finite input or shapes that do not fit.
    """
    for tensor, name in ((x, "x"), (kernel, "kernel")):
        _check(tensor, name)
    try:
        shape = torch.broadcast_shapes(x.shape[:-1], kernel.shape[:-1])
    except RuntimeError:
        raise ParameterError(f"x, of shape {tuple(x.shape)}, and kernel, of shape {tuple(kernel.shape)}, do not fit each other") from None
    if x.dtype != kernel.dtype or x.device != kernel.device:
        raise ParameterError(f"x is {x.dtype} on {x.device}, kernel {kernel.dtype} on {kernel.device}: they must agree")
    if x.dtype == torch.float32 and x.device.type == "cpu":
        y: Tensor = _OnCpu.apply(x.expand(*shape, x.shape[-1]), kernel.expand(*shape, kernel.shape[-1]))
        return y
    size = x.shape[-1] + kernel.shape[-1] - 1
    padded = _good_size(size)
    return torch.fft.irfft(torch.fft.rfft(x, padded) * torch.fft.rfft(kernel, padded), padded)[..., :size]


def mix(x: Tensor, weights: Tensor, basis: Tensor, spread: Tensor | None = None) -> Tensor:
    """Each source through its own mixture of kernels: `x` `(…, n)`, `weights` `(…, n_kernels)` to `(…, [n_channels,] n + n_taps − 1)`.

    `basis` `(rank, n_taps)` or `(rank, n_channels, n_taps)` are the kernels, or with `spread` `(n_kernels, rank)` those that a `Bank` shares: see
    `bank_tensors`. Kernels are mixed before anything is convolved, which is all that one source each costs.
    """
    mixed = weights if spread is None else weights @ spread
    if mixed.shape[-1] != len(basis):
        raise ParameterError(f"weights, of shape {tuple(weights.shape)}, do not fit {len(basis)} kernels")
    kernels = torch.tensordot(mixed, basis, 1)
    return convolve(x if basis.ndim == 2 else x.unsqueeze(-2), kernels)


def bus(x: Tensor, weights: Tensor, basis: Tensor, spread: Tensor | None = None) -> Tensor:
    """The sum over sources of what `mix` gives: `x` `(n_sources, n)`, `weights` `(n_sources, n_kernels)` to `([n_channels,] n + n_taps − 1)`.

    Costs no more convolutions than there are kernels in `basis`, however many the sources.
    """
    mixed = weights if spread is None else weights @ spread
    if x.ndim != 2 or mixed.shape != (len(x), len(basis)):
        raise ParameterError(f"x {tuple(x.shape)}, weights {tuple(weights.shape)} and basis {tuple(basis.shape)} do not fit each other")
    if len(x) <= len(basis):
        return mix(x, mixed, basis).sum(0)
    sent = mixed.T @ x
    return convolve(sent if basis.ndim == 2 else sent.unsqueeze(1), basis).sum(0)


def bank_tensors(bank: Bank) -> tuple[Tensor, Tensor]:
    """The `basis` and `spread` of a bank, for `mix` and `bus`."""
    return torch.from_numpy(bank.basis[:, 0] if bank.is_flat else bank.basis), torch.from_numpy(bank.weights)


def _check(tensor: Tensor, name: str) -> None:
    if not isinstance(tensor, Tensor) or tensor.dtype not in (torch.float32, torch.float64):
        raise ParameterError(f"{name} must be a float32 or float64 tensor, not {getattr(tensor, 'dtype', type(tensor).__name__)}")
    if tensor.ndim == 0 or tensor.numel() == 0:
        raise ParameterError(f"{name} must be samples along its last dimension, not the shape {tuple(tensor.shape)}")
    if not bool(torch.isfinite(tensor.detach()).all()):
        raise ParameterError(f"{name}, of shape {tuple(tensor.shape)}, holds NaN or infinities")


def _good_size(least: int) -> int:
    from scipy.fft import next_fast_len

    return int(next_fast_len(least, real=True))


def _rows(x: Tensor, kernel: Tensor) -> Tensor:
    """Row by row through the exact engine; a kernel that stays the same is transformed once."""
    rows, kernels = x.detach().reshape(-1, x.shape[-1]).numpy(), kernel.detach().reshape(-1, kernel.shape[-1]).numpy()
    one = len(kernels) > 1 and all(stride == 0 for stride, n in zip(kernel.stride()[:-1], kernel.shape[:-1], strict=True) if n > 1)
    shared = Exact(kernels[0]) if one else None
    heard = [(shared or Exact(kernel_row, uses_once=True))(row) for row, kernel_row in zip(rows, kernels, strict=True)]
    return torch.from_numpy(np.stack(heard)).reshape(*x.shape[:-1], -1)


class _OnCpu(torch.autograd.Function):
    """Convolution along the last dimension of two tensors of the same leading shape, with correlations as gradients."""

    @staticmethod
    def forward(context: Any, x: Tensor, kernel: Tensor) -> Tensor:
        context.save_for_backward(x, kernel)
        return _rows(x, kernel)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None]:
        x, kernel = context.saved_tensors
        n, n_taps = x.shape[-1], kernel.shape[-1]
        by_x = by_kernel = None
        if context.needs_input_grad[0]:
            by_x = _OnCpu.apply(gradient, kernel.flip(-1))[..., n_taps - 1 : n_taps - 1 + n]
        if context.needs_input_grad[1]:
            by_kernel = _OnCpu.apply(gradient, x.flip(-1))[..., n - 1 : n - 1 + n_taps]
        return by_x, by_kernel
