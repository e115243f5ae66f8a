"""A score: notes of parts, each played by a program of General MIDI."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

DRUMS = 128  # the program of parts that play the percussion keys
# Programs of General MIDI, from 0, that are no synthesiser pad, effect or noise.
STRUCK = (*range(16), *range(24, 29), *range(32, 38), 45, 46, 47, 104, 105, 106, 107, 108, 114)
SUSTAINED = (*range(16, 24), 40, 41, 42, 43, 44, 48, 49, 52, 53, *range(56, 80), 109, 110, 111)
# Bars, plates and bells that are struck, and the harp: what rings on until it is damped.
RINGING = (8, 9, 10, 11, 11, 11, 12, 12, 12, 13, 13, 14, 46, 46, 46, 108, 114)
# Lowest and highest key that each family of eight programs plays.
RANGES = (
    (28, 100),
    (53, 103),
    (36, 96),
    (38, 86),
    (26, 60),
    (36, 96),
    (38, 88),
    (40, 82),
    (36, 86),
    (58, 96),
    (48, 96),
    (48, 96),
    (40, 90),
    (40, 84),
    (48, 90),
    (40, 90),
)


class ScoreNote(NamedTuple):
    """A note: onset and duration in seconds, key, velocity 1 … 127, and the number of its part."""

    onset_s: float
    duration_s: float
    key: int
    velocity: int
    part: int


@dataclass(frozen=True)
class Score:
    """Notes, the programs of their parts (DRUMS for percussion), and the tempo in beats a minute."""

    notes: tuple[ScoreNote, ...]
    programs: tuple[int, ...]
    beats_per_minute: float = 120.0

    def excerpt(self, start_s: float, duration_s: float) -> Score:
        """What begins in a stretch, from time 0 on."""
        inside = [note for note in self.notes if start_s <= note.onset_s < start_s + duration_s]
        moved = (
            note._replace(
                onset_s=note.onset_s - start_s, duration_s=min(note.duration_s, start_s + duration_s - note.onset_s)
            )
            for note in inside
        )
        return replace(self, notes=tuple(moved))


def range_of(program: int) -> tuple[int, int]:
    """Lowest and highest key of a program."""
    return RANGES[min(program, 127) // 8]


def without_doubles(notes: list[ScoreNote]) -> list[ScoreNote]:
    """The notes in order; one of the key and part of a note that still sounds ends it, and none begins within 40 ms of
    such a note: a listener could not tell them apart.
    """
    kept: list[ScoreNote] = []
    last: dict[tuple[int, int], int] = {}
    for note in sorted(notes):
        place = last.get((note.part, note.key))
        if place is not None:
            before = kept[place]
            if note.onset_s - before.onset_s < 0.04:
                continue
            kept[place] = before._replace(duration_s=min(before.duration_s, note.onset_s - before.onset_s))
        last[note.part, note.key] = len(kept)
        kept.append(note)
    return kept
