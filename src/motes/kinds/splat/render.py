"""Splats to audio, each where it sounds: knots as far apart as its envelopes are smooth, the same in every block,
and partials from knot to knot.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from motes.events.event_table import Array, Ints
from motes.kinds.renderer import EventRenderer, SceneContext
from motes.kinds.splat.kernel import LONGEST, NODES, Knots, add_partials
from motes.kinds.splat.table import FALL, PAST, STEEPEST, Splat, burst, crossed, low_pass, noise_of, noise_period
from motes.units import CENT, SILENCE_DB

# Partials weaker than this beside an event's strongest are left out.
INAUDIBLE = 1e-6
# Where a partial that rings out is left.
QUIET = 1e-7
# Samples within which knots are equally far apart.
TILE = 1 << LONGEST
# Between knots, of the time in which an envelope bends: the cubic's error, a 384th of this to the fourth, is −115 dB.
STEP = 0.16
# Part of the fastest decay that counts as a bend while the burst drives it: Gauss's rule spans at most STEP/STEEP = 8
# nepers.
STEEP = 0.02
# Standard deviations after which a gaussian burst is over, at −210 dB.
BURST_OVER = 7.0
# Of noise that is kept for the blocks that follow.
NOISE_BYTES = 1 << 26

_NODE, _WEIGHT = np.polynomial.legendre.leggauss(NODES)
_NODE, _WEIGHT = 0.5 + 0.5 * _NODE, 0.5 * _WEIGHT


class SplatRenderer(EventRenderer):
    """Bursts rung through resonances; an event costs its duration times its audible partials."""

    def __init__(self, events: Splat, context: SceneContext) -> None:
        self._events, self._rate = events, context.sample_rate_hz
        self._start, self._end = self._events.start_s * self._rate, self._events.end_s * self._rate
        self._audible = (self._events.gain_db > SILENCE_DB).any(axis=1)
        period = noise_period(self._rate)
        self._noise = lru_cache(max(1, NOISE_BYTES // (16 * period)))(
            lambda i: noise_of(self._events, i, self._rate, 0, period)
        )
        before_s = self._events.reach_s()[0]
        self._partials = lru_cache(1 << 12)(lambda i: _Partials.of(self._events, i, self._rate, float(before_s[i])))
        self._gains = np.where(self._events.gain_db > SILENCE_DB, 10 ** (self._events.gain_db / 20), 0.0)

    def add(self, audio: Array, first: int, n_samples: int) -> None:
        """Add the events of a stretch; as `EventRenderer`."""
        for i in np.flatnonzero(self._audible & (self._start < first + n_samples) & (self._end > first - 1)).tolist():
            low, high = (
                max(first, int(np.floor(self._start[i]))),
                min(first + n_samples, int(np.ceil(self._end[i])) + 1),
            )
            if high > low:
                audio[:, low - first : high - first] += self._gains[i, :, None] * self._sound(i, low, high)

    def _sound(self, i: int, low: int, high: int) -> Array:
        """Samples low … high − 1 of event i, at 0 dB."""
        events = self._events
        backward = bool(events.backward[i])
        begin, end = (
            (1 - high, 1 - low) if backward else (low, high)
        )  # a backward event sounds forward where samples count backward
        partials = self._partials(i)
        at_s = -float(events.time_s[i]) if backward else float(events.time_s[i])
        sound = np.zeros(high - low)
        if partials.columns.shape[1]:
            sound += _ringing(events, i, partials, self._rate, at_s, begin, end)
        if events.noise[i] > 0:
            n = min(high - low, max(0, int(np.ceil((at_s + _burst_over(events, i)) * self._rate)) - begin))
            since = np.arange(begin, begin + n) / self._rate - at_s
            samples = np.arange(begin, begin + n)
            early, late = (part[(-samples if backward else samples) % len(part)] for part in self._noise(i))
            sound[:n] += (
                events.noise[i] * burst(events, i, since) * (early + (late - early) * crossed(events, i, since))
            )
        return sound[::-1] if backward else sound


@dataclass(frozen=True)
class _Partials:
    """What does not change of an event's partials."""

    # See `add_partials`; the last row is still empty.
    columns: Array
    # Nepers per second.
    decay: Array
    quiet: float
    onset_s: float
    # How fast the fastest of them decays, all swell and swing, and cross over to the later low-pass: fourth roots of
    # fourth derivatives, in 1/s, beside the strongest.
    bend: tuple[float, float, float]

    @classmethod
    def of(cls, events: Splat, i: int, rate: int, before_s: float) -> _Partials:
        """Those of event i that are audible; it begins `before_s` before its burst is strongest."""
        frequency, amplitude, decay = events.partials(i)
        decay = np.minimum(decay, STEEPEST * rate)
        amplitude *= (1 - events.noise[i]) * (frequency < rate / 2)
        early, late = (
            amplitude * low_pass(frequency, float(cutoff[i]))
            for cutoff in (events.cutoff_start_hz, events.cutoff_end_hz)
        )
        loud = np.maximum(early, late)
        most = float(loud.max(initial=0.0))
        audible = loud > INAUDIBLE * most
        k = np.flatnonzero(audible) + 1
        frequency, decay, early, late, loud = (part[audible] for part in (frequency, decay, early, late, loud))
        level = (decay + 1 / (np.sqrt(2 * np.pi) * events.width_s[i])) / rate
        columns = np.stack(
            [
                2 * np.pi * frequency / rate,
                k * events.phase_rad[i],
                decay / rate,
                level,
                early,
                late - early,
                np.zeros(len(k)),
            ]
        )
        most = max(most, 1e-300)  # there may be none
        beside, pace = loud / most, 2 * np.pi * float(events.modulation_hz[i])
        swing = 2 * np.pi * frequency * abs(float(events.vibrato_cents[i])) * CENT
        gliding = np.sqrt(3.0) * (2 * np.pi * frequency * abs(float(events.glide_per_s[i])) + swing * pace)
        bends = (decay, gliding**0.5 + (swing * pace**3) ** 0.25 + abs(float(events.tremolo[i])) ** 0.25 * pace)
        fastest, swung = (float(np.max(beside**0.25 * bend, initial=0.0)) for bend in bends)
        changes = float(np.max(np.abs(late - early), initial=0.0)) / most
        return cls(
            columns,
            decay,
            QUIET * most,
            -before_s,
            (fastest, swung, 0.6 * changes**0.25 / float(events.crossfade_s[i])),
        )


