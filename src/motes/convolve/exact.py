"""Exact convolution in single precision: overlap-add in blocks of the best size, kernels' spectra kept, many inputs
summed before one inverse.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from motes.convolve.arrays import Samples, as_samples
from motes.convolve.blocks import Blocks, best_blocks, transform
from motes.errors import ParameterError

# About so many complex numbers of the input's spectra are held at a time.
GROUP = 1 << 17
# Up to so many products are summed directly.
TINY = 1000
# Spectra of kernels are kept up to so many complex numbers (2 GiB), and made anew for each call beyond.
FULL = 1 << 28


class Exact:
    """A matrix of kernels `(n_outputs, n_inputs, n_taps)`, ready to be applied to signals of about `n_samples`.

    y[o] = Σ_i x[i] ∗ kernels[o, i]. One kernel may be given as `(n_taps,)`, several for one input as `(n_outputs,
    n_taps)`. Spectra are made at the first call; `memory_bytes` is what they take. `uses_once` chooses blocks for
    kernels that are used a single time.
    """

    def __init__(self, kernels: ArrayLike, n_samples: int | None = None, uses_once: bool = False) -> None:
        kernels = as_samples(kernels, "kernels", (1, 2, 3))
        self.kernels: Samples = kernels.reshape(
            kernels.shape[0] if kernels.ndim > 1 else 1, -1 if kernels.ndim > 2 else 1, kernels.shape[-1]
        )
        if n_samples is not None and n_samples < 1:
            raise ParameterError(f"n_samples must be at least 1, not {n_samples}")
        self.n_samples, self.uses_once = n_samples, uses_once
        self._blocks: Blocks | None = None
        self._spectra: Samples | None = None

    def blocks(self, n_samples: int) -> Blocks:
        """The cut of a signal of that length: chosen for the first, or for the length given at the start."""
        if self._blocks is None:
            n_outputs, n_inputs, n_taps = self.kernels.shape
            self._blocks = best_blocks(self.n_samples or n_samples, n_taps, n_inputs, n_outputs, self.uses_once)
        return self._blocks

    @property
    def memory_bytes(self) -> int:
        """Memory that the kept spectra take."""
        return 0 if self._spectra is None else self._spectra.nbytes

    def prepare(self, n_samples: int) -> None:
        """Make the spectra now rather than at the first call."""
        blocks = self.blocks(self.n_samples or n_samples)
        n_outputs, n_inputs, _ = self.kernels.shape
        if self._spectra is None and n_outputs * n_inputs * blocks.size <= FULL:
            self._spectra = np.stack([self._row(o, blocks) for o in range(n_outputs)])

    def _row(self, output: int, blocks: Blocks) -> Samples:
        if self._spectra is not None:
            row: Samples = self._spectra[output]
            return row
        return np.stack([transform(blocks.size).kernel(kernel) for kernel in self.kernels[output]])

    def __call__(self, x: ArrayLike) -> Samples:
        """`x` `(n,)`, for one input, or `(n_inputs, n)` to `(n_outputs, n + n_taps − 1)`; `(n,)` through one kernel
        stays flat.
        """
        x = as_samples(x, "x", (1, 2))
        rows = x.reshape(-1, x.shape[-1])
        n_outputs, n_inputs, n_taps = self.kernels.shape
        if len(rows) != n_inputs:
            raise ParameterError(f"x, of shape {x.shape}, has {len(rows)} channels, but the kernels take {n_inputs}")
        if n_inputs == n_outputs == 1 and rows.shape[1] * n_taps <= TINY:
            return np.convolve(rows[0], self.kernels[0, 0]).reshape((*x.shape[:-1], -1))
        if not self.uses_once:
            self.prepare(rows.shape[1])
        blocks = self.blocks(rows.shape[1])
        keep = self._spectra is not None or n_outputs == 1
        spectra = self._spectra if self._spectra is not None or n_outputs > 1 else self._row(0, blocks)[None]
        y = filter_blocks(
            rows, blocks, n_taps, n_outputs, lambda o: self._row(o, blocks) if spectra is None else spectra[o], keep
        )
        return y[0] if n_outputs == 1 and x.ndim == 1 else y


def filter_blocks(
    x: Samples, blocks: Blocks, n_taps: int, n_outputs: int, row: Callable[[int], Samples], kept: bool = True
) -> Samples:
    """`(n_inputs, n)` to `(n_outputs, n + n_taps − 1)`; `row(output)` gives that output's kernels `(n_inputs, 2,
    size)`, at no cost where `kept`.
    """
    y = np.zeros((n_outputs, x.shape[1] + n_taps - 1), np.float32)
    apply, hop = transform(blocks.size), blocks.hop
    n_blocks = -(-x.shape[1] // hop)
    step = max(GROUP // (blocks.size * len(x)), 1) if kept else n_blocks
    for first in range(0, n_blocks, step):
        count = min(step, n_blocks - first)
        spectra = np.stack([apply.forward(channel[first * hop :], hop, hop, count) for channel in x])
        for output in range(n_outputs):
            apply.inverse(spectra, row(output), hop, y[output, first * hop :])
    return y
