"""Conversions between the units that names carry, and the checks on numbers that users hand in."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from motes.errors import ParameterError

# What a level of exactly zero is called in dB, so that tables and JSON stay finite.
SILENCE_DB = -200.0
# An amplitude falls by 60 dB while it decays by this many nepers.
NEPERS_60_DB = math.log(1000.0)
# An amplitude that halves from octave to octave falls by so many dB.
OCTAVE_DB = 20 * math.log10(2.0)
# A cent, in nepers of frequency.
CENT = math.log(2.0) / 1200
# Above this no parameter of an event may lie, and a band up to it is open.
HIGHEST_HZ = 1e6


def erb_rate(frequency_hz: ArrayLike) -> NDArray[np.float64]:
    """Number of equivalent rectangular bandwidths below a frequency (Glasberg & Moore 1990)."""
    return np.asarray(21.4 * np.log10(1.0 + 0.00437 * np.asarray(frequency_hz, np.float64)))


def erb_rate_to_hz(rate: ArrayLike) -> NDArray[np.float64]:
    """The inverse of `erb_rate`."""
    return np.asarray((10.0 ** (np.asarray(rate, np.float64) / 21.4) - 1.0) / 0.00437)


def threshold_in_quiet_db(frequency_hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sound pressure level of the softest audible tone (Terhardt, "Calculating virtual pitch", Hearing Research 1,
    1979), at most 80 dB.
    """
    khz = np.maximum(frequency_hz, 20.0) / 1000
    return np.minimum(3.64 * khz**-0.8 - 6.5 * np.exp(-0.6 * (khz - 3.3) ** 2) + 1e-3 * khz**4, 80.0)


def power_to_db(power: float) -> float:
    """Ten times the base-10 logarithm, never below `SILENCE_DB`."""
    return 10.0 * math.log10(power) if power > 1e-20 else SILENCE_DB


def db_to_power(db: float) -> float:
    """The energy ratio of a level difference in dB."""
    return 10.0 ** (db / 10.0)


def require_finite(name: str, value: object) -> float:
    """`value` as a float, or a ParameterError that names it."""
    try:
        if isinstance(value, str | bytes):
            raise TypeError
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise ParameterError(f"{name} must be a number, not {value!r}") from None
    if not math.isfinite(number):
        raise ParameterError(f"{name} must be finite, not {number}")
    return number


def require_positive(name: str, value: float) -> float:
    """`value` as a float above zero, or a ParameterError that names it."""
    number = require_finite(name, value)
    if number <= 0:
        raise ParameterError(f"{name} must be above 0, not {number:g}")
    return number
