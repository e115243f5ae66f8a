"""Learned events as ticks on lanes, one for each waveform that is heard."""

from __future__ import annotations

import numpy as np

from motes.kinds.drawing import Drawing, Lanes, Primitive, View, opacity, strongest
from motes.kinds.learned.table import Learned


class LearnedDrawing(Drawing):
    """Which frequencies sound is the waveform's to say: they stand below the picture."""

    def primitives(self, events: Learned, view: View) -> list[Primitive]:
        """A tick for each, on the lane of its waveform."""
        shown: Learned = strongest(events, self.strength(events), view)
        if not len(shown):
            return []
        heard, lane = np.unique(np.stack([shown.model, shown.waveform]), axis=1, return_inverse=True)
        n_lanes, decibels = heard.shape[1], self.level_db(shown)
        label = f"{n_lanes} waveform{'s' if n_lanes > 1 else ''}"
        return [Lanes(shown.time_s, lane.reshape(-1), opacity(decibels, float(decibels.max())), label)]


DRAWING = LearnedDrawing()
