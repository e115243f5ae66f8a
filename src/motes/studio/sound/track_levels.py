"""How loud a track is, by ITU-R BS.1770-4: K-weighted and gated, so that what is compared is equally loud to the ear
and not only equal in power.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import sosfilt

from motes.units import SILENCE_DB

Reader = Callable[[int, int], NDArray[np.float32]]
# Steps of 100 ms; four of them, overlapping by three, are a block whose loudness is gated.
_STEP_S, _BLOCK_STEPS = 0.1, 4
_OFFSET_DB = -0.691
_ABSOLUTE_LUFS, _RELATIVE_DB = -70.0, -10.0
_MOST_GAIN_DB = 24.0
# Steps that are read at once.
_READ_STEPS = 64


class Measured(NamedTuple):
    """`loudness_lufs` is the gated loudness, `rms_db` the level without weighting, `peak` the largest sample."""

    loudness_lufs: float
    rms_db: float
    peak: float


def measured(read: Reader, first: int, last: int, n_channels: int, rate: int) -> Measured:
    """The loudness of samples first … last − 1, which `read` gives as `(n_channels, n)`, block by block; SILENCE_DB
    where nothing sounds.
    """
    step = max(1, round(_STEP_S * rate))
    sections, state = _weighting(rate), np.zeros((2, n_channels, 2))
    powers: list[float] = []
    squares, weighted, peak = 0.0, 0.0, 0.0
    for start in range(first, last, step * _READ_STEPS):
        piece = np.asarray(read(start, min(last, start + step * _READ_STEPS)), np.float64)
        squares, peak = squares + float(np.sum(piece**2)), max(peak, float(np.abs(piece).max(initial=0.0)))
        piece, state = sosfilt(sections, piece, axis=1, zi=state)
        power = np.sum(piece**2, axis=0)
        weighted += float(power.sum())
        whole = power[: len(power) // step * step].reshape(-1, step)
        powers += (whole.sum(axis=1) / step).tolist()
    n_samples = max(1, last - first)
    return Measured(_gated(powers, weighted / n_samples), _level_db(squares / n_samples / n_channels), peak)


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


def _gated(powers: list[float], mean: float) -> float:
    """The loudness of steps with these powers, in LUFS; of less than a block that of the mean."""
    if len(powers) < _BLOCK_STEPS:
        return _lufs(mean)
    blocks = np.convolve(powers, np.full(_BLOCK_STEPS, 1 / _BLOCK_STEPS), "valid")
    above = blocks[blocks > _power(_ABSOLUTE_LUFS)]
    if not len(above):
        return _lufs(mean)
    return _lufs(float(above[above > above.mean() * 10 ** (_RELATIVE_DB / 10)].mean()))


def _lufs(power: float) -> float:
    return max(SILENCE_DB, _OFFSET_DB + 10 * math.log10(power)) if power > 0 else SILENCE_DB


def _power(lufs: float) -> float:
    return float(10 ** ((lufs - _OFFSET_DB) / 10))


def _level_db(power: float) -> float:
    return max(SILENCE_DB, 10 * math.log10(power)) if power > 0 else SILENCE_DB


def _weighting(rate: int) -> NDArray[np.float64]:
    """The K-weighting as second-order sections at any sample rate: the standard's analogue prototypes (a shelf for the
    head, a high-pass), by the bilinear transform. A shelf above half the sample rate is left out.
    """
    return np.array([_shelf(rate), _high_pass(rate)])


def _shelf(rate: int) -> list[float]:
    frequency_hz, gain_db, quality = 1681.974450955533, 3.999843853973347, 0.7071752369554196
    if frequency_hz >= 0.49 * rate:
        return [1.0, 0.0, 0.0, 1.0, 0.0, 0.0]
    k, high = math.tan(math.pi * frequency_hz / rate), 10 ** (gain_db / 20)
    band, a0 = high**0.4996667741545416, 1 + k / quality + k * k
    b = [(high + band * k / quality + k * k) / a0, 2 * (k * k - high) / a0, (high - band * k / quality + k * k) / a0]
    return [*b, 1.0, 2 * (k * k - 1) / a0, (1 - k / quality + k * k) / a0]


def _high_pass(rate: int) -> list[float]:
    frequency_hz, quality = 38.13547087602444, 0.5003270373238773
    k = math.tan(math.pi * frequency_hz / rate)
    a0 = 1 + k / quality + k * k
    return [1.0, -2.0, 1.0, 1.0, 2 * (k * k - 1) / a0, (1 - k / quality + k * k) / a0]
