"""Pitch bends of notes: where a pitch curve moves, and nothing where it only trembles."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from motes.notes.pitch_curve import STEP_S, PitchCurve

# Standard deviation of the window that a curve is smoothed by.
SMOOTH_S = 0.02
# The ends of a curve say little: a hammer, a breath, what the room makes of it.
ATTACK_S, RELEASE_S = 0.05, 0.05
# A curve moves where its pitches, but for the 5 % lowest and highest, lie so far apart.
MOVING_CENTS, MIDDLE = 22.0, (5, 95)
# A curve at rest, so near to its key, is on it.
TUNED_CENTS = 10.0
# Between two bends.
STEP_CENTS = 3.0


class Bend(NamedTuple):
    """When, in seconds, and how far from the key in semitones, `(n,)` each."""

    time_s: NDArray[np.float64]
    semitones: NDArray[np.float64]


NO_BEND = Bend(np.empty(0), np.empty(0))


def bend_of(curve: PitchCurve, key: int, with_tuning: bool) -> Bend:
    """The bends of a note on a key: of a curve that moves as many as it takes to be within 3 cents of it; of one that
    does not, `with_tuning`, a single one where it lies 10 cents or more beside the key; else none.
    """
    if len(curve.time_s) == 0:
        return NO_BEND
    pitch = 69 + 12 * np.log2(curve.f0_hz / 440)
    smooth = _without_ends(_smoothed(pitch) - key)
    low, high = np.percentile(smooth, MIDDLE)
    if 100 * (high - low) >= MOVING_CENTS:
        kept = _steps(smooth)
        return Bend(curve.time_s[kept], smooth[kept])
    middle = float(np.median(smooth))
    if with_tuning and abs(100 * middle) >= TUNED_CENTS:
        return Bend(curve.time_s[:1], np.array([middle]))
    return NO_BEND


def _smoothed(pitch: NDArray[np.float64]) -> NDArray[np.float64]:
    reach = round(3 * SMOOTH_S / STEP_S)
    window = np.exp(-0.5 * np.square(np.arange(-reach, reach + 1) * STEP_S / SMOOTH_S))
    return np.convolve(np.pad(pitch, reach, mode="edge"), window / window.sum(), mode="valid")


def _without_ends(bent: NDArray[np.float64]) -> NDArray[np.float64]:
    """With what is near both ends as it is further inside."""
    first, last = round(ATTACK_S / STEP_S), len(bent) - 1 - round(RELEASE_S / STEP_S)
    if last <= first:
        return np.full(len(bent), np.median(bent))
    return bent[np.clip(np.arange(len(bent)), first, last)]


def _steps(bent: NDArray[np.float64]) -> list[int]:
    """The places at which a bend is due: the first, and where the curve has moved on far enough since."""
    kept, at = [0], float(bent[0])
    for k, value in enumerate(bent.tolist()):
        if 100 * abs(value - at) >= STEP_CENTS:
            kept.append(k)
            at = value
    return kept
