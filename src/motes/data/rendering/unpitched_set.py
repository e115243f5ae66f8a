"""A labelled set of sounds without pitch for training: alone, over music, and over rain."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from motes.data.rendering.in_rooms import in_room, responses
from motes.data.rendering.one_shots import OneShots
from motes.data.rendering.piece import Piece
from motes.data.rendering.random_scores import random_score
from motes.data.rendering.rendered_set import PEAK, PIECE_S, QUIETER_DB, RenderOptions, filtered, sources_of
from motes.data.rendering.score import DRUMS, Score
from motes.data.rendering.set_folder import SAMPLE_RATE_HZ, SetFolder
from motes.data.rendering.synthetic_sounds import any_sound, rain
from motes.data.rendering.unpitched import Placed, kit_of, pattern, scattered

Rng = np.random.Generator
N_SAMPLES = round(PIECE_S * SAMPLE_RATE_HZ)


def render_unpitched_set(
    out: str | os.PathLike[str],
    options: RenderOptions,
    which: Sequence[int] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """As `rendered_set.render_set`, of one-shots and computed sounds; a third lies over music, a third over rain."""
    recorded = options.recorded() | {"set": "unpitched"}
    folder = SetFolder(Path(out), "train")
    folder.begin(recorded, but_for=("hours",))
    shots = OneShots(options.one_shots, SAMPLE_RATE_HZ)
    numbers = range(options.n_pieces) if which is None else which
    for done, number in enumerate(numbers):
        if not folder.label_path(number).exists():
            _render(folder, options, shots, number)
        if progress is not None:
            progress(done + 1, len(numbers))
    folder.finish(recorded)
    return folder.folder


def _render(folder: SetFolder, options: RenderOptions, shots: OneShots, number: int) -> None:
    rng = np.random.default_rng([options.seed, number, 3])
    placed = Placed(N_SAMPLES)
    tempo = _events(placed, shots, rng)
    audio, notes = placed.audio, list(placed.notes)
    if rng.random() < 1 / 3:
        score = _without_drums(random_score(rng, PIECE_S))
        music, played = Piece(score, sources_of(options), number, options.additive, SAMPLE_RATE_HZ).mix(N_SAMPLES)
        below = float(rng.uniform(0.3, 1.5)) * _rms(audio) / max(_rms(music), 1e-6)
        audio = audio + np.float32(below) * music
        notes += [note._replace(loudness_db=note.loudness_db + 20 * float(np.log10(below))) for note in played]
    elif rng.random() < 0.5:
        below = 10 ** (-float(rng.uniform(8, 35)) / 20) * float(np.abs(audio).max(initial=1e-3))
        audio = audio + rain(rng, N_SAMPLES, SAMPLE_RATE_HZ) * np.float32(below)
    known = responses(SAMPLE_RATE_HZ) if options.in_rooms else ()
    if known and rng.random() < options.in_rooms:
        audio = in_room(audio, known[int(rng.integers(len(known)))], float(rng.uniform(0.05, 0.5)))
    audio = filtered(audio, rng)
    peak = PEAK * 10 ** (-float(rng.uniform(0, QUIETER_DB)) / 20)
    gain = peak / max(float(np.abs(audio).max(initial=0.0)), 1e-6)
    folder.write(number, audio * np.float32(gain), notes, tempo, 20 * float(np.log10(gain)))


def _events(placed: Placed, shots: OneShots, rng: Rng) -> float:
    """A pattern, or sounds at any time: of one kit, of all, or computed ones."""
    how = rng.random()
    if how < 0.45:
        return pattern(placed, kit_of(shots, rng), rng)
    per_s = float(np.exp(rng.uniform(np.log(0.4), np.log(8))))
    if how < 0.75:
        count = len(shots.names())
        scattered(placed, lambda r: shots.sound(int(r.integers(count))), per_s, rng)
    else:
        few = [any_sound(rng, SAMPLE_RATE_HZ) for _ in range(int(rng.integers(2, 30)))]
        scattered(placed, lambda r: few[int(r.integers(len(few)))], per_s, rng)
    return 120.0


def _without_drums(score: Score) -> Score:
    return replace(score, notes=tuple(note for note in score.notes if score.programs[note.part] != DRUMS))


def _rms(audio: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(audio, dtype=np.float64))))
