"""Programme loudness (Recommendation ITU-R BS.1770-4): power after K-weighting, where something sounds."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
BLOCK_S, STEP_S = 0.4, 0.1
ABSOLUTE_GATE_DB, RELATIVE_GATE_DB = -70.0, -10.0
SILENCE_DB = -200.0
# The two filters at 48 kHz: a shelf for the head, and a high-pass. Their responses are taken at the frequencies of
# other rates too.
_SHELF = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585))
_HIGH_PASS = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))
_OFFSET_DB = -0.691


def block_powers(audio: NDArray[Any], sample_rate_hz: int) -> Array:
    """K-weighted power of blocks of 0.4 s, a new one every 0.1 s, summed over channels; of shorter audio, of one."""
    x = np.atleast_2d(np.asarray(audio, np.float64))
    n_fft = 2 * max(1, x.shape[1])
    response = _response(np.fft.rfftfreq(n_fft, 1 / sample_rate_hz))
    weighted = np.fft.irfft(np.multiply(np.fft.rfft(x, n_fft), response), n_fft)
    power = np.sum(weighted[:, : x.shape[1]] ** 2, axis=0)
    n = max(1, min(round(BLOCK_S * sample_rate_hz), x.shape[1]))
    sums = np.concatenate([[0.0], np.cumsum(power)])
    first = np.arange(0, max(1, x.shape[1] - n + 1), max(1, round(STEP_S * sample_rate_hz)))
    return np.asarray((sums[np.minimum(first + n, x.shape[1])] - sums[first]) / n)


def gate(powers: Array) -> NDArray[np.bool_]:
    """The blocks that count: above −70 LUFS, and no more than 10 dB below the mean of those."""
    counted = powers > _power(ABSOLUTE_GATE_DB)
    if counted.any():
        counted &= powers > powers[counted].mean() * 10 ** (RELATIVE_GATE_DB / 10)
    return counted


def loudness_db(powers: Array, counted: NDArray[np.bool_]) -> float:
    """Loudness in LUFS of the blocks that count, −200 where none does."""
    mean = float(powers[counted].mean()) if counted.any() else 0.0
    return _OFFSET_DB + 10 * float(np.log10(mean)) if mean > 1e-20 else SILENCE_DB


def _power(loudness: float) -> float:
    return float(10 ** ((loudness - _OFFSET_DB) / 10))


def _response(frequency_hz: NDArray[Any]) -> NDArray[np.complex128]:
    z = np.exp(-2j * np.pi * np.minimum(frequency_hz, 24000.0) / 48000)
    response = np.ones(len(frequency_hz), np.complex128)
    for numerator, denominator in (_SHELF, _HIGH_PASS):
        response *= np.polyval(numerator[::-1], z) / np.polyval(denominator[::-1], z)
    return response
