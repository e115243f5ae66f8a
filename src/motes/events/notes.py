"""Notes as columns: when each begins and ends, and what pitch it has."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from motes.errors import ParameterError

A4_HZ, A4_PITCH = 440.0, 69.0
# Programs of General MIDI are 0 … 127; one that is not known, and drums, which have none.
NO_PROGRAM, DRUMS = -1, 128
# MIDI velocities go by the level of a note, half a dB a step, 127 for full scale: 1 is −63 dBFS and less.
LOUDEST_VELOCITY, VELOCITIES_PER_DB = 127, 2
# Pitches that notes can have: from less than 1 Hz up to the highest frequency of an event.
LOWEST_PITCH, HIGHEST_PITCH = -60.0, 210.0
_NAME = re.compile(r"([A-Ga-g])([#b]?)(-?\d{1,2})")
_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")

Reals = NDArray[np.float64]
Mask = NDArray[np.bool_]


def pitch_to_hz(pitch: ArrayLike) -> Reals:
    """The frequency in Hz of a MIDI number, 69 for 440 Hz, which need not be whole."""
    return np.asarray(A4_HZ * 2.0 ** ((np.asarray(pitch, np.float64) - A4_PITCH) / 12))


def hz_to_pitch(frequency_hz: ArrayLike) -> Reals:
    """The MIDI number of a frequency above 0 Hz."""
    return np.asarray(A4_PITCH + 12 * np.log2(np.asarray(frequency_hz, np.float64) / A4_HZ))


def velocity_of(gain_db: ArrayLike) -> NDArray[np.int64]:
    """The MIDI velocity, 1 … 127, of a note whose loudest moment has this level in dBFS; rises with it."""
    steps = np.rint(LOUDEST_VELOCITY + VELOCITIES_PER_DB * np.asarray(gain_db, np.float64))
    return np.clip(steps, 1, LOUDEST_VELOCITY).astype(np.int64)


def gain_db_of(velocity: ArrayLike) -> Reals:
    """The level in dBFS that a MIDI velocity stands for: the inverse of `velocity_of` from −63 to 0 dBFS."""
    return (np.asarray(velocity, np.float64) - LOUDEST_VELOCITY) / VELOCITIES_PER_DB


def pitch_of(name: str) -> float:
    """The MIDI number of a pitch such as C4 (60), F#3 or Bb-1; ParameterError for what is none."""
    found = _NAME.fullmatch(name)
    if not found:
        raise ParameterError(f"{name!r} is no pitch: write one such as C4, F#3 or Bb2")
    letter, sign, octave = found.groups()
    return float("C D EF G A B".index(letter.upper()) + {"#": 1, "b": -1, "": 0}[sign] + 12 * (int(octave) + 1))


def pitch_name(pitch: float) -> str:
    """The name of a MIDI number, rounded: C4 is 60."""
    number = round(pitch)
    return f"{_NAMES[number % 12]}{number // 12 - 1}"


@dataclass(frozen=True, eq=False)
class Notes:
    """Notes, in order of onset and then of pitch; every column is `(n_notes,)` and cannot be written to.

    `onset_s` and `end_s` in seconds, `end_s` not before `onset_s`; `pitch` as a MIDI number, which need not be whole,
    NaN for what has none (a drum); `strength` 0 … 1 (velocity / 127), NaN where it is not known; `instrument` the
    General MIDI program from 0, 128 for drums, −1 where it is not known. Raises ParameterError where lengths differ or
    a value is out of its range.
    """

    onset_s: Reals
    end_s: Reals
    pitch: Reals
    strength: Reals = None  # type: ignore[assignment]  # filled with NaN
    instrument: NDArray[np.int64] = None  # type: ignore[assignment]  # filled with −1

    def __post_init__(self) -> None:
        onset_s = _column("onset_s", self.onset_s)
        n = len(onset_s)
        end_s, pitch = _column("end_s", self.end_s), _column("pitch", self.pitch, may_be_unknown=True)
        strength = np.full(n, np.nan) if self.strength is None else _column("strength", self.strength, True)
        program = np.full(n, NO_PROGRAM) if self.instrument is None else _column("instrument", self.instrument)
        columns = {"onset_s": onset_s, "end_s": end_s, "pitch": pitch, "strength": strength, "instrument": program}
        if any(len(column) != n for column in columns.values()):
            lengths = ", ".join(f"{len(column)} {name}" for name, column in columns.items())
            raise ParameterError(f"the columns of notes differ in length: {lengths}")
        _require(end_s >= onset_s, "note {} ends ({:g} s) before it begins ({:g} s)", end_s, onset_s)
        in_range = np.isnan(pitch) | ((pitch >= LOWEST_PITCH) & (pitch <= HIGHEST_PITCH))
        _require(in_range, "note {} has the pitch {:g}, which is no MIDI number: is it in Hz?", pitch)
        _require(np.isnan(strength) | ((strength >= 0) & (strength <= 1)), "note {} has the strength {:g}", strength)
        _require((program >= NO_PROGRAM) & (program <= DRUMS), "note {} has the instrument {:g}", program)
        order = np.lexsort((pitch, onset_s))
        for name, column in columns.items():
            ordered = column[order].astype(np.int64) if name == "instrument" else column[order]
            ordered.setflags(write=False)
            object.__setattr__(self, name, ordered)

    def __len__(self) -> int:
        return len(self.onset_s)

    @property
    def has_pitch(self) -> Mask:
        """Which have a pitch."""
        return ~np.isnan(self.pitch)

    @classmethod
    def empty(cls) -> Notes:
        """No notes."""
        return cls(np.empty(0), np.empty(0), np.empty(0))

    @classmethod
    def joined(cls, several: Sequence[Notes]) -> Notes:
        """All notes of several tables."""
        if not several:
            return cls.empty()
        return cls(*(np.concatenate([getattr(one, each.name) for one in several]) for each in fields(cls)))

    def take(self, mask: Mask) -> Notes:
        """Those in `mask`, `(n_notes,)`."""
        return Notes(*(getattr(self, each.name)[mask] for each in fields(self)))

    def between(self, start_s: float, end_s: float) -> Notes:
        """Those that sound between two times, with `start_s` as the new 0: a note that began before has a negative
        onset, one that goes on ends later than the stretch.
        """
        sounding = self.take((self.onset_s < end_s) & ((self.end_s > start_s) | (self.onset_s >= start_s)))
        return Notes(
            sounding.onset_s - start_s, sounding.end_s - start_s, sounding.pitch, sounding.strength, sounding.instrument
        )


def _column(name: str, values: Any, may_be_unknown: bool = False) -> Reals:
    try:
        column = np.array(values, np.float64)
    except (TypeError, ValueError):
        raise ParameterError(f"{name} of notes must be numbers, not {values!r:.60}") from None
    if column.ndim != 1:
        raise ParameterError(f"{name} of notes must be one row of numbers, not of the shape {column.shape}")
    bad = np.isinf(column) if may_be_unknown else ~np.isfinite(column)
    _require(~bad, f"note {{}} has {name} {{:g}}: it must be finite", column)
    return column


def _require(right: Mask, words: str, *columns: Reals) -> None:
    """ParameterError about the first note, counted from 1, that is not right."""
    bad = np.flatnonzero(~right)
    if len(bad):
        raise ParameterError(words.format(bad[0] + 1, *(column[bad[0]] for column in columns)))
