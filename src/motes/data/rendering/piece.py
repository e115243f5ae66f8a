"""A score becomes sound: every note rendered alone, and the sum of them in a room; labels are exact to the sample."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import oaconvolve

from motes.data.rendering.additive import AdditiveInstrument
from motes.data.rendering.score import DRUMS, SUSTAINED, Score, ScoreNote
from motes.data.rendering.soundfont import BLOCK, SoundFont

Sound = NDArray[np.float32]
# A note ends where it has fallen by this much below its loudest, for good.
END_DB = 26.0
# Loudness is that of the loudest stretch of this length.
LOUDEST_S = 0.05
# Of sustained parts that bend or swing.
WITH_BENDS = 0.35


class PlayedNote(NamedTuple):
    """A note as it sounds: samples of its onset and end, what the score says of it, and its level in dBFS."""

    onset: int
    end: int
    program: int
    key: int
    velocity: int
    loudness_db: float
    part: int
    duration_s: float


@dataclass(frozen=True)
class Part:
    """What plays a part: a function of key, velocity and duration, and a gain."""

    program: int
    play: Callable[[int, int, float], Sound]
    gain: float


class Piece:
    """A score and what plays it: the same sounds each time for the same seed.

    `additive` is the chance that a part is an instrument that never was.
    """

    def __init__(self, score: Score, font: SoundFont, seed: int, additive: float = 0.0) -> None:
        self.score, self.font, self.seed, self.additive = score, font, seed, additive
        self.sample_rate_hz = font.sample_rate_hz

    def notes(self) -> Iterator[tuple[PlayedNote, Sound]]:
        """Each note and its own sound, dry, at its level in the piece; silent ones left out."""
        parts = self._parts()
        for note in self.score.notes:
            part = parts[note.part]
            sound = part.play(note.key, note.velocity, note.duration_s) * np.float32(part.gain)
            played = self._played(note, part.program, sound)
            if played.loudness_db > -80:
                yield played, sound

    def mix(self, n_samples: int) -> tuple[Sound, list[PlayedNote]]:
        """The sum of all notes, `(n_samples,)`, and the notes."""
        audio, played = np.zeros(n_samples, np.float32), []
        for note, sound in self.notes():
            inside = sound[: max(0, n_samples - note.onset)]
            audio[note.onset : note.onset + len(inside)] += inside
            played.append(note)
        return audio, played

    def _parts(self) -> list[Part]:
        rng = np.random.default_rng(self.seed)
        found = []
        for program in self.score.programs:
            made_up = program != DRUMS and rng.random() < self.additive
            seed, level_db = int(rng.integers(2**31)), float(rng.uniform(-12, 0))
            play = AdditiveInstrument(seed, self.sample_rate_hz).note if made_up else self._of_font(program, seed)
            loud = play(60 if program != DRUMS else 38, 100, 0.5)
            gain = 10 ** (level_db / 20) * 0.12 / max(loudest(loud, self.sample_rate_hz), 1e-4)
            found.append(Part(program, play, gain))
        return found

    def _of_font(self, program: int, seed: int) -> Callable[[int, int, float], Sound]:
        rng = np.random.default_rng(seed)
        swings = program in SUSTAINED and rng.random() < WITH_BENDS
        depth, speed_hz, slide = rng.uniform(5, 50), rng.uniform(4, 7), rng.choice((0.0, 0.0, -100.0, 100.0))

        def play(key: int, velocity: int, duration_s: float) -> Sound:
            bend = None
            if swings:
                t = np.arange(int(duration_s * self.sample_rate_hz / BLOCK) + 1) * (BLOCK / self.sample_rate_hz)
                bend = depth * (1 - np.exp(-t / 0.2)) * np.sin(2 * np.pi * speed_hz * t) + slide * np.exp(-t / 0.02)
            return self.font.note(program, key, velocity, duration_s, bend)

        return play

    def _played(self, note: ScoreNote, program: int, sound: Sound) -> PlayedNote:
        rate = self.sample_rate_hz
        onset = round(note.onset_s * rate)
        level = loudest(sound, rate)
        end = onset + audible_samples(sound, rate)
        decibels = 20 * float(np.log10(max(level, 1e-9)))
        return PlayedNote(onset, end, program, note.key, note.velocity, decibels, note.part, note.duration_s)


def loudest(sound: Sound, sample_rate_hz: int) -> float:
    """The highest root mean square of stretches of LOUDEST_S."""
    n = round(LOUDEST_S * sample_rate_hz)
    return float(np.sqrt(_powers(sound, n).max(initial=0.0)))


def audible_samples(sound: Sound, sample_rate_hz: int) -> int:
    """After how many samples a sound has fallen by END_DB for good."""
    n = round(0.01 * sample_rate_hz)
    power = np.convolve(_powers(sound, n), np.full(5, 0.2), "same")  # 50 ms: the beats of low notes are no end
    loud = np.flatnonzero(power > power.max(initial=0.0) * 10 ** (-END_DB / 10))
    return int((loud[-1] + 1) * n) if len(loud) else 0


def in_room(audio: Sound, response: Sound, wet: float) -> Sound:
    """The sound in a room: dry and wet parts of the same energy mixed, the direct sound where it was."""
    scaled = response / np.sqrt(np.sum(response.astype(np.float64) ** 2) + 1e-12)
    reverberant = oaconvolve(audio, scaled.astype(np.float32))[: len(audio)]
    return np.asarray((1 - wet) * audio + wet * reverberant, np.float32)


def _powers(sound: Sound, n: int) -> NDArray[np.float64]:
    """Mean power of stretches of n samples."""
    whole = np.pad(sound.astype(np.float64) ** 2, (0, -len(sound) % n))
    return np.asarray(whole.reshape(-1, n).mean(axis=1))
