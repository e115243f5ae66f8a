"""How loud tracks are, and what makes them equally loud to the ear, not only equal in power."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from motes.metrics.programme_loudness import block_powers, gate, loudness_lufs
from motes.units import SILENCE_DB

Reader = Callable[[int, int], NDArray[np.float32]]
_MOST_GAIN_DB = 24.0
# How much is read at once.
_READ_S = 6.4


class Measured(NamedTuple):
    """`loudness_lufs` is the gated loudness, `rms_db` the level without weighting, `peak` the largest sample."""

    loudness_lufs: float
    rms_db: float
    peak: float


def measured(read: Reader, first: int, last: int, n_channels: int, rate: int) -> Measured:
    """The loudness of samples first … last − 1, which `read` gives as `(n_channels, n)`, by ITU-R BS.1770; SILENCE_DB
    where nothing sounds.
    """
    squares, peak = 0.0, 0.0

    def pieces() -> Iterator[NDArray[np.float64]]:
        nonlocal squares, peak
        at_once = max(1, round(_READ_S * rate))
        for start in range(first, last, at_once):
            piece = np.asarray(read(start, min(last, start + at_once)), np.float64)
            squares, peak = squares + float(np.sum(piece**2)), max(peak, float(np.abs(piece).max(initial=0.0)))
            yield piece

    powers = block_powers(pieces(), rate)
    counted = gate(powers)
    loudness = loudness_lufs(powers, counted if counted.any() else np.ones(len(powers), np.bool_))
    return Measured(loudness, _level_db(squares / max(1, last - first) / n_channels), peak)


def equal_loudness(tracks: list[Measured]) -> list[float]:
    """Factors that make tracks as loud as the first of them, by at most 24 dB; where a peak would be above full scale,
    all of them come down by the same factor, so that they stay equally loud.
    """
    wanted = tracks[0].loudness_lufs
    gains = [
        1.0
        if min(wanted, one.loudness_lufs) <= SILENCE_DB
        else 10 ** (min(wanted - one.loudness_lufs, _MOST_GAIN_DB) / 20)
        for one in tracks
    ]
    highest = max(one.peak * gain for one, gain in zip(tracks, gains, strict=True))
    return [gain / max(1.0, highest) for gain in gains]


def _level_db(power: float) -> float:
    return max(SILENCE_DB, 10 * math.log10(power)) if power > 0 else SILENCE_DB
