"""Gabor events by their definition: slow, and what faster renderers are tested against."""

from __future__ import annotations

import numpy as np

from motes.events.event_table import Array
from motes.kinds.gabor.table import Gabor
from motes.kinds.renderer import SceneContext


def render_gabor_oracle(events: Gabor, sample_rate_hz: int, n_samples: int, n_channels: int) -> Array:
    """Sum of the events by their definition, `(n_channels, n_samples)` float64: slow, and what faster renderers are
    tested against.

    Events above half the sample rate are silent.
    """
    audio = np.zeros((n_channels, n_samples))
    for i in np.flatnonzero(events.frequency_hz <= sample_rate_hz / 2):
        centre, half = events.time_s[i] * sample_rate_hz, events.window_s[i] * sample_rate_hz / 2
        first, last = max(0, int(np.ceil(centre - half))), min(n_samples - 1, int(np.floor(centre + half)))
        if last < first:
            continue
        u = np.arange(first, last + 1) - centre
        window = 0.5 + 0.5 * np.cos(np.pi * u / half)
        angle = 2 * np.pi * events.frequency_hz[i] / sample_rate_hz * u
        angle += np.pi * events.chirp_hz_per_s[i] * np.square(u / sample_rate_hz)
        for channel in range(n_channels):
            audio[channel, first : last + 1] += (
                events.amplitude[i, channel] * window * np.cos(angle + events.phase_rad[i, channel])
            )
    return audio


def render(events: Gabor, context: SceneContext) -> Array:
    """The events as all of a scene, `(n_channels, n_samples)` float64."""
    return render_gabor_oracle(events, context.sample_rate_hz, context.n_samples, context.n_channels)
