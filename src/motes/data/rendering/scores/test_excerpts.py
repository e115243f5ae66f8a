"""The scores of the fixed test sets: excerpts of music that no training set holds, as they might be played."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from motes.data.rendering.scores.music21_scores import corpus_paths, scores_of
from motes.data.rendering.scores.score import Score, ScoreNote, range_of, without_doubles
from motes.errors import ParameterError

Rng = np.random.Generator
ORGAN, GUITAR, STRINGS, REEDS, BRASS = (19,) * 4, (24,) * 4, (40, 40, 41, 42), (73, 68, 71, 70), (56, 56, 60, 57)
VIBRAPHONE, MARIMBA, XYLOPHONE, HARP, GLOCKENSPIEL = 11, 12, 13, 46, 9
JOPLIN, HAYDN_1, HAYDN_74 = "joplin/maple_leaf_rag", "haydn/opus1no1/movement", "haydn/opus74no1/movement"


@dataclass(frozen=True)
class Excerpt:
    """A score of music21's corpus, quarter notes a minute, the second it begins at, the programs of its parts, by how
    many semitones it is transposed, and how long at least its notes sound on (with pedal, or undamped).
    """

    score: str
    tempo: float
    start_s: float
    programs: tuple[int, ...]
    transposed: int = 0
    sounds_on_s: float = 0.0


EXCERPTS = (
    Excerpt("bach/bwv66.6", 76, 0, STRINGS),
    Excerpt("bach/bwv227.7", 72, 0, (0,) * 4),
    Excerpt("bach/bwv140.7", 80, 0, BRASS),
    Excerpt("bach/bwv244.15", 70, 0, REEDS),
    Excerpt("bach/bwv269", 84, 0, GUITAR),
    Excerpt("bach/bwv253", 76, 0, ORGAN),
    Excerpt(JOPLIN, 92, 0, (0, 0)),
    Excerpt(JOPLIN, 96, 16, (3, 3), 2),
    Excerpt(JOPLIN, 88, 32, (0, 0), -3),
    Excerpt(JOPLIN, 92, 48, (1, 1), 1),
    Excerpt(JOPLIN, 96, 62, (0, 0), -2),
    Excerpt(JOPLIN, 88, 80, (2, 2), 3),
    Excerpt(HAYDN_74 + "1", 138, 4, STRINGS),
    Excerpt(HAYDN_74 + "2", 52, 20, STRINGS),
    Excerpt(HAYDN_74 + "3", 150, 10, STRINGS),
    Excerpt(HAYDN_74 + "4", 132, 30, STRINGS),
    Excerpt(HAYDN_1 + "1", 112, 5, STRINGS),
    Excerpt(HAYDN_1 + "3", 46, 10, STRINGS),
    Excerpt("bach/bwv248.33-3", 80, 0, (VIBRAPHONE,) * 4, 12, 1.6),
    Excerpt(JOPLIN, 84, 56, (MARIMBA,) * 2),
    Excerpt("bach/bwv310", 76, 0, (HARP,) * 4, 0, 2.0),
    Excerpt(HAYDN_1 + "2", 112, 0, (VIBRAPHONE, MARIMBA, MARIMBA, MARIMBA), 0, 0.5),
    Excerpt(HAYDN_1 + "4", 108, 8, (GLOCKENSPIEL, HARP, HARP, HARP), 0, 1.2),
    Excerpt(HAYDN_1 + "5", 126, 10, (XYLOPHONE, VIBRAPHONE, MARIMBA, HARP), 0, 0.4),
)


PIANO_EXCERPTS = (
    Excerpt("bach/bwv267", 66, 0, (0,) * 4, 0, 1.2),
    Excerpt(JOPLIN, 80, 10, (0, 0), 0, 0.7),
    Excerpt("bach/bwv302", 72, 0, (0,) * 4, -2, 1.6),
    Excerpt(HAYDN_74 + "2", 58, 60, (0,) * 4, 0, 0.9),
    Excerpt(JOPLIN, 72, 70, (0, 0), -4, 1.0),
    Excerpt(HAYDN_1 + "3", 50, 40, (0,) * 4, -3, 1.3),
    Excerpt("bach/bwv371", 70, 0, (0,) * 4, 2, 0.9),
    Excerpt(HAYDN_74 + "4", 112, 60, (0,) * 4, 0, 0.4),
)


def test_score(excerpt: Excerpt, seed: int, duration_s: float) -> Score:
    """The score of an excerpt, as it is played. ParameterError where music21's corpus lacks it."""
    path = next((path for name, path in corpus_paths() if name.rpartition(".")[0] == excerpt.score), None)
    written = [] if path is None else scores_of(path)
    if not written:
        raise ParameterError(
            f"music21's corpus has no score {excerpt.score}: the test set is made of that of version 10"
        )
    return performed(written[0], excerpt, np.random.default_rng([24, seed]), duration_s)


def performed(written: dict[str, Any], excerpt: Excerpt, rng: Rng, duration_s: float) -> Score:
    """The excerpt as players might play it: a tempo that breathes, accents on beats, the tune before inner voices."""
    beat_s = 60 / excerpt.tempo
    found = []
    phases = rng.uniform(0, 2 * np.pi, 3)
    for beat, beats, key, part in written["notes"]:
        program = excerpt.programs[min(int(part), len(excerpt.programs) - 1)]
        low, high = range_of(program)
        start_s = _seconds(beat, beat_s, phases[0]) - excerpt.start_s
        onset_s = start_s + float(np.clip(rng.normal(0, 0.006), -0.015, 0.015))
        held_s = max(beats * beat_s * rng.uniform(0.88, 0.98), 0.08, excerpt.sounds_on_s)
        sung = 8.0 if part == 0 else 0.0 if part == written["parts"] - 1 else -6.0
        phrase = 9 * np.sin(2 * np.pi * start_s / 11 + phases[1])
        accent = 5.0 * (beat % 1 == 0) + 3.0 * (beat % 4 == 0)
        velocity = int(np.clip(round(66 + sung + phrase + accent + rng.normal(0, 4)), 24, 118))
        moved = int(key) + excerpt.transposed
        if 0 <= onset_s < duration_s - 0.1 and 21 <= moved <= 108:
            moved += 12 * ((moved < low) - (moved > high))
            found.append(ScoreNote(onset_s, min(held_s, duration_s - onset_s), moved, velocity, int(part)))
    programs = tuple(excerpt.programs[min(part, len(excerpt.programs) - 1)] for part in range(int(written["parts"])))
    return Score(tuple(without_doubles(found)), programs, excerpt.tempo)


def _seconds(beat: float, beat_s: float, phase: float) -> float:
    """When a beat comes: the tempo sways by 3 %, over about 16 beats."""
    turn = 2 * np.pi / 16
    return float(beat_s * (beat + 0.03 / turn * (np.sin(turn * beat + phase) - np.sin(phase))))
