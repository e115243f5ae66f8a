"""Atoms as bars at their frequencies, as long as the half of the window where they are loud, aslant where the frequency
rises.
"""

from __future__ import annotations

import numpy as np

from motes.events.event_table import Array
from motes.kinds.drawing import RANGE_DB, Drawing, Lines, Primitive, View
from motes.kinds.gabor.table import Gabor
from motes.units import erb_rate

MOST_DRAWN = 20_000


class GaborDrawing(Drawing):
    """A window counts as long as it is above one half: what the ear takes for its length."""

    def extent_s(self, events: Gabor) -> tuple[Array, Array]:
        """Where windows are above one half, in seconds."""
        quarter = (events.end_s - events.start_s) / 4
        return events.start_s + quarter, events.end_s - quarter

    def primitives(self, events: Gabor, view: View) -> list[Primitive]:
        """The strongest as lines, the stronger and wider the louder, a shade for each window; the fainter the more
        there are.
        """
        level = np.sqrt(np.sum(events.amplitude**2, axis=1))
        drawn = np.flatnonzero((events.end_s > view.start_s) & (events.start_s < view.end_s) & (level > 0))
        drawn = drawn[np.argsort(level[drawn])][-MOST_DRAWN:]
        if len(drawn) == 0:
            return []
        rate = view.sample_rate_hz
        windows = sorted({round(w * rate) for w in np.unique(events.window_s)})
        place = {window: i for i, window in enumerate(windows)}
        names = [f"{1000 * window / rate:.3g} ms" for window in windows]
        strength = np.clip(1 + 20 * np.log10(level[drawn] / level[drawn].max()) / RANGE_DB, 0, 1)
        left = events.time_s[drawn] - events.window_s[drawn] / 4
        right = events.time_s[drawn] + events.window_s[drawn] / 4
        risen_hz = events.chirp_hz_per_s[drawn] * events.window_s[drawn] / 4
        low, high = (erb_rate(np.maximum(events.frequency_hz[drawn] + by, 0)) for by in (-risen_hz, risen_hz))
        ends = np.stack([np.stack([left, low], -1), np.stack([right, high], -1)], axis=1)
        crowd = min(1.0, (500.0 * (view.end_s - view.start_s) / len(drawn)) ** 0.35)
        return [
            Lines(
                ends,
                (0.12 + 0.88 * strength**1.2) * crowd,
                0.6 + 2.0 * strength,
                np.array([place[round(w * rate)] for w in events.window_s[drawn]]),
                (*names[:-1], f"{names[-1]} windows"),
                layer=2.0,
            )
        ]


DRAWING = GaborDrawing()
