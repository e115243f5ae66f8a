"""Learned events as whole numbers, and back: the only place where they are rounded."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from motes.errors import ParameterError
from motes.events.event_table import Ints
from motes.events.sends import send_columns, sends_of
from motes.kinds.learned.table import HIGHEST_RATIO, Learned
from motes.units import HIGHEST_HZ

Rows = dict[str, Ints]
# Units of time per sample.
TIME_UNITS = 64
# Amplitudes per doubling: 0.38 dB.
AMPLITUDE_STEPS = 16
SILENT, LOWEST, LOUDEST = -641, -640, int(np.floor(np.log2(1e6) * AMPLITUDE_STEPS))
# Frequency ratios per octave.
RATIO_STEPS = 1 << 22
MOST_RATIO = int(np.log2(HIGHEST_RATIO) * RATIO_STEPS)
# Units of the edges of a band, per Hz.
BAND_UNITS = 16
# Columns in the order in which they are coded.
FIELDS = ("time_s", "waveform", "amplitude", "inverted", "length_s", "model", "frequency_ratio")
FIELDS += ("low_hz", "high_hz", "backward", "group_id")


def to_integers(events: Learned, sample_rate_hz: int) -> Rows:
    """Events as columns of whole numbers, those of which no channel sounds left out, in canonical order."""
    units = sample_rate_hz * TIME_UNITS
    amplitude = _whole(np.log2(np.maximum(events.amplitude, 1e-300)) * AMPLITUDE_STEPS)
    amplitude = np.where(amplitude < LOWEST, SILENT, np.minimum(amplitude, LOUDEST))
    high = 1 + _whole(np.maximum(events.high_hz, events.low_hz) * BAND_UNITS)
    rows = {
        "time_s": _whole(events.time_s * units),
        "waveform": events.waveform,
        "amplitude": amplitude,
        "inverted": np.where(amplitude == SILENT, 0, events.inverted),
        "length_s": _whole(events.length_s * units),
        "model": events.model,
        "frequency_ratio": np.clip(_whole(np.log2(events.frequency_ratio) * RATIO_STEPS), -MOST_RATIO, MOST_RATIO),
        "low_hz": _whole(events.low_hz * BAND_UNITS),
        "high_hz": np.where(events.high_hz >= HIGHEST_HZ, 0, high),
        "backward": events.backward,
        "group_id": events.group_id,
    }
    sends = sends_of(events)
    rows |= {} if sends is None else {"sends": sends}
    order = canonical(rows)
    order = order[(rows["amplitude"] > SILENT).any(axis=1)[order]]
    return {name: column[order] for name, column in rows.items()}


def _whole(values: NDArray[np.float64]) -> Ints:
    return np.rint(values).astype(np.int64)


def canonical(rows: Rows) -> NDArray[np.intp]:
    """The order of events in a file: by time and waveform, then by all else."""
    rest = [rows[name] for name in FIELDS[4:]]
    return np.lexsort((*rows["inverted"].T, *rows["amplitude"].T, *rest, rows["waveform"], rows["time_s"]))


def from_integers(rows: Rows, sample_rate_hz: int) -> dict[str, Any]:
    """The columns of a Learned table, by name."""
    high, units = rows["high_hz"], sample_rate_hz * TIME_UNITS
    columns: dict[str, Any] = {name: rows[name] for name in ("waveform", "inverted", "model", "backward", "group_id")}
    with np.errstate(over="ignore"):  # what is beyond all limits is infinite, and refused
        columns["amplitude"] = np.where(rows["amplitude"] == SILENT, 0.0, np.exp2(rows["amplitude"] / AMPLITUDE_STEPS))
        columns["frequency_ratio"] = np.exp2(rows["frequency_ratio"] / RATIO_STEPS)
    columns |= {"time_s": rows["time_s"] / units, "length_s": rows["length_s"] / units}
    columns |= {
        "low_hz": rows["low_hz"] / BAND_UNITS,
        "high_hz": np.where(high == 0, HIGHEST_HZ, (high - 1) / BAND_UNITS),
    }
    return columns | send_columns(rows.get("sends"))


def check(rows: Rows) -> None:
    """ParameterError where rounding would not give these rows: what else is out of range the table refuses."""
    high, amplitude = rows["high_hz"], rows["amplitude"]
    if np.any((high > 0) & ((high <= rows["low_hz"]) | (high > HIGHEST_HZ * BAND_UNITS))):
        raise ParameterError("a band cannot be")
    if amplitude.min() < SILENT or amplitude.max() > LOUDEST or np.any(amplitude.max(axis=1) == SILENT):
        raise ParameterError("an amplitude is out of range")
    if np.any(rows["inverted"][amplitude == SILENT]):
        raise ParameterError("a channel that is silent is turned over")
    if np.abs(rows["frequency_ratio"]).max() > MOST_RATIO:
        raise ParameterError("a frequency ratio is out of range")


def rounded(events: Learned, sample_rate_hz: int, quantiser: object = None) -> Learned:
    """Learned events as a file holds them."""
    if not len(events):
        return events
    rows = to_integers(events, sample_rate_hz)
    if not len(rows["time_s"]):
        return Learned.empty(events.n_channels or 1)
    return Learned(**from_integers(rows, sample_rate_hz))
