"""Vectors as whole numbers, and back: the only place where vectors are rounded. Steps are what the ear just notices."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from motes.errors import ParameterError
from motes.events.event_table import Ints
from motes.events.sends import send_columns, sends_of
from motes.kinds.vector.table import NUMBERS, TIMBRES, Vector
from motes.units import HIGHEST_HZ, SILENCE_DB

Rows = dict[str, Ints]
# Steps in one unit of each number: 3 cents, 1 dB, 7 % of a length, 19 % of a decay, 9 % of an attack, 4 % of the
# centroid, a 32nd of noise, a 5th of a standard deviation.
STEPS = {"pitch_semitones": 32, "loudness_db": 1, "brightness_octaves": 16, "noise": 32}
STEPS |= {"log2_length_s": 10, "log2_t60_s": 4, "log2_attack_s": 8} | dict.fromkeys(TIMBRES, 5)
GAIN_STEPS = 4
MUTED = round(SILENCE_DB * GAIN_STEPS)
# Of the edges of a band, in one Hz.
BAND_STEPS = 16
# Units of time in a sample, as in all kinds, and steps of time in a second, at least.
TIME_UNITS = 64
LEAST_TIME_STEPS = 1000
# Columns in the order in which they are coded.
FIELDS = ("time_s", *NUMBERS, "gain_db", "model", "low_hz", "high_hz", "backward", "group_id")
_SPREAD = np.uint64(0x9E3779B97F4A7C15)


def time_bits(sample_rate_hz: int) -> int:
    """Times are multiples of 2 to this power of a 64th of a sample: the largest such step that is at most 1 ms."""
    return max(0, (sample_rate_hz * TIME_UNITS // LEAST_TIME_STEPS).bit_length() - 1)


def to_integers(events: Vector, sample_rate_hz: int) -> Rows:
    """Vectors as rows of whole numbers, in canonical order; rounding what has been rounded changes nothing."""
    units = sample_rate_hz * TIME_UNITS / 2 ** time_bits(sample_rate_hz)
    rows = {"time_s": _whole(events.time_s * units)} | _numbers(events)
    rows["gain_db"] = np.where(events.gain_db <= SILENCE_DB, MUTED, _whole(events.gain_db * GAIN_STEPS))
    rows["low_hz"] = _whole(events.low_hz * BAND_STEPS)
    high = 1 + _whole(np.maximum(events.high_hz, events.low_hz) * BAND_STEPS)
    rows["high_hz"] = np.where(events.high_hz >= HIGHEST_HZ, 0, high)
    rows |= {name: events.column(name) for name in ("model", "backward", "group_id")}
    sends = sends_of(events)
    rows |= {} if sends is None else {"sends": sends}
    order = canonical(rows)
    return {name: column[order] for name, column in rows.items()}


def _whole(values: NDArray[np.float64]) -> Ints:
    return np.rint(values).astype(np.int64)


def _numbers(events: Vector) -> Rows:
    return {name: _whole(events.column(name) * STEPS[name]) for name in NUMBERS}


def canonical(rows: Rows) -> NDArray[np.intp]:
    """The order of events in a file: by time and pitch, then by all else."""
    rest = [rows[name] for name in FIELDS if name not in ("time_s", "pitch_semitones", "gain_db")]
    return np.lexsort((*rows["gain_db"].T, *rest, rows["pitch_semitones"], rows["time_s"]))


def from_integers(rows: Rows, sample_rate_hz: int) -> dict[str, Any]:
    """The columns of a Vector table, by name."""
    high = rows["high_hz"]
    columns: dict[str, Any] = {name: rows[name] / STEPS[name] for name in NUMBERS}
    columns["time_s"] = rows["time_s"] * 2.0 ** time_bits(sample_rate_hz) / TIME_UNITS / sample_rate_hz
    columns["gain_db"] = rows["gain_db"] / GAIN_STEPS
    columns |= {name: rows[name] for name in ("model", "backward", "group_id")}
    columns |= {
        "low_hz": rows["low_hz"] / BAND_STEPS,
        "high_hz": np.where(high == 0, HIGHEST_HZ, (high - 1) / BAND_STEPS),
    }
    return columns | send_columns(rows.get("sends"))


def check(rows: Rows) -> None:
    """ParameterError where rounding would not give these rows: what else is out of range the table refuses."""
    high = rows["high_hz"]
    if np.any((high > 0) & ((high <= rows["low_hz"]) | (high > HIGHEST_HZ * BAND_STEPS))):
        raise ParameterError("a band cannot be")


def rounded(events: Vector, sample_rate_hz: int, quantiser: object = None) -> Vector:
    """Vectors as a file holds them."""
    if not len(events):
        return events
    return Vector(**from_integers(to_integers(events, sample_rate_hz), sample_rate_hz))


def seeds(events: Vector) -> Ints:
    """Which noise is in each, `(n_events,)` below 2³²: a hash of its sixteen numbers as a file holds them, so that it
    is the same wherever it stands, and another's is not.
    """
    hashed = np.zeros(len(events), np.uint64)
    with np.errstate(over="ignore"):
        for values in _numbers(events).values():
            hashed = (hashed ^ values.view(np.uint64)) * _SPREAD
            hashed ^= hashed >> np.uint64(29)
    return (hashed & np.uint64(0xFFFFFFFF)).astype(np.int64)
