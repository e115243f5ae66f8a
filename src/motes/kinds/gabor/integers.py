"""Gabor events as whole numbers, and back: the only place where a value is rounded.

Every event becomes a centre in 1/64 samples, a frequency in 2⁻²⁰ cycles per sample, a window in 1/16 samples, and per
channel an amplitude index and a phase index. Each division that leads back is by a power of two or by the sample rate,
so times come back the same everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motes.events.chirps import chirp_columns, chirps_of
from motes.events.event_table import Ints
from motes.events.frozen import handed_over
from motes.events.packet import packet_samples
from motes.events.sends import send_columns, sends_of
from motes.events.shares import parts, shares_of, wholes
from motes.kinds.gabor.edit_tags import edits_to_tags, tags_to_edits
from motes.kinds.gabor.edited import apply_edits, base_of
from motes.kinds.gabor.quantiser import (
    MAX_PHASES,
    SILENT,
    WINDOW_UNITS,
    GaborQuantiser,
    amplitude_index,
    amplitude_of,
    event_knee,
    in_range,
    phase_levels,
    silence_weak_channels,
)
from motes.kinds.gabor.table import Gabor

Floats = NDArray[np.float64]

# Units of time per sample.
TIME_UNITS = 64
# Units of frequency per cycle per sample.
FREQUENCY_UNITS = 1 << 20
EVENTS_AT_ONCE = 1 << 16
_TIME, _WINDOW, _FREQUENCY = (
    next(p for p in Gabor.PARAMS if p.name == name) for name in ("time_s", "window_s", "frequency_hz")
)


@dataclass(frozen=True, eq=False)
class GaborIntegers:
    """Events as int64: `time`, `frequency`, `window` are `(n,)`, `amplitude` (index or SILENT) and `phase` (index)
    `(n, n_channels)`.
    """

    time: Ints
    frequency: Ints
    window: Ints
    amplitude: Ints
    phase: Ints

    def __len__(self) -> int:
        return len(self.time)

    @property
    def n_channels(self) -> int:
        """How many channels each event has."""
        return self.amplitude.shape[1]

    @property
    def are_alike(self) -> bool:
        """Whether all channels hold what the first one does."""
        return all(bool(np.all(column == column[:, :1])) for column in (self.amplitude, self.phase))

    def one_channel(self) -> GaborIntegers:
        """With only the first channel."""
        return GaborIntegers(self.time, self.frequency, self.window, self.amplitude[:, :1], self.phase[:, :1])

    def in_channels(self, n_channels: int) -> GaborIntegers:
        """One channel repeated in each of several."""
        several = (np.repeat(column, n_channels, axis=1) for column in (self.amplitude, self.phase))
        return GaborIntegers(self.time, self.frequency, self.window, *several)

    def take(self, index: NDArray[np.intp] | NDArray[np.bool_] | slice) -> GaborIntegers:
        """The events at `index`, in that order."""
        return GaborIntegers(
            self.time[index], self.frequency[index], self.window[index], self.amplitude[index], self.phase[index]
        )


def _window_limits(sample_rate_hz: int) -> tuple[int, int]:
    return int(_WINDOW.low * WINDOW_UNITS * sample_rate_hz) + 1, int(_WINDOW.high) * WINDOW_UNITS * sample_rate_hz


def _highest_frequency(sample_rate_hz: int) -> int:
    return int(_FREQUENCY.high) * FREQUENCY_UNITS // sample_rate_hz


def to_integers(gabor: Gabor, sample_rate_hz: int, quantiser: GaborQuantiser) -> GaborIntegers:
    """Round events to the grid of the file, in their own order; silent events keep their place (all channels
    SILENT).
    """
    time = np.rint(gabor.time_s * sample_rate_hz * TIME_UNITS).astype(np.int64)
    window = (
        np.rint(gabor.window_s * sample_rate_hz * WINDOW_UNITS).astype(np.int64).clip(*_window_limits(sample_rate_hz))
    )
    frequency = np.rint(gabor.frequency_hz / sample_rate_hz * FREQUENCY_UNITS).astype(np.int64)
    frequency = np.minimum(frequency, _highest_frequency(sample_rate_hz))
    knee = event_knee(window, quantiser)
    indices = amplitude_index(gabor.amplitude, knee, quantiser)
    amplitude = silence_weak_channels(indices, gabor.amplitude, knee, quantiser)
    levels = phase_levels(amplitude, quantiser)
    phase = np.rint(gabor.phase_rad / (2 * np.pi) * levels).astype(np.int64) % levels
    return GaborIntegers(time, frequency, window, amplitude, np.where(amplitude == SILENT, 0, phase))


def times_of(time: Ints, sample_rate_hz: int) -> Floats:
    """Seconds of a time in 1/64 samples."""
    return time / TIME_UNITS / sample_rate_hz


def windows_of(window: Ints, sample_rate_hz: int) -> Floats:
    """Seconds of a window in 1/16 samples."""
    return window / WINDOW_UNITS / sample_rate_hz


def from_integers(events: GaborIntegers, sample_rate_hz: int, quantiser: GaborQuantiser) -> dict[str, Floats]:
    """The columns of a Gabor table, by name."""
    return {
        "time_s": times_of(events.time, sample_rate_hz),
        "window_s": windows_of(events.window, sample_rate_hz),
        "frequency_hz": events.frequency * sample_rate_hz / FREQUENCY_UNITS,
        "amplitude": amplitude_of(events.amplitude, event_knee(events.window, quantiser), quantiser),
        "phase_rad": 2 * np.pi * (events.phase / phase_levels(events.amplitude, quantiser)),
    }


def sounding(events: GaborIntegers) -> NDArray[np.bool_]:
    """Which events have a channel that is not silent."""
    return np.any(events.amplitude != SILENT, axis=1)


def integers_in_range(events: GaborIntegers, sample_rate_hz: int, quantiser: GaborQuantiser) -> bool:
    """Whether a scene can hold these events."""
    limits = (
        (events.time, -int(_TIME.high) * TIME_UNITS * sample_rate_hz, int(_TIME.high) * TIME_UNITS * sample_rate_hz),
        (events.frequency, 0, _highest_frequency(sample_rate_hz)),
        (events.window, *_window_limits(sample_rate_hz)),
        (events.phase, 0, MAX_PHASES),
    )
    for column, low, high in limits:
        if len(column) and not low <= column.min() <= column.max() <= high:
            return False
    return in_range(events.amplitude, event_knee(events.window, quantiser), quantiser)


def slices(n_events: int) -> Iterator[slice]:
    """Parts that are rounded one by one, so that an hour's events do not need all their intermediate values at once."""
    return (slice(first, first + EVENTS_AT_ONCE) for first in range(0, n_events, EVENTS_AT_ONCE))


