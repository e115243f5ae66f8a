"""Splats as partials that rise with the burst and decay."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motes.events.event_table import Array
from motes.kinds.drawing import PIECES, RANGE_DB, Bars, Drawing, Lines, Primitive, View, opacity, rectangles, strongest
from motes.kinds.splat.integers import amplitudes
from motes.kinds.splat.table import N_PARTIALS, Splat, burst, crossed, low_pass
from motes.units import OCTAVE_DB, erb_rate

# Of all splats of a picture together.
MOST_PARTIALS = 40_000
# Partials weaker than this, beside the strongest, do not sound where a splat stands.
AUDIBLE = 0.05
# A splat is drawn as a line until it has decayed by this much.
DRAWN_DB = 40.0


class SplatDrawing(Drawing):
    """By its partials, since its gain is that of the burst's spectrum at its middle, where there need not be one."""

    def sounding_band_hz(self, events: Splat, nyquist_hz: float) -> tuple[Array, Array]:
        """From the lowest to the highest partial that sounds, or of the noise of its burst."""
        low, high, _ = _sounding(events, nyquist_hz)
        return np.minimum(low, nyquist_hz), np.minimum(high, nyquist_hz)

    def strength(self, events: Splat) -> Array:
        """Energy: of the partials and of the noise, over the burst and the decay."""
        noise = events.noise[:, None]
        sounding = noise**2 + (1 - noise) ** 2 * np.sum(amplitudes(events) ** 2, axis=1)[:, None]
        seconds = events.width_s + events.t60_s / 14
        return np.asarray(np.sum(sounding * 10 ** (events.gain_db / 10), axis=1) * seconds)

    def extent_s(self, events: Splat) -> tuple[Array, Array]:
        """Until it has decayed by `DRAWN_DB`."""
        twice = 2 * events.width_s
        before, after = np.minimum(events.reach_s(), [twice, twice + events.t60_s * (DRAWN_DB / 60)])
        backward = events.backward == 1
        return events.time_s - np.where(backward, after, before), events.time_s + np.where(backward, before, after)

    def more(self, events: Splat, nyquist_hz: float) -> Array:
        """When after its start it is strongest, how many partials sound, how noisy it is, and whether backward."""
        n_sounding = _sounding(events, nyquist_hz)[2]
        return np.stack([events.time_s - events.start_s, n_sounding, events.noise, events.backward], axis=1)

    def primitives(self, events: Splat, view: View) -> list[Primitive]:
        """Each partial, the fainter the weaker; a bar over the burst's spectrum where noise is in it."""
        shown: Splat = strongest(events, self.strength(events), view)
        if not len(shown):
            return []
        partials = [shown.partials(i) for i in range(len(shown))]
        level = 10 ** (shown.gain_db.max(axis=1) / 20)
        loudest = max(float(part[1].max()) * level[i] for i, part in enumerate(partials))
        floor = max(loudest, 1e-10) * 10 ** (-RANGE_DB / 20)
        return [_lines(shown, partials, level, loudest, floor), _noise(shown, level, loudest, floor)]


