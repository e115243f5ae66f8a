"""Notes of one instrument: by the sixteen numbers of each, which are alike for notes of one sound."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motes.kinds.vector.table import NUMBERS

# Which of the numbers say what a sound is like rather than which note it is, and how much each counts.
TIMBRE = [k for k, name in enumerate(NUMBERS) if name.startswith("timbre") or name in ("noise", "log2_attack_s")]
# Groups of notes that are further apart than this, by Ward's measure, are parts of their own.
APART = 12.0
# More notes than this are put into parts by the nearest of so many that were.
MOST = 4000


def parts_of(numbers: NDArray[np.float64], is_pitched: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The part of each note, from 0 in order of their first notes, `(n,)`; what has no pitch is in parts of its own."""
    part, above = np.zeros(len(numbers), np.int64), 0
    for mine in (np.flatnonzero(is_pitched), np.flatnonzero(~is_pitched)):
        if len(mine):
            part[mine] = above + _clusters(numbers[mine][:, TIMBRE])
            above = int(part[mine].max()) + 1
    _, first, which = np.unique(part, return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(first))[which.reshape(-1)])


def _clusters(features: NDArray[np.float64]) -> NDArray[np.int64]:
    if len(features) < 2:
        return np.zeros(len(features), np.int64)
    from scipy.cluster.hierarchy import fcluster, linkage

    few = features[np.linspace(0, len(features) - 1, min(len(features), MOST)).round().astype(int)]
    found = fcluster(linkage(few, "ward"), APART, "distance") - 1
    if len(few) == len(features):
        return np.asarray(found, np.int64)
    middles = np.stack([few[found == k].mean(axis=0) for k in range(found.max() + 1)])
    return np.asarray(np.argmin(((features[:, None] - middles) ** 2).sum(axis=2), axis=1), np.int64)
