"""Notes that sound alone, rendered and taken apart, for the training of the vectors' decoder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from motes.data.note_analysis import NoteAnalysis, analyse_note
from motes.data.note_vector import features, named

DRUMS = 128
# Programs of General MIDI that are acoustic or stand for what is; those without pitch.
PROGRAMS = (*(p for p in range(80) if p not in (29, 30, 31, 38, 39, 50, 51, 54, 55)), *range(104, 118))
UNPITCHED = (DRUMS, 115, 116, 117)
# Lowest and highest key that each family of eight programs plays.
RANGES = (
    *((28, 100), (53, 103), (36, 96), (38, 86), (26, 60), (36, 96), (38, 88), (40, 82)),
    *((36, 86), (58, 96), (48, 96), (48, 96), (40, 90), (40, 84), (48, 90), (40, 90)),
)
# How many of a hundred notes are drums.
DRUMS_PERCENT = 12


class Font(Protocol):
    """What renders a note alone, as `motes.data.rendering.sounds.soundfont.SoundFont`."""

    def note(self, program: int, key: int, velocity: int, duration_s: float) -> Any:
        """Samples from the note's onset until nothing is left of it, `(n,)`."""


class Played(NamedTuple):
    """A note as it is played: program (128 for drums), key, velocity and how long it is held."""

    program: int
    key: int
    velocity: int
    duration_s: float

    @property
    def pitch_hz(self) -> float | None:
        """None for what has no pitch."""
        return None if self.program in UNPITCHED else float(440 * 2 ** ((self.key - 69) / 12))


def random_note(rng: np.random.Generator) -> Played:
    """Any program, key, velocity and duration of 0.1 to 4 s; drums now and then."""
    if rng.random() < DRUMS_PERCENT / 100:
        return Played(DRUMS, int(rng.integers(35, 82)), int(rng.integers(30, 127)), 0.3)
    program = int(rng.choice(PROGRAMS))
    low, high = RANGES[program // 8]
    key = int(rng.integers(max(low - 3, 24), min(high + 3, 108) + 1))
    return Played(program, key, int(rng.integers(15, 128)), float(np.exp(rng.uniform(np.log(0.1), np.log(4)))))


def analysed_notes(font: Font, sample_rate_hz: int, n: int, seed: int) -> Iterator[tuple[Played, NoteAnalysis]]:
    """n notes of a font that sound at all, each taken apart."""
    rng, found = np.random.default_rng(seed), 0
    while found < n:
        played = random_note(rng)
        sound = font.note(*played)
        if np.max(np.abs(sound), initial=0.0) > 1e-4:
            found += 1
            yield played, analyse_note(sound, sample_rate_hz, played.pitch_hz)


def tensors(notes: Sequence[NoteAnalysis]) -> dict[str, Any]:
    """Features, the first seven numbers, and what has to be met, as tensors with a row for each note."""
    import torch

    columns = {
        "features": [features(note) for note in notes],
        "named": [named(note) for note in notes],
        "edges_s": [note.edges_s for note in notes],
        "window_s": [note.window_s for note in notes],
        "partials": [note.partials for note in notes],
        "bands": [note.bands for note in notes],
        "hz": [note.ratio * note.pitch_hz for note in notes],
    }
    return {name: torch.tensor(np.array(rows, np.float32)) for name, rows in columns.items()}
