"""How likely a detected note is to be one: the network's probability, as it turned out on recordings it never saw."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motes.encoders.siam.peaks import Detections

# Probabilities of an onset, and which share of notes that had them were right; of notes and of what has no pitch.
PROBABILITIES = (0.05, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
RIGHT = (0.05, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
RIGHT_UNPITCHED = (0.05, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
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
    right = np.where(
        found.is_pitched,
        np.interp(probability, PROBABILITIES, RIGHT),
        np.interp(probability, PROBABILITIES, RIGHT_UNPITCHED),
    )
    return np.where(hidden(found), np.minimum(right, HIDDEN_SURENESS), right)


def hidden(found: Detections) -> NDArray[np.bool_]:
    """Which notes could be partials of a stronger one that begins with them, or began before and still sounds, `(n,)`;
    detections in order of their onsets.
    """
    by_chance = np.zeros(len(found.onset_s), np.bool_)
    pitched = np.flatnonzero(found.is_pitched)
    for i in pitched:
        last = np.searchsorted(found.onset_s, found.onset_s[i] + TOGETHER_S, "right")
        others = pitched[: np.searchsorted(pitched, last)]
        # What began this long before and still sounds is looked for among all notes: some are held for long.
        others = others[found.end_s[others] > found.onset_s[i]]
        before = found.onset_s[i] - found.onset_s[others] > TOGETHER_S
        weaker = found.loudness_db[others] - found.loudness_db[i] >= np.where(before, WEAKER_LATER_DB, WEAKER_DB)
        above = np.isin(np.rint(found.pitch[i] - found.pitch[others]), HIDDEN)
        by_chance[i] = np.any(weaker & above)
    return by_chance
