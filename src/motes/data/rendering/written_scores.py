"""Scores that people wrote, as MIDI files or as JSON of `tools/music21_scores.py`: excerpts, with instruments by chance.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from motes.data.rendering.score import DRUMS, STRUCK, SUSTAINED, Score, ScoreNote, range_of, without_doubles
from motes.errors import MissingExtraError, ParameterError

Rng = np.random.Generator
FASTEST_PER_S = 28.0
TRIES = 20


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


def played(written: dict[str, Any], rng: Rng, duration_s: float) -> Score:
    """An excerpt of a score in beats, as somebody might play it."""
    notes = np.array(written["notes"], dtype=np.float64).reshape(-1, 4)
    tempo = float(np.exp(rng.uniform(np.log(60), np.log(170))))
    beat_s = 60 / tempo
    last_s = float(notes[:, 0].max()) * beat_s
    start_s = float(rng.uniform(0, max(last_s - duration_s, 0.1)))
    inside = notes[(notes[:, 0] * beat_s >= start_s) & (notes[:, 0] * beat_s < start_s + duration_s)]
    if len(inside) > FASTEST_PER_S * duration_s:
        return Score((), ())
    transposed = int(rng.integers(-6, 7))
    programs, spread_s = _programs(int(written["parts"]), inside, rng, written.get("programs")), rng.choice((0, 0.004, 0.012))
    levels = rng.uniform(40, 112, len(programs))
    found = []
    legato = float(rng.choice((0.6, 0.9, 1.0)))
    for beat, beats, key, part in inside:
        program = programs[int(part)]
        low, high = range_of(program)
        key = int(key) if program == DRUMS else _into(int(key) + transposed, low, high)
        onset = beat * beat_s - start_s + abs(rng.normal(0, spread_s)) if spread_s else beat * beat_s - start_s
        length = min(max(beats * beat_s * legato, 0.06), duration_s - onset)
        velocity = int(np.clip(levels[int(part)] + rng.normal(0, 8), 8, 127))
        if length > 0.03 and 21 <= key <= 108:
            found.append(ScoreNote(float(onset), float(length), key, velocity, int(part)))
    return Score(tuple(without_doubles(found)), tuple(programs), tempo)


def _programs(n_parts: int, notes: Any, rng: Rng, given: list[int] | None) -> list[int]:
    """One instrument for all, one family, one each, or those that the file has."""
    if given is not None and (rng.random() < 0.5 or DRUMS in given):
        return list(given)
    pool = STRUCK if rng.random() < 0.55 else SUSTAINED
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
