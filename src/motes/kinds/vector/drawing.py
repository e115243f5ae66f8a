"""Vectors as bars from their onset, for their length, at their pitch: the higher the more of them is noise."""

from __future__ import annotations

import numpy as np

from motes.events.event_table import Array
from motes.kinds.drawing import Bars, Drawing, Primitive, View, opacity, rectangles, strongest
from motes.kinds.vector.table import Vector
from motes.units import HIGHEST_HZ, erb_rate

# Half the height of a bar, of what has pitch and of noise alone, on the ERB-rate scale.
THIN, THICK = 0.2, 2.0


class VectorDrawing(Drawing):
    """By what the numbers say; nothing is decoded to draw a picture."""

    def band_hz(self, events: Vector) -> tuple[Array, Array]:
        """Its pitch."""
        hz = np.minimum(440 * 2 ** ((events.pitch_semitones - 69) / 12), HIGHEST_HZ)
        return hz, hz

    def level_db(self, events: Vector) -> Array:
        """Of its loudest 50 ms, in the loudest channel."""
        return np.asarray(events.loudness_db + events.gain_db.max(axis=1, initial=-200.0))

    def strength(self, events: Vector) -> Array:
        """Energy, roughly: its level for as long as it lasts."""
        gain: Array = np.sum(10 ** (events.gain_db / 10), axis=1)
        return np.asarray(gain * 10 ** (events.loudness_db / 10) * 2**events.log2_length_s)

    def extent_s(self, events: Vector) -> tuple[Array, Array]:
        """From its onset to its end, or the other way round where it is backward."""
        length, backward = 2**events.log2_length_s, events.backward == 1
        return events.time_s - np.where(backward, length, 0.0), events.time_s + np.where(backward, 0.0, length)

    def shown_s(self, events: Vector) -> tuple[Array, Array]:
        """As long as it is drawn elsewhere: it may ring on longer than one would call it a note."""
        return self.extent_s(events)

    def primitives(self, events: Vector, view: View) -> list[Primitive]:
        """A bar for each, the fainter the weaker."""
        shown: Vector = strongest(events, self.strength(events), view)
        if not len(shown):
            return []
        left, right = self.extent_s(shown)
        middle, half = erb_rate(self.band_hz(shown)[0]), THIN + (THICK - THIN) * shown.noise
        decibels = self.level_db(shown)
        faint = 0.15 + 0.85 * opacity(decibels, float(decibels.max()))
        return [Bars(rectangles(left, right, np.maximum(middle - half, 0.0), middle + half), faint)]


DRAWING = VectorDrawing()
