"""Onsets within a line's level in plain NumPy: what the kernels in `partial_onsets` are tested against."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# docs/partials.md tells what each of these limits is for.
RISE_DB, RISE_STEPS, FALL_STEPS, STAYS_DB = 4.5, 8, 16, 0.3
LOUDER_DB, BEFORE_STEPS, AFTER_STEPS = 2.5, 12, 24
QUIET_DB, FLOOR_DB, GAP_DB, GAP_STEPS = 30.0, 50.0, 15.0, 8


def cuts(power: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether another sound begins at each step."""
    around = np.convolve(np.pad(power, 1, mode="edge"), [0.25, 0.5, 0.25], mode="valid")
    level, found = 10 * np.log10(around + 1e-14), np.zeros(len(power), np.bool_)
    k = 1
    while k < len(level) - 1:
        onset = onset_after(level, k)
        if onset is not None:
            found[onset] = True
        k += 1 if onset is None else RISE_STEPS
    lower = np.minimum(np.maximum.accumulate(level), np.maximum.accumulate(level[::-1])[::-1]) - GAP_DB
    for gap in np.split(np.arange(len(level)), np.flatnonzero(np.diff(level < lower)) + 1):
        if (
            len(gap) >= GAP_STEPS
            and level[gap[0]] < lower[gap[0]]
            and not found[gap[0] : gap[-1] + 1 + RISE_STEPS].any()
        ):
            found[gap[np.argmin(level[gap])]] = True
    return found


def onset_after(level: NDArray[np.float64], k: int) -> int | None:
    """Where the level rises at once after step k, to which it had fallen."""
    past, rise = level[max(0, k - FALL_STEPS) : k], level[k : k + RISE_STEPS + 1]
    if len(past) < 4 or past.min() < level[k] - STAYS_DB or rise.max() < level[k] + RISE_DB:
        return None
    if rise.max() < level.max() - FLOOR_DB or past.max() < rise.max() - QUIET_DB:
        return None
    after = level[k + RISE_STEPS // 2 :][:AFTER_STEPS]
    if len(after) < AFTER_STEPS // 2:
        return None
    before = np.sort(level[max(0, k - BEFORE_STEPS) : k])
    louder = np.sort(after)[len(after) // 2] - before[len(before) // 2]
    return k + 1 + int(np.argmax(np.diff(rise))) if louder >= LOUDER_DB else None
