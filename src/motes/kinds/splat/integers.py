"""Splats as whole numbers, and back: the only place where a splat's values are rounded. `motes.kinds.splat.precision`
says how finely, and why.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from motes.errors import ParameterError
from motes.events.event_table import Array, Ints
from motes.events.sends import send_columns, sends_of
from motes.kinds.splat.precision import (
    ALL_NOISE,
    SHORT,
    SPAN,
    TIME_UNITS,
    Rows,
    default_step,
    precision,
    rolloff_of,
    shape_of,
    time_bits,
)
from motes.kinds.splat.table import N_PARTIALS, Splat
from motes.units import HIGHEST_HZ, NEPERS_60_DB, OCTAVE_DB, SILENCE_DB

# An error of 0.25/8.7/√12: −42 dB.
GAIN_DB = 0.25
# Two octaves up a decay differs by a fifth.
SLOPE = 1 / 8
TREMOLO = 1 / 32
BAND_HZ = 1 / 16
# Phases of the modulation.
TURNS = 256
# Two passes are enough for any splat tried, a million of them with random parameters.
MOST_PASSES = 8
# Overtones 60 dB below the first partial are left out where there are no others.
WEAK = 1e-3

MUTED = round(SILENCE_DB / GAIN_DB)
NO_CUTOFF = int(SHORT["cutoff_start_hz"].within(np.array(HIGHEST_HZ), 1.0, HIGHEST_HZ)) + 1
# Columns in the order in which they are coded: how fine the last ones are hangs on those before. `octave` and
# `mantissa` make f0; 0 stands for the default of those that have one.
FIELDS = (
    "width_s",
    "t60_s",
    "octave",
    "centre_hz",
    "width_octaves",
    "shape",
    "rolloff_db",
    "damping_slope",
    "n_partials",
    "cutoff_start_hz",
    "cutoff_end_hz",
    "crossfade_s",
    "tremolo",
    "modulation_hz",
    "noise",
    "seed",
    "low_hz",
    "high_hz",
    "backward",
    "group_id",
    "mantissa",
    "inharmonicity",
    "time_s",
    "phase_rad",
    "glide_per_s",
    "vibrato_cents",
    "modulation_rad",
    "gain_db",
)


def _short(events: Splat, name: str) -> Ints:
    return SHORT[name].within(events.column(name), SPAN[name].low, SPAN[name].high)


def _relative(events: Splat, name: str) -> Ints:
    """Steps from the default."""
    return _short(events, name) - default_step(name)


def _cutoff(events: Splat, name: str) -> Ints:
    return np.where(events.column(name) >= HIGHEST_HZ, NO_CUTOFF, _short(events, name))


def to_integers(events: Splat, sample_rate_hz: int) -> Rows:
    """Splats as rows of whole numbers, in canonical order; rounding what has been rounded changes nothing."""
    rows = _settled(events, sample_rate_hz)
    order, sends = canonical(rows), sends_of(events)
    sent = {} if sends is None else {"sends": sends}
    return {name: column[order] for name, column in (rows | sent).items()}


def _settled(events: Splat, sample_rate_hz: int) -> Rows:
    """Rounded until rounding changes nothing: what makes no difference is left out, by what the rest was rounded to."""
    rows = _rounded(events, sample_rate_hz)
    for _ in range(MOST_PASSES):
        again = _rounded(Splat(**from_integers(rows, sample_rate_hz)), sample_rate_hz)
        if all(np.array_equal(again[name], rows[name]) for name in rows):
            return rows
        rows = again
    raise AssertionError("rounding splats has no end")


def canonical(rows: Rows) -> NDArray[np.intp]:
    """The order of events in a file: by time and frequency, then by all else."""
    rest = [rows[name] for name in FIELDS if name not in ("time_s", "octave", "mantissa", "gain_db")]
    return np.lexsort((*rows["gain_db"].T, *rest, f0_of(rows), rows["time_s"]))


def _rounded(events: Splat, sample_rate_hz: int) -> Rows:
    """Once, in the order given."""
    rows = {name: _short(events, name) for name in ("width_s", "t60_s", "centre_hz", "width_octaves")}
    rows["octave"] = np.frexp(events.f0_hz)[1].astype(np.int64) - 1
    rows["shape"] = np.where(
        events.shape > 0, np.maximum(SHORT["shape"].within(events.shape - 1, 1 / 16, 9999.0) - 7, 1), 0
    )
    rows["noise"] = _noise_index(events.noise)
    rows |= _of_partials(events, rows["noise"] == ALL_NOISE)
    rows |= _of_low_pass(events)
    rows |= _of_modulation(events)
    rows["seed"] = np.where(rows["noise"] > 0, events.seed, 0)
    rows["low_hz"] = np.rint(events.low_hz / BAND_HZ).astype(np.int64)
    high = 1 + np.rint(np.maximum(events.high_hz, events.low_hz) / BAND_HZ).astype(np.int64)
    rows["high_hz"] = np.where(events.high_hz >= HIGHEST_HZ, 0, high)
    rows |= {"backward": events.backward, "group_id": events.group_id}
    return _with_phase(events, rows, sample_rate_hz)


def _of_partials(events: Splat, noisy: NDArray[np.bool_]) -> Rows:
    """What overtones differ by from the first partial, if any is strong enough."""
    amplitude = amplitudes(events)
    alone = noisy | np.all(amplitude[:, 1:] <= WEAK * amplitude[:, :1], axis=1)
    rolloff = np.sign(events.rolloff_db).astype(np.int64) * SHORT["rolloff_db"].within(
        np.abs(events.rolloff_db), 0.0, 600.0
    )
    rows = {
        "rolloff_db": np.maximum(rolloff, -int(SHORT["rolloff_db"].index(np.array(60.0)))),
        "damping_slope": np.rint(events.damping_slope / SLOPE).astype(np.int64),
    }
    return {name: np.where(alone, 0, row) for name, row in rows.items()} | {
        "n_partials": N_PARTIALS - np.where(alone, 1, events.n_partials)
    }


def _of_low_pass(events: Splat) -> Rows:
    start, end = _cutoff(events, "cutoff_start_hz"), _cutoff(events, "cutoff_end_hz")
    same = start == end
    return {
        "cutoff_start_hz": NO_CUTOFF - start,
        "cutoff_end_hz": start - end,
        "crossfade_s": np.where(same, 0, _relative(events, "crossfade_s")),
    }


def _of_modulation(events: Splat) -> Rows:
    tremolo = np.rint(events.tremolo / TREMOLO).astype(np.int64)
    moved = (tremolo != 0) | (events.vibrato_cents != 0)
    turn = np.rint(events.modulation_rad / (2 * np.pi) * TURNS).astype(np.int64) % TURNS
    return {
        "tremolo": tremolo,
        "modulation_hz": np.where(moved, _relative(events, "modulation_hz"), 0),
        "modulation_rad": np.where(moved, turn, 0),
    }


def _noise_index(noise: Array) -> Ints:
    ratio = noise / np.maximum(1 - noise, 1e-6)
    return np.minimum(SHORT["noise"].index(np.minimum(ratio, 2.0**11)), ALL_NOISE)


def _noise_of(index: Ints) -> Array:
    ratio = SHORT["noise"].value(index)
    return np.where(index >= ALL_NOISE, 1.0, ratio / (1 + ratio))


def _with_phase(events: Splat, rows: Rows, sample_rate_hz: int) -> Rows:
    """Frequency, time, phase and gain: what is rounded of the first two, the others make up for."""
    rows |= _frequency(events, rows)
    held, overtones = precision(rows), rows["n_partials"] < N_PARTIALS - 1
    rows["inharmonicity"] = np.where(overtones, _nearest(events, "inharmonicity", held.inharmonicity), 0)
    step, units = 1 << time_bits(rows, sample_rate_hz), sample_rate_hz * TIME_UNITS
    rows["time_s"] = np.rint(events.time_s * units / step).astype(np.int64) * step
    later = rows["time_s"] / units - events.time_s
    turns = events.phase_rad / (2 * np.pi) + events.f0_hz * np.where(events.backward == 1, -later, later)
    turns = turns + (events.f0_hz - f0_of(rows)) * SHORT["t60_s"].value(rows["t60_s"]) / (2 * NEPERS_60_DB)
    rows["phase_rad"] = np.rint(np.ldexp(turns, held.phase)).astype(np.int64) % (1 << held.phase)
    rows["glide_per_s"] = np.where(rows["noise"] >= ALL_NOISE, 0, _nearest(events, "glide_per_s", held.glide))
    rows["vibrato_cents"] = _nearest(events, "vibrato_cents", held.vibrato)
    still = (rows["tremolo"] == 0) & (rows["vibrato_cents"] == 0)
    rows |= {name: np.where(still, 0, rows[name]) for name in ("modulation_hz", "modulation_rad")}
    rows["gain_db"] = np.zeros(events.gain_db.shape, np.int64)
    rows["gain_db"] = _gains(events, Splat(**from_integers(rows, sample_rate_hz)))
    return {name: rows[name] for name in FIELDS}


def _frequency(events: Splat, rows: Rows) -> Rows:
    bits = precision(rows).frequency
    scaled, limits = (
        np.ldexp(events.f0_hz, bits - rows["octave"]),
        [np.ldexp(limit, bits - rows["octave"]) for limit in (1e-2, HIGHEST_HZ)],
    )
    mantissa = np.clip(np.rint(scaled), np.ceil(limits[0]), np.floor(limits[1])).astype(np.int64) - (1 << bits)
    carried = mantissa >> bits  # what is rounded up to the next octave begins there
    return {"octave": rows["octave"] + carried, "mantissa": np.where(carried > 0, 0, mantissa)}


def _nearest(events: Splat, name: str, bits: Ints) -> Ints:
    """In steps of 2^−bits, within the range of the parameter."""
    low, high = (np.ldexp(limit, bits) for limit in (SPAN[name].low, SPAN[name].high))
    return np.clip(np.rint(np.ldexp(events.column(name), bits)), np.ceil(low), np.floor(high)).astype(np.int64)


def _gains(events: Splat, rounded: Splat) -> Ints:
    """Steps of gain with which what has been rounded is as loud as before: its partials, or its noise if that is
    stronger.
    """
    before, after = (np.sqrt(np.sum(amplitudes(table) ** 2, axis=1)) for table in (events, rounded))
    ratio = np.where((before > 0) & (after > 0), before / np.maximum(after, 1e-300), 1.0)
    partials = ratio * (1 - events.noise) / np.maximum(1 - rounded.noise, 1e-9)
    noise = events.noise / np.maximum(rounded.noise, 1e-9)
    db = 20 * np.log10(np.clip(np.where(rounded.noise > 0.5, noise, partials), 0.25, 4.0))
    high = round(SPAN["gain_db"].high / GAIN_DB)
    steps = np.clip(np.rint((events.gain_db + db[:, None]) / GAIN_DB), MUTED + 1, high).astype(np.int64)
    return np.where(events.gain_db <= SILENCE_DB, MUTED, steps)


def amplitudes(events: Splat) -> Array:
    """Of all partials at 0 dB behind the low-pass, half way across: `(n, N_PARTIALS)`."""
    k = np.arange(1, N_PARTIALS + 1.0)
    b, f0 = events.inharmonicity[:, None], events.f0_hz[:, None]
    frequency = f0 * k * np.sqrt((1 + b * k**2) / (1 + b))
    octaves = np.log2(frequency / events.centre_hz[:, None])
    inside = (
        (frequency >= events.low_hz[:, None])
        & (frequency <= events.high_hz[:, None])
        & (k <= events.n_partials[:, None])
    )
    passed = sum(
        1 / (1 + (frequency / cutoff[:, None]) ** 2) for cutoff in (events.cutoff_start_hz, events.cutoff_end_hz)
    )
    tilt = k ** (-events.rolloff_db[:, None] / OCTAVE_DB)
    return np.asarray(inside * tilt * np.exp(-0.5 * (octaves / events.width_octaves[:, None]) ** 2) * (0.5 * passed))


def f0_of(rows: Rows) -> Array:
    """Frequencies of the first partial in Hz."""
    bits = precision(rows).frequency
    return np.asarray(np.ldexp((rows["mantissa"] + (1 << bits)).astype(np.float64), rows["octave"] - bits))


def _cutoff_of(below: Ints) -> Array:
    return np.where(below == 0, HIGHEST_HZ, SHORT["cutoff_start_hz"].value(np.maximum(NO_CUTOFF - below, 0)))


def _fromdefault_step(name: str, steps: Ints) -> Array:
    return np.where(steps == 0, SPAN[name].default or 0.0, SHORT[name].value(np.maximum(steps + default_step(name), 0)))


def from_integers(rows: Rows, sample_rate_hz: int) -> dict[str, Any]:
    """The columns of a Splat table, by name."""
    held = precision(rows)
    phase = rows["phase_rad"] - (1 << held.phase) * (rows["phase_rad"] << 1 > 1 << held.phase)
    return {
        "time_s": rows["time_s"] / TIME_UNITS / sample_rate_hz,
        **{name: SHORT[name].value(rows[name]) for name in ("width_s", "t60_s", "centre_hz", "width_octaves")},
        "f0_hz": f0_of(rows),
        "gain_db": rows["gain_db"] * GAIN_DB,
        "shape": shape_of(rows["shape"]),
        "phase_rad": 2 * np.pi * np.ldexp(phase.astype(np.float64), -held.phase),
        "glide_per_s": np.ldexp(rows["glide_per_s"].astype(np.float64), -held.glide),
        "inharmonicity": np.ldexp(rows["inharmonicity"].astype(np.float64), -held.inharmonicity),
        "rolloff_db": rolloff_of(rows["rolloff_db"]),
        "damping_slope": rows["damping_slope"] * SLOPE,
        "cutoff_start_hz": _cutoff_of(rows["cutoff_start_hz"]),
        "cutoff_end_hz": _cutoff_of(rows["cutoff_start_hz"] + rows["cutoff_end_hz"]),
        "crossfade_s": _fromdefault_step("crossfade_s", rows["crossfade_s"]),
        "tremolo": rows["tremolo"] * TREMOLO,
        "vibrato_cents": np.ldexp(rows["vibrato_cents"].astype(np.float64), -held.vibrato),
        "modulation_hz": _fromdefault_step("modulation_hz", rows["modulation_hz"]),
        "modulation_rad": 2 * np.pi * (rows["modulation_rad"] / TURNS),
        "noise": _noise_of(rows["noise"]),
        "seed": rows["seed"],
        "n_partials": N_PARTIALS - rows["n_partials"],
        "low_hz": rows["low_hz"] * BAND_HZ,
        "high_hz": np.where(rows["high_hz"] == 0, HIGHEST_HZ, (rows["high_hz"] - 1) * BAND_HZ),
        "backward": rows["backward"],
        "group_id": rows["group_id"],
        **send_columns(rows.get("sends")),
    }


def rounded(events: Splat, sample_rate_hz: int, quantiser: object = None) -> Splat:
    """Splats as a file holds them."""
    return Splat(**from_integers(to_integers(events, sample_rate_hz), sample_rate_hz)) if len(events) else events


def _limits() -> dict[str, tuple[int, int]]:
    """The least and the greatest of each column that others hang on or that no parameter's range limits."""
    spans = {
        name: tuple(SHORT[name].within(np.array([p.low, p.high]), p.low, p.high).tolist())
        for name, p in SPAN.items()
        if name in SHORT and p.low > 0
    }
    steep = (-int(SHORT["rolloff_db"].index(np.array(60.0))), int(SHORT["rolloff_db"].index(np.array(600.0))))
    band = int(HIGHEST_HZ / BAND_HZ)
    return spans | {
        "octave": (-7, 19),
        "shape": (0, int(SHORT["shape"].within(np.array(9999.0), 1 / 16, 9999.0)) - 7),
        "rolloff_db": steep,
        "damping_slope": (0, round(8 / SLOPE)),
        "n_partials": (0, N_PARTIALS - 1),
        "cutoff_start_hz": (0, NO_CUTOFF),
        "cutoff_end_hz": (-NO_CUTOFF, NO_CUTOFF),
        "crossfade_s": (-999, 999),
        "tremolo": (-round(1 / TREMOLO), round(1 / TREMOLO)),
        "modulation_hz": (-default_step("modulation_hz"), 999),
        "noise": (0, ALL_NOISE),
        "seed": (0, 2**32 - 1),
        "low_hz": (0, band),
        "high_hz": (0, band + 1),
        "backward": (0, 1),
        "group_id": (0, 1 << 40),
        "inharmonicity": (0, 1 << 50),
        "glide_per_s": (-(1 << 60), 1 << 60),
        "vibrato_cents": (-(1 << 62), 1 << 62),
        "gain_db": (MUTED, round(SPAN["gain_db"].high / GAIN_DB)),
    }


LIMITS = _limits()


def check(rows: Rows, name: str) -> None:
    """ParameterError where a column that was read is out of range."""
    low, high = LIMITS.get(name, (-(1 << 62), 1 << 62))
    if rows[name].min(initial=low) < low or rows[name].max(initial=low) > high:
        raise ParameterError(f"{name} is out of range")
