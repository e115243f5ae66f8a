"""Windowed sinusoids to audio, by `motes.kernels.windowed_sinusoids`."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from motes.events.chirps import chirps_in_samples
from motes.events.event_table import EventTable
from motes.kernels.windowed_sinusoids import Signal, Sinusoids, add_gabor
from motes.kinds.gabor.edits.rendered import atoms_as_rendered
from motes.kinds.gabor.table import Gabor
from motes.kinds.renderer import Audio, EventRenderer, SceneContext


class GaborRenderer(EventRenderer):
    """Adds the atoms whose windows reach into a stretch."""

    SHARES: ClassVar[bool] = False

    def __init__(self, events: Gabor, context: SceneContext) -> None:
        self._events, self._rate = events, context.sample_rate_hz
        self._reach_s = float(events.window_s.max()) / 2 if len(events) else 0.0

    @staticmethod
    def prepared(events: EventTable, sample_rate_hz: int) -> EventTable:
        """`atoms_as_rendered`."""
        assert isinstance(events, Gabor)
        return atoms_as_rendered(events, sample_rate_hz)

    def add(self, audio: Audio, first: int, n_samples: int) -> None:
        """Add the events of a stretch; as `EventRenderer`."""
        rate, events = self._rate, self._events
        beside_s = self._reach_s + 1 / rate
        edges = first / rate - beside_s, (first + n_samples) / rate + beside_s
        near = slice(*np.searchsorted(events.time_s, edges))
        # What edits put above half the rate would come back as other frequencies. Copies, since for arrays that cannot
        # be written to numba would compile the kernel once more.
        these = np.flatnonzero(events.frequency_hz[near] <= rate / 2) + near.start
        amplitude, phase = events.amplitude[these], events.phase_rad[these]
        centre, window = events.time_s[these] * rate, events.window_s[these] * rate
        omega = 2 * np.pi * events.frequency_hz[these] / rate
        chirp = chirps_in_samples(events, rate, these)
        signal = Signal(audio.reshape(-1), audio.shape[1], n_samples, first)
        add_gabor(signal, Sinusoids(centre, window, omega, amplitude, phase, chirp), 0, len(centre))


RENDERER = GaborRenderer
