"""Scores that people wrote, as MIDI files or JSON of `tools/music21_scores.py`: excerpts, for instruments by chance."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from motes.data.midi_file import read_midi_file
from motes.data.rendering.scores.score import (
    DRUMS,
    RINGING,
    STRUCK,
    SUSTAINED,
    Score,
    ScoreNote,
    range_of,
    without_doubles,
)
from motes.errors import ParameterError

Rng = np.random.Generator
FASTEST_PER_S, LONGEST_BEATS = 28.0, 24.0
MIDI_BEAT_S = 0.5
TRIES = 20
# Of single lines, such as dances, most are left out: there are hundreds of them.
ONE_LINE_LEFT_OUT = 0.8


def excerpt_by_chance(folder: str, rng: Rng, duration_s: float) -> Score | None:
    """A stretch of one of the folder's scores, transposed, at a tempo and for instruments by chance; None where none of
    several tries has enough notes.
    """
    paths = score_paths(folder)
    for _ in range(TRIES):
        path = paths[int(rng.integers(len(paths)))]
        scores = read_scores(path)
        if scores:
            score = played(scores[int(rng.integers(len(scores)))], rng, duration_s)
            if len(score.notes) >= 4:
                return score
    return None


@dataclass(frozen=True)
class Manner:
    """How an excerpt is played: seconds a beat, transposition, what part of its length a note is held, the pedal's
    beats (0: none), by how much players are early and late, how quiet inner notes of chords are at most, and the part
    that is doubled in octaves (−1: none) with the interval.
    """

    beat_s: float
    transposed: int
    legato: float
    pedal_beats: float
    spread_s: float
    inner: float
    doubled: tuple[int, int]

    @classmethod
    def by_chance(cls, rng: Rng, n_parts: int, rings: bool) -> Manner:
        """A manner; what rings has the pedal more often."""
        tempo = float(np.exp(rng.uniform(np.log(60), np.log(170))))
        pedal = float(rng.choice((1, 2, 4))) if rng.random() < (0.5 if rings else 0.15) else 0.0
        doubled = int(rng.integers(n_parts)) if rng.random() < 0.3 else -1
        return cls(
            60 / tempo,
            int(rng.integers(-6, 7)),
            float(rng.choice((0.6, 0.9, 1.0))),
            pedal,
            float(rng.choice((0, 0.004, 0.012))),
            float(rng.choice((1.0, 0.75, 0.5))),
            (doubled, int(rng.choice((12, -12)))),
        )


def played(written: dict[str, Any], rng: Rng, duration_s: float) -> Score:
    """An excerpt of a score in beats, as somebody might play it."""
    notes = np.array(written["notes"], dtype=np.float64).reshape(-1, 4)
    notes = notes[notes[:, 1] > 0]  # chord symbols last no time
    notes[:, 1] = np.minimum(notes[:, 1], LONGEST_BEATS)
    if not len(notes):
        return Score((), ())
    n_parts = int(written["parts"])
    programs = _programs(n_parts, rng, written.get("programs"))
    manner = Manner.by_chance(rng, n_parts, programs[0] in STRUCK)
    last_s = float(notes[:, 0].max()) * manner.beat_s
    start_s = float(rng.uniform(0, max(last_s - duration_s, 0.0)))
    inside = notes[(notes[:, 0] * manner.beat_s >= start_s) & (notes[:, 0] * manner.beat_s < start_s + duration_s)]
    if len(inside) > FASTEST_PER_S * duration_s or (_is_one_line(inside) and rng.random() < ONE_LINE_LEFT_OUT):
        return Score((), ())
    levels = np.clip(rng.uniform(55, 105) + rng.normal(0, 14, len(programs)), 32, 118)
    outer = _outer(inside)
    found: list[ScoreNote] = []
    for (beat, beats, key, part), is_outer in zip(inside, outer, strict=True):
        program = programs[int(part)]
        strength = levels[int(part)] * (1.0 if is_outer else rng.uniform(manner.inner, 1.0)) + 4 * (beat % 1 == 0)
        onset = beat * manner.beat_s - start_s + abs(rng.normal(0, manner.spread_s))
        length = beats * manner.beat_s * manner.legato
        if manner.pedal_beats and program in STRUCK:
            length = max(length, (manner.pedal_beats - beat % manner.pedal_beats) * manner.beat_s)
        for moved, louder in _keys(int(key), program, int(part), manner, rng):
            velocity = int(np.clip(strength * louder + rng.normal(0, 7), 8, 127))
            held = min(max(length, 0.06), duration_s - onset)
            if held > 0.03:
                found.append(ScoreNote(float(onset), float(held), moved, velocity, int(part)))
    return Score(tuple(without_doubles(found)), tuple(programs), 60 / manner.beat_s)


def _keys(key: int, program: int, part: int, manner: Manner, rng: Rng) -> list[tuple[int, float]]:
    """The keys that a note is played at, and how loud each is: one, or two where its part is doubled."""
    if program == DRUMS:
        return [(key, 1.0)]
    low, high = range_of(program)
    first = _into(key + manner.transposed, low, high)
    second = first + manner.doubled[1]
    if part != manner.doubled[0] or not low <= second <= high:
        return [(first, 1.0)]
    return [(first, 1.0), (second, float(rng.uniform(0.6, 1.0)))]


def _outer(notes: Any) -> list[bool]:
    """Whether each note is the highest or lowest of those that begin with it in its part."""
    ends: dict[tuple[float, float], tuple[float, float]] = {}
    for beat, _, key, part in notes:
        low, high = ends.get((beat, part), (key, key))
        ends[beat, part] = (min(low, key), max(high, key))
    return [key in ends[beat, part] for beat, _, key, part in notes]


def _is_one_line(notes: Any) -> bool:
    return bool(len(notes) == 0 or np.all(np.diff(notes[:, 0]) > 0))


def _programs(n_parts: int, rng: Rng, given: list[int] | None) -> list[int]:
    """One instrument for all, one family, one each, or those that the file has."""
    if given is not None and (rng.random() < 0.5 or DRUMS in given):
        return list(given)
    pool = (RINGING, STRUCK, SUSTAINED)[rng.choice(3, p=(0.22, 0.4, 0.38))]
    how = rng.random()
    if how < 0.5:
        return [int(rng.choice(pool))] * n_parts
    if how < 0.75:
        return [int(rng.choice(pool)) for _ in range(n_parts)]
    return [int(rng.choice((*STRUCK, *SUSTAINED))) for _ in range(n_parts)]


def _into(key: int, low: int, high: int) -> int:
    """The key in the octave of the range that is nearest."""
    while key < low:
        key += 12
    while key > high:
        key -= 12
    return key


@lru_cache(maxsize=256)
def read_scores(path: Path) -> list[dict[str, Any]]:
    """The scores of a file, notes as (beat, beats, key, part), and how many parts; ParameterError or AudioError where
    there are none in it.
    """
    if path.suffix.lower() != ".json":
        return [_of_midi(path)]
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, list):
            raise TypeError("it is no list")
        for score in found:
            notes = np.array(score["notes"], dtype=np.float64).reshape(-1, 4)
            if not np.all(np.isfinite(notes)) or not np.all((notes[:, 3] >= 0) & (notes[:, 3] < int(score["parts"]))):
                raise ValueError("notes of parts that are not there")
    except (ValueError, OSError, KeyError, TypeError) as error:
        raise ParameterError(
            f"{path} is no score: a list of {{notes: [[beat, beats, key, part], …], parts}} ({error})"
        ) from None
    return list(found)


def _of_midi(path: Path) -> dict[str, Any]:
    """A MIDI file; its parts are its channels, its beats half seconds whatever tempo it has."""
    played = read_midi_file(path)
    channels = sorted({note.channel for note in played})
    programs = {note.channel: DRUMS if note.is_drum else note.program for note in reversed(played)}
    notes = [
        [note.onset_s / MIDI_BEAT_S, (note.end_s - note.onset_s) / MIDI_BEAT_S, note.key, channels.index(note.channel)]
        for note in played
    ]
    return {"notes": notes, "parts": len(channels), "programs": [programs[channel] for channel in channels]}


@lru_cache(maxsize=8)
def score_paths(folder: str) -> list[Path]:
    """Every score of a folder, in order of name; ParameterError where there are none."""
    found = sorted(path for path in Path(folder).rglob("*") if path.suffix.lower() in (".json", ".mid", ".midi"))
    if not found:
        raise ParameterError(f"there are no scores in {folder}: MIDI files, or JSON of tools/music21_scores.py")
    return found
