"""Splats as whole numbers, and back: the only place where a splat's values are rounded, and why each is rounded as
finely as it is.

Steps are set so that the columns make errors of about the same energy, each some 35 to 45 dB below the splat. Whatever
decides how many steps there are is computed from whole numbers and exact fractions alone, so that every machine reads
the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motes.errors import ParameterError
from motes.events.event_table import Array, Ints
from motes.events.sends import send_columns, sends_of
from motes.kinds.splat.table import N_PARTIALS, Splat
from motes.units import HIGHEST_HZ, NEPERS_60_DB, OCTAVE_DB, SILENCE_DB

# By column, `(n,)`; `gain_db` `(n, n_channels)`; `sends`, where there are any, as `motes.events.sends` tells.
Rows = dict[str, Ints]


@dataclass(frozen=True)
class Short:
    """A number with `bits` bits of mantissa: multiples of `unit` up to 2^`bits` of them, then 2^`bits` steps for
    each doubling.
    """

    bits: int
    unit: float

    def index(self, value: Array) -> Ints:
        """The nearest step of values that are not negative."""
        ratio = value / self.unit
        shift = np.maximum(np.frexp(ratio)[1] - 1 - self.bits, 0).astype(np.int64)
        return (shift << self.bits) + np.rint(np.ldexp(ratio, -shift)).astype(np.int64)

    def value(self, index: Ints) -> Array:
        """The inverse."""
        shift = np.maximum((index >> self.bits) - 1, 0)
        return np.asarray(np.ldexp((index - (shift << self.bits)) * self.unit, shift))

    def within(self, value: Array, low: float, high: float) -> Ints:
        """The nearest step that lies in a range."""
        first, last = self.index(np.array([low, high]))
        first += self.value(first) < low
        last -= self.value(last) > high
        return np.clip(self.index(np.clip(value, low, high)), first, last)

    def log16(self, index: Ints) -> Ints:
        """16 times log₂ of the value, within 1.4: straight lines between powers of two."""
        return (index << 4 >> self.bits) + 16 * (self.bits - 1 + int(np.log2(self.unit)))


SHORT = {
    "width_s": Short(4, 2.0**-21),  # an envelope half a step of 1/16 too long
    "t60_s": Short(3, 2.0**-20),  # a decay likewise
    "centre_hz": Short(4, 2.0**-14),  # tilts the partials against each other
    "width_octaves": Short(3, 2.0**-10),  # counts only for the weaker partials
    "shape": Short(3, 2.0**-7),  # of shape − 1, which the attack's length goes with
    "rolloff_db": Short(
        4, 0.5
    ),  # half a decibel an octave; where it is steep and the overtones weak, less is heard of it
    "cutoff_start_hz": Short(3, 2.0**-10),  # at most 12 dB an octave hang on it
    "cutoff_end_hz": Short(3, 2.0**-10),
    "crossfade_s": Short(2, 2.0**-19),  # when, not what: a quarter is hardly heard
    "modulation_hz": Short(5, 2.0**-15),  # after a second at 5 Hz 1/32 is a sixth of a turn
    "noise": Short(2, 2.0**-10),  # of noise/(1 − noise): 1.5 dB, as nobody hears finer in noise; from −60 to 60 dB
}
# An error of 0.25/8.7/√12: −42 dB.
GAIN_DB = 0.25
# Two octaves up a decay differs by a fifth.
SLOPE = 1 / 8
TREMOLO = 1 / 32
BAND_HZ = 1 / 16
# Phases of the modulation.
TURNS = 256
# Times are multiples of this part of a sample …
TIME_UNITS = 64
# … and of the power of two below 2^−ENVELOPE_SHARE of √(attack · decay), since the phase goes with a time that is
# rounded.
ENVELOPE_SHARE = 6
# Steps of f0 per doubling: 2^this for each period of the strongest partial within the event's length, so that the phase
# at its end stays.
FREQUENCY_BITS = 8
# Phases of the strongest partial: an error of 2π/256/√12, −43 dB.
PHASE_BITS = 8
# What is 60 dB below the first partial is not told of where nothing else is.
WEAK = 1e-3

MUTED = round(SILENCE_DB / GAIN_DB)
_SPAN = {param.name: param for param in Splat.PARAMS}
NO_CUTOFF = int(SHORT["cutoff_start_hz"].within(np.array(HIGHEST_HZ), 1.0, HIGHEST_HZ)) + 1
ALL_NOISE = int(SHORT["noise"].index(np.array(2.0**10)))
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
    return SHORT[name].within(events.column(name), _SPAN[name].low, _SPAN[name].high)


def _relative(events: Splat, name: str) -> Ints:
    """Steps from the default."""
    return _short(events, name) - _default(name)


def _default(name: str) -> int:
    return int(SHORT[name].index(np.array(_SPAN[name].default)))


def _cutoff(events: Splat, name: str) -> Ints:
    return np.where(events.column(name) >= HIGHEST_HZ, NO_CUTOFF, _short(events, name))


def to_integers(events: Splat, sample_rate_hz: int) -> Rows:
    """Splats as rows of whole numbers, in canonical order; rounding what has been rounded changes nothing."""
    rows = _rounded(events, sample_rate_hz)
    for _ in range(8):  # what is not heard is left out, by what it has been rounded to
        again = _rounded(Splat(**from_integers(rows, sample_rate_hz)), sample_rate_hz)
        if all(np.array_equal(again[name], rows[name]) for name in rows):
            break
        rows = again
    order, sends = canonical(rows), sends_of(events)
    told = {} if sends is None else {"sends": sends}
    return {name: column[order] for name, column in (rows | told).items()}


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
    """What tells overtones from the first partial, if there are any to be heard."""
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


@dataclass(frozen=True)
class Precision:
    """How many bits values have that hang on others, `(n,)` each: steps of 2^−bits. `frequency` is for each octave,
    `strongest` 16 log₂ of the strongest partial's frequency in Hz, `partial` log₂ of its number.
    """

    strongest: Ints
    partial: Ints
    frequency: Ints
    phase: Ints
    inharmonicity: Ints
    glide: Ints
    vibrato: Ints


def precision(rows: Rows) -> Precision:
    """From the columns that are rounded before."""
    width, t60 = SHORT["width_s"].log16(rows["width_s"]), SHORT["t60_s"].log16(rows["t60_s"])
    lasts = np.maximum(width, t60 - 48)
    f0 = 16 * rows["octave"] + 8
    # A gaussian of log₂ f times a roll-off is a gaussian about another frequency: there the strongest partial is.
    tilt = SHORT["width_octaves"].value(rows["width_octaves"]) ** 2 * rolloff_of(rows["rolloff_db"]) * (118 / 64)
    highest = f0 + 16 * np.frexp(N_PARTIALS - rows["n_partials"])[1].astype(np.int64)
    strongest = SHORT["centre_hz"].log16(rows["centre_hz"]) - np.floor(np.clip(tilt, -1e4, 1e4)).astype(np.int64)
    strongest = np.clip(strongest, f0, highest)
    noisy = rows["noise"] >= ALL_NOISE
    frequency = np.where(noisy, 4, np.clip((strongest + lasts + 16 * FREQUENCY_BITS + 15) >> 4, 4, 40))
    partial = (strongest - f0 + 8) >> 4  # log₂ of its number
    modulation = SHORT["modulation_hz"].log16(rows["modulation_hz"] + _default("modulation_hz")) >> 4
    return Precision(
        strongest=strongest,
        partial=partial,
        frequency=frequency,
        phase=np.where(noisy, 0, PHASE_BITS + partial),
        inharmonicity=np.clip(frequency + 2 * partial + 2, 0, 50),
        glide=np.clip(frequency + (lasts >> 4) + 1, -9, 50),
        vibrato=np.clip(frequency - (lasts >> 4) - modulation - 13, -11, 50),
    )


def time_bits(rows: Rows, sample_rate_hz: int) -> Ints:
    """Times are multiples of 2^this units: coarse where the envelope is slow, but fine enough for noise and for
    partials out of tune.
    """
    width = SHORT["width_s"].value(rows["width_s"])
    shape = shape_of(rows["shape"])
    attack = 2 * np.where(shape > 0, np.maximum(shape - 1, 0) / np.sqrt(np.maximum(shape, 1)), 1.0) * width
    decay = width + SHORT["t60_s"].value(rows["t60_s"]) / 16
    units = sample_rate_hz * TIME_UNITS
    slow = np.frexp(attack * decay * (float(units) * units))[1] - 1 >> 1
    noise = np.frexp(units / SHORT["centre_hz"].value(rows["centre_hz"]))[1] - 5
    held = precision(rows)
    off_hz = np.ldexp(
        rows["inharmonicity"].astype(np.float64), (held.strongest >> 4) + 2 * held.partial - held.inharmonicity
    )
    tuned = np.frexp(units / np.maximum(off_hz, 2.0**-30))[1] - 6
    bits = np.minimum(slow - ENVELOPE_SHARE, tuned)
    return np.clip(np.where(rows["noise"] > 0, np.minimum(bits, noise), bits), 0, 24).astype(np.int64)


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
    low, high = (np.ldexp(limit, bits) for limit in (_SPAN[name].low, _SPAN[name].high))
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
    high = round(_SPAN["gain_db"].high / GAIN_DB)
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


def shape_of(index: Ints) -> Array:
    """Shapes: 0, or 1 and what is more."""
    return np.where(index > 0, 1 + SHORT["shape"].value(np.maximum(index, 0) + 7), 0.0)


def rolloff_of(index: Ints) -> Array:
    """Roll-offs in dB."""
    return np.asarray(np.sign(index) * SHORT["rolloff_db"].value(np.abs(index)))


def _cutoff_of(below: Ints) -> Array:
    return np.where(below == 0, HIGHEST_HZ, SHORT["cutoff_start_hz"].value(np.maximum(NO_CUTOFF - below, 0)))


def _from_default(name: str, steps: Ints) -> Array:
    return np.where(steps == 0, _SPAN[name].default or 0.0, SHORT[name].value(np.maximum(steps + _default(name), 0)))


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
        "crossfade_s": _from_default("crossfade_s", rows["crossfade_s"]),
        "tremolo": rows["tremolo"] * TREMOLO,
        "vibrato_cents": np.ldexp(rows["vibrato_cents"].astype(np.float64), -held.vibrato),
        "modulation_hz": _from_default("modulation_hz", rows["modulation_hz"]),
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
    """The least and the greatest of each column that others hang on or that no parameter's range tells of."""
    spans = {
        name: tuple(SHORT[name].within(np.array([p.low, p.high]), p.low, p.high).tolist())
        for name, p in _SPAN.items()
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
        "modulation_hz": (-_default("modulation_hz"), 999),
        "noise": (0, ALL_NOISE),
        "seed": (0, 2**32 - 1),
        "low_hz": (0, band),
        "high_hz": (0, band + 1),
        "backward": (0, 1),
        "group_id": (0, 1 << 40),
        "inharmonicity": (0, 1 << 50),
        "glide_per_s": (-(1 << 60), 1 << 60),
        "vibrato_cents": (-(1 << 62), 1 << 62),
        "gain_db": (MUTED, round(_SPAN["gain_db"].high / GAIN_DB)),
    }


LIMITS = _limits()


def check(rows: Rows, name: str) -> None:
    """ParameterError where a column that was read is out of range."""
    low, high = LIMITS.get(name, (-(1 << 62), 1 << 62))
    if rows[name].min(initial=low) < low or rows[name].max(initial=low) > high:
        raise ParameterError(f"{name} is out of range")
