"""Splats to audio, each where it sounds."""

from __future__ import annotations

import numpy as np

from motes.scene.kinds import Array
from motes.scene.scene import Scene
from motes.scene.splat import MUTE_DB, gains, render_one

INAUDIBLE = 1e-6
"""Partials weaker than this beside an event's strongest are left out."""


class SplatPart:
    """Bursts rung through resonances; what is heard of an event costs its duration times its partials."""

    def __init__(self, scene: Scene) -> None:
        self._events, self._rate = scene.splat, scene.sample_rate_hz
        self._start, self._end = self._events.start_s * self._rate, self._events.end_s * self._rate
        self._heard = (self._events.gain_db > MUTE_DB).any(axis=1)

    def add(self, audio: Array, first: int, n_samples: int) -> None:
        """See `Part`."""
        for i in np.flatnonzero(self._heard & (self._start < first + n_samples) & (self._end > first - 1)):
            low, sound = render_one(self._events, int(i), self._rate, n_samples, first=first, inaudible=INAUDIBLE)
            audio[:, low - first : low - first + len(sound)] += gains(self._events, int(i))[:, None] * sound
