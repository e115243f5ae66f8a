"""Learned events to audio: waveforms put where they stand, those that are changed each as a whole."""

from __future__ import annotations

import warnings
from typing import ClassVar

import numpy as np

from motes.errors import MotesWarning
from motes.events.event_table import Array
from motes.kinds.learned.audio import missing, plan, sound_of
from motes.kinds.learned.table import Learned
from motes.kinds.renderer import EventRenderer, SceneContext

# Changed waveforms that are kept for the next stretch.
N_KEPT = 64
# How many samples an event may begin earlier, or end later, than its table says, where it lies between two.
_MARGIN = 256


class LearnedRenderer(EventRenderer):
    """Adds waveforms; MotesWarning names the dictionaries that are missing, whose events are silent."""

    SHARES: ClassVar[bool] = False

    def __init__(self, events: Learned, context: SceneContext) -> None:
        if line := missing(events, context.models):
            warnings.warn(line, MotesWarning, stacklevel=2)
        known = np.array([model.waveforms is not None for model in context.models] or [False])
        self.events = events.take(known[events.model]) if len(events) else events
        self.sample_rate_hz, self._models, self._signed = context.sample_rate_hz, context.models, self.events.signed
        self._sounds = [model.sounds() for model in context.models]
        self._first = np.floor(self.events.start_s * self.sample_rate_hz) - _MARGIN
        self._last = np.ceil(self.events.end_s * self.sample_rate_hz) + _MARGIN
        self._kept: dict[int, tuple[Array, int]] = {}

    def add(self, audio: Array, first: int, n_samples: int) -> None:
        """Add the events of a stretch; as `EventRenderer`."""
        for i in np.flatnonzero((self._first < first + n_samples) & (self._last > first)):
            made, start = self._placed(int(i))
            inside, outside = max(0, first - start), max(0, start - first)
            n = min(len(made) - inside, n_samples - outside)
            if n > 0:
                audio[:, outside : outside + n] += self._signed[i][:, None] * made[inside : inside + n]

    def _placed(self, i: int) -> tuple[Array, int]:
        """Event i at amplitude 1, and at which sample of the scene it begins."""
        found = self._kept.get(i)  # several threads may render: each sees a whole entry or none
        if found is not None:
            return found
        number = int(self.events.model[i])
        model = self._models[number]
        waveform = self._sounds[number][np.searchsorted(model.held, self.events.waveform[i])]
        how = plan(self.events, i, model, self.sample_rate_hz)
        found = sound_of(self.events, i, waveform, how, self.sample_rate_hz), how.start
        if not how.is_plain:
            self._kept = dict([*[*self._kept.items()][-(N_KEPT - 1) :], (i, found)])
        return found


RENDERER = LearnedRenderer
