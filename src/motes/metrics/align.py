"""Finding by how much a copy is late: many codecs and tools delay what passes through them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from motes.errors import ParameterError
from motes.metrics.signal import Audio

MOST_S = 1.0
_BLOCK = 1 << 18


def align(estimate: ArrayLike, reference: ArrayLike, sample_rate_hz: int) -> tuple[Audio, Audio, int]:
    """What of the two, `(channels, n)`, overlaps once the estimate is moved to where it fits best, and its delay in
    samples (at most a second).

    The delay is where the cross-correlation of the sums of their channels is largest; lengths may differ.
    """
    e, r = np.atleast_2d(np.asarray(estimate)), np.atleast_2d(np.asarray(reference))
    if len(e) != len(r):
        raise ParameterError(f"the estimate and the reference have {len(e)} and {len(r)} channels")
    delay = _delay(e.sum(axis=0, dtype=np.float64), r.sum(axis=0, dtype=np.float64), int(MOST_S * sample_rate_hz))
    e, r = e[:, max(0, delay) :], r[:, max(0, -delay) :]
    n = min(e.shape[1], r.shape[1])
    return e[:, :n], r[:, :n], delay


def _delay(estimate: NDArray[np.float64], reference: NDArray[np.float64], most: int) -> int:
    """The lag of the largest cross-correlation, −most … most; of equal ones the smallest."""
    total = np.zeros(2 * most + 1)
    padded = np.pad(estimate, (most, most + len(reference)))
    for first in range(0, len(reference), _BLOCK):
        block = reference[first : first + _BLOCK]
        around = padded[first : first + len(block) + 2 * most]
        n_fft = 1 << (len(around) + len(block)).bit_length()
        total += np.fft.irfft(np.fft.rfft(around, n_fft) * np.conj(np.fft.rfft(block, n_fft)), n_fft)[: 2 * most + 1]
    lags = np.arange(-most, most + 1)
    best = np.flatnonzero(total >= total.max() * (1 - 1e-12)) if total.max() > 0 else np.array([most])
    return int(lags[best[np.argmin(np.abs(lags[best]))]])