def _lines(
    events: Splat, partials: list[tuple[Array, Array, Array]], level: Array, loudest: float, floor: float
) -> Lines:
    """The partials that lie above a floor."""
    most = max(1, MOST_PARTIALS // len(events))
    ends, decibels = [np.zeros((0, 2, 2))], [np.zeros(0)]
    for i, (frequency, amplitude, decay) in enumerate(partials):
        strength = level[i] * amplitude * (1 - events.noise[i])
        for k in np.argsort(-strength, kind="stable")[:most].tolist():
            if strength[k] > floor:
                pieces, decibel = _fading(events, i, float(frequency[k]), float(strength[k]), float(decay[k]), floor)
                ends.append(pieces)
                decibels.append(decibel)
    loudest_db = 20 * float(np.log10(max(loudest, 1e-10)))
    return Lines(np.concatenate(ends), opacity(np.concatenate(decibels), loudest_db), 1.8)


def _fading(events: Splat, i: int, hz: float, strength: float, decay: float, floor: float) -> tuple[Array, Array]:
    """Pieces of the line of one partial, `(PIECES, 2, 2)` in s and ERB, and the level of each in dB: of the burst,
    and of what rings on after it.
    """
    lasts = min(float(events.reach_s()[1][i]), 3 * float(events.width_s[i]) + np.log(strength / floor) / decay)
    since = np.linspace(-min(float(events.reach_s()[0][i]), 3 * float(events.width_s[i])), lasts, PIECES + 1)
    middle = (since[1:] + since[:-1]) / 2
    envelope = np.maximum(burst(events, i, middle), (middle > 0) * np.exp(-decay * np.maximum(middle, 0.0)))
    early, late = (low_pass(hz, float(cutoff[i])) for cutoff in (events.cutoff_start_hz, events.cutoff_end_hz))
    envelope *= early + (late - early) * crossed(events, i, middle)
    height = erb_rate(np.maximum(hz * (1 + events.glide_per_s[i] * since), 0.0))
    at = events.time_s[i] + (-since if events.backward[i] else since)
    points = np.stack([at, height], -1)
    return np.stack([points[:-1], points[1:]], axis=1), 20 * np.log10(np.maximum(strength * envelope, 1e-10))


def _noise(events: Splat, level: Array, loudest: float, floor: float) -> Bars:
    """Where the noise of splats is loud: two deviations of the burst in time, and of its spectrum."""
    noisy: NDArray[np.intp] = np.flatnonzero((events.noise > 0) & (level * events.noise > floor))
    spread = 2.0 ** events.width_octaves[noisy]
    bottom, top = (
        erb_rate(np.clip(hz, events.low_hz[noisy], events.high_hz[noisy]))
        for hz in (events.centre_hz[noisy] / spread, events.centre_hz[noisy] * spread)
    )
    left, right = events.time_s[noisy] - events.width_s[noisy], events.time_s[noisy] + events.width_s[noisy]
    decibels = 20 * np.log10(level[noisy] * events.noise[noisy])
    return Bars(
        rectangles(left, right, bottom, top), 0.4 * opacity(decibels, 20 * float(np.log10(max(loudest, 1e-10))))
    )


def _sounding(events: Splat, nyquist_hz: float) -> tuple[Array, Array, Array]:
    """From the lowest to the highest frequency that sounds of each splat, partials or the noise of its burst, and how
    many partials there are.
    """
    if not len(events):
        return np.zeros(0), np.zeros(0), np.zeros(0)
    k = np.arange(1, N_PARTIALS + 1, dtype=np.float64)
    b = events.inharmonicity[:, None]
    frequency = events.f0_hz[:, None] * k * np.sqrt((1 + b * k**2) / (1 + b))
    octaves = np.log2(frequency / events.centre_hz[:, None]) / events.width_octaves[:, None]
    loudness = k ** (-events.rolloff_db[:, None] / OCTAVE_DB) * np.exp(-0.5 * octaves**2)
    cutoff = np.maximum(events.cutoff_start_hz, events.cutoff_end_hz)[:, None]
    loudness = loudness / (1 + (frequency / cutoff) ** 2)
    inside = (
        (k <= events.n_partials[:, None])
        & (frequency >= events.low_hz[:, None])
        & (frequency <= np.minimum(events.high_hz, nyquist_hz)[:, None])
    )
    loudness = np.where(inside & (events.noise < 1)[:, None], loudness, 0.0)
    audible = (loudness > AUDIBLE * loudness.max(axis=1, keepdims=True)) & (loudness > 0)
    low, high = np.where(audible, frequency, np.inf).min(axis=1), np.where(audible, frequency, 0.0).max(axis=1)
    noisy = (events.noise > 0) | ~audible.any(axis=1)
    reach = 2.0 ** np.minimum(events.width_octaves, 20.0)
    spread = np.clip([events.centre_hz / reach, events.centre_hz * reach], events.low_hz, events.high_hz)
    low, high = np.where(noisy, np.minimum(low, spread[0]), low), np.where(noisy, np.maximum(high, spread[1]), high)
    return low, high, np.where(audible.any(axis=1), np.where(audible, k, 0).max(axis=1), 0.0)


DRAWING = SplatDrawing()
