"""The pieces of the fixed test sets: what no training holds, equal for everybody who has the same sources.

- `test`: 24 pieces by a SoundFont, every second one in a room;
- `test-drums`: patterns of four drum kits that are kept for it, every second one in a room;
- `test-nature`: drips, steps, knocks and bird calls over quiet rain;
- `test-piano`: a piano whose recordings are of a strength that is kept for it, with pedal, in rooms.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from motes.data.rendering.in_rooms import in_room, responses
from motes.data.rendering.piece import Piece, Rendered
from motes.data.rendering.render_options import PIECE_S, RenderOptions
from motes.data.rendering.scores.score import Score
from motes.data.rendering.scores.test_excerpts import EXCERPTS, PIANO_EXCERPTS, test_score
from motes.data.rendering.set_folder import SAMPLE_RATE_HZ
from motes.data.rendering.sounds.one_shots import TEST_KITS, OneShots
from motes.data.rendering.sounds.sampled_piano import TEST_LAYER, SampledPiano
from motes.data.rendering.sounds.soundfont import SoundFont
from motes.data.rendering.sounds.sources import Sound, Source
from motes.data.rendering.sounds.synthetic_sounds import NATURE, rain
from motes.data.rendering.unpitched import Placed, kit_of, pattern, scattered

N_SAMPLES = round(PIECE_S * SAMPLE_RATE_HZ)
PEAK = 0.7
WETNESSES = (0.25, 0.4, 0.55)
N_INSTRUMENTS, N_DRUMS, N_NATURE, N_PIANO = len(EXCERPTS), 12, 12, len(PIANO_EXCERPTS)


def instruments_piece(options: RenderOptions, number: int) -> Rendered:
    """Piece number `number` of `test`."""
    score = test_score(EXCERPTS[number], number, PIECE_S)
    return _played(score, _font(options.soundfonts[0]), number, number % 2 == 1)


def piano_piece(options: RenderOptions, number: int) -> Rendered:
    """Piece number `number` of `test-piano`."""
    score = test_score(PIANO_EXCERPTS[number], 100 + number, PIECE_S)
    return _played(score, _piano(options.samples or ""), number, True)


def drums_piece(options: RenderOptions, number: int) -> Rendered:
    """Piece number `number` of `test-drums`."""
    rng, placed = np.random.default_rng([25, number]), Placed(N_SAMPLES)
    shots = _test_kits(options.one_shots)
    tempo = pattern(placed, kit_of(shots, rng, TEST_KITS[number % len(TEST_KITS)]), rng)
    return Rendered(_in_room(placed.audio, number) if number % 2 else placed.audio, placed.notes, tempo, PEAK)


def nature_piece(options: RenderOptions, number: int) -> Rendered:
    """Piece number `number` of `test-nature`: one sort of sound, or every third all four."""
    rng, placed = np.random.default_rng([26, number]), Placed(N_SAMPLES)
    makers = NATURE if number % 3 == 0 else (NATURE[number % len(NATURE)],)
    per_s = float(rng.uniform(0.6, 2.5))
    scattered(placed, lambda r: makers[int(r.integers(len(makers)))](r, SAMPLE_RATE_HZ), per_s, rng, apart_s=0.12)
    level = 10 ** (-float(rng.uniform(30, 42)) / 20)
    audio = placed.audio + np.float32(level) * rain(rng, N_SAMPLES, SAMPLE_RATE_HZ)
    return Rendered(audio, placed.notes, 120.0, PEAK)


def _played(score: Score, source: Source, number: int, is_in_room: bool) -> Rendered:
    audio, notes = Piece(score, [source], number, SAMPLE_RATE_HZ).mix(N_SAMPLES)
    return Rendered(_in_room(audio, number) if is_in_room else audio, notes, score.beats_per_minute, PEAK)


def _in_room(audio: Sound, number: int) -> Sound:
    known = responses(SAMPLE_RATE_HZ)
    if not known:
        return audio
    return in_room(audio, known[number // 2 % len(known)], WETNESSES[number // 2 % 3])


@cache
def _font(path: str) -> SoundFont:
    return SoundFont(path, SAMPLE_RATE_HZ)


@cache
def _piano(folder: str) -> SampledPiano:
    return SampledPiano(folder, SAMPLE_RATE_HZ, (TEST_LAYER,))


@cache
def _test_kits(folders: tuple[str, ...]) -> OneShots:
    return OneShots(folders, SAMPLE_RATE_HZ, test_kits=True)
