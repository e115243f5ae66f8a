"""Decaying sums in plain NumPy: what `motes.kernels.envelope` is tested against."""

import numpy as np


def accumulate_plain(entering: np.ndarray, factor: np.ndarray, fresh: np.ndarray) -> np.ndarray:
    """`accumulate`, one value after the other."""
    out, state = np.zeros(entering.shape), 0.0
    for r, j in np.ndindex(entering.shape):
        state = float(entering[r, j]) + (0.0 if fresh[r] and j == 0 else float(factor[r]) * state)
        out[r, j] = state
    return out
