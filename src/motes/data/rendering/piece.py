"""A score becomes sound: every note rendered alone, and the sum of them in a room; labels are exact to the sample."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from motes.data.rendering.scores.score import DRUMS, SUSTAINED, Score, ScoreNote
from motes.data.rendering.sounds.additive import AdditiveInstrument
from motes.data.rendering.sounds.layered import LayeredInstrument
from motes.data.rendering.sounds.sources import BEND_SAMPLES, Instrument, Sound, Source, spectral_centre_key

# A note ends where it has fallen by this much below its loudest, for good.
END_DB = 26.0
# Loudness is that of the loudest stretch of this length.
LOUDEST_S = 0.05
# Parts are as loud as this before their level is set, and notes below that are left out: nobody would hear them.
REFERENCE, SILENT_DB = 0.12, -62.0
# Of sustained parts that bend or swing.
WITH_BENDS = 0.35


class PlayedNote(NamedTuple):
    """A note as it sounds: samples of its onset and end, what the score says of it, its level in dBFS, and of
    what has no pitch the key where most of its energy lies."""

    onset: int
    end: int
    program: int
    key: int
    velocity: int
    loudness_db: float
    part: int
    duration_s: float
    centre_key: float | None = None


class Rendered(NamedTuple):
    """A piece `(n,)` before its level is set, its notes, quarter notes a minute, and its highest sample to be."""

    audio: Sound
    notes: list[PlayedNote]
    tempo: float
    peak: float


@dataclass(frozen=True)
class Part:
    """What plays a part, and its gain. `depth_cents`, `speed_hz` and `slide_cents` are of its vibrato and of how notes
    begin.
    """

    program: int
    instrument: Instrument
    gain: float
    vibrato: tuple[float, float, float] | None


class Piece:
    """A score and what plays it: the same sounds each time for the same seed.

    Each part is played by one of the sources that have its program. `additive` is the chance that an additive
    instrument plays it instead; without it the piece is plain: no bends, no layers, and parts of about one level.
    """

    def __init__(
        self, score: Score, sources: Sequence[Source], seed: int, sample_rate_hz: int, additive: float | None = None
    ) -> None:
        self.score, self.sources, self.seed, self.sample_rate_hz = score, sources, seed, sample_rate_hz
        self.additive, self.is_plain = additive or 0.0, additive is None

    def notes(self) -> Iterator[tuple[PlayedNote, Sound]]:
        """Each note and its own sound, dry, at its level in the piece; silent ones left out."""
        parts = self._parts()
        for note in self.score.notes:
            part = parts[note.part]
            sound = self._sound(part, note.key, note.velocity, note.duration_s) * np.float32(part.gain)
            played = self._played(note, part.program, sound)
            if played.loudness_db > SILENT_DB:
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
            seed, level_db = int(rng.integers(2**31)), float(rng.uniform(-4 if self.is_plain else -12, 0))
            instrument = self._instrument(program, rng.random(), seed)
            swings = not self.is_plain and program in SUSTAINED and rng.random() < WITH_BENDS
            vibrato = (rng.uniform(5, 50), rng.uniform(4, 7), rng.choice((0.0, 0.0, -100.0, 100.0))) if swings else None
            keys = (60,) if program != DRUMS else (36, 38, 42)
            level = max(loudest(instrument(key, 100, 0.5), self.sample_rate_hz) for key in keys)
            gain = 10 ** (level_db / 20) * REFERENCE / max(level, 1e-3)
            found.append(Part(program, instrument, gain, vibrato))
        return found

    def _instrument(self, program: int, chance: float, seed: int) -> Instrument:
        able = [source for source in self.sources if source.plays(program)]
        if not able and program == DRUMS:
            return lambda *_: np.zeros(0, np.float32)
        computed: Instrument = AdditiveInstrument(seed, self.sample_rate_hz, program).note
        sampled = [source.instrument(program, seed) for source in able]
        alone = program == DRUMS or (sampled and chance >= self.additive)
        instrument = sampled[seed % len(able)] if alone else computed
        if self.is_plain or program == DRUMS:
            return instrument
        others = [each for each in (*sampled, computed) if each is not instrument]
        return LayeredInstrument(instrument, others, program, seed, self.sample_rate_hz).note

    def _sound(self, part: Part, key: int, velocity: int, duration_s: float) -> Sound:
        if part.vibrato is None:
            return part.instrument(key, velocity, duration_s)
        depth_cents, speed_hz, slide_cents = part.vibrato
        t = np.arange(int(duration_s * self.sample_rate_hz / BEND_SAMPLES) + 1) * (BEND_SAMPLES / self.sample_rate_hz)
        sway = depth_cents * (1 - np.exp(-t / 0.2)) * np.sin(2 * np.pi * speed_hz * t)
        return part.instrument(key, velocity, duration_s, sway + slide_cents * np.exp(-t / 0.02))

    def _played(self, note: ScoreNote, program: int, sound: Sound) -> PlayedNote:
        rate = self.sample_rate_hz
        onset = round(note.onset_s * rate)
        level = loudest(sound, rate)
        end = onset + audible_samples(sound, rate)
        decibels = 20 * float(np.log10(max(level, 1e-9)))
        centre_key = spectral_centre_key(sound, rate) if program == DRUMS else None
        played = (onset, end, program, note.key, note.velocity, decibels, note.part, note.duration_s)
        return PlayedNote(*played, centre_key)


def loudest(sound: Sound, sample_rate_hz: int) -> float:
    """The highest root mean square of stretches of LOUDEST_S."""
    n = round(LOUDEST_S * sample_rate_hz)
    return float(np.sqrt(_powers(sound, n).max(initial=0.0)))


def audible_samples(sound: Sound, sample_rate_hz: int) -> int:
    """After how many samples a sound has fallen by END_DB for good."""
    n = round(0.01 * sample_rate_hz)
    if not len(sound):
        return 0
    power = np.convolve(_powers(sound, n), np.full(5, 0.2), "same")  # 50 ms: the beats of low notes are no end
    loud = np.flatnonzero(power > power.max(initial=0.0) * 10 ** (-END_DB / 10))
    return int((loud[-1] + 1) * n) if len(loud) else 0


def _powers(sound: Sound, n: int) -> NDArray[np.float64]:
    """Mean power of stretches of n samples."""
    whole = np.pad(sound.astype(np.float64) ** 2, (0, -len(sound) % n))
    return np.asarray(whole.reshape(-1, n).mean(axis=1))