def rounded(events: Gabor, sample_rate_hz: int, quantiser: GaborQuantiser) -> Gabor:
    """Events as a file holds them, without those whose every channel is silent; rounding them again changes nothing."""
    key = "rounded", sample_rate_hz, quantiser
    if not len(events) or events.known(key) is not None:
        return events
    found = _rounded(events, sample_rate_hz, quantiser)
    found.once(key, lambda: True)
    return found


def _rounded(events: Gabor, sample_rate_hz: int, quantiser: GaborQuantiser) -> Gabor:
    base, edits, left = wholes(base_of(events)), edits_to_tags(events), []
    made_of = _Columns(base)
    sends, shares, layer = sends_of(events), shares_of(events), base.edit_layer
    if not base.at_default("edit_layer"):
        layer = np.unique(layer, return_inverse=True)[1].reshape(-1)
    whole = {"group_id": events.group_id, "edit_layer": layer}
    whole = {name: column for name, column in whole.items() if not base.at_default(name)}
    for part in slices(len(events)):
        integers = to_integers(base.take(part), sample_rate_hz, quantiser)
        kept = sounding(integers) & (events.edit_gain[part] > 0)
        if shares is not None:
            kept &= shares[part].any(axis=1)
        left.append(kept)
        made = from_integers(integers.take(kept), sample_rate_hz, quantiser)
        chirps = chirps_of(base.take(part), windows_of(integers.window, sample_rate_hz))
        if not base.at_default("chirp_hz_per_s"):
            chirps = np.zeros(len(integers), np.int64) if chirps is None else chirps
            made |= chirp_columns(chirps[kept], made["window_s"])
        made |= {name: column[part][kept] for name, column in whole.items()}
        made_of.add(part, made | send_columns(None if sends is None else sends[part][kept]), bool(kept.all()))
    gabor = Gabor(**made_of.joined())
    if base.at_default("edit_layer") and edits.trivial and shares is None:
        return gabor
    where = np.flatnonzero(np.concatenate(left))
    if layer.any() or not edits.trivial:
        order = _order_of_packets(gabor, sample_rate_hz)
        gabor, where = gabor.take(order), where[order]
    gabor = parts(gabor, None if shares is None else shares[where])
    if edits.trivial:
        return gabor
    attacks = {} if events.at_default("edit_from_s") else {"edit_from_s": events.edit_from_s[where]}
    return apply_edits(gabor, tags_to_edits(edits.take(where), "the scene") | attacks, sample_rate_hz)


class _Columns:
    """Columns that are made part by part; those that come out as the table has them are the table's."""

    def __init__(self, table: Gabor) -> None:
        self._table, self._n = table, 0
        # Those that differ, as long as the table's.
        self._made: dict[str, NDArray[Any]] = {}
        self._names: list[str] = []

    def add(self, part: slice, made: dict[str, NDArray[Any]], whole: bool) -> None:
        """The columns of a part, `whole` if all its events are still there."""
        self._names, first, self._n = list(made), self._n, self._n + len(made["time_s"])
        for name, column in made.items():
            old = self._table.column(name)
            if name not in self._made:
                if whole and np.array_equal(column, old[part]):
                    continue
                self._made[name] = np.empty(old.shape, old.dtype)
                self._made[name][:first] = old[:first]
            self._made[name][first : self._n] = column

    def joined(self) -> dict[str, NDArray[Any]]:
        """All columns, for a table to take."""
        for name in self._names:
            if name in self._made and self._n < len(self._made[name]):
                self._made[name] = self._made[name][: self._n].copy()
        made = handed_over(self._made)
        return {name: made[name] if name in made else self._table.column(name) for name in self._names}


def _order_of_packets(base: Gabor, sample_rate_hz: int) -> Ints:
    """How unedited events stand in a file, so that those that come to stand in one place do so in the same order."""
    number = numbers_of_packets(base.time_s, sample_rate_hz)
    return np.lexsort((base.window_s, base.frequency_hz, base.time_s, base.edit_layer, number))


def numbers_of_packets(time_s: NDArray[np.float64], sample_rate_hz: int) -> Ints:
    """Which packet each event at these times belongs to, `(n_events,)`."""
    length = packet_samples(sample_rate_hz) * TIME_UNITS
    return np.maximum(np.rint(time_s * sample_rate_hz * TIME_UNITS).astype(np.int64) // length, 0)
