"""Detail events to audio, each as a whole: they are about a second long."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from motes.events.event_table import Array
from motes.kinds.detail.audio import audio_of, delayed
from motes.kinds.detail.table import Detail
from motes.kinds.renderer import EventRenderer, SceneContext

# Events whose audio is kept for the next stretch.
N_KEPT = 4
# A place this near to a whole sample is one.
WHOLE = 1e-5
_TAIL = 32


class DetailRenderer(EventRenderer):
    """Renders any stretch of the detail events of a scene."""

    SHARES: ClassVar[bool] = False

    def __init__(self, events: Detail, context: SceneContext) -> None:
        self.events, self.sample_rate_hz = events, context.sample_rate_hz
        self._first = np.floor(events.start_s * self.sample_rate_hz) - 2 * _TAIL
        self._last = np.ceil(events.end_s * self.sample_rate_hz) + 2 * _TAIL
        self._kept: dict[int, tuple[Array, int]] = {}

    def add(self, audio: Array, first: int, n_samples: int) -> None:
        """Add the events of a stretch; as `EventRenderer`."""
        for i in np.flatnonzero((self._first < first + n_samples) & (self._last > first)):
            made, start = self._placed(int(i))
            inside, outside = max(0, first - start), max(0, start - first)
            n = min(made.shape[1] - inside, n_samples - outside)
            if n > 0:
                audio[:, outside : outside + n] += made[:, inside : inside + n]

    def _placed(self, i: int) -> tuple[Array, int]:
        """Audio of event i, and at which sample it begins."""
        found = self._kept.get(i)  # several threads may render: each sees a whole entry or none
        if found is None:
            made, lead = audio_of(self.events, i, self.sample_rate_hz)
            place = float(self.events.time_s[i]) * self.sample_rate_hz - lead
            start = round(place)
            if abs(place - start) > WHOLE:
                made, start = delayed(np.pad(made, ((0, 0), (_TAIL, _TAIL))), place - start), start - _TAIL
            found = made, start
            kept = [*self._kept.items()][-(N_KEPT - 1) :]
            self._kept = dict([*kept, (i, found)])
        return found


RENDERER = DetailRenderer
