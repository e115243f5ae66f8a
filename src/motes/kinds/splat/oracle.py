"""Splats by their definition: slow, and what faster renderers are tested against."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from motes.events.event_table import Array
from motes.kinds.renderer import SceneContext
from motes.kinds.splat.table import BURST_OVER, PAST, STEEPEST, Splat, burst, crossed, low_pass, noise_of, ringing
from motes.units import CENT, SILENCE_DB


def render_one(events: Splat, i: int, sample_rate_hz: int, n_samples: int, *, first: int = 0) -> tuple[int, Array]:
    """Event i by its definition where it sounds within samples first … first + n_samples − 1: the sample it begins
    at, and its sound, `(n,)` float64, at 0 dB.
    """
    start, end = float(events.start_s[i]) * sample_rate_hz, float(events.end_s[i]) * sample_rate_hz
    low, high = max(first, int(np.floor(start))), min(first + n_samples, int(np.ceil(end)) + 1)
    n = high - low
    if n <= 0:
        return first, np.zeros(0)
    backward = bool(events.backward[i])
    since = (low + np.arange(n)) / sample_rate_hz - events.time_s[i]
    since = -since[::-1] if backward else since
    sound = np.zeros(n)
    frequency, amplitude, decay = events.partials(i)
    in_band = frequency < sample_rate_hz / 2
    frequency, amplitude, k = frequency[in_band], amplitude[in_band], np.flatnonzero(in_band) + 1
    decay = np.minimum(decay[in_band], STEEPEST * sample_rate_hz)
    across = crossed(events, i, since)
    if len(frequency) and events.noise[i] < 1:
        before_s = float(events.reach_s()[0][i]) if events.shape[i] > 0 else BURST_OVER * float(events.width_s[i])
        past_s = min(since[0] + before_s, PAST / float(decay.min()))  # what entered before that has died away
        skipped = max(0, int(np.ceil(past_s * sample_rate_hz)))
        envelope = ringing(events, i, decay, since[0] - skipped / sample_rate_hz, 1 / sample_rate_hz, n + skipped)[
            skipped:
        ]
        turn = 2 * np.pi * events.modulation_hz[i] * since + events.modulation_rad[i]
        swell = 1 + events.tremolo[i] * np.cos(turn)
        bent = since + 0.5 * events.glide_per_s[i] * since**2
        bent += events.vibrato_cents[i] * CENT / (2 * np.pi * events.modulation_hz[i]) * np.sin(turn)
        for p in range(len(frequency)):
            passed, later = (
                float(low_pass(frequency[p], float(events.column(name)[i])))
                for name in ("cutoff_start_hz", "cutoff_end_hz")
            )
            angle = 2 * np.pi * frequency[p] * bent + k[p] * events.phase_rad[i]
            sound += amplitude[p] * envelope[:, p] * (passed + (later - passed) * across) * swell * np.cos(angle)
        sound *= 1 - events.noise[i]
    sound, across, since = (part[::-1] if backward else part for part in (sound, across, since))
    if events.noise[i] > 0:
        early, late = noise_of(events, i, sample_rate_hz, low, n)
        sound = sound + events.noise[i] * burst(events, i, since) * (early + (late - early) * across)
    return low, sound


def gains(events: Splat, i: int) -> Array:
    """Factors of the channels, `(n_channels,)`; 0 where it is silent."""
    db: NDArray[Any] = events.gain_db[i]
    return np.where(db > SILENCE_DB, 10 ** (db / 20), 0.0)


def render_splat_oracle(events: Splat, sample_rate_hz: int, n_samples: int, n_channels: int) -> Array:
    """Sum of the events by their definition, `(n_channels, n_samples)` float64: what faster renderers are tested
    against.
    """
    audio = np.zeros((n_channels, n_samples))
    for i in range(len(events)):
        low, sound = render_one(events, i, sample_rate_hz, n_samples)
        audio[:, low : low + len(sound)] += gains(events, i)[:, None] * sound
    return audio


def render(events: Splat, context: SceneContext) -> Array:
    """The events as all of a scene, `(n_channels, n_samples)` float64."""
    return render_splat_oracle(events, context.sample_rate_hz, context.n_samples, context.n_channels)
