"""Scores that people wrote, as MIDI files or as JSON of `tools/music21_scores.py`: excerpts, with instruments by chance.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from motes.data.rendering.score import DRUMS, RINGING, STRUCK, SUSTAINED, Score, ScoreNote, range_of, without_doubles
from motes.errors import MissingExtraError, ParameterError

Rng = np.random.Generator
FASTEST_PER_S, LONGEST_BEATS = 28.0, 24.0
TRIES = 20
# Of single lines, such as dances, most are left out: there are hundreds of them.
ONE_LINE_LEFT_OUT = 0.8


def excerpt_by_chance(folder: str, rng: Rng, duration_s: float) -> Score | None:
    """A stretch of one of the folder's scores, transposed, at a tempo and for instruments by chance; None where none of
    several tries has enough notes.
    """
    paths = _paths(folder)
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
    start_s = float(rng.uniform(0, max(last_s - duration_s, 0.1)))
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
    """The scores of a file, notes as (beat, beats, key, part); ParameterError where there are none in it."""
    try:
        if path.suffix == ".json":
            return list(json.loads(path.read_text()))
        return [_of_midi(path)]
    except MissingExtraError:
        raise
    except (ValueError, OSError, EOFError, KeyError, IndexError) as error:
        raise ParameterError(f"{path.name} is no score that can be read: a MIDI file, or JSON ({error})") from None


def _of_midi(path: Path) -> dict[str, Any]:
    """A MIDI file; beats are quarter notes, parts its channels."""
    try:
        import mido
    except ImportError:
        raise MissingExtraError("MIDI files are read by mido: pip install 'motes[midi]'") from None
    file = mido.MidiFile(path, clip=True)
    notes: list[list[float]] = []
    sounding: dict[tuple[int, int], list[list[float]]] = {}
    channels: list[int] = []
    programs: dict[int, int] = {9: DRUMS}
    tick = 0
    for message in mido.merge_tracks(file.tracks):
        tick += message.time
        beat = tick / file.ticks_per_beat
        if message.type == "program_change":
            programs.setdefault(message.channel, message.program)
        if message.type not in ("note_on", "note_off"):
            continue
        if message.channel not in channels:
            channels.append(message.channel)
        held = sounding.setdefault((message.channel, message.note), [])
        if message.type == "note_on" and message.velocity > 0:
            notes.append([beat, 0.25, message.note, channels.index(message.channel)])
            held.append(notes[-1])
        elif held:
            note = held.pop(0)
            note[1] = max(beat - note[0], 0.05)
    return {"notes": notes, "parts": len(channels), "programs": [programs.get(channel, 0) for channel in channels]}


@lru_cache(maxsize=8)
def _paths(folder: str) -> list[Path]:
    found = sorted(path for path in Path(folder).rglob("*") if path.suffix.lower() in (".json", ".mid", ".midi"))
    if not found:
        raise ParameterError(f"there are no scores (MIDI files, or JSON) in {folder}")
    return found
