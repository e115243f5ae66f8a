"""Splats to audio, each where it sounds, from knot to knot: the same in every block."""

from __future__ import annotations

import numpy as np

from motes.events.event_table import Array
from motes.kinds.renderer import EventRenderer, SceneContext
from motes.kinds.splat.kernel import ROW, add_splats, new_room
from motes.kinds.splat.noises import BATCH, Noises, add_noise
from motes.kinds.splat.table import Splat
from motes.units import SILENCE_DB


class SplatRenderer(EventRenderer):
    """Bursts rung through resonances; an event costs its duration times its audible partials."""

    def __init__(self, events: Splat, context: SceneContext) -> None:
        self._rate = float(context.sample_rate_hz)
        start, end = np.floor(events.start_s * self._rate), np.ceil(events.end_s * self._rate)
        self._rows = np.stack([start, end, *(events.column(name) for name in ROW[2:])], axis=1).astype(np.float64)
        self._start, self._end = start, end
        self._gains = np.where(events.gain_db > SILENCE_DB, 10 ** (events.gain_db / 20), 0.0)
        self._audible, self._noisy = self._gains.any(axis=1), events.noise > 0
        self._noises = Noises(events, context.sample_rate_hz)

    def add(self, audio: Array, first: int, n_samples: int) -> None:
        """Add the events of a stretch; as `EventRenderer`."""
        room = new_room()
        here = np.flatnonzero(self._audible & (self._start < first + n_samples) & (self._end >= first))
        add_splats(audio, first, n_samples, self._rows[here], self._gains[here], self._rate, room)
        noisy = here[self._noisy[here]].tolist()
        for k in range(0, len(noisy), BATCH):
            some = noisy[k : k + BATCH]
            for i, waves in zip(some, self._noises.of(some), strict=True):
                add_noise(audio, first, n_samples, self._rows[i], self._gains[i], self._rate, waves, room)


RENDERER = SplatRenderer
