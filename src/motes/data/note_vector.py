"""The sixteen numbers of a note that sounds alone: seven measured, nine by the encoder of a model."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from motes.data.note_analysis import N_AFTER, N_CELLS, N_EARLY, NoteAnalysis, analyse_note
from motes.kinds.vector.decoder import CURRENT, Decoder
from motes.kinds.vector.weights import Weights, mlp

Array = NDArray[np.float64]
# Cells that count as one segment of a note, of which features are taken.
SEGMENTS = ((0, 10), (10, N_EARLY), (N_EARLY, N_CELLS - N_AFTER))
N_LEVELS = 24
FLOOR_DB = 60.0
N_RATIOS = 7


def numbers_of(sound: Any, sample_rate_hz: int, pitch_hz: float | None, model_id: str = CURRENT) -> Array:
    """The sixteen numbers, `(16,)`, of one note alone, `(n,)` samples from its onset on.

    `pitch_hz` is the note's pitch, to a quarter tone or so; None for what has no pitch.
    """
    return numbers(analyse_note(sound, sample_rate_hz, pitch_hz), Decoder.named(model_id).weights)


def numbers(analysis: NoteAnalysis, weights: Weights) -> Array:
    """The sixteen numbers, `(16,)`, of an analysed note."""
    return np.concatenate([named(analysis), timbre(features(analysis)[None], weights)[0]])


def named(analysis: NoteAnalysis) -> Array:
    """The first seven numbers, `(7,)`, which mean something by construction."""
    return np.array(
        [
            69 + 12 * np.log2(analysis.pitch_hz / 440),
            analysis.loudness_db,
            np.log2(analysis.length_s),
            np.log2(analysis.t60_s),
            np.log2(analysis.attack_s),
            np.clip(np.log2(max(analysis.centroid_hz, 10.0) / analysis.pitch_hz), -3.0, 8.0),
            np.clip(analysis.noise, 0.0, 1.0),
        ]
    )


def timbre(features_: Array, weights: Weights) -> Array:
    """The nine learned numbers, `(n, 9)`, of features `(n, n_features)`."""
    normal = np.clip((features_ - weights["feature_mean"]) / weights["feature_deviation"], -6.0, 6.0)
    return mlp(normal, weights, "encoder")


def features(analysis: NoteAnalysis) -> Array:
    """What the encoder sees of a note, `(n_features,)`: levels of partials and bands in three segments, the course of
    the whole, how far partials are from whole ratios, and the seven numbers.
    """
    width = np.diff(analysis.edges_s)
    rows = np.concatenate([analysis.partials[:N_LEVELS], analysis.bands])
    segments = np.stack([rows[:, a:b] @ width[a:b] / width[a:b].sum() for a, b in SEGMENTS], axis=1)
    power = np.sum(analysis.partials**2, axis=0) + np.sum(analysis.bands**2, axis=0)
    course = (power * width).reshape(-1, 3).sum(axis=1) / width.reshape(-1, 3).sum(axis=1)
    top = max(float(power.max()), 1e-20)
    k = np.arange(2, N_RATIOS + 2)
    audible = np.max(analysis.partials[1 : N_RATIOS + 1], axis=1) ** 2 > 1e-5 * top
    apart = np.clip((analysis.ratio[1 : N_RATIOS + 1] - k) * audible, -0.5, 0.5) * 4
    return np.concatenate(
        [_levels(segments**2, top).ravel(), _levels(course, top), apart, named(analysis) / [12, 10, 1, 1, 1, 1, 0.3]]
    )


def _levels(power: Array, top: float) -> Array:
    """Levels in units of 20 dB, above a floor."""
    return np.asarray((10 * np.log10(np.maximum(power / top, 10 ** (-FLOOR_DB / 10))) + FLOOR_DB) / 20)
