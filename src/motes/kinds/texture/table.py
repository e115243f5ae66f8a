"""The texture event: noise whose spectral envelope evolves, for what has no pitch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from motes.errors import ParameterError
from motes.events.event_table import Array, EventTable, Ints, Mask, Param
from motes.events.frozen import fixed, handed_over
from motes.units import SILENCE_DB, erb_rate, erb_rate_to_hz

# Frames of the rendering are as near to this apart as a power of two of samples can be.
HOP_S = 0.0058
FADE_S = HOP_S * 2**0.5
LOWEST_LEVEL_DB, HIGHEST_LEVEL_DB = SILENCE_DB, 120.0


@dataclass(frozen=True, eq=False)
class Texture(EventTable):
    """Noise of `seed` in `n_bands` bands, equal on the ERB-rate scale from `low_hz` to `high_hz`, with levels that
    change from frame to frame.

    The noise runs on the seed's own clock, at `clock_s` when the event begins; events with one seed whose clocks follow
    each other are one noise without a seam. Frames of levels are `frame_s` long; the event begins `into_s` after the
    start of its first. A `backward` event runs from its end to its start, and one that is `subtracted` is taken away
    from what else sounds: of the same noise, so that another event can be given a part of it.

    `level_db` holds the mean square of each band in dB, −200 for silence: `(Σ n_frames · n_bands, n_channels)`, event
    after event, frame after frame; float32 as files have it, which that holds exactly, else float64. `coherence`,
    `(Σ n_bands, n_channels − 1)`, is the correlation of each further channel's noise with the first channel's.
    """

    time_s: Array
    duration_s: Array
    seed: Ints
    frame_s: Array
    low_hz: Array
    high_hz: Array
    n_bands: Ints
    n_frames: Ints
    level_db: NDArray[np.float32] | Array
    coherence: Array
    clock_s: Array = None  # type: ignore[assignment]  # filled with 0
    into_s: Array = None  # type: ignore[assignment]  # filled with 0
    frequency_ratio: Array = None  # type: ignore[assignment]  # filled with 1
    backward: Ints = None  # type: ignore[assignment]  # filled with 0
    subtracted: Ints = None  # type: ignore[assignment]  # filled with 0
    group_id: Ints = None  # type: ignore[assignment]  # filled with 0

    KIND: ClassVar[str] = "texture"
    ORDER: ClassVar[tuple[str, ...]] = ("time_s", "clock_s", "seed")
    RAGGED: ClassVar[tuple[str, ...]] = ("level_db", "coherence")
    COUNTS: ClassVar[tuple[str, ...]] = ("n_bands", "n_frames")
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param("time_s", "s", -1e6, 1e6, "when it begins"),
        Param("duration_s", "s", 0.0, 1e4, "how long it lasts"),
        Param("seed", "", 0, 2**32 - 1, "which noise", whole=True),
        Param("frame_s", "s", 1e-4, 1e3, "length of a frame of levels"),
        Param("low_hz", "Hz", 0.0, 1e6, "lower edge of the lowest band"),
        Param("high_hz", "Hz", 0.0, 1e6, "upper edge of the highest band"),
        Param("n_bands", "", 1, 256, "number of bands", whole=True),
        Param("n_frames", "", 1, 2**20, "number of frames", whole=True),
        Param("clock_s", "s", -1e6, 1e6, "where the seed's clock stands when the event begins", default=0.0),
        Param("into_s", "s", 0.0, 1e3, "how far into its first frame the event begins", default=0.0),
        Param("frequency_ratio", "", 1e-3, 1e3, "by which all bands are moved", default=1.0),
        Param("backward", "", 0, 1, "1 where the clock runs backward", default=0, whole=True),
        Param("subtracted", "", 0, 1, "1 where it is taken away from what else sounds", default=0, whole=True),
        Param("group_id", "", 0, 2**40, "the group it belongs to, 0 for none", default=0, whole=True),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        bad = np.flatnonzero(self.low_hz >= self.high_hz)
        if len(bad):
            raise ParameterError(
                f"texture.low_hz must be below high_hz, not {self.low_hz[bad[0]]:g} and {self.high_hz[bad[0]]:g} "
                f"(event {bad[0]})"
            )
        level_db = self._child("level_db", int(np.sum(self.n_frames * self.n_bands)), LOWEST_LEVEL_DB, HIGHEST_LEVEL_DB)
        coherence = self._child("coherence", int(np.sum(self.n_bands)), -1.0, 1.0)
        if coherence.shape[1] != level_db.shape[1] - 1:
            raise ParameterError(
                f"texture.coherence has {coherence.shape[1]} columns for {level_db.shape[1]} channels; it needs "
                "one "
                "less"
            )

    def _child(self, name: str, n_rows: int, low: float, high: float) -> Array:
        given = getattr(self, name)
        single = name == "level_db" and getattr(given, "dtype", None) == np.float32
        rows = fixed(given, np.float32 if single else np.float64)
        if rows.ndim != 2 or len(rows) != n_rows:
            raise ParameterError(
                f"texture.{name} must have {n_rows} rows by frames and bands of its events, not shape {rows.shape}"
            )
        if rows.size and not (low <= rows.min() and rows.max() <= high):
            raise ParameterError(f"texture.{name} must lie in {low:g} … {high:g}")
        rows.flags.writeable = False
        object.__setattr__(self, name, rows)
        return rows

    @classmethod
    def empty(cls, n_channels: int) -> Texture:
        """No events."""
        none, whole = np.empty(0), np.empty(0, np.int64)
        level_db, coherence = np.empty((0, n_channels), np.float32), np.empty((0, n_channels - 1))
        return cls(none, none, whole, none, none, none, whole, whole, level_db, coherence)

    @property
    def n_channels(self) -> int:
        """Of the audio it renders."""
        return int(self.level_db.shape[1])

    @property
    def start_s(self) -> Array:
        """When each begins to fade in: up to a rendering frame before `time_s`."""
        return self.time_s - FADE_S

    @property
    def end_s(self) -> Array:
        """When each has faded out."""
        return self.time_s + self.duration_s + FADE_S

    def ragged(self, name: str) -> list[Array]:
        """Levels by frame, band and channel; coherences by band and channel."""
        return [
            self.column(name)[first:last].reshape(-1).astype(np.float64)
            for first, last in pairwise(self.ragged_start(name))
        ]

    def ragged_start(self, name: str) -> Ints:
        """`level_start` or `band_start`."""
        return self.level_start if name == "level_db" else self.band_start

    @classmethod
    def of_ragged(cls, columns: dict[str, Any], values: dict[str, Array]) -> Texture:
        """Events, of as many channels as `level_db` has for each."""
        n_bands = np.asarray(columns["n_bands"], np.int64)
        n_rows, level_db = int(np.sum(n_bands * np.asarray(columns["n_frames"], np.int64))), values["level_db"]
        if n_rows < 1 or len(level_db) == 0 or len(level_db) % n_rows:
            raise ParameterError(
                f"{len(level_db)} level_db are not n_frames · n_bands · channels, {n_rows} for each channel"
            )
        n_channels = len(level_db) // n_rows
        coherence = values["coherence"]
        if len(coherence) != n_bands.sum() * (n_channels - 1):
            raise ParameterError(
                f"{len(coherence)} coherence are not n_bands · (channels − 1), {n_bands.sum() * (n_channels - 1)}"
            )
        return cls(
            level_db=level_db.reshape(n_rows, n_channels),
            coherence=coherence.reshape(int(n_bands.sum()), n_channels - 1),
            **columns,
        )

    @property
    def level_start(self) -> Ints:
        """First row of each event in `level_db`, and one past the last: `(n_events + 1,)`."""
        return np.concatenate([[0], np.cumsum(self.n_frames * self.n_bands)]).astype(np.int64)

    @property
    def band_start(self) -> Ints:
        """First row of each event in `coherence`, and one past the last: `(n_events + 1,)`."""
        return np.concatenate([[0], np.cumsum(self.n_bands)]).astype(np.int64)

    def levels(self, i: int) -> Array:
        """Levels of event i, `(n_frames, n_bands, n_channels)` in dB, float64."""
        start = self.level_start
        rows = self.level_db[start[i] : start[i + 1]].astype(np.float64)
        return rows.reshape(int(self.n_frames[i]), int(self.n_bands[i]), -1)

    def band_edges_hz(self, i: int | np.intp) -> Array:
        """Edges of event i's bands as they sound, `(n_bands + 1,)`."""
        edges = band_edges_hz(self.low_hz[i], self.high_hz[i], int(self.n_bands[i]))
        return np.asarray(edges * self.frequency_ratio[i])

    def moved(self, by_s: Array) -> Texture:
        """Later, with the same noise."""
        return self.replace(time_s=self.time_s + by_s)

    def mirrored(self, mask: Mask, twice_s: float) -> Texture:
        """Backward: the same samples in the opposite order."""
        return self.replace(
            time_s=np.where(mask, twice_s - self.time_s - self.duration_s, self.time_s),
            backward=np.where(mask, 1 - self.backward, self.backward),
        )

    def transposed(self, ratio: Array) -> Texture:
        """All bands at `ratio` times their frequency, each with the power it had."""
        return self.replace(frequency_ratio=self.frequency_ratio * ratio)

    def stretched(self, factor: Array, about_s: float) -> Texture:
        """Frames `factor` times as long, with the same spectra."""
        longer = {name: self.column(name) * factor for name in ("duration_s", "clock_s", "frame_s", "into_s")}
        return self.replace(
            time_s=np.where(factor == 1, self.time_s, about_s + factor * (self.time_s - about_s)), **longer
        )

    def amplified(self, factor: Array) -> Texture:
        """All bands and channels alike."""
        db = np.repeat(20 * np.log10(np.maximum(factor, 1e-20)), self.n_frames * self.n_bands)[:, None]
        silent = (self.level_db <= LOWEST_LEVEL_DB) | (self.level_db + db <= LOWEST_LEVEL_DB)
        return self.replace(level_db=np.where(silent, LOWEST_LEVEL_DB, self.level_db + db))

    def enveloped(self, mask: Mask, gain_at: Callable[[Array], Array]) -> Texture:
        """Each frame at the gain that there is at its middle: the greatest of an event exactly, and what is below that
        in the steps that its levels have.
        """
        from motes.kinds.texture.mixing import enveloped

        return enveloped(self, mask, gain_at)

    def mixed(self, mask: Mask, matrix: Array, sample_rate_hz: int) -> Texture:
        """Channels mixed as noises of their levels and coherence, which is then that of all frames together."""
        from motes.kinds.texture.mixing import mixed

        return mixed(self, mask, matrix)

    def in_band(self, mask: Mask, low_hz: float, high_hz: float) -> tuple[Texture, Mask]:
        """Without the bands whose centre lies outside; events with none left are dropped."""
        level_db, kept, start = self.level_db.copy(), np.ones(len(self), np.bool_), self.level_start
        for i in np.flatnonzero(mask):
            edges = self.band_edges_hz(i)
            centre = (edges[1:] + edges[:-1]) / 2
            inside = (centre >= low_hz) & (centre <= high_hz)
            level_db[start[i] : start[i + 1]][np.tile(~inside, int(self.n_frames[i]))] = LOWEST_LEVEL_DB
            kept[i] = inside.any()
        return self.replace(level_db=level_db).take(kept), kept

    def cut(self, at_s: float, shortest_s: float) -> Texture:
        """What sounds across a moment cut in two there."""
        return split(self, at_s, shortest_s)

    def assigned(self, mask: Mask, columns: dict[str, Any], ragged: dict[str, Any]) -> Texture:
        """With these columns and levels; a number of frames or bands changes the levels."""
        from motes.kinds.texture.reshape import reshaped

        if ragged or any(name in columns for name in self.COUNTS):
            return reshaped(self, mask, columns, ragged)
        return self.replace(**columns)

    def take(self, index: NDArray[np.intp] | NDArray[np.bool_] | slice) -> Self:
        """The events at `index` (positions, a mask or a slice), in that order."""
        names = [param.name for param in self.PARAMS if param.name not in self.defaults]
        columns: dict[str, Any] = {name: getattr(self, name)[index] for name in names}
        chosen = np.arange(len(self))[index]
        level_rows, band_rows = _rows(self.level_start, chosen), _rows(self.band_start, chosen)
        columns |= {"level_db": self.level_db[level_rows], "coherence": self.coherence[band_rows]}
        return type(self)(**handed_over(columns))


