"""Overlapping windowed pieces of a complex signal, each turned down by a frequency of its own; beside its twin in
plain NumPy.
"""

import math

import numpy as np
from numpy.typing import NDArray

from motes.kernels._jit import jit
from motes.kernels.windowed_sinusoids import powers


@jit
def bring_down(signal, n_channels, n_samples, hop, omega, weights, pieces):
    """Piece p of each channel, times `weights` and e^{−i·omega[p]·u} with u = 0 in its middle.

    `signal` is flat, `n_channels` rows of `n_samples` complex values as pairs of reals; piece p begins at p · `hop`.
    `weights` is as long as a piece, a multiple of 16, in samples; `omega` is in rad/sample. `pieces` is flat too: by
    channel, piece and sample, pairs of reals.
    """
    lanes, window = np.empty(32), len(weights)
    for p in range(len(omega)):
        step_re, step_im = powers(-omega[p], lanes, 0)
        for channel in range(n_channels):
            c, s = math.cos(0.5 * window * omega[p]), math.sin(0.5 * window * omega[p])
            read, write = 2 * (channel * n_samples + p * hop), 2 * (channel * len(omega) + p) * window
            for begin in range(0, window, 16):
                for j in range(16):
                    turn_re, turn_im = c * lanes[j] - s * lanes[16 + j], c * lanes[16 + j] + s * lanes[j]
                    x_re, x_im = (
                        weights[begin + j] * signal[read + 2 * j],
                        weights[begin + j] * signal[read + 2 * j + 1],
                    )
                    pieces[write + 2 * j] = x_re * turn_re - x_im * turn_im
                    pieces[write + 2 * j + 1] = x_re * turn_im + x_im * turn_re
                c, s = c * step_re - s * step_im, c * step_im + s * step_re
                read, write = read + 32, write + 32


def brought_down(
    signal: NDArray[np.complex128], hop: int, omega: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.complex128]:
    """The pieces of a signal `(n_channels, n)`, `(n_channels, n_pieces, window)`, by `bring_down`."""
    if len(weights) % 16:
        return brought_down_plain(signal, hop, omega, weights)
    signal = np.ascontiguousarray(signal)
    pieces = np.empty((len(signal), len(omega), len(weights)), np.complex128)
    flat = signal.view(np.float64).reshape(-1), pieces.view(np.float64).reshape(-1)
    bring_down(flat[0], len(signal), signal.shape[1], hop, omega, weights, flat[1])
    return pieces


def brought_down_plain(
    signal: NDArray[np.complex128], hop: int, omega: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.complex128]:
    """Pieces of a signal as `brought_down` gives them, from the definition."""
    window = len(weights)
    pieces = np.lib.stride_tricks.sliding_window_view(signal, window, axis=1)[:, ::hop][:, : len(omega)]
    return pieces * (weights * np.exp(-1j * omega[:, None] * (np.arange(window) - window // 2)))
