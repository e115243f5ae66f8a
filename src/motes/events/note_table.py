"""What a scene knows of its notes: when each sounds, how high and how strong it is, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from motes.errors import ParameterError
from motes.events.event_table import Array, Ints, Mask
from motes.events.frozen import Frozen
from motes.events.notes import DRUMS, LOWEST_PITCH, NO_PROGRAM, hz_to_pitch, pitch_to_hz

# Times are rounded to 1/1000 s, pitches to cents, levels to half a dB, sureness to 1/30.
TIMES_PER_S, STEPS_PER_DB, SURENESS_UNITS = 1000, 2, 30
LATEST_S = 1e6
# Pitches are told in cents above the lowest.
LOWEST_HZ, HIGHEST_HZ = float(pitch_to_hz(LOWEST_PITCH)), 1e6
LOWEST_DB, HIGHEST_DB = -400.0, 400.0
# Numbers of a vector that a note has beside pitch, level and length; each is within FARTHEST, or they are all MISSING.
N_NUMBERS, FARTHEST, MISSING = 13, 1 << 20, -(1 << 31)


class _Column(NamedTuple):
    """The least and the greatest value of a column, and its type."""

    low: float
    high: float
    type: Any = np.float64


COLUMNS = {
    "id": _Column(1, 2**40, np.int64),
    "onset_s": _Column(-LATEST_S, LATEST_S),
    "end_s": _Column(-LATEST_S, LATEST_S),
    "f0_hz": _Column(LOWEST_HZ, HIGHEST_HZ),
    "gain_db": _Column(LOWEST_DB, HIGHEST_DB),
    "sureness": _Column(0, 1),
    "program": _Column(NO_PROGRAM, DRUMS, np.int64),
}


@dataclass(frozen=True, eq=False)
class NoteTable(Frozen):
    """Notes as columns, `(n_notes,)` each and read-only, by ascending `id`, that of their group.

    `onset_s` and `end_s` in seconds, `end_s` not before `onset_s`; `f0_hz`, NaN for what has no pitch; `gain_db` the
    level of its loudest moment in dBFS; `sureness` 0 … 1, how likely it is to be a note; `program` the General MIDI
    program from 0, 128 for drums, −1 where it is not known; `numbers` `(n_notes, 13)`, where it has a vector, the last
    13 of its sixteen numbers in whole steps (`motes.kinds.vector.integers`), else MISSING. Raises ParameterError where
    a value is out of its range.
    """

    id: Ints
    onset_s: Array
    end_s: Array
    f0_hz: Array
    gain_db: Array
    sureness: Array
    program: Ints
    numbers: Ints = None  # type: ignore[assignment]  # filled with MISSING

    def __post_init__(self) -> None:
        for name, (low, high, kind) in COLUMNS.items():
            column = np.array(getattr(self, name), kind)
            column.flags.writeable = False
            object.__setattr__(self, name, column)
            if column.shape != self.id.shape or column.ndim != 1:
                raise ParameterError(f"{name} of notes has the shape {column.shape}, their ids {self.id.shape}")
            right = (column >= low) & (column <= high) | (np.isnan(column) if name == "f0_hz" else False)
            if not right.all():
                raise ParameterError(f"{name} of a note must lie in {low:g} … {high:g}, not {column[~right][0]:g}")
        self._check_numbers()
        if np.any(np.diff(self.id) <= 0):
            raise ParameterError("the ids of notes must ascend")
        if np.any(self.end_s < self.onset_s):
            first = np.flatnonzero(self.end_s < self.onset_s)[0]
            raise ParameterError(
                f"note {self.id[first]} ends ({self.end_s[first]:g} s) before it begins ({self.onset_s[first]:g} s)"
            )

    def _check_numbers(self) -> None:
        given = np.full((len(self), N_NUMBERS), MISSING) if self.numbers is None else self.numbers
        numbers = np.array(given, np.int64)
        if numbers.shape != (len(self), N_NUMBERS):
            raise ParameterError(f"numbers of {len(self)} notes have the shape {numbers.shape}, not (…, {N_NUMBERS})")
        if not ((np.abs(numbers) <= FARTHEST).all(axis=1) | (numbers == MISSING).all(axis=1)).all():
            raise ParameterError("numbers of a note are out of range")
        numbers.flags.writeable = False
        object.__setattr__(self, "numbers", numbers)

    def __len__(self) -> int:
        return len(self.id)

    @property
    def has_vector(self) -> Mask:
        """Which of the notes have the numbers of a vector, `(n_notes,)`."""
        return np.asarray(self.numbers[:, 0] != MISSING)

    @classmethod
    def empty(cls) -> NoteTable:
        """No notes."""
        none = np.empty(0)
        return cls(none, none, none, none, none, none, none)  # type: ignore[arg-type]

    @property
    def pitch(self) -> Array:
        """MIDI numbers, which need not be whole, `(n_notes,)`; NaN for what has no pitch."""
        return hz_to_pitch(self.f0_hz)

    def only(self, kept: Mask | Ints) -> NoteTable:
        """Some of the notes, in the order in which they stand here."""
        return NoteTable(*(getattr(self, each.name)[kept] for each in fields(self)))

    def joined(self, other: NoteTable) -> NoteTable:
        """These notes and those, whose ids are others."""
        both = [np.concatenate([getattr(self, each.name), getattr(other, each.name)]) for each in fields(self)]
        order = np.argsort(both[0], kind="stable")
        return NoteTable(*(column[order] for column in both))

    def replace(self, **columns: Any) -> NoteTable:
        """With some columns exchanged."""
        return replace(self, **columns)

    def rounded(self) -> NoteTable:
        """As a file holds them; rounding them again changes nothing."""
        return from_integers(to_integers(self)).replace(numbers=self.numbers)

    def equals(self, other: NoteTable) -> bool:
        """Whether both hold the same to the bit."""
        return all(np.array_equal(getattr(self, e.name), getattr(other, e.name), equal_nan=True) for e in fields(self))


def to_integers(notes: NoteTable) -> NDArray[np.int64]:
    """Notes as whole numbers `(n_notes, 7)`: id, onset and length in 1/1000 s, pitch in cents above LOWEST_PITCH and 1
    more (0 for none), half dB, sureness in 1/30, program and 1 more.
    """
    onset = np.rint(notes.onset_s * TIMES_PER_S).astype(np.int64)
    end = np.rint(notes.end_s * TIMES_PER_S).astype(np.int64)
    cents = np.where(np.isnan(notes.f0_hz), -1, np.rint(100 * (np.nan_to_num(notes.pitch) - LOWEST_PITCH)))
    rows = (
        notes.id,
        onset,
        end - onset,
        cents.astype(np.int64) + 1,
        np.rint(notes.gain_db * STEPS_PER_DB).astype(np.int64),
        np.rint(notes.sureness * SURENESS_UNITS).astype(np.int64),
        notes.program + 1,
    )
    return np.stack(rows, axis=1)


def from_integers(rows: NDArray[np.int64]) -> NoteTable:
    """The inverse of `to_integers`; ParameterError where a value is out of its range."""
    number, onset, length, cents, level, sureness, program = rows.T
    f0_hz = np.where(cents > 0, pitch_to_hz(LOWEST_PITCH + (np.minimum(cents, 1 << 20) - 1) / 100), np.nan)
    return NoteTable(
        number,
        onset / TIMES_PER_S,
        (onset + length) / TIMES_PER_S,
        f0_hz,
        level / STEPS_PER_DB,
        sureness / SURENESS_UNITS,
        program - 1,
    )
