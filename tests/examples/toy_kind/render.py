"""Beeps to audio."""

from __future__ import annotations

from types import SimpleNamespace

from motes.kinds.renderer import Audio, EventRenderer, SceneContext
from toy_kind import oracle
from toy_kind.table import Beep


class BeepRenderer(EventRenderer):
    """Adds a stretch of what the definition gives."""

    def __init__(self, events: Beep, context: SceneContext) -> None:
        self._events, self._rate = events, context.sample_rate_hz

    def add(self, audio: Audio, first: int, n_samples: int) -> None:
        """See `EventRenderer`."""
        moved = self._events.replace(time_s=self._events.time_s - first / self._rate)
        audio[:, :n_samples] += oracle.render(moved, SimpleNamespace(sample_rate_hz=self._rate, n_samples=n_samples))


RENDERER = BeepRenderer
