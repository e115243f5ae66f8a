"""Bands cut out of a spectrum, to be transformed back with as few samples as their width allows."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


def bands_of(spectrum: Tensor, filters: Tensor, starts: tuple[int, ...], n: int) -> Tensor:
    """Bands of the spectrum of a real signal of n samples, each times its filter: `(batch, filters, m)`.

    `spectrum`: `(batch, n // 2 + 1)`; `filters`: `(filters, m)`, real; band i begins at bin `starts[i]`, which may be
    negative.
    """
    bands: Tensor = _Bands.apply(spectrum, filters, starts, n)
    return bands


class _Bands(torch.autograd.Function):
    """A function of its own because slices, one a filter, would each be padded to the whole spectrum on the way
    back.
    """

    @staticmethod
    def forward(ctx: Any, spectrum: Tensor, filters: Tensor, starts: tuple[int, ...], n: int) -> Tensor:
        ctx.save_for_backward(filters)
        ctx.starts, ctx.n, ctx.shape = starts, n, spectrum.shape
        m = filters.shape[-1]
        whole = _both_sides(spectrum, n, m)
        return torch.stack([whole[..., m + s : 2 * m + s] for s in starts], 1) * filters

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        (filters,) = ctx.saved_tensors
        m, n = filters.shape[-1], ctx.n
        whole = gradient.new_zeros(*ctx.shape[:-1], n + 2 * m)
        gradient = gradient * filters
        for i, s in enumerate(ctx.starts):
            whole[..., m + s : 2 * m + s] += gradient[:, i]
        folded = whole[..., m : m + n]  # bins below 0 and above n − 1 are copies of others
        folded[..., n - m :] += whole[..., :m]
        folded[..., :m] += whole[..., m + n :]
        half = n // 2 + 1
        result = folded[..., :half].clone()
        result[..., 1 : n - half + 1] += folded[..., half:].flip(-1).conj()
        return result, None, None, None


def _both_sides(spectrum: Tensor, n: int, extra: int) -> Tensor:
    """Bins −extra … n + extra − 1 of a real signal of n samples from its bins 0 … n / 2."""
    whole = torch.cat([spectrum, spectrum[..., 1 : n - spectrum.shape[-1] + 1].flip(-1).conj()], -1)
    return torch.cat([whole[..., n - extra :], whole, whole[..., :extra]], -1)
