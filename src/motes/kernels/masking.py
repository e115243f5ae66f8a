"""Masking: power spread along a scale of frequency, exponentially to either side, that dies away in time."""

import numpy as np

from motes.kernels._jit import jit_in_order


@jit_in_order
def spread_masking(power, above, to_above, to_below, upward, downward, kept, masking):
    """masking[f, p], float32, from power[f, j], of frames f, points p of the scale and bins j, which lie at or below
    point above[j].

    A bin's power counts `to_above[j]` times at that point and `to_below[j]` times at the one below; from point to point
    it falls by `upward` towards higher and by `downward` towards lower ones; so the sum over all bins is two
    first-order recurrences. From frame to frame `kept` of it stays.
    """
    n_points = masking.shape[1]
    rising, falling = np.empty(n_points), np.empty(n_points)
    for f in range(power.shape[0]):
        rising[:] = 0.0
        falling[:] = 0.0
        for j in range(power.shape[1]):
            p, x = above[j], np.float64(power[f, j])
            rising[p] += to_above[j] * x
            if p > 0:
                falling[p - 1] += to_below[j] * x
        for p in range(1, n_points):
            rising[p] += upward * rising[p - 1]
        for p in range(n_points - 2, -1, -1):
            falling[p] += downward * falling[p + 1]
        for p in range(n_points):
            total = np.float32(rising[p] + falling[p])
            masking[f, p] = max(total, np.float32(kept * masking[f - 1, p])) if f > 0 else total


@jit_in_order
def interpolate_to_bins(values, at, part, factor, out):
    """out[f, j], float32: values[f, at[j]] and the next one, of which it takes `part[j]`, times factor[j]."""
    for f in range(values.shape[0]):
        for j in range(len(at)):
            low = values[f, at[j]]
            out[f, j] = (low + part[j] * (values[f, at[j] + 1] - low)) * factor[j]
