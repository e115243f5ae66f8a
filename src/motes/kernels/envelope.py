"""Envelopes that decay at a constant rate while something enters: first-order recurrences over rows of one long
array, and their adjoint.
"""

from __future__ import annotations

from motes.kernels._jit import jit


@jit
def accumulate(entering, factor, fresh, out):
    """out[r, j] = factor[r] · out[r, j − 1] + entering[r, j], a row going on from the one before unless it is
    `fresh`.
    """
    state = 0.0
    for r in range(entering.shape[0]):
        if fresh[r]:
            state = 0.0
        for j in range(entering.shape[1]):
            state = factor[r] * state + entering[r, j]
            out[r, j] = state


@jit
def accumulate_adjoint(slope, out, factor, fresh, entering_slope, factor_slope):
    """Gradients of Σ slope · out by `entering` and, row by row, by `factor`, where `out` is what `accumulate` gave."""
    state = 0.0
    for r in range(slope.shape[0] - 1, -1, -1):
        total = 0.0
        for j in range(slope.shape[1] - 1, -1, -1):
            state += slope[r, j]
            entering_slope[r, j] = state
            before = out[r, j - 1] if j > 0 else (0.0 if fresh[r] or r == 0 else out[r - 1, out.shape[1] - 1])
            total += state * before
            state *= factor[r]
        factor_slope[r] = total
        if fresh[r]:
            state = 0.0
