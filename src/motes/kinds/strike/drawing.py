"""Strikes as ticks on lanes, one for each control that is played."""

from __future__ import annotations

import numpy as np

from motes.kinds.drawing import Drawing, Lanes, Primitive, View, opacity, strongest
from motes.kinds.strike.table import Strike


class StrikeDrawing(Drawing):
    """Which frequencies sound is the instrument's to say: strikes stand below the picture."""

    def primitives(self, events: Strike, view: View) -> list[Primitive]:
        """A tick for each strike, on the lane of its control."""
        shown: Strike = strongest(events, self.strength(events), view)
        if not len(shown):
            return []
        played, lane = np.unique(np.stack([shown.instrument_id, shown.control]), axis=1, return_inverse=True)
        n_lanes = played.shape[1]
        decibels = 20 * np.log10(np.maximum(shown.amplitude, 1e-10))
        label = f"{n_lanes} control{'s' if n_lanes > 1 else ''}"
        return [Lanes(shown.time_s, lane.reshape(-1), opacity(decibels, float(decibels.max())), label)]


DRAWING = StrikeDrawing()