def _rows(start: Ints, chosen: Ints) -> Ints:
    if len(chosen) == 0:
        return np.empty(0, np.int64)
    return np.concatenate([np.arange(start[i], start[i + 1]) for i in chosen])


def band_edges_hz(low_hz: float, high_hz: float, n_bands: int) -> Array:
    """Edges of bands equal on the ERB-rate scale, `(n_bands + 1,)`."""
    low, high = erb_rate(low_hz), erb_rate(high_hz)
    edges = erb_rate_to_hz(low + (high - low) * np.arange(n_bands + 1) / n_bands)
    return edges.clip(low_hz, high_hz)


def split(events: Texture, at_s: float, shortest_s: float = 0.0) -> Texture:
    """Each event that sounds across `at_s` made two longer than `shortest_s`, which render what it did."""
    across = (events.time_s + shortest_s < at_s) & (events.time_s + events.duration_s - shortest_s > at_s)
    parts = events.take(~across)
    for i in np.flatnonzero(across):
        event = events.take(slice(i, i + 1))
        before, after = float(at_s - event.time_s[0]), float(event.time_s[0] + event.duration_s[0] - at_s)
        first, second = (after, before) if event.backward[0] else (before, after)  # in the order of the clock
        parts = parts.joined(clock_part(event, 0.0, first)).joined(clock_part(event, first, second))
    return parts


