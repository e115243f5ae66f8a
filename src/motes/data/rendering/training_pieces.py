"""The pieces of a set for training: scores by chance or written ones, for instruments by chance."""

from __future__ import annotations

from functools import cache

import numpy as np

from motes.data.rendering.in_rooms import in_room, responses
from motes.data.rendering.piece import Piece, PlayedNote, Rendered
from motes.data.rendering.render_options import RenderOptions
from motes.data.rendering.scores.random_scores import random_score
from motes.data.rendering.scores.score import Score
from motes.data.rendering.scores.written_scores import excerpt_by_chance
from motes.data.rendering.set_folder import SAMPLE_RATE_HZ
from motes.data.rendering.sounds.gus_patches import Patches
from motes.data.rendering.sounds.one_shots import OneShots
from motes.data.rendering.sounds.sampled_piano import SampledPiano
from motes.data.rendering.sounds.soundfont import SoundFont
from motes.data.rendering.sounds.sources import Sound, Source

Rng = np.random.Generator
PEAK, QUIETER_DB = 0.9, 15.0
WETNESS = (0.1, 0.6)


def training_piece(options: RenderOptions, number: int) -> Rendered:
    """Piece number `number`, made of the options' seed and it alone."""
    piece = piece_of(options, number)
    audio, notes = piece.mix(round(options.piece_s * SAMPLE_RATE_HZ))
    return varied(audio, notes, piece.score.beats_per_minute, options, np.random.default_rng([options.seed, number, 1]))


def piece_of(options: RenderOptions, number: int) -> Piece:
    """Piece number `number`, whose notes can be had alone."""
    rng = np.random.default_rng([options.seed, number])
    score = _score(options, rng)
    return Piece(score, sources_of(options), int(rng.integers(2**31)), SAMPLE_RATE_HZ, options.additive)


@cache
def sources_of(options: RenderOptions) -> tuple[Source, ...]:
    """What the parts of a set are played by. ParameterError or MissingExtraError where one of them cannot be had."""
    found: list[Source] = [SoundFont(path, SAMPLE_RATE_HZ) for path in options.soundfonts]
    if options.patches is not None:
        found.append(Patches(options.patches, SAMPLE_RATE_HZ))
    if options.samples is not None:
        found.append(SampledPiano(options.samples, SAMPLE_RATE_HZ))
    if options.one_shots:
        found.append(OneShots(options.one_shots, SAMPLE_RATE_HZ))
    return tuple(found)


def _score(options: RenderOptions, rng: Rng) -> Score:
    if options.scores is not None and rng.random() < options.written:
        found = excerpt_by_chance(options.scores, rng, options.piece_s)
        if found is not None:
            return found
    return random_score(rng, options.piece_s)


def varied(audio: Sound, notes: list[PlayedNote], tempo: float, options: RenderOptions, rng: Rng) -> Rendered:
    """A piece in a room by chance, under a filter by chance, and at a level by chance."""
    known = responses(SAMPLE_RATE_HZ) if options.in_rooms else ()
    if known and rng.random() < options.in_rooms:
        audio = in_room(audio, known[int(rng.integers(len(known)))], float(rng.uniform(*WETNESS)))
    audio = filtered(audio, rng)
    peak = PEAK * 10 ** (-float(rng.uniform(0, QUIETER_DB)) / 20)
    return Rendered(audio, notes, tempo, peak)


def filtered(audio: Sound, rng: Rng) -> Sound:
    """Under a filter by chance: a tilt, and up to three broad peaks or dips."""
    spectrum = np.fft.rfft(audio)
    octaves = np.log2(np.maximum(np.fft.rfftfreq(len(audio), 1 / SAMPLE_RATE_HZ), 20) / 1000)
    gain_db = rng.uniform(-3, 3) * octaves
    for _ in range(int(rng.integers(0, 4))):
        gain_db += rng.uniform(-8, 6) * np.exp(-0.5 * ((octaves - rng.uniform(-4, 3)) / rng.uniform(0.3, 1.0)) ** 2)
    return np.fft.irfft(spectrum * 10 ** (gain_db / 20), len(audio)).astype(np.float32)
