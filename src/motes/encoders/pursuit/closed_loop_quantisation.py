"""Closed-loop quantisation: each event is rounded to what suits the errors its neighbours have made, and theirs to its
own.

Atoms of pursuit overlap, so that one can mend what rounding did to another: two rounds of coordinate descent on the
rounded values take 1 to 2 dB off the error, for no bits (Vetterli & Kalker, "Matching pursuit for compression and
application to motion compensated video coding", 1994).

Time is divided into zones. The events of two zones of one parity do not overlap, so threads share first the even ones,
then the odd ones: the result does not depend on how many there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from motes.audio import Source
from motes.codec import quantise
from motes.encoders.residual import residual_blocks
from motes.encoders.threads import ThreadPool
from motes.events.chirps import chirps_in_samples
from motes.events.frozen import handed_over
from motes.kernels.simd.rounding import SPARE_SAMPLES, Rounding, Stretch, round_by_coordinate_descent, subtract_events
from motes.kernels.windowed_sinusoids import Sinusoids
from motes.kinds.gabor.quantiser import WINDOW_UNITS, GaborQuantiser, event_knee, slope
from motes.kinds.gabor.table import Gabor
from motes.scene.scene import Scene

N_ROUNDS = 2
# Events are rounded stretch by stretch, in each zone by zone, and subtracted in blocks.
STRETCH_SAMPLES = 1 << 18
ZONE_SAMPLES = 1 << 14
BLOCK_SAMPLES = 1 << 16
Audio = NDArray[np.floating]


def quantise_in_closed_loop(scene: Scene, source: Source, pool: ThreadPool | None = None) -> Scene:
    """A rounded scene with its gabor events rounded again, each to what leaves least of the source; memory does not
    grow with its length.
    """
    if len(scene.gabor) == 0 or scene.quantiser is None:
        return scene
    rounder = ClosedLoop(scene.gabor, scene.sample_rate_hz, scene.quantiser, pool or ThreadPool())
    others = scene.with_tables([Gabor.empty(scene.n_channels)])
    silent = not any(len(table) for table in others.tables)
    for _ in rounder.residual(source.blocks() if silent else residual_blocks(others, source), N_ROUNDS):
        pass
    return quantise(scene.with_tables([rounder.gabor()]))


class ClosedLoop:
    """Gabor events that are rounded, as often as `residual` is asked for."""

    def __init__(self, gabor: Gabor, sample_rate_hz: int, quantiser: GaborQuantiser, pool: ThreadPool) -> None:
        self._gabor, self._rate, self._quantiser, self._pool = gabor, sample_rate_hz, quantiser, pool
        self._amplitude, self._phase = gabor.amplitude.copy(), gabor.phase_rad.copy()
        # Of length 0 where no frequency rises.
        self._chirp = chirps_in_samples(gabor, sample_rate_hz)
        self._reach = int(gabor.window_s.max(initial=0.0) * sample_rate_hz / 2) + 1
        self._zone_samples = max(ZONE_SAMPLES, 2 * self._reach + SPARE_SAMPLES)

    def gabor(self) -> Gabor:
        """The events as they are; nothing is rounded after that."""
        return self._gabor.replace(**handed_over({"amplitude": self._amplitude, "phase_rad": self._phase}))

    def _between(self, start: float, end: float) -> Sinusoids:
        """The events centred in samples start … end − 1 as the kernels take them, amplitudes and phases in place: an
        hour's are never there all at once.
        """
        gabor, rate = self._gabor, self._rate
        some = slice(*np.searchsorted(gabor.time_s, (start / rate, end / rate)).tolist())
        omega = 2 * np.pi * gabor.frequency_hz[some] / rate
        times = gabor.time_s[some] * rate, gabor.window_s[some] * rate
        chirp = self._chirp[some] if len(self._chirp) else self._chirp
        return Sinusoids(*times, omega, self._amplitude[some], self._phase[some], chirp)

    def residual(self, blocks: Iterable[Audio], n_rounds: int) -> Iterator[tuple[Audio, Audio]]:
        """Round all events `n_rounds` times to what leaves least of a signal in blocks `(n_channels, any length)`;
        stretch after stretch, what they leave of it, and the signal there, float32.
        """
        n_channels, parts = self._amplitude.shape[1], iter(blocks)
        signal = residual = np.zeros((n_channels, 0), np.float32)
        first, start, more = 0, 0, True
        while more:
            end = start + STRETCH_SAMPLES
            fresh, more = _read(parts, end + self._reach - first - signal.shape[1], n_channels)
            signal = np.concatenate([signal, fresh], axis=1)
            left = self._without_events(fresh, first + residual.shape[1])
            stretch = Stretch.of(np.concatenate([residual, left], axis=1), first)
            self._round(stretch, start if start else -np.inf, end if more else np.inf, n_rounds)
            done = max(0, end - self._reach - first) if more else signal.shape[1]
            residual = stretch.channels()
            yield residual[:, :done], signal[:, :done]
            signal, residual, first, start = signal[:, done:], residual[:, done:], first + done, end

    def _without_events(self, audio: Audio, first: int) -> Audio:
        """Audio from sample `first` on less all events as they are."""

        def subtracted(start: int) -> Audio:
            block = Stretch.of(audio[:, start : start + BLOCK_SAMPLES], first + start)
            ends = block.first_sample - self._reach, block.first_sample + block.n_samples + self._reach
            events = self._between(*ends)
            subtract_events(block, events, 0, len(events.centre))
            return block.channels()

        parts = self._pool.map(subtracted, range(0, audio.shape[1], BLOCK_SAMPLES))
        return np.concatenate([audio[:, :0], *parts], axis=1)

    def _round(self, stretch: Stretch, start: float, end: float, n_rounds: int) -> None:
        """Round the events centred in samples start … end − 1, zone by zone."""
        events, quantiser, zone_samples = self._between(start, end), self._quantiser, self._zone_samples
        centre = events.centre
        if not len(centre):
            return
        zones = np.arange(centre[0] // zone_samples, centre[-1] // zone_samples + 1)
        edges = [0, *np.searchsorted(centre, zones[1:] * zone_samples).tolist(), len(centre)]
        knee = event_knee(np.rint(events.window * WINDOW_UNITS).astype(np.int64), quantiser)
        rounding = Rounding(np.exp2(knee / 8), quantiser.steps_per_doubling, quantiser.n_phases, slope(quantiser))

        def round_zone(i: int) -> None:
            round_by_coordinate_descent(stretch, events, rounding, edges[i], edges[i + 1])

        for _ in range(n_rounds):
            for parity in (0, 1):
                self._pool.map(round_zone, range(parity, len(zones), 2))


def _read(parts: Iterator[Audio], n_samples: int, n_channels: int) -> tuple[NDArray[np.float32], bool]:
    """Blocks of at least `n_samples` together, or all there are; and whether there may be more."""
    found, n_read = [np.zeros((n_channels, 0), np.float32)], 0
    while n_read < n_samples:
        block = next(parts, None)
        if block is None:
            return np.concatenate(found, axis=1), False
        found.append(block.astype(np.float32, copy=False))
        n_read += block.shape[1]
    return np.concatenate(found, axis=1), True
