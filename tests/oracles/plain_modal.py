"""Convolution with decaying modes, one sample after the other: what `motes.kernels.modal` is tested against."""

import numpy as np


def plain_ring(
    x: np.ndarray, direct_tap: float, poles: np.ndarray, amplitudes: np.ndarray, n_taps: int | None, n_out: int
) -> np.ndarray:
    """`x` through the modes, in double precision."""
    state, y = np.zeros(len(poles), complex), np.zeros(n_out)
    for n in range(n_out):
        sample = x[n] if n < len(x) else 0.0
        old = x[n - n_taps] if n_taps is not None and 0 <= n - n_taps < len(x) else 0.0
        state *= poles
        y[n] = direct_tap * sample + (amplitudes * state).sum().real
        if n_taps is not None:
            y[n] -= (amplitudes * poles**n_taps).sum().real * old
            state -= poles**n_taps * old
        state += sample
    return y
