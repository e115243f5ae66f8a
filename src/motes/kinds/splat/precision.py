"""How finely the columns of splats are rounded: the steps of each, and those that hang on other columns.

Steps are set so that the columns make errors of about the same energy, each some 35 to 45 dB below the splat. Whatever
decides how many steps there are is computed from whole numbers and exact fractions alone, so that every machine reads
the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motes.events.event_table import Array, Ints
from motes.kinds.splat.table import N_PARTIALS, Splat

# By column, `(n,)`; `gain_db` `(n, n_channels)`; `sends`, where there are any, as `motes.events.sends` has them.
Rows = dict[str, Ints]
SPAN = {param.name: param for param in Splat.PARAMS}


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
    "rolloff_db": Short(4, 0.5),  # half a decibel an octave; where it is steep and the overtones weak, it matters less
    "cutoff_start_hz": Short(3, 2.0**-10),  # at most 12 dB an octave hang on it
    "cutoff_end_hz": Short(3, 2.0**-10),
    "crossfade_s": Short(2, 2.0**-19),  # when, not what: a quarter hardly matters
    "modulation_hz": Short(5, 2.0**-15),  # after a second at 5 Hz 1/32 is a sixth of a turn
    "noise": Short(2, 2.0**-10),  # of noise/(1 − noise): 1.5 dB, as nobody hears finer in noise; from −60 to 60 dB
}
# Times are multiples of this part of a sample …
TIME_UNITS = 64
# … and of the power of two below 2^−ENVELOPE_SHARE of √(attack · decay), since the phase goes with a time that is
# rounded; of a decay its first 3.75 dB count.
ENVELOPE_SHARE = 6
DECAY_PART = 1 / 16
# With noise a time is off by less than 2^−NOISE_SHARE of a period at the spectrum's centre, and partials that are out
# of tune, which no one phase makes up for, turn by less than 2^−TUNING_SHARE of a period.
NOISE_SHARE, TUNING_SHARE = 4, 5
MOST_TIME_BITS = 24
# Steps of f0 per doubling: 2^this for each period of the strongest partial within the event's length, so that the phase
# at its end stays.
FREQUENCY_BITS = 8
# Phases of the strongest partial: an error of 2π/256/√12, −43 dB.
PHASE_BITS = 8
FEWEST_BITS, MOST_BITS = 4, 40
# In 1/16 of a doubling: an event lasts an eighth of its decay, 7.5 dB of it.
LASTING = 3 * 16
# A roll-off of 1 dB an octave moves a gaussian of log₂ f and a width of one octave by so many sixteenths of an octave:
# 16 · ln 2 / 6.02.
TILT = 118 / 64
# Steps finer than those of f0: inharmonicity goes with the square of a partial's number, glide with that of time.
INHARMONICITY_BITS, GLIDE_BITS = 2, 1
# A cent of vibrato at 1 Hz turns a partial of 1 Hz by ln 2 / 1200 / 2π = 2^−13.4 turns.
VIBRATO_BITS = 13
FINEST = 50

ALL_NOISE = int(SHORT["noise"].index(np.array(2.0**10)))


def default_step(name: str) -> int:
    """The step of a parameter's default."""
    return int(SHORT[name].index(np.array(SPAN[name].default)))


def shape_of(index: Ints) -> Array:
    """Shapes: 0, or 1 and what is more."""
    return np.where(index > 0, 1 + SHORT["shape"].value(np.maximum(index, 0) + 7), 0.0)


def rolloff_of(index: Ints) -> Array:
    """Roll-offs in dB."""
    return np.asarray(np.sign(index) * SHORT["rolloff_db"].value(np.abs(index)))


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
    lasts = np.maximum(width, t60 - LASTING)
    f0 = 16 * rows["octave"] + 8
    # A gaussian of log₂ f times a roll-off is a gaussian about another frequency: there the strongest partial is.
    tilt = SHORT["width_octaves"].value(rows["width_octaves"]) ** 2 * rolloff_of(rows["rolloff_db"]) * TILT
    highest = f0 + 16 * np.frexp(N_PARTIALS - rows["n_partials"])[1].astype(np.int64)
    strongest = SHORT["centre_hz"].log16(rows["centre_hz"]) - np.floor(np.clip(tilt, -1e4, 1e4)).astype(np.int64)
    strongest = np.clip(strongest, f0, highest)
    noisy = rows["noise"] >= ALL_NOISE
    frequency = np.where(
        noisy, FEWEST_BITS, np.clip((strongest + lasts + 16 * FREQUENCY_BITS + 15) >> 4, FEWEST_BITS, MOST_BITS)
    )
    partial = (strongest - f0 + 8) >> 4  # log₂ of its number
    modulation = SHORT["modulation_hz"].log16(rows["modulation_hz"] + default_step("modulation_hz")) >> 4
    return Precision(
        strongest=strongest,
        partial=partial,
        frequency=frequency,
        phase=np.where(noisy, 0, PHASE_BITS + partial),
        inharmonicity=np.clip(frequency + 2 * partial + INHARMONICITY_BITS, 0, FINEST),
        glide=np.clip(frequency + (lasts >> 4) + GLIDE_BITS, -9, FINEST),
        vibrato=np.clip(frequency - (lasts >> 4) - modulation - VIBRATO_BITS, -11, FINEST),
    )


def time_bits(rows: Rows, sample_rate_hz: int) -> Ints:
    """Times are multiples of 2^this units: coarse where the envelope is slow, but fine enough for noise and for
    partials out of tune.
    """
    width = SHORT["width_s"].value(rows["width_s"])
    shape = shape_of(rows["shape"])
    attack = 2 * np.where(shape > 0, np.maximum(shape - 1, 0) / np.sqrt(np.maximum(shape, 1)), 1.0) * width
    decay = width + SHORT["t60_s"].value(rows["t60_s"]) * DECAY_PART
    units = sample_rate_hz * TIME_UNITS
    slow = _exponent(attack * decay * (float(units) * units)) >> 1
    noise = _exponent(units / SHORT["centre_hz"].value(rows["centre_hz"])) - NOISE_SHARE
    held = precision(rows)
    off_hz = np.ldexp(
        rows["inharmonicity"].astype(np.float64), (held.strongest >> 4) + 2 * held.partial - held.inharmonicity
    )
    tuned = _exponent(units / np.maximum(off_hz, 2.0**-30)) - TUNING_SHARE
    bits = np.minimum(slow - ENVELOPE_SHARE, tuned)
    return np.clip(np.where(rows["noise"] > 0, np.minimum(bits, noise), bits), 0, MOST_TIME_BITS).astype(np.int64)


def _exponent(value: Array) -> Ints:
    """The largest e with 2^e at most a value."""
    return np.frexp(value)[1] - 1
