"""Conversions between the units that names carry, and the checks on numbers that users hand in."""

import math

from motes.errors import ParameterError

# What a level of exactly zero is called in dB, so that tables and JSON stay finite.
SILENCE_DB = -200.0


def power_to_db(power: float) -> float:
    """Ten times the base-10 logarithm, never below `SILENCE_DB`."""
    return 10.0 * math.log10(power) if power > 1e-20 else SILENCE_DB


def db_to_power(db: float) -> float:
    """The energy ratio of a level difference in dB."""
    return 10.0 ** (db / 10.0)


def require_finite(name: str, value: float) -> float:
    """`value` as a float, or a ParameterError that names it."""
    try:
        number = float(value)
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
