"""Sounds without pitch in a piece: patterns of a kit, or sounds at any time, each placed to the sample."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from motes.data.rendering.piece import PlayedNote, audible_samples, loudest
from motes.data.rendering.scores.score import DRUMS
from motes.data.rendering.set_folder import SAMPLE_RATE_HZ
from motes.data.rendering.sounds.one_shots import OneShots
from motes.data.rendering.sounds.sources import Sound, spectral_centre_key

Rng = np.random.Generator
Maker = Callable[[Rng], Sound]


@dataclass
class Placed:
    """Sounds added to a piece of so many samples, and the note of each."""

    n_samples: int
    audio: Sound = field(init=False)
    notes: list[PlayedNote] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.audio = np.zeros(self.n_samples, np.float32)

    def add(self, onset: int, sound: Sound, velocity: int) -> None:
        """A sound from its onset on, if it is heard and begins in the piece."""
        inside = sound[: max(0, self.n_samples - onset)]
        level = loudest(inside, SAMPLE_RATE_HZ)
        if onset < 0 or level < 1e-5:
            return
        self.audio[onset : onset + len(inside)] += inside
        centre_key = spectral_centre_key(inside, SAMPLE_RATE_HZ)
        key = int(np.clip(round(centre_key), 0, 127))
        end = onset + audible_samples(inside, SAMPLE_RATE_HZ)
        decibels = 20 * float(np.log10(level))
        seconds = (end - onset) / SAMPLE_RATE_HZ
        self.notes.append(PlayedNote(onset, end, DRUMS, key, velocity, decibels, 0, seconds, centre_key))


def pattern(placed: Placed, kit: list[Sound], rng: Rng) -> float:
    """A bar of sixteen steps, repeated with changes, for two to five sounds of a kit; the tempo is returned."""
    tempo = float(np.exp(rng.uniform(np.log(65), np.log(165))))
    step_s = 60 / tempo / 4
    chosen = [kit[int(i)] for i in rng.permutation(len(kit))[: int(rng.integers(2, 6))]]
    density = rng.uniform(0.12, 0.4, len(chosen))
    bar = rng.random((len(chosen), 16)) < density[:, None]
    bar[0, 0] = bar[-1, 8] = True
    strengths = rng.uniform(55, 120, len(chosen))
    late_s = float(rng.choice((0.0, 0.004, 0.01)))
    for i in range(int(placed.n_samples / SAMPLE_RATE_HZ / step_s)):
        for row, sound in enumerate(chosen):
            if bar[row, i % 16] != (rng.random() < 0.04):
                onset = round((i * step_s + abs(rng.normal(0, late_s))) * SAMPLE_RATE_HZ)
                velocity = int(np.clip(strengths[row] + rng.normal(0, 10) + 8 * (i % 4 == 0), 20, 127))
                placed.add(onset, sound * np.float32((velocity / 127) ** 1.5), velocity)
    return tempo


def scattered(placed: Placed, make: Maker, per_s: float, rng: Rng, apart_s: float = 0.05) -> None:
    """Sounds at times by chance, so many a second, never nearer than `apart_s` to one another."""
    time_s = float(rng.exponential(1 / per_s))
    while time_s < placed.n_samples / SAMPLE_RATE_HZ - 0.1:
        velocity = int(rng.integers(40, 128))
        placed.add(round(time_s * SAMPLE_RATE_HZ), make(rng) * np.float32((velocity / 127) ** 1.5), velocity)
        time_s += apart_s + float(rng.exponential(1 / per_s))


def kit_of(shots: OneShots, rng: Rng, folder: str | None = None) -> list[Sound]:
    """The sounds of one folder by chance, or of the one named; silent ones left out."""
    names = shots.names()
    folders = sorted({name.rpartition("/")[0] for name in names})
    folder = folder or folders[int(rng.integers(len(folders)))]
    inside = [i for i, name in enumerate(names) if name.rpartition("/")[0] == folder]
    taken = [inside[int(i)] for i in rng.permutation(len(inside))[:12]]
    return [sound for sound in map(shots.sound, sorted(taken)) if len(sound)]
