"""Detail as a soft plane: the energy of its coefficients by band and frame."""

from __future__ import annotations

import numpy as np

from motes.events.event_table import Array
from motes.kinds.detail.audio import amplitudes
from motes.kinds.detail.grid import band_edges, places
from motes.kinds.detail.table import Detail
from motes.kinds.drawing import Drawing, Image, Primitive, View, opacity, strongest
from motes.units import SILENCE_DB, erb_rate

OPACITY = 0.45
ROWS = 64


class DetailDrawing(Drawing):
    """Frames as columns, bands as rows at their places on the ERB-rate scale; mirrored where it is played backward."""

    def level_db(self, events: Detail) -> Array:
        """The mean square of each event, of the loudest channel."""
        return np.array([10 * np.log10(max(float(power), 10 ** (SILENCE_DB / 10))) for power in _powers(events)])

    def strength(self, events: Detail) -> Array:
        """Energy."""
        return np.asarray(_powers(events) * np.maximum(events.duration_s, 1e-6))

    def primitives(self, events: Detail, view: View) -> list[Primitive]:
        """Each event as an image of levels."""
        shown = strongest(events, self.strength(events), view)
        found = [levels_db(shown, i, view.sample_rate_hz) for i in range(len(shown))]
        loudest = max((float(part.max(initial=SILENCE_DB)) for part in found), default=SILENCE_DB)
        return [_image(shown, i, level, loudest, view) for i, level in enumerate(found)]


def _powers(events: Detail) -> Array:
    """The mean square of each event, `(n_events,)`."""
    if not len(events):
        return np.zeros(0)
    found = np.zeros(len(events))
    for i in range(len(events)):
        rate = round(float(1 / (events.sample_s[i] / events.time_ratio[i])))
        energy = np.sum(np.square(amplitudes(events, i, rate)), axis=1).max(initial=0.0)
        found[i] = energy / (events.n_frames[i] * events.frame_samples[i]) * events.gain[i] ** 2
    return found


def levels_db(events: Detail, i: int, sample_rate_hz: int) -> Array:
    """Levels of event i by frame and band, mean squares in dB of its loudest channel, `(n_frames, n_bands)`."""
    n_frames, n_bands, frame = (int(events.column(name)[i]) for name in ("n_frames", "n_bands", "frame_samples"))
    place = places(events.sizes[events.block_start[i] : events.block_start[i + 1]], frame, n_bands, sample_rate_hz)
    energy = np.square(amplitudes(events, i, sample_rate_hz)) * events.gain[i] ** 2
    in_bands = np.stack([np.bincount(place, channel, n_frames * n_bands) for channel in energy]).max(axis=0)
    power = in_bands.reshape(n_frames, n_bands) / frame
    return np.asarray(10 * np.log10(np.maximum(power, 10 ** (SILENCE_DB / 10))))


def sounding_edges_hz(events: Detail, i: int, sample_rate_hz: int) -> Array:
    """Edges of the bands of event i, as edits moved them, `(n_bands + 1,)`."""
    frame = int(events.frame_samples[i])
    edges = band_edges(sample_rate_hz, frame)[: int(events.n_bands[i]) + 1].astype(np.float64)
    edges = np.append(edges, np.full(int(events.n_bands[i]) + 1 - len(edges), edges[-1]))
    edges[-1] = frame
    return np.asarray(edges * (sample_rate_hz / 2 / frame) * events.frequency_ratio[i])


def _image(events: Detail, i: int, level: Array, loudest: float, view: View) -> Image:
    edges = erb_rate(sounding_edges_hz(events, i, view.sample_rate_hz))
    top = float(edges[-1])
    middles = (np.arange(ROWS) + 0.5) / ROWS * top
    band = np.clip(np.searchsorted(edges, middles, side="right") - 1, 0, level.shape[1] - 1)
    inside = (middles >= erb_rate(events.low_hz[i])) & (middles <= erb_rate(events.high_hz[i]))
    shaded = np.where(inside[:, None], OPACITY * opacity(level.T[band], loudest) ** 1.5, 0.0)
    start = float(events.time_s[i])
    return Image(
        shaded[:, ::-1] if events.backward[i] else shaded,
        start,
        start + float(events.duration_s[i]),
        0.0,
        top,
        max(float(events.start_s[i]), start, view.start_s),
        min(float(events.end_s[i]), start + float(events.duration_s[i]), view.end_s),
        min(top, float(erb_rate(view.top_hz))),
    )


DRAWING = DetailDrawing()