def clock_part(event: Texture, skipped_s: float, duration_s: float) -> Texture:
    """Of a table of one event, `duration_s` from where its clock has run for `skipped_s`."""
    levels, frame_s, into_s = event.levels(0), float(event.frame_s[0]), float(event.into_s[0]) + skipped_s
    begin = min(frame_at(into_s, frame_s), len(levels) - 1)
    kept = levels[begin : frame_at(into_s + duration_s, frame_s) + 1]
    later = float(event.duration_s[0]) - skipped_s - duration_s if event.backward[0] else skipped_s
    return event.replace(
        time_s=event.time_s + later,
        duration_s=np.full(1, duration_s),
        clock_s=event.clock_s + skipped_s,
        into_s=np.full(1, max(0.0, into_s - begin * frame_s)),
        n_frames=np.full(1, len(kept)),
        level_db=kept.reshape(-1, event.n_channels),
    )


# What a render needs to know.


def hop_samples(sample_rate_hz: int) -> int:
    """Samples between frames of the rendering: the power of two nearest to 5.8 ms (256 at 44.1 kHz), at least 4."""
    return 2 ** max(2, round(float(np.log2(sample_rate_hz * HOP_S))))


def frame_at(into_s: ArrayLike, frame_s: float) -> Any:
    """The frame that long after the first began; what rounding leaves just before one is in it."""
    found = np.floor(np.asarray(into_s) / frame_s + 1e-6).astype(np.int64)
    return found if found.ndim else int(found)


