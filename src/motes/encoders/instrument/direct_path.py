"""The direct path: a short sound that strikes send to the listener without resonating."""

from __future__ import annotations

import numpy as np

from motes.events.instrument import Reals

# Part of the residual's energy that has to be left with it, or it is not worth its numbers; chosen by hand.
WORTH_HAVING = 0.99


def direct_path(residual: Reals, strike_samples: Reals, gains: Reals, n_taps: int) -> tuple[Reals, Reals]:
    """The short sound `(n_channels, n_taps)`, and each control's gain of it, that best explain the residual right
    after strikes; none if little.

    `gains` `(n_strikes, n_controls)` is how much of each control each strike plays.
    """
    n_channels, n_samples = residual.shape
    none = np.zeros((n_channels, 0)), np.zeros(gains.shape[1])
    first = np.ceil(strike_samples).astype(np.int64)
    inside = first + n_taps <= n_samples
    if not n_taps or not inside.any() or not residual.any():
        return none
    pieces = np.stack([residual[:, n : n + n_taps].reshape(-1) for n in first[inside]])
    mean = gains[inside].T @ pieces / np.maximum(np.sum(gains[inside] ** 2, axis=0), 1e-12)[:, None]
    left, size, right = np.linalg.svd(mean, full_matrices=False)
    direct_gain, direct = left[:, 0], size[0] * right[0].reshape(n_channels, n_taps)
    peak = np.abs(direct_gain).max()
    direct_gain, direct = direct_gain / peak, direct * peak
    after = residual - direct_sound(direct, strike_samples, gains @ direct_gain, n_samples)
    return (direct, direct_gain) if np.sum(after**2) < WORTH_HAVING * np.sum(residual**2) else none


def direct_sound(direct: Reals, strike_samples: Reals, amplitudes: Reals, n_samples: int) -> Reals:
    """The sound of the direct path alone, `(n_channels, n_samples)`, played by each strike with its amplitude."""
    audio = np.zeros((len(direct), n_samples))
    for first, amplitude in zip(np.ceil(strike_samples).astype(np.int64), amplitudes, strict=True):
        end = min(n_samples, first + direct.shape[1])
        audio[:, first:end] += amplitude * direct[:, : end - first]
    return audio