def _burst_over(events: Splat, i: int) -> float:
    """Seconds after `time_s` at which the burst has fallen by more than 130 dB."""
    shape, width = float(events.shape[i]), float(events.width_s[i])
    return (1.4 * FALL + 6 * np.sqrt(shape - 1)) * width / np.sqrt(shape) if shape > 0 else BURST_OVER * width


def _ringing(events: Splat, i: int, partials: _Partials, rate: int, at_s: float, begin: int, end: int) -> Array:
    """The partials of event i at samples begin … end − 1, the burst being strongest at `at_s`."""
    tile = begin // TILE
    spread, place = _knots(events, i, partials, rate, TILE * np.arange(tile, -(-end // TILE)) / rate - at_s)
    since = (place + TILE * tile) / rate - at_s
    first_knot = int(np.searchsorted(since, partials.onset_s)) if events.shape[i] > 0 else 0
    sound = np.zeros(int(place[-1]))
    if first_knot >= len(place):
        return sound[begin - TILE * tile :][: end - begin]
    columns = partials.columns.copy()
    columns[6] = columns[3] * rate * _entered(events, i, partials, float(since[first_knot]), rate)
    driven = min(len(spread), int(np.searchsorted(since, _burst_over(events, i))))
    length = (1 << spread[:driven])[:, None]
    drive = burst(events, i, since[:driven, None] + length * _NODE / rate) * length * _WEIGHT
    knots = Knots(place, spread, drive, burst(events, i, since), _shared(events, i, since, rate))
    add_partials(sound, knots, columns, _NODE, first_knot, partials.quiet)
    return sound[begin - TILE * tile :][: end - begin]


def _knots(events: Splat, i: int, partials: _Partials, rate: int, since: Array) -> tuple[Ints, Ints]:
    """How far each knot is from the next, as a power of two, and where all are, in samples from the first, for
    tiles that begin at these times.
    """
    fastest, swung, crossing = partials.bend
    width, shape, crossfade = (float(events.column(name)[i]) for name in ("width_s", "shape", "crossfade_s"))
    bend = np.full(len(since), max(1.5 / width, STEEP * fastest))
    if shape > 0:
        from_onset = since - partials.onset_s
        bend += 2 / np.maximum(from_onset, 1e-12)  # a power of the time since the onset
    # What decays fast is soon gone: d⁴ exp(−d τ) is at most (1.5/τ)⁴.
    ringing = np.minimum(max(fastest, np.sqrt(shape) / width), 2 / np.maximum(since, 1e-12))
    bend = np.where(since < 5 * width, bend, ringing)
    away = np.maximum(0.0, np.maximum(since - 2 * crossfade, 2 * crossfade - since - TILE / rate))
    bend += swung + crossing * np.exp(-0.25 * away / crossfade)
    exponent = np.clip(np.floor(np.log2(STEP * rate / bend)), 0, LONGEST).astype(np.int64)
    spread = np.repeat(exponent, TILE >> exponent)
    return spread, np.concatenate([[0], np.cumsum(1 << spread)])


def _shared(events: Splat, i: int, since: Array, rate: int) -> Array:
    """What all partials of event i have in common at these times since its burst, as in `Knots`."""
    crossfade, pace, depth, glide = (
        float(events.column(name)[i]) for name in ("crossfade_s", "modulation_hz", "tremolo", "glide_per_s")
    )
    swing, pace = float(events.vibrato_cents[i]) * CENT, 2 * np.pi * pace
    turn = pace * since + float(events.modulation_rad[i])
    cosine, sine = np.cos(turn), np.sin(turn)
    across = crossed(events, i, since)
    bent = since + 0.5 * glide * since**2 + swing / pace * sine
    rows: list[Any] = [
        across,
        across * (1 - across) / (crossfade * rate),
        1 + depth * cosine,
        -depth * pace / rate * sine,
    ]
    return np.stack([*rows, bent * rate, 1 + glide * since + swing * cosine])


def _entered(events: Splat, i: int, partials: _Partials, since: float, rate: int) -> Array:
    """What of the burst is left at a time since `time_s`, in seconds of its peak, `(n_partials,)`: its convolution with
    each decay, from its beginning or as far back as anything is left of.

    By Gauss's rule between times that lie the closer to each other the nearer to the onset, where the burst is a power,
    and to the end, where the decay is steep; at most half a standard deviation apart.
    """
    width, onset, decay = float(events.width_s[i]), partials.onset_s, partials.decay
    low = max(onset, since - PAST / float(decay.min()), -2 * BURST_OVER * width)
    high = min(since, _burst_over(events, i))
    if high <= low:
        return np.zeros(len(decay))
    doubling = 2.0 ** np.arange(np.log2(1 + (since - low) * rate)) / rate
    first = (
        since - np.floor((since - onset) * rate) / rate
    )  # the first sample from the onset, from which the definition goes on
    edges = np.concatenate([np.arange(low, high, 0.5 * width), [first], first + doubling, since - doubling, [high]])
    edges = np.unique(edges[(edges >= low) & (edges <= high)])
    length = np.diff(edges)[:, None]
    at = edges[:-1, None] + length * _NODE
    driven = (burst(events, i, at) * length * _WEIGHT).reshape(-1)
    return np.asarray(np.exp(-decay[:, None] * (since - at.reshape(-1))) @ driven)


RENDERER = SplatRenderer
