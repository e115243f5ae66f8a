"""Windowed sinusoids to audio, by `motes.kernels.windowed_sinusoids`."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from motes.events.chirps import chirps_in_samples
from motes.events.event_table import EventTable
from motes.kernels.windowed_sinusoids import Signal, Sinusoids, add_gabor
from motes.kinds.gabor.edited import atoms_as_rendered
from motes.kinds.gabor.table import Gabor
from motes.kinds.renderer import Audio, EventRenderer, SceneContext


class GaborRenderer(EventRenderer):
    """Adds the atoms whose windows reach into a stretch."""

    SHARES: ClassVar[bool] = False

    def __init__(self, events: Gabor, context: SceneContext) -> None:
        rate = context.sample_rate_hz
        audible = events.frequency_hz <= rate / 2  # what edits put above would come back as other frequencies
        self._events = events = events if audible.all() else events.take(audible)
        self._centre = events.time_s * rate
        self._window = events.window_s * rate
        self._omega = 2 * np.pi * events.frequency_hz / rate
        self._chirp = chirps_in_samples(events, rate)
        self._reach = float(self._window.max()) / 2 if len(events) else 0.0

    @staticmethod
    def prepared(events: EventTable, sample_rate_hz: int) -> EventTable:
        """`atoms_as_rendered`."""
        assert isinstance(events, Gabor)
        return atoms_as_rendered(events, sample_rate_hz)

    def add(self, audio: Audio, first: int, n_samples: int) -> None:
        """Add the events of a stretch; as `EventRenderer`."""
        low, high = np.searchsorted(self._centre, (first - self._reach, first + n_samples + self._reach))
        # Copies, since for arrays that cannot be written to numba would compile the kernel once more.
        amplitude, phase = self._events.amplitude[low:high].copy(), self._events.phase_rad[low:high].copy()
        centre, window, omega = self._centre[low:high], self._window[low:high], self._omega[low:high]
        signal = Signal(audio.reshape(-1), audio.shape[1], n_samples, first)
        chirp = self._chirp[low:high] if len(self._chirp) else self._chirp
        add_gabor(signal, Sinusoids(centre, window, omega, amplitude, phase, chirp), 0, len(centre))


RENDERER = GaborRenderer
