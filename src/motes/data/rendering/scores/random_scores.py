"""Scores made by chance, with what music has: keys, chords with doubled octaves, voices, arpeggios, pedal, drums."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

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

Rng = np.random.Generator
SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 3, 5, 7, 8, 11), (0, 2, 4, 7, 9), tuple(range(12)))
# Degrees of chords that follow one another.
PROGRESSIONS = ((0, 3, 4, 0), (0, 5, 3, 4), (1, 4, 0, 5), (0, 4, 5, 3), (0, 2, 5, 1, 4, 0), (5, 3, 0, 4))
# Organs of pipes, tones and reeds, and accordions.
ORGANS = (16, 17, 18, 19, 19, 19, 19, 20, 20, 21, 23)
HATS, KICKS, SNARES = (42, 44, 46, 51, 59, 53, 70, 82), (35, 36, 41, 64), (38, 40, 37, 39, 45, 54)


class Writer:
    """One score in the making: its key, chords, tempo and length, and the notes written so far."""

    def __init__(self, rng: Rng, duration_s: float) -> None:
        self.rng, self.duration_s = rng, duration_s
        self.tempo = float(np.exp(rng.uniform(np.log(50), np.log(180))))
        self.beat_s = 60 / self.tempo
        self.tonic, self.scale = int(rng.integers(12)), SCALES[rng.choice(len(SCALES), p=(0.4, 0.2, 0.2, 0.1, 0.1))]
        self.progression = PROGRESSIONS[rng.integers(len(PROGRESSIONS))]
        self.chord_s = self.beat_s * float(rng.choice((1, 2, 4)))
        self.notes: list[ScoreNote] = []
        self.programs: list[int] = []
        # Players are late and early by so much.
        self.spread_s = float(rng.choice((0.0, 0.005, 0.015)))

    def part(self, program: int | None = None) -> tuple[int, int, int, int]:
        """A new part: its number, lowest and highest key, and its velocity."""
        rng = self.rng
        if program is None:
            program = int(rng.choice((RINGING, STRUCK, SUSTAINED)[rng.choice(3, p=(0.22, 0.4, 0.38))]))
        self.programs.append(program)
        low, high = range_of(program)
        return len(self.programs) - 1, low, high, int(rng.integers(40, 116))

    def add(self, onset_s: float, duration_s: float, key: int, velocity: float, part: int) -> None:
        """A note, if it lies in the time there is."""
        onset_s += abs(self.rng.normal(0, self.spread_s)) if self.spread_s else 0.0
        if 0 <= onset_s < self.duration_s - 0.05 and 21 <= key <= 108:
            level = int(np.clip(round(velocity + self.rng.normal(0, 6)), 8, 127))
            end_s = min(onset_s + max(duration_s, 0.06), self.duration_s)
            self.notes.append(ScoreNote(float(onset_s), float(end_s - onset_s), int(key), level, part))

    def degree(self, degree: int, low: int) -> int:
        """The key of a degree of the scale, in the octave from `low` on."""
        octave, place = divmod(degree, len(self.scale))
        key = self.tonic + self.scale[place] + 12 * octave
        return low + (key - low) % 12

    def chord(self, time_s: float) -> list[int]:
        """Degrees of the chord that sounds at a time."""
        root = self.progression[int(time_s / self.chord_s) % len(self.progression)]
        return [root, root + 2, root + 4] + ([root + 6] if self.rng.random() < 0.25 else [])

    def score(self) -> Score:
        """What was written."""
        return Score(tuple(without_doubles(self.notes)), tuple(self.programs), self.tempo)


def melody(writer: Writer, program: int | None = None) -> None:
    """A line by steps and leaps, with rests; sometimes doubled in octaves or thirds, sometimes fast."""
    rng = writer.rng
    part, low, high, velocity = writer.part(program)
    steps = writer.beat_s * rng.choice((0.25, 0.5, 0.5, 1.0, 2.0), size=2)
    doubled = rng.choice((0, 0, 0, 12, -12, 4, 3, 7))
    legato = rng.choice((0.4, 0.9, 1.0, 1.15))
    key, time_s = float(rng.integers(low + 5, max(low + 6, high - 5))), float(rng.uniform(0, 1))
    while time_s < writer.duration_s:
        step = max(float(rng.choice(steps)), 0.09)
        if rng.random() < 0.85:
            near = writer.degree(int(rng.choice(writer.chord(time_s))), int(key) - 6) if rng.random() < 0.4 else None
            key = near if near is not None else writer.degree(int(rng.integers(7)), int(key) - int(rng.integers(0, 6)))
            key = min(max(key, low), high)
            writer.add(time_s, step * legato, int(key), velocity, part)
            if doubled and low <= key + doubled <= high:
                writer.add(time_s, step * legato, int(key + doubled), velocity * rng.uniform(0.6, 1.05), part)
        time_s += step


def chords(writer: Writer, program: int | None = None) -> None:
    """Chords with doubled octaves and inner voices that are quieter; struck together, rolled or with pedal."""
    rng = writer.rng
    part, low, high, velocity = writer.part(program)
    rate_s = max(writer.beat_s * float(rng.choice((0.5, 1, 1, 2, 4))), 0.2)
    held, rolled = float(rng.choice((0.3, 0.8, 1.0, 2.0))), float(rng.choice((0, 0, 0, 0.03, 0.08)))
    n_voices, bottom = int(rng.integers(2, 8)), int(rng.integers(low, max(low + 1, min(high - 24, 64))))
    for time_s in np.arange(rng.uniform(0, 0.5), writer.duration_s, rate_s):
        if rng.random() < 0.12:
            continue
        degrees = writer.chord(time_s)
        keys, key = [], bottom
        for voice in range(n_voices):
            key = writer.degree(degrees[voice % len(degrees)] if rng.random() < 0.8 else degrees[0], key + 1)
            keys.append(key)
        if rng.random() < 0.3:
            keys.append(keys[-1] + 12)
        for voice, key in enumerate(sorted({key for key in keys if key <= high})):
            inner = 1.0 if voice in (0, len(keys) - 1) else rng.uniform(0.45, 1.0)
            writer.add(time_s + rolled * voice, rate_s * held, key, velocity * inner, part)


def arpeggio(writer: Writer, program: int | None = None) -> None:
    """Broken chords over octaves, often with pedal."""
    rng = writer.rng
    part, low, high, velocity = writer.part(program)
    step_s = max(writer.beat_s * float(rng.choice((0.25, 1 / 3, 0.5))), 0.08)
    pedal = rng.random() < 0.5
    bottom, span = int(rng.integers(low, max(low + 1, min(high - 12, 66)))), int(rng.integers(3, 9))
    for i, time_s in enumerate(np.arange(0, writer.duration_s, step_s)):
        degrees, place = writer.chord(time_s), i % (2 * span - 2)
        place = place if place < span else 2 * span - 2 - place
        octave, voice = divmod(place, len(degrees))
        key = writer.degree(degrees[voice], bottom) + 12 * octave
        left_s = writer.chord_s - time_s % writer.chord_s
        if key <= high:
            writer.add(time_s, max(left_s, step_s) if pedal else step_s, key, velocity, part)


def stride(writer: Writer, program: int | None = None) -> None:
    """Bass octaves and chords in turn under a syncopated tune, as in rags."""
    rng = writer.rng
    part, _, _, velocity = writer.part(int(rng.choice((0, 0, 1, 3))) if program is None else program)
    half_s = max(writer.beat_s / 2, 0.15)
    for i, time_s in enumerate(np.arange(0, writer.duration_s, half_s)):
        degrees = writer.chord(time_s)
        if i % 2 == 0:
            bass = writer.degree(degrees[0], 34)
            for key in (bass, bass + 12) if rng.random() < 0.6 else (bass,):
                writer.add(time_s, half_s * 0.9, key, velocity, part)
        else:
            for degree in degrees:
                writer.add(time_s, half_s * 0.7, writer.degree(degree, 53), velocity * 0.8, part)
        for sub in (0.0, 0.5):
            if rng.random() < 0.7:
                key = writer.degree(int(rng.choice(degrees)), int(rng.integers(64, 80)))
                for doubled in (0, 12) if rng.random() < 0.4 else (0,):
                    writer.add(time_s + sub * half_s, half_s * rng.choice((0.5, 1.0)), key + doubled, velocity, part)


def octaves(writer: Writer, program: int | None = None) -> None:
    """A tune in octaves over chords whose inner notes are quiet, sometimes with pedal."""
    rng = writer.rng
    part, low, high, velocity = writer.part(program)
    step_s = max(writer.beat_s * float(rng.choice((0.5, 1.0))), 0.12)
    pedal, doubled = rng.random() < 0.5, int(rng.choice((12, 12, 24, -12)))
    for i, time_s in enumerate(np.arange(0, writer.duration_s, step_s)):
        degrees = writer.chord(time_s)
        left_s = writer.chord_s - time_s % writer.chord_s
        held_s = max(left_s, step_s) if pedal else step_s * float(rng.choice((0.5, 0.95)))
        if rng.random() < 0.85:
            key = writer.degree(int(rng.choice(degrees)) + int(rng.integers(-1, 2)), int(rng.integers(60, 78)))
            for tune in {key, key + doubled}:
                writer.add(time_s, held_s, min(tune, high), velocity * rng.uniform(0.75, 1.0), part)
        if i % 2 == 0:
            bass = writer.degree(degrees[0], max(low, 33))
            for key, strength in [(bass, 0.9), (bass + 12, 0.7)] + [(writer.degree(d, 52), 0.45) for d in degrees]:
                writer.add(time_s, max(held_s, step_s), key, velocity * strength, part)


def mallets(writer: Writer, program: int | None = None) -> None:
    """Struck bars or a harp: figures of two hands, notes struck again and again, all ringing or damped at once."""
    rng = writer.rng
    program = int(rng.choice(RINGING)) if program is None else program
    part, low, high, velocity = writer.part(program)
    step_s = max(writer.beat_s * float(rng.choice((0.25, 1 / 3, 0.5, 1.0))), 0.085)
    ringing = float(rng.choice((0.0, 0.0, 0.6, 1.5, 3.0)))
    places = (int(rng.integers(low, max(low + 1, high - 24))), int(rng.integers(low + 7, max(low + 8, high - 12))))
    time_s, figure = 0.0, rng.integers(0, 7, (2, int(rng.integers(3, 9))))
    again, hands = rng.random() < 0.2, float(rng.choice((0.3, 0.7, 1.0)))
    while time_s < writer.duration_s:
        degrees = writer.chord(time_s)
        for hand, place in enumerate(places):
            if rng.random() > (hands if hand else 0.9):
                continue
            at = round(time_s / step_s)
            degree = degrees[figure[hand, (0 if again else at) % figure.shape[1]] % len(degrees)]
            key = writer.degree(degree, place) + 12 * int(figure[hand, at % figure.shape[1]] > 4)
            strength = rng.uniform(0.55, 1.0)
            for doubled in (0, 12) if rng.random() < 0.15 else (0,):
                if key + doubled <= high:
                    writer.add(time_s, max(ringing, step_s * 0.9), key + doubled, velocity * strength, part)
        time_s += step_s * (1 if rng.random() < 0.9 else 2)


def voices(writer: Writer, program: int | None = None) -> None:
    """Two to five voices that move together or apart, each an instrument of one family."""
    rng = writer.rng
    program = int(rng.choice(SUSTAINED)) if program is None else program
    one_part, n = rng.random() < 0.4, int(rng.integers(2, 6))
    together = rng.random() < 0.5
    for voice in range(n):
        if voice == 0 or not one_part:
            part, _, _, velocity = writer.part(program)
        centre = 45 + voice * (34 / n) + rng.uniform(-3, 3)
        time_s, key = 0.0, int(centre)
        while time_s < writer.duration_s:
            step = writer.beat_s * float(rng.choice((1, 1, 1, 2, 0.5))) if not together else writer.beat_s
            degree = int(rng.choice(writer.chord(time_s)))
            key = writer.degree(degree, int(centre) - 6 + int(rng.integers(-2, 3)))
            moved = rng.random() < 0.9
            if moved:
                writer.add(time_s, step * float(rng.choice((0.95, 1.0))), key, velocity * rng.uniform(0.8, 1.0), part)
            time_s += step


def organ(writer: Writer, program: int | None = None) -> None:
    """Chords of four voices and a bass in one part, on an organ or what is like it: voices stay, or are struck anew."""
    rng = writer.rng
    part, _, high, velocity = writer.part(int(rng.choice(ORGANS)) if program is None else program)
    step_s, tied = max(writer.beat_s * float(rng.choice((0.5, 1.0, 1.0, 2.0))), 0.2), rng.uniform(0, 0.9)
    held = float(rng.choice((0.85, 0.97, 1.0)))
    begun: dict[int, tuple[float, int]] = {}
    for time_s in np.arange(rng.uniform(0, 0.5), writer.duration_s, step_s):
        for voice, low in enumerate((36, 48, 55, 60, 66)[int(rng.random() < 0.4) :]):
            key = min(writer.degree(int(rng.choice(writer.chord(time_s))), low + int(rng.integers(-3, 4))), high)
            since_s, before = begun.get(voice, (time_s, -1))
            if before == key and rng.random() < tied:
                continue
            if before >= 0:
                writer.add(since_s, time_s - since_s - (1 - held) * step_s, before, velocity, part)
            begun[voice] = time_s, key
    for since_s, key in begun.values():
        writer.add(since_s, step_s, key, velocity, part)


def anything(writer: Writer, program: int | None = None) -> None:
    """Keys and times without a rule, so that nothing is taken for granted."""
    rng = writer.rng
    part, low, high, velocity = writer.part(program)
    time_s = 0.0
    while time_s < writer.duration_s:
        for _ in range(int(rng.choice((1, 1, 1, 2, 3)))):
            length_s = float(np.exp(rng.uniform(np.log(0.1), np.log(3))))
            writer.add(time_s, length_s, int(rng.integers(low, high + 1)), velocity * rng.uniform(0.4, 1.1), part)
        time_s += float(rng.exponential(0.4)) + 0.03


def isolated(writer: Writer, program: int | None = None) -> None:
    """Single notes, each alone, loud and quiet."""
    rng = writer.rng
    part, low, high, _ = writer.part(program)
    time_s = 0.1
    while time_s < writer.duration_s:
        length_s = float(np.exp(rng.uniform(np.log(0.15), np.log(3))))
        writer.add(time_s, length_s, int(rng.integers(low, high + 1)), rng.uniform(15, 120), part)
        time_s += length_s + rng.uniform(0.1, 0.6)


def drums(writer: Writer, program: int | None = None) -> None:
    """A pattern of a bar, repeated with changes."""
    rng = writer.rng
    part, _, _, velocity = writer.part(DRUMS)
    step_s = max(writer.beat_s / 4, 0.07)
    kick, snare, hat = (int(rng.choice(keys)) for keys in (KICKS, SNARES, HATS))
    bar = rng.random((3, 16)) < np.array([[0.25], [0.2], [0.5]])
    bar[0, 0] = True
    for i, time_s in enumerate(np.arange(0, writer.duration_s, step_s)):
        for row, key in enumerate((kick, snare, hat)):
            if bar[row, i % 16] != (rng.random() < 0.06):
                writer.add(time_s, 0.3, key, velocity * rng.uniform(0.6, 1.1), part)
        if rng.random() < 0.03:
            writer.add(time_s, 0.3, int(rng.integers(35, 82)), velocity, part)


STYLES: tuple[tuple[tuple[Callable[..., None], ...], float], ...] = (
    ((melody,), 0.05),
    ((melody, chords), 0.09),
    ((melody, arpeggio), 0.07),
    ((melody, melody, chords), 0.05),
    ((stride,), 0.06),
    ((octaves,), 0.07),
    ((mallets,), 0.12),
    ((mallets, mallets), 0.10),
    ((mallets, mallets, mallets), 0.05),
    ((voices,), 0.08),
    ((organ,), 0.13),
    ((chords,), 0.05),
    ((arpeggio, arpeggio), 0.02),
    ((anything,), 0.02),
    ((anything, anything), 0.01),
    ((isolated,), 0.03),
)
# How often there are drums too.
WITH_DRUMS = 0.22


def random_score(rng: Rng, duration_s: float) -> Score:
    """A score of one of the styles; the same for the same state of `rng`."""
    writer = Writer(rng, duration_s)
    style = STYLES[rng.choice(len(STYLES), p=[chance for _, chance in STYLES])][0]
    shared = int(rng.choice(STRUCK)) if rng.random() < 0.3 and melody in style else None
    for write in style:
        write(writer, shared)
    if rng.random() < WITH_DRUMS:
        drums(writer)
    return writer.score()
