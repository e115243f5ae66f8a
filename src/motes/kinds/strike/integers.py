"""Strikes as whole numbers, and back: the only place where strikes are rounded."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motes.events.packet import REACH_UNIT
from motes.events.sends import send_columns, sends_of
from motes.kinds.strike.table import Strike
from motes.units import HIGHEST_HZ

Ints = NDArray[np.int64]
# Units of time per sample.
TIME_UNITS = 64
# Amplitudes per doubling: 0.02 dB.
AMPLITUDE_STEPS = 256
LOWEST_AMPLITUDE = -40 * AMPLITUDE_STEPS
# Frequency ratios per octave.
RATIO_STEPS = 1 << 22
# Units of the edges of a band, per Hz.
BAND_UNITS = 16
# Columns of the table, in the order in which they are coded; time as the difference to the strike before.
FIELDS = ("time", "instrument", "control", "amplitude", "ratio", "ring", "since", "turn", "low", "high", "group")
TIME, INSTRUMENT, CONTROL, AMPLITUDE, RATIO, RING, SINCE, TURN, LOW, HIGH, GROUP = range(11)


def to_integers(strikes: Strike, sample_rate_hz: int) -> Ints:
    """Strikes as rows of whole numbers, `(n, 11)`, with room and wetness `(n, 13)`, those too weak to be audible
    left out, in canonical order.
    """
    kept = strikes.take(strikes.amplitude >= 2.0 ** (LOWEST_AMPLITUDE / AMPLITUDE_STEPS - 1))
    units = sample_rate_hz * TIME_UNITS
    limit = int(next(p for p in Strike.PARAMS if p.name == "amplitude").high)
    rows = np.stack(
        [
            np.rint(kept.time_s * units),
            kept.instrument_id,
            kept.control,
            np.minimum(
                np.rint(np.log2(np.maximum(kept.amplitude, 1e-300)) * AMPLITUDE_STEPS),
                np.floor(np.log2(limit) * AMPLITUDE_STEPS),
            ),
            np.rint(np.log2(kept.frequency_ratio) * RATIO_STEPS),
            np.ceil(kept.ring_s * sample_rate_hz / REACH_UNIT - 1e-9),
            np.rint(kept.since_s * units),
            np.rint(kept.turn_s * units),
            np.rint(kept.low_hz * BAND_UNITS),
            np.where(kept.high_hz >= HIGHEST_HZ, 0, 1 + np.rint(np.maximum(kept.high_hz, kept.low_hz) * BAND_UNITS)),
            kept.group_id,
        ],
        axis=1,
    ).astype(np.int64)
    sends = sends_of(kept)
    rows = rows if sends is None else np.concatenate([rows, sends], axis=1)
    ratio = int(np.log2(1e3) * RATIO_STEPS)
    rows[:, RATIO] = np.clip(rows[:, RATIO], -ratio, ratio)
    return rows[np.lexsort((rows[:, RATIO], rows[:, CONTROL], rows[:, INSTRUMENT], rows[:, TIME]))]


def from_integers(rows: Ints, sample_rate_hz: int) -> dict[str, NDArray[np.float64]]:
    """The columns of a Strike table, by name."""
    high = rows[:, HIGH]
    with np.errstate(over="ignore"):  # what is beyond all limits is infinite, and refused
        amplitude, ratio = np.exp2(rows[:, AMPLITUDE] / AMPLITUDE_STEPS), np.exp2(rows[:, RATIO] / RATIO_STEPS)
    return {
        "time_s": rows[:, TIME] / TIME_UNITS / sample_rate_hz,
        "control": rows[:, CONTROL],
        "amplitude": amplitude,
        "ring_s": rows[:, RING] * REACH_UNIT / sample_rate_hz,
        "instrument_id": rows[:, INSTRUMENT],
        "frequency_ratio": ratio,
        "since_s": rows[:, SINCE] / TIME_UNITS / sample_rate_hz,
        "turn_s": rows[:, TURN] / TIME_UNITS / sample_rate_hz,
        "low_hz": rows[:, LOW] / BAND_UNITS,
        "high_hz": np.where(high == 0, HIGHEST_HZ, (high - 1) / BAND_UNITS),
        "group_id": rows[:, GROUP],
        **(send_columns(rows[:, len(FIELDS) :]) if rows.shape[1] > len(FIELDS) else {}),
    }


def rounded(events: Strike, sample_rate_hz: int, quantiser: object = None) -> Strike:
    """Strikes as a file holds them."""
    if not len(events):
        return events
    return Strike(**from_integers(to_integers(events, sample_rate_hz), sample_rate_hz))  # type: ignore[arg-type]