@dataclass(frozen=True)
class GridPlace:
    """An event on the grid of rendering frames, which are `hop` samples of its seed's clock apart, frame k centred
    on (k + ½) hop.
    """

    first: int
    # Frames first … last − 1 are the event's.
    last: int
    # Sample of the scene at which the clock stands at 0; counted down from if `backward`.
    origin: int
    backward: bool
    # The row of levels of each of them.
    level_frame: NDArray[np.int64]


def grid_place(events: Texture, i: int, sample_rate_hz: int) -> GridPlace:
    """Where event i lies on the grid of its clock."""
    hop = hop_samples(sample_rate_hz)
    clock, duration = events.clock_s[i], events.duration_s[i]
    ends = (np.array([clock, clock + duration]) * sample_rate_hz * 64).round() / 64  # both sides of a cut round alike
    first, last = (int(k) for k in np.ceil(ends / hop - 0.5))
    row = frame_at((np.arange(first, last) + 0.5) * hop / sample_rate_hz - clock + events.into_s[i], events.frame_s[i])
    backward = bool(events.backward[i])
    zero_s = events.time_s[i] + duration + clock if backward else events.time_s[i] - clock
    origin = round(float(zero_s) * sample_rate_hz)
    return GridPlace(first, last, origin, backward, row.clip(0, events.n_frames[i] - 1))


def band_weights(edges_hz: Array, sample_rate_hz: int) -> Array:
    """Which part of each bin of an FFT of two hops lies in each band, `(n_bands, hop + 1)`; bands reach up to half
    the sample rate.
    """
    hop = hop_samples(sample_rate_hz)
    edges = np.clip(edges_hz / sample_rate_hz * 2 * hop, 0.0, hop)
    bins = np.arange(hop + 1)
    low, high = np.maximum(bins - 0.5, 0.0), np.minimum(bins + 0.5, hop)
    return np.maximum(0.0, np.minimum(edges[1:, None], high) - np.maximum(edges[:-1, None], low)) / (high - low)
