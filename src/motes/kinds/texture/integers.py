"""Texture events as whole numbers, and back: where their values are rounded."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motes.events.sends import send_columns, sends_of
from motes.kinds.texture.table import LOWEST_LEVEL_DB, Texture

# Units of time per sample.
TIME_UNITS = 64
# Units of level per dB.
LEVEL_UNITS = 8
# Units of frequency per Hz.
BAND_UNITS = 16
RATIO_UNITS = 1 << 20
COHERENCE_UNITS = 8
SILENT = -(1 << 31)
TIMES = ("time_s", "clock_s", "duration_s", "frame_s", "into_s")

Columns = dict[str, NDArray[Any]]


def to_integers(events: Texture, sample_rate_hz: int) -> Columns:
    """The columns of events as int64, by name; `level_db` in eighths of a dB or SILENT."""
    unit = sample_rate_hz * TIME_UNITS
    clock, end = (
        _round(events.clock_s * unit),
        _round((events.clock_s + events.duration_s) * unit),
    )  # so that events that follow each other still do
    frame = np.maximum(_round(events.frame_s * unit), int(np.ceil(1e-4 * unit)))
    level = np.where(events.level_db > LOWEST_LEVEL_DB, _round(events.level_db * LEVEL_UNITS), SILENT)
    low = _round(events.low_hz * BAND_UNITS)
    return {
        "time_s": _round(events.time_s * unit),
        "clock_s": clock,
        "duration_s": end - clock,
        "frame_s": frame,
        "into_s": _round(events.into_s * unit).clip(0, frame),
        "seed": events.seed.copy(),
        "low_hz": low,
        "high_hz": np.maximum(_round(events.high_hz * BAND_UNITS), low + 1),
        "n_bands": events.n_bands.copy(),
        "n_frames": events.n_frames.copy(),
        "frequency_ratio": _round(events.frequency_ratio * RATIO_UNITS).clip(1049, 1000 * RATIO_UNITS),
        "backward": events.backward.copy(),
        "level_db": np.where(level <= LOWEST_LEVEL_DB * LEVEL_UNITS, SILENT, level),
        "coherence": _round(events.coherence * COHERENCE_UNITS),
        "group_id": events.group_id.copy(),
    }


def from_integers(columns: Columns, sample_rate_hz: int) -> Columns:
    """The inverse: the columns of a Texture table."""
    made: Columns = {name: columns[name] / TIME_UNITS / sample_rate_hz for name in TIMES}
    made |= {name: columns[name] for name in ("seed", "n_bands", "n_frames", "backward", "group_id")}
    made |= {name: columns[name] / BAND_UNITS for name in ("low_hz", "high_hz")}
    made["frequency_ratio"] = columns["frequency_ratio"] / RATIO_UNITS
    level_db = np.where(columns["level_db"] == SILENT, LOWEST_LEVEL_DB, columns["level_db"] / LEVEL_UNITS)
    made["level_db"] = level_db.astype(np.float32)  # eighths up to 200 are exact, and an hour has 40 million
    made["coherence"] = columns["coherence"] / COHERENCE_UNITS
    return made


# So that an hour's levels do not need all their intermediate values at once.
EVENTS_AT_ONCE = 64


def rounded(events: Texture, sample_rate_hz: int, quantiser: object = None) -> Texture:
    """The events as a file holds them, without those that are silent; the table itself where nothing changes."""
    key, parts = ("rounded", sample_rate_hz), list[Texture]()
    if events.known(key) is not None:
        return events
    for first in range(0, len(events), EVENTS_AT_ONCE):
        part = events.take(slice(first, first + EVENTS_AT_ONCE))
        coarse = _rounded(part, sample_rate_hz)
        if not parts and coarse.equals(part):
            continue
        parts += [events.take(slice(0, first))] if first and not parts else []
        parts.append(coarse)
    found = parts[0].with_more(*parts[1:]) if parts else events
    found.once(key, lambda: True)
    return found


def _rounded(events: Texture, sample_rate_hz: int) -> Texture:
    columns = from_integers(to_integers(events, sample_rate_hz), sample_rate_hz)
    if not events.at_default("subtracted"):
        columns["subtracted"] = events.subtracted
    made = Texture(**columns, **send_columns(sends_of(events)))
    start = made.level_start
    audible = np.array([np.any(made.level_db[a:b] > LOWEST_LEVEL_DB) for a, b in pairwise(start)], np.bool_)
    audible &= made.duration_s > 0
    return made if audible.all() else made.take(audible)


def _round(values: NDArray[np.floating]) -> NDArray[np.int64]:
    return np.rint(values).astype(np.int64)
