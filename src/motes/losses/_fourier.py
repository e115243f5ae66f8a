"""Real FFT whose gradient is an inverse real FFT; PyTorch's own goes through a complex one of full length, more than
twice as slow.

Both functions are differentiable once.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


class _RealFFT(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, signal: Tensor) -> Tensor:
        ctx.n = signal.shape[-1]
        return torch.fft.rfft(signal)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return _adjoint(gradient * (0.5 * ctx.n), ctx.n)


class _RealPower(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, signal: Tensor) -> Tensor:
        spectrum = torch.fft.rfft(signal)
        ctx.n = signal.shape[-1]
        ctx.save_for_backward(spectrum)
        return _power(spectrum)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (spectrum,) = ctx.saved_tensors
        return _adjoint(spectrum * (gradient * ctx.n), ctx.n)


def _adjoint(spectrum: Tensor, n: int) -> Tensor:
    """Inverse FFT of 2 / n times what is wanted: bins between 0 and Nyquist stand for two each there, but count
    only once in a loss.
    """
    spectrum[..., 0] *= 2
    if n % 2 == 0:
        spectrum[..., -1] *= 2
    return torch.fft.irfft(spectrum, n=n)


def _power(spectrum: Tensor) -> Tensor:
    return spectrum.real.square().add_(spectrum.imag.square())


def rfft(signal: Tensor) -> Tensor:
    """Spectrum `(…, n // 2 + 1)` of a real `(…, n)`, as `torch.fft.rfft`."""
    if not (torch.is_grad_enabled() and signal.requires_grad):
        return torch.fft.rfft(signal)
    spectrum: Tensor = _RealFFT.apply(signal)
    return spectrum


def power_spectrum(signal: Tensor) -> Tensor:
    """Squared magnitudes `(…, n // 2 + 1)` of the spectrum of a real `(…, n)`."""
    if not (torch.is_grad_enabled() and signal.requires_grad):
        return _power(torch.fft.rfft(signal))
    power: Tensor = _RealPower.apply(signal)
    return power
