"""A bank of gammatone filters, spaced as the ear spaces frequency.

Patterson, Nimmo-Smith, Holdsworth, Rice: "An efficient auditory filterbank based on the gammatone function", APU report
2341 (1988); Glasberg & Moore: "Derivation of auditory filter shapes from notched-noise data", Hearing Research 47
(1990).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
ORDER = 4
BANDWIDTH_IN_ERB = 1.019  # of a gammatone of order 4 whose equivalent rectangular bandwidth is one ERB
_END_DB = 80.0  # an impulse response ends where its envelope has fallen so far below its peak


def erb_hz(frequency_hz: Array) -> Array:
    """Equivalent rectangular bandwidth of the auditory filter at a frequency, in Hz: Glasberg & Moore 1990, eq. 3."""
    return np.asarray(24.7 * (4.37e-3 * frequency_hz + 1))


def erb_rate(frequency_hz: Array) -> Array:
    """Number of equivalent rectangular bandwidths below a frequency: Glasberg & Moore 1990, eq. 4."""
    return np.asarray(21.4 * np.log10(1 + 4.37e-3 * frequency_hz))


def erb_spaced_hz(low_hz: float, high_hz: float, n_bands: int) -> Array:
    """`n_bands` frequencies from low to high, equally far apart in ERB rate, `(n_bands,)`."""
    low, high = erb_rate(np.array([low_hz, high_hz]))
    return np.asarray((10 ** (np.linspace(low, high, n_bands) / 21.4) - 1) / 4.37e-3)


def gammatones(centre_hz: Array, sample_rate_hz: float) -> Array:
    """Impulse responses `(bands, samples)` t³ exp(−2π b t) cos(2π f t), b = 1.019 ERB(f), of unit gain at f; as long as
    the lowest needs to fade by 80 dB.

    Patterson et al. 1988, with n = 4.
    """
    decay = 2 * np.pi * BANDWIDTH_IN_ERB * erb_hz(centre_hz)  # per second
    n_samples = int(np.ceil(_end_in_decays() / decay.min() * sample_rate_hz)) + 1
    t = np.arange(n_samples) / sample_rate_hz
    response = (
        (decay[:, None] * t) ** (ORDER - 1) * np.exp(-decay[:, None] * t) * np.cos(2 * np.pi * centre_hz[:, None] * t)
    )
    gain = np.abs(np.sum(response * np.exp(-2j * np.pi * centre_hz[:, None] * t), axis=1))
    return np.asarray(response / gain[:, None])


def _end_in_decays() -> float:
    """The x at which x³ exp(−x) has fallen by `_END_DB` from its peak at 3."""
    x = np.linspace(ORDER - 1, 60, 10_000)
    level_db = 20 * np.log10((x / (ORDER - 1)) ** (ORDER - 1) * np.exp(ORDER - 1 - x))
    return float(x[np.argmax(level_db < -_END_DB)])
