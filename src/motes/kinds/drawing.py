"""How the events of a kind are drawn: by what their columns are, unless the kind says otherwise, in four primitives
that pictures know how to draw.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from motes.events.event_table import Array, EventTable, Ints
from motes.units import SILENCE_DB, erb_rate

# Events this much weaker than the strongest are not seen.
RANGE_DB = 50.0
MOST_OF_A_KIND = 5000
# Of a line that fades.
PIECES = 12


@dataclass(frozen=True)
class View:
    """What of a scene is drawn: from `start_s` to `end_s`, up to `top_hz`."""

    start_s: float
    end_s: float
    top_hz: float
    sample_rate_hz: int


@dataclass(frozen=True, eq=False)
class Lines:
    """Straight lines: both ends in s and on the ERB-rate scale `(n, 2, 2)`, opacities `(n,)`, widths in points.

    Where there are `shades`, named short to long, `shade` `(n,)` says of which each line is; else all have the colour
    of their kind. Lines of a higher `layer` lie over those of a lower one.
    """

    ends: Array
    opacity: Array
    width: Array | float = 2.0
    shade: Ints | None = None
    shades: tuple[str, ...] = ()
    layer: float = 2.2


@dataclass(frozen=True, eq=False)
class Bars:
    """Filled quadrangles, corners in s and on the ERB-rate scale `(n, 4, 2)`, opacities `(n,)`."""

    corners: Array
    opacity: Array


@dataclass(frozen=True, eq=False)
class Image:
    """Opacities `(n_rows, n_columns)`, low frequencies first, over `left_s` … `right_s` and an ERB-rate of `low` …
    `high`; of which `first_s` … `last_s` is shown, up to `top`.
    """

    opacity: Array
    left_s: float
    right_s: float
    low: float
    high: float
    first_s: float
    last_s: float
    top: float


@dataclass(frozen=True, eq=False)
class Lanes:
    """Ticks at `time_s` on lanes of their own, from 0; `(n,)`. `strength` is from 0 to 1."""

    time_s: Array
    lane: Ints
    strength: Array
    label: str


Primitive = Lines | Bars | Image | Lanes


def opacity(decibels: Array, loudest_db: float) -> Array:
    """From 0 for what is `RANGE_DB` below the loudest to 1 for that."""
    return np.asarray(np.clip(1 + (decibels - loudest_db) / RANGE_DB, 0, 1) ** 1.2)


def rectangles(start_s: Array, end_s: Array, low: Array, high: Array) -> Array:
    """Corners of a bar over each band and stretch, `(n, 4, 2)`."""
    edges = ((start_s, low), (end_s, low), (end_s, high), (start_s, high))
    return np.stack([np.stack(corner, -1) for corner in edges], axis=1)


class Drawing:
    """What pictures, reports and the studio ask of the events of a kind.

    By the columns that they have: a frequency (`frequency_hz`, `f0_hz`) or a band (`low_hz`, `high_hz`), a level
    (`amplitude`, `gain_db`), a decay (`t60_s`). A kind that means more by its columns says so in a subclass.
    """

    def band_hz(self, events: Any) -> tuple[Array, Array]:
        """Lower and upper edge of each event in Hz, equal where it has one frequency; (0, 1e6) where it has none."""
        names = _names(events)
        for name in ("frequency_hz", "f0_hz"):
            if name in names:
                return events.column(name), events.column(name)
        if {"low_hz", "high_hz"} <= names:
            return events.column("low_hz"), events.column("high_hz")
        return np.zeros(len(events)), np.full(len(events), 1e6)

    def sounding_band_hz(self, events: Any, nyquist_hz: float) -> tuple[Array, Array]:
        """From the lowest to the highest frequency that sounds of each event."""
        low, high = self.band_hz(events)
        return np.minimum(low, nyquist_hz), np.minimum(high, nyquist_hz)

    def level_db(self, events: Any) -> Array:
        """The level of each event, dB re full scale: of the loudest channel."""
        names = _names(events)
        if "amplitude" in names:
            amplitude = events.column("amplitude")
            peak = amplitude if amplitude.ndim == 1 else amplitude.max(axis=1, initial=0.0)
            return np.asarray(20 * np.log10(np.maximum(peak, 10 ** (SILENCE_DB / 20))))
        if "gain_db" in names:
            gain = events.column("gain_db")
            return np.asarray(gain if gain.ndim == 1 else gain.max(axis=1))
        return np.zeros(len(events))

    def strength(self, events: Any) -> Array:
        """Energy of each event where its columns tell an amplitude, else what comes before all that do."""
        names, seconds = _names(events), np.maximum(events.end_s - events.start_s, 1e-6)
        if "amplitude" in names:
            amplitude = events.column("amplitude")
            power = np.square(amplitude if amplitude.ndim == 2 else amplitude[:, None])
            return np.asarray(np.sum(power, axis=1) * seconds)
        if "gain_db" in names:
            power = 10 ** (events.column("gain_db") / 10)
            return np.asarray(seconds * (power if power.ndim == 1 else power.sum(axis=1)))
        return seconds * 1e6

    def extent_s(self, events: Any) -> tuple[Array, Array]:
        """From when until when each event is drawn as a line."""
        return events.start_s, events.end_s

    def shown_s(self, events: Any) -> tuple[Array, Array]:
        """From when until when each event stands in the studio: all of what is heard of it."""
        return events.start_s, events.end_s

    def aux(self, events: Any, names: tuple[str, ...]) -> Array:
        """Columns by name, of several channels the first; 0 where the kind has none of a name: `(n, n_names)`."""
        held = _names(events)
        columns = [np.asarray(events.column(n), np.float64) if n in held else np.zeros(len(events)) for n in names]
        return np.stack([column if column.ndim == 1 else column[:, 0] for column in columns], axis=1)

    def more(self, events: Any, nyquist_hz: float) -> Array:
        """What `Look.more` names, `(n, n_names)`."""
        return np.zeros((len(events), 0))

    def primitives(self, events: Any, view: View) -> list[Primitive]:
        """What is drawn of the events that sound in the view; nothing where none does.

        A line at the frequency of each, fading if it dies away; a bar over its band where it has no one frequency.
        """
        shown = strongest(events, self.strength(events), view)
        if not len(shown):
            return []
        low, high = (erb_rate(np.maximum(hz, 0.0)) for hz in self.band_hz(shown))
        decibels = 10 * np.log10(np.maximum(self.strength(shown), 1e-20))
        faint = 0.15 + 0.85 * opacity(decibels, float(decibels.max()))
        start, end, wide = shown.start_s, shown.end_s, high > low
        edges = np.stack([np.stack([start, low], -1), np.stack([start, high], -1)], axis=1)
        pieces, fading = _pieces(shown, np.flatnonzero(~wide), low, faint)
        return [
            Bars(rectangles(start, end, low, high)[wide], 0.3 * faint[wide]),
            Lines(edges[wide], faint[wide], 1.5, layer=2.0),
            Lines(pieces, fading),
        ]


def strongest(events: Any, strength: Array, view: View) -> Any:
    """The events that sound in a view, of very many the strongest, in their order."""
    here = np.flatnonzero((events.end_s > view.start_s) & (events.start_s < view.end_s))
    return events.take(np.sort(here[np.argsort(-strength[here], kind="stable")][:MOST_OF_A_KIND]))


def _pieces(events: EventTable, which: Any, height: Array, strength: Array) -> tuple[Array, Array]:
    """Lines at the frequency of these events, and their opacities; of what dies away in pieces that fade."""
    n_pieces = PIECES if "t60_s" in _names(events) else 1
    at = np.linspace(events.start_s[which], events.end_s[which], n_pieces + 1, axis=-1)
    level = np.broadcast_to(height[which, None], at.shape)
    points = np.stack([at, level], axis=-1)
    ends = np.stack([points[:, :-1], points[:, 1:]], axis=2).reshape(-1, 2, 2)
    return ends, (strength[which, None] * (1 - np.arange(n_pieces) / PIECES)).reshape(-1)


def _names(events: EventTable) -> set[str]:
    return {param.name for param in events.PARAMS}
