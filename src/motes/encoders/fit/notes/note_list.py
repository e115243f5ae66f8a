"""Notes as a fit begins with them: out of a file, or from the encoder that finds them."""

from __future__ import annotations

import csv
import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from motes import places
from motes.audio import Source
from motes.errors import ParameterError

# MIDI numbers that a note may have.
LOWEST_PITCH, HIGHEST_PITCH = 0.0, 127.0


@dataclass(frozen=True)
class Note:
    """A note: when it begins and ends, in seconds, its pitch as a MIDI number (69 is 440 Hz; parts of a semitone are
    welcome), and how strong it is, 0 … 1.

    Raises ParameterError where a value makes no sense.
    """

    onset_s: float
    end_s: float
    pitch: float
    strength: float = 1.0

    def __post_init__(self) -> None:
        values = (self.onset_s, self.end_s, self.pitch, self.strength)
        if not all(math.isfinite(value) for value in values):
            raise ParameterError(f"a note must have finite numbers, not {values}")
        if self.end_s <= self.onset_s:
            raise ParameterError(f"a note must end after its onset, not from {self.onset_s:g} to {self.end_s:g} s")
        if not LOWEST_PITCH <= self.pitch <= HIGHEST_PITCH:
            raise ParameterError(
                f"the pitch of a note must be a MIDI number from 0 to 127, not {self.pitch:g}: was this Hz?"
            )

    @property
    def frequency_hz(self) -> float:
        """Its pitch, in Hz."""
        return float(440.0 * 2 ** ((self.pitch - 69) / 12))


def read_notes(path: str | os.PathLike[str]) -> tuple[Note, ...]:
    """The notes of a file, by onset: CSV with a header line, or JSON, a list of objects or an object that holds it as
    `notes`; fields `onset_s`, `end_s` and `pitch`, and `strength` where there is one.

    Raises ParameterError for a file that cannot be read, or notes that make no sense.
    """
    try:
        text = places.read_text(path)
    except (OSError, UnicodeDecodeError) as error:
        raise ParameterError(f"the notes {os.fspath(path)} cannot be read: {error}") from None
    try:
        rows = _json_rows(text) if text.lstrip()[:1] in ("[", "{") else list(csv.DictReader(text.splitlines()))
        return notes_of(rows)
    except (ParameterError, ValueError, csv.Error) as error:
        raise ParameterError(f"{os.fspath(path)}: {error}") from None


def notes_of(rows: Iterable[Any]) -> tuple[Note, ...]:
    """Notes, by onset, of mappings or objects with these fields; ParameterError where one lacks a number."""
    return tuple(sorted((_note(row, number) for number, row in enumerate(rows)), key=lambda note: note.onset_s))


def notes_for(source: Source, path: str | None, given: Iterable[Any] | None = None) -> tuple[Note, ...]:
    """The notes that a fit of this recording begins with: those `given`, of a file, or as the encoder of events
    finds them.

    Raises ParameterError where there are none to be had, or a note begins past the recording's end.
    """
    found = given if given is not None else detected_notes(source) if path is None else read_notes(path)
    notes = notes_of(found)
    duration_s = source.n_samples / source.sample_rate_hz
    late = [note.onset_s for note in notes if note.onset_s >= duration_s > 0]
    if late:
        raise ParameterError(
            f"a note begins at {late[0]:g} s, past the end, {duration_s:.3g} s: were these samples, not seconds?"
        )
    return notes


def detected_notes(source: Source) -> tuple[Note, ...]:
    """Notes as the encoder of events finds them in a recording."""
    from motes.encoders.siam import detect

    found = detect(source)
    rows = zip(found.onset_s, found.end_s, found.pitch, found.sureness, found.is_pitched, strict=True)
    return notes_of(
        Note(max(float(onset_s), 0.0), float(end_s), float(pitch), float(sureness))
        for onset_s, end_s, pitch, sureness, is_pitched in rows
        if is_pitched
    )


def _json_rows(text: str) -> list[Any]:
    data = json.loads(text)
    rows = data.get("notes") if isinstance(data, dict) else data
    if not isinstance(rows, list):
        raise ParameterError("there is no list of notes")
    return rows


def _note(row: Any, number: int) -> Note:
    if isinstance(row, Note):
        return row
    return Note(*_numbers(row, number))


def _numbers(row: Any, number: int) -> Iterator[float]:
    for name, default in (("onset_s", None), ("end_s", None), ("pitch", None), ("strength", 1.0)):
        value = row.get(name) if isinstance(row, Mapping) else getattr(row, name, None)
        value = default if value in (None, "") else value
        try:
            yield float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            raise ParameterError(f"note {number + 1} has no number {name}: {value!r:.40}") from None
