"""Noise as an image of its bands."""

from __future__ import annotations

import numpy as np

from motes.events.event_table import Array
from motes.kinds.drawing import Drawing, Image, Primitive, View, opacity, strongest
from motes.kinds.texture.table import Texture
from motes.units import SILENCE_DB, erb_rate

OPACITY = 0.6


class TextureDrawing(Drawing):
    """Bands are equally wide on the ERB-rate scale, as they are in the event; backward events are mirrored in time."""

    def level_db(self, events: Texture) -> Array:
        """The power of all bands, its mean over the frames, of the loudest channel; found once for each table."""
        return events.once("level", lambda: self._level_db(events))

    def _level_db(self, events: Texture) -> Array:
        if not len(events):
            return np.zeros(0)
        shared = events.known("shared")  # after an edit most are those of the table before
        older = None if shared is None else shared.table()
        levels = None if older is None else older.known("level")
        if levels is not None:
            middle = slice(shared.n_first, len(events) - shared.n_last)
            parts = levels[: middle.start], self._level_db(events.take(middle)), levels[len(levels) - shared.n_last :]
            return np.concatenate(parts)
        power = np.add.reduceat(
            np.exp(events.level_db.astype(np.float64) * (np.log(10) / 10)), events.level_start[:-1], axis=0
        )
        power /= events.n_frames[:, None]
        return np.asarray(10 * np.log10(np.maximum(power.max(axis=1), 10 ** (SILENCE_DB / 10))))

    def primitives(self, events: Texture, view: View) -> list[Primitive]:
        """Each event's levels."""
        shown = strongest(events, self.strength(events), view)
        levels = [self._levels_db(shown, i) for i in range(len(shown))]
        loudest = max((float(part.max(initial=SILENCE_DB)) for part in levels), default=SILENCE_DB)
        return [self._image(shown, i, level, loudest, view) for i, level in enumerate(levels)]

    def _levels_db(self, events: Texture, i: int) -> Array:
        """Levels of event i by frame and band, the mean of its channels."""
        power = np.mean(10 ** (events.levels(i) / 10), axis=2)
        return np.asarray(10 * np.log10(np.maximum(power, 1e-20)))

    def _image(self, events: Texture, i: int, level: Array, loudest: float, view: View) -> Image:
        shaded = OPACITY * opacity(level.T, loudest) ** 1.5
        low, high = (float(erb_rate(hz * events.frequency_ratio[i])) for hz in (events.low_hz[i], events.high_hz[i]))
        first, last = float(events.start_s[i]), float(events.end_s[i])
        length, into = len(level) * float(events.frame_s[i]), float(events.into_s[i])
        backward = bool(events.backward[i])
        left, right = (last + into - length, last + into) if backward else (first - into, first - into + length)
        return Image(
            shaded[:, ::-1] if backward else shaded,
            left,
            right,
            low,
            high,
            max(first, view.start_s),
            min(last, view.end_s),
            min(high, float(erb_rate(view.top_hz))),
        )


DRAWING = TextureDrawing()
