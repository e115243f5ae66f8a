"""A packet of notes in plain Python: when each sounds, how high and how strong it is, and which part plays it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from range_coder import unzigzag


@dataclass
class Note:
    """A note: its group; seconds; a MIDI number or None; dBFS; 0 … 1; a program or None; the group of its part or 0."""

    id: int
    onset_s: float
    end_s: float
    pitch: float | None
    gain_db: float
    sureness: float
    program: int | None
    part: int


def read_notes(varint: Callable[[], int]) -> tuple[list[int], list[Note]]:
    """The ids of parts, and notes, from the varints of the payload."""
    n_parts, n_notes = varint(), varint()
    parts, notes = [0], []
    for _ in range(n_parts):
        parts.append(parts[-1] + varint())
    number = onset = level = program = part = 0
    for _ in range(n_notes):
        sureness, flags = divmod(varint(), 4)
        number += varint() if flags & 1 else 1
        onset += unzigzag(varint())
        end, cents = onset + varint(), varint()
        level += unzigzag(varint())
        if flags & 2:
            program, part = varint(), varint()
        pitch = -60 + (cents - 1) / 100 if cents else None
        known = program - 1 if program else None
        place = parts[part]
        notes.append(Note(number, onset / 1000, end / 1000, pitch, level / 2, sureness / 30, known, place))
    return parts[1:], notes
