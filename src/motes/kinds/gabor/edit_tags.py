"""The edits of gabor events as tags, rounded to short decimals, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from motes.coding.tags import Ints, Tags
from motes.errors import FormatError
from motes.kinds.gabor.edited import EDITS, is_edited
from motes.kinds.gabor.table import Gabor

Floats = NDArray[np.float64]

# Decimal places at most, and how far what is stored may lie from what was done.
PLACES = {"semitones": (6, 1e-6), "factor": (9, 1e-9), "shift_s": (9, 1e-9), "gain_db": (4, 1e-4)}
# Of a row: of each decimal number its digits, and how many of them stand after the point.
N_COLUMNS = 2 * len(PLACES)
LIMITS = {"semitones": 359.0, "factor": 1e9, "shift_s": 1e9, "gain_db": 400.0}


def edits_to_tags(events: Gabor) -> Tags:
    """The edits of events, rounded to the shortest decimals that differ inaudibly."""
    if not is_edited(events):
        return Tags.none(len(events), N_COLUMNS)
    distinct, index = _distinct(np.stack([events.column(name) for name in EDITS], axis=1))
    ratio, factor, shift, gain = distinct.T
    gain_db = 20 * np.log10(np.where(gain > 0, gain, 1.0))
    numbers = {"semitones": 12 * np.log2(ratio), "factor": factor - 1, "shift_s": shift, "gain_db": gain_db}
    cells = [
        [n for name, v in numbers.items() for n in _decimal(float(v[i]), *PLACES[name])] for i in range(len(distinct))
    ]
    rows = Tags.of(np.array(cells, np.int64))
    return Tags(rows.rows, rows.index[index])


def _distinct(values: Floats) -> tuple[Floats, Ints]:
    """The rows of `values` that occur, and which of them each is."""
    if np.all(values == values[:1]):
        return values[:1], np.zeros(len(values), np.int64)
    rows, index = np.unique(values, axis=0, return_inverse=True)
    return rows, index.reshape(-1)


def _decimal(value: float, places: int, tolerance: float) -> tuple[int, int]:
    """The shortest decimal near a value: its digits, and how many of them stand after the point."""
    for n in range(places + 1):
        digits = round(value * 10**n)
        if abs(digits / 10**n - value) <= tolerance or n == places:
            return digits, n if digits else 0
    raise AssertionError("the last one is near enough")


def tags_to_edits(tags: Tags, name: str) -> dict[str, Any]:
    """The columns of edits; FormatError, which names the packet, where a number is out of range."""
    cells = tags.rows
    numbers = {}
    for i, (kind, (places, _)) in enumerate(PLACES.items()):
        digits, n = cells[:, 2 * i], cells[:, 2 * i + 1]
        if np.any((n < 0) | (n > places)) or np.any(np.abs(digits) > LIMITS[kind] * 10.0**places):
            raise FormatError(f"{name}: an edit is out of range")
        numbers[kind] = digits / 10.0**n
        if np.any(np.abs(numbers[kind]) > LIMITS[kind]):
            raise FormatError(f"{name}: an edit is out of range")
    factor = 1 + numbers["factor"]
    if np.any(factor == 0):
        raise FormatError(f"{name}: an edit is out of range")
    columns = (2.0 ** (numbers["semitones"] / 12), factor, numbers["shift_s"], 10.0 ** (numbers["gain_db"] / 20))
    return {name: column[tags.index] for name, column in zip(EDITS, columns, strict=True)}
