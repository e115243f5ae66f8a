"""Learned events by their definition, term by term: what the fast render is tested against."""

from __future__ import annotations

import numpy as np

from motes.events.event_table import Array
from motes.kinds.learned.audio import Plan, gains, plan
from motes.kinds.learned.table import Learned
from motes.kinds.renderer import SceneContext


def render(events: Learned, context: SceneContext) -> Array:
    """The events as all of a scene, `(n_channels, n_samples)` float64."""
    audio = np.zeros((context.n_channels, context.n_samples))
    for i in range(len(events)):
        model = context.models[events.model[i]]
        if model.waveforms is None:
            continue
        waveform = model.sounds()[np.searchsorted(model.held, events.waveform[i])]
        how = plan(events, i, model, context.sample_rate_hz)
        first, last = (min(max(0, place), context.n_samples) for place in (how.start, how.start + how.n_made))
        since = np.arange(first, last) - float(events.time_s[i]) * context.sample_rate_hz
        since = -since if events.backward[i] else since
        if how.is_plain:
            sound = waveform[np.rint(since).astype(np.int64)]
        else:
            sound = _interpolated(waveform, since, events, i, how, context.sample_rate_hz)
        audio[:, first:last] += events.signed[i][:, None] * sound
    return audio


def _interpolated(
    waveform: Array, since: Array, events: Learned, i: int, how: Plan, sample_rate_hz: int
) -> Array:
    """Its Fourier series at so many samples after its first one, terms above either half rate left out."""
    sound, n_padded, n_made = np.zeros(len(since)), how.n_padded, how.n_made
    for k in range(-(-min(n_padded, n_made) // 2)):
        term = np.sum(waveform * np.exp(-2j * np.pi * k / n_padded * np.arange(len(waveform))))
        gain = gains(events, i, np.array([k * sample_rate_hz / n_made]))[0] * (1 if k == 0 else 2) / n_padded
        sound += gain * (term * np.exp(2j * np.pi * k / n_made * since)).real
    return sound
