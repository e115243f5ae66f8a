"""Programme loudness (Recommendation ITU-R BS.1770-4): power after K-weighting, where something sounds."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from motes.units import SILENCE_DB

Array = NDArray[np.float64]
# Steps of 100 ms; four of them, overlapping by three, are a block whose power is gated.
STEP_S, BLOCK_STEPS = 0.1, 4
ABSOLUTE_GATE_LUFS, RELATIVE_GATE_DB = -70.0, -10.0
_OFFSET_DB = -0.691


def block_powers(pieces: Iterable[NDArray[np.floating]], sample_rate_hz: int) -> Array:
    """K-weighted power of blocks of 0.4 s, a new one every 0.1 s, summed over channels, of audio in pieces
    `(n_channels, any length)`; of less than 0.4 s that of all of it, and of none none.
    """
    from scipy.signal import sosfilt

    step, sections = max(1, round(STEP_S * sample_rate_hz)), _weighting(sample_rate_hz)
    steps, rest, total, n_samples, state = [np.empty(0)], np.empty(0), 0.0, 0, None
    for piece in pieces:
        state = np.zeros((2, len(piece), 2)) if state is None else state
        weighted, state = sosfilt(sections, np.asarray(piece, np.float64), axis=1, zi=state)
        power = np.sum(np.square(weighted), axis=0)
        total, n_samples = total + float(power.sum()), n_samples + len(power)
        rest = np.concatenate([rest, power])
        whole = len(rest) // step * step
        steps.append(rest[:whole].reshape(-1, step).mean(axis=1))
        rest = rest[whole:]
    found = np.concatenate(steps)
    if len(found) < BLOCK_STEPS:
        return np.full(min(n_samples, 1), total / max(1, n_samples))
    return np.convolve(found, np.full(BLOCK_STEPS, 1 / BLOCK_STEPS), "valid")


def gate(powers: Array) -> NDArray[np.bool_]:
    """The blocks that count: above −70 LUFS, and no more than 10 dB below the mean of those."""
    counted = powers > 10 ** ((ABSOLUTE_GATE_LUFS - _OFFSET_DB) / 10)
    if counted.any():
        counted &= powers > powers[counted].mean() * 10 ** (RELATIVE_GATE_DB / 10)
    return np.asarray(counted)


def loudness_lufs(powers: Array, counted: NDArray[np.bool_]) -> float:
    """Loudness of the blocks that count, in LUFS; SILENCE_DB where none does."""
    mean = float(powers[counted].mean()) if counted.any() else 0.0
    return max(SILENCE_DB, _OFFSET_DB + 10 * math.log10(mean)) if mean > 0 else SILENCE_DB


def _weighting(sample_rate_hz: int) -> Array:
    """The K-weighting as second-order sections at any sample rate: the standard's analogue prototypes (a shelf for the
    head, a high-pass), by the bilinear transform. A shelf above half the sample rate is left out.
    """
    return np.array([_shelf(sample_rate_hz), _high_pass(sample_rate_hz)])


def _shelf(sample_rate_hz: int) -> list[float]:
    frequency_hz, gain_db, quality = 1681.974450955533, 3.999843853973347, 0.7071752369554196
    if frequency_hz >= 0.49 * sample_rate_hz:
        return [1.0, 0.0, 0.0, 1.0, 0.0, 0.0]
    k, high = math.tan(math.pi * frequency_hz / sample_rate_hz), 10 ** (gain_db / 20)
    band, a0 = high**0.4996667741545416, 1 + k / quality + k * k
    b = [(high + band * k / quality + k * k) / a0, 2 * (k * k - high) / a0, (high - band * k / quality + k * k) / a0]
    return [*b, 1.0, 2 * (k * k - 1) / a0, (1 - k / quality + k * k) / a0]


def _high_pass(sample_rate_hz: int) -> list[float]:
    frequency_hz, quality = 38.13547087602444, 0.5003270373238773
    k = math.tan(math.pi * frequency_hz / sample_rate_hz)
    a0 = 1 + k / quality + k * k
    return [1.0, -2.0, 1.0, 1.0, 2 * (k * k - 1) / a0, (1 - k / quality + k * k) / a0]
