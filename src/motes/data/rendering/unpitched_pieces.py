"""The pieces of a set for training whose sounds have no pitch: alone, over music, and over rain."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from motes.data.rendering.piece import Piece, Rendered
from motes.data.rendering.render_options import RenderOptions
from motes.data.rendering.scores.random_scores import random_score
from motes.data.rendering.scores.score import DRUMS, Score
from motes.data.rendering.set_folder import SAMPLE_RATE_HZ
from motes.data.rendering.sounds.natural_sounds import any_natural_sound
from motes.data.rendering.sounds.one_shots import OneShots
from motes.data.rendering.sounds.sources import Sound
from motes.data.rendering.sounds.synthetic_sounds import any_sound, rain
from motes.data.rendering.training_pieces import sources_of, varied
from motes.data.rendering.unpitched import Placed, kit_of, pattern, scattered

Rng = np.random.Generator
# How many of the computed sounds are those of nature.
NATURAL = 0.7


def unpitched_piece(options: RenderOptions, number: int) -> Rendered:
    """Piece number `number`: one-shots, if there are any, and computed sounds; a third lies over music, a third over
    rain.
    """
    rng = np.random.default_rng([options.seed, number, 3])
    n_samples = round(options.piece_s * SAMPLE_RATE_HZ)
    placed = Placed(n_samples)
    tempo = _place(placed, _shots(options.one_shots) if options.one_shots else None, rng)
    audio, notes = placed.audio, list(placed.notes)
    if rng.random() < 1 / 3:
        score = _without_drums(random_score(rng, options.piece_s))
        music, played = Piece(score, sources_of(options), number, SAMPLE_RATE_HZ, options.additive).mix(n_samples)
        gain = float(rng.uniform(0.3, 1.5)) * _rms(audio) / max(_rms(music), 1e-6)
        audio = audio + np.float32(gain) * music
        gain_db = 20 * float(np.log10(max(gain, 1e-6)))
        notes += [note._replace(loudness_db=note.loudness_db + gain_db) for note in played]
    elif rng.random() < 0.5:
        level = 10 ** (-float(rng.uniform(8, 35)) / 20) * float(np.abs(audio).max(initial=1e-3))
        audio = audio + rain(rng, n_samples, SAMPLE_RATE_HZ) * np.float32(level)
    return varied(audio, notes, tempo, options, rng)


def _place(placed: Placed, shots: OneShots | None, rng: Rng) -> float:
    """Place a pattern, or sounds at any time: of one kit, of all, or computed ones; the tempo is returned."""
    how = rng.random()
    if shots is not None and how < 0.45:
        return pattern(placed, kit_of(shots, rng), rng)
    per_s = float(np.exp(rng.uniform(np.log(0.4), np.log(8))))
    if shots is not None and how < 0.75:
        scattered(placed, shots.any, per_s, rng)
    else:
        make = any_natural_sound if rng.random() < NATURAL else any_sound
        few = [make(rng, SAMPLE_RATE_HZ) for _ in range(int(rng.integers(2, 30)))]
        scattered(placed, lambda r: few[int(r.integers(len(few)))], per_s, rng)
    return 120.0


@cache
def _shots(folders: tuple[str, ...]) -> OneShots:
    return OneShots(folders, SAMPLE_RATE_HZ)


def _without_drums(score: Score) -> Score:
    return replace(score, notes=tuple(note for note in score.notes if score.programs[note.part] != DRUMS))


def _rms(audio: Sound) -> float:
    return float(np.sqrt(np.mean(np.square(audio, dtype=np.float64))))
