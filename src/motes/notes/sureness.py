"""How likely a detected note is to be one: the network's probability, as it turned out on recordings it never saw."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from motes.encoders.siam import Detections

# Probabilities of an onset, and which share of notes that had them were right; of notes and of what has no pitch.
PROBABILITIES = (0.05, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
RIGHT = (0.026, 0.122, 0.194, 0.42, 0.575, 0.788, 0.905, 0.973, 0.985, 0.99)
RIGHT_UNPITCHED = (0.222, 0.476, 0.579, 0.669, 0.716, 0.727, 0.748, 0.769, 0.785, 0.785)
# In music without drums nothing without a pitch is right: so many of the surest hits of a recording are as likely
# as the second number in the mean where there are any, and as the first where there are none.
N_SUREST, NO_HITS, HITS, LEAST = 5, 0.4, 0.7, 0.1
# Intervals in semitones at which one note's partials are all another's: it may be no more than these partials.
HIDDEN = (12, 19, 24, 28, 31)
# Notes begin together where they are so near, in seconds.
TOGETHER_S = 0.05
# What is hidden and this much weaker than the note that hides it, in dB, is as often none as it is a note: where they
# begin together, and where the other began before and still sounds. How sure it can be at most.
WEAKER_DB, WEAKER_LATER_DB = 5.0, 10.0
HIDDEN_SURENESS = 0.5


def sureness_of(found: Detections) -> NDArray[np.float64]:
    """How sure each is, 0 … 1, `(n,)`."""
    probability = found.sureness.astype(np.float64)
    hits = np.interp(probability, PROBABILITIES, RIGHT_UNPITCHED) * _with_hits(probability[~found.is_pitched])
    right = np.where(found.is_pitched, np.interp(probability, PROBABILITIES, RIGHT), hits)
    return np.where(hidden(found), np.minimum(right, HIDDEN_SURENESS), right)


def probability_of(sureness: float) -> float:
    """The probability of the network from which notes are as sure as this, as far as they are not hidden."""
    return float(np.interp(sureness, RIGHT, PROBABILITIES))


def _with_hits(probability: NDArray[np.float64]) -> float:
    """How likely a recording is to have any hits, by the probabilities of these, LEAST … 1."""
    surest = np.sort(probability)[-N_SUREST:]
    return float(np.clip((surest.mean() - NO_HITS) / (HITS - NO_HITS), LEAST, 1)) if len(surest) else 1.0


def hidden(found: Detections) -> NDArray[np.bool_]:
    """Which notes could be partials of a stronger one that begins with them, or began before and still sounds, `(n,)`;
    detections in order of their onsets.
    """
    may_be = np.zeros(len(found.onset_s), np.bool_)
    pitched = np.flatnonzero(found.is_pitched)
    onset_s, end_s, pitch, level_db = (column[pitched] for column in found[:4])
    longest_s = np.max(end_s - onset_s, initial=0.0)
    first = np.searchsorted(onset_s, onset_s - longest_s)
    last = np.searchsorted(onset_s, onset_s + TOGETHER_S, "right")
    for i in range(len(pitched)):
        others = np.arange(first[i], last[i])
        others = others[end_s[others] > onset_s[i]]
        before = onset_s[i] - onset_s[others] > TOGETHER_S
        weaker = level_db[others] - level_db[i] >= np.where(before, WEAKER_LATER_DB, WEAKER_DB)
        may_be[pitched[i]] = np.any(weaker & np.isin(np.rint(pitch[i] - pitch[others]), HIDDEN))
    return may_be
