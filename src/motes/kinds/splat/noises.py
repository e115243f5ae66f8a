"""The noise of splats' bursts: periods of it, several events at a time in float32, and what of them is heard, added to
audio from knot to knot.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from motes.kernels._jit import borrowed, inner, jit
from motes.kernels.noise import white
from motes.kinds.splat.driving import burst_of, height, rise
from motes.kinds.splat.kernel import (
    BACKWARD,
    END,
    NOISE,
    SHAPE,
    START,
    TIME,
    WIDTH,
    add_tile,
    cubic,
    fill_carrier,
    motion_of,
)
from motes.kinds.splat.knots import LONGEST, Bends, shared_at, spread
from motes.kinds.splat.table import Splat, noise_period

# Events whose noise is made at once, and what is kept of it for the blocks that follow.
BATCH = 16
NOISE_BYTES = 1 << 26

Waves = NDArray[np.float32]


class Noises:
    """Periods of the noise of events, made when they are asked for."""

    def __init__(self, events: Splat, sample_rate_hz: int) -> None:
        self._events, self._rate, self._period = events, sample_rate_hz, noise_period(sample_rate_hz)
        self._kept: dict[int, Waves] = {}
        with np.errstate(divide="ignore"):
            hz = np.arange(self._period // 2 + 1) * (sample_rate_hz / self._period)
            self._hz, self._octaves = hz, np.log2(np.maximum(hz, 1e-9))

    def of(self, which: list[int]) -> list[Waves]:
        """A period behind the first low-pass of each event, and one behind the later where it is another: `(1 or 2,
        period)`.
        """
        kept = self._kept
        new = [i for i in which if i not in kept]
        if len(kept) + len(new) > max(BATCH, NOISE_BYTES // (8 * self._period)):
            kept, new = {}, which
        if new:
            self._kept = kept = kept | dict(zip(new, self._made(np.array(new)), strict=True))
        return [kept[i] for i in which]

    def _made(self, which: NDArray[np.int64]) -> Waves:
        e, period = self._events.take(which), self._period
        hashed = np.stack([white(int(seed), 0, 0, period) for seed in e.seed]).astype(np.float32)
        spectrum = scipy.fft.rfft(hashed)
        u = ((self._octaves - np.log2(e.centre_hz)[:, None]) / e.width_octaves[:, None]).astype(np.float32)
        level = np.exp(np.float32(-0.5) * u * u)
        level[:, 0] = level[:, -1] = 0.0
        power = 2 / period * np.einsum("ij,ij->i", level, level, dtype=np.float64)
        level /= np.sqrt(np.maximum(power, 1e-12))[:, None].astype(np.float32)
        level *= (self._hz >= e.low_hz[:, None]) & (self._hz <= e.high_hz[:, None])
        turn = -2 * np.pi * np.fmod(e.time_s * (self._rate / period), 1.0)
        cutoffs = np.stack([e.cutoff_start_hz, e.cutoff_end_hz], axis=1) * (period / self._rate)
        n_waves = 1 if np.array_equal(cutoffs[:, 0], cutoffs[:, 1]) else 2
        out = np.zeros((len(which), n_waves, period // 2 + 1), np.complex64)
        shaped(spectrum, level, turn, e.backward, cutoffs, out)
        made: Any = scipy.fft.irfft(out, period)
        return np.asarray(made)


@jit
def shaped(spectrum, level, turn, backward, cutoffs, out):
    """The spectra `(n, n_bins)` of noise, conjugated where it sounds backward, times levels, turned by `turn` `(n,)`
    radians a bin, behind low-passes of the cutoffs `(n, 2)` in bins: to `out` `(n, 1 or 2, n_bins)` all but the last.
    """
    n_bins = spectrum.shape[1] - 1
    cosine, sine = np.empty(n_bins), np.empty(n_bins)
    for i in range(len(spectrum)):
        fill_carrier(cosine, sine, n_bins, math.cos(turn[i]), math.sin(turn[i]))
        side = -1.0 if backward[i] else 1.0
        for j in range(out.shape[1]):
            softer = 1.0 / cutoffs[i, j]
            for k in range(n_bins):
                at = k * softer
                gain = level[i, k] / (1.0 + at * at)
                re, im = spectrum[i, k].real * gain, side * spectrum[i, k].imag * gain
                out[i, j, k] = complex(re * cosine[k] - im * sine[k], re * sine[k] + im * cosine[k])


@inner
def fill_tile(tile, n, span, waves, at):
    """A tile of noise: the waves at samples `span[0]` + `span[1]` · 0, 1, 2 … times cubic envelopes."""
    first, step, mask = span[0], span[1], waves.shape[1] - 1
    early, later = at
    for j in range(n):
        x, k = tile[1, j], (first + step * j) & mask
        envelope = early.zeroth + x * (early.first + x * (early.second + x * early.third))
        tile[0, j] = envelope * waves[0, k]
        if len(waves) > 1:
            envelope = later.zeroth + x * (later.first + x * (later.second + x * later.third))
            tile[0, j] += envelope * (waves[1, k] - waves[0, k])


@jit
def add_noise(audio, first, n_samples, row, gains, rate, waves, room):
    """Add the noise of the event of a row to samples `first` … of audio, as `add_splats` does, with its waves."""
    audio, gains, waves, tile = borrowed(audio), borrowed(gains), borrowed(waves), borrowed(room.tile)
    low, high = max(first, int(row[START])), min(first + n_samples, int(row[END]) + 1)
    backward, motion, burst = row[BACKWARD] != 0.0, motion_of(row, rate), burst_of(row[WIDTH] * rate, row[SHAPE])
    begin, end = (1 - high, 1 - low) if backward else (low, high)
    at, side = (-row[TIME] * rate, -1) if backward else (row[TIME] * rate, 1)
    bends = Bends(0.0, 0.0, 0.6 / motion.crossfade if len(waves) > 1 else 0.0, 1.0)
    place, end = begin >> LONGEST << LONGEST, min(end, math.ceil(at + burst.over))
    if burst.extra > 0.0:
        place = max(place, math.floor(at + burst.onset))
    here, value = shared_at(motion, place - at), row[NOISE] * height(burst, place - at)
    slope = rise(burst, place - at, value)
    while place < end:
        n = 1 << spread(burst, bends, motion.crossfade, place, place - at)
        until = place + n - at
        there, next_value = shared_at(motion, until), row[NOISE] * height(burst, until)
        next_slope = rise(burst, until, next_value)
        early = cubic(value, slope, next_value, next_slope, n)
        later = cubic(
            value * here.across,
            slope * here.across + value * here.across_slope,
            next_value * there.across,
            next_slope * there.across + next_value * there.across_slope,
            n,
        )
        fill_tile(tile, n, (side * place, side), waves, (early, later))
        add_tile(audio, gains, tile, (max(begin - place, 0), min(end - place, n)), place, first, backward)
        place, here, value, slope = place + n, there, next_value, next_slope
