"""Detail with an envelope, or with its channels mixed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from motes.events.event_table import Array, Mask
from motes.kinds.detail.audio import amplitudes
from motes.kinds.detail.grid import places
from motes.kinds.detail.table import LARGEST, LARGEST_STEP, STEPS_PER_DOUBLING, Detail


def enveloped(events: Detail, mask: Mask, gain_at: Callable[[Array], Array]) -> Detail:
    """The events in `mask` at the gains that there are at the middles of their frames: the greatest of an event
    exactly, the others as whole steps below it.
    """
    gain, steps, coefficients = events.gain.copy(), events.steps.copy(), events.coefficients.copy()
    for i in np.flatnonzero(mask):
        n_frames = int(events.n_frames[i])
        inside_s = (np.arange(n_frames) + 0.5) * events.duration_s[i] / n_frames
        gains = gain_at(events.time_s[i] + (events.duration_s[i] - inside_s if events.backward[i] else inside_s))
        most = float(gains.max())
        gain[i] *= most
        below = np.maximum(gains / most, 2.0**-60) if most > 0 else np.ones(n_frames)
        by = np.rint(STEPS_PER_DOUBLING * np.log2(below)).astype(np.int16)
        rows = slice(events.step_start[i], events.step_start[i + 1])
        steps[rows] = np.maximum(steps[rows] + np.repeat(by, int(events.n_bands[i]))[:, None], -LARGEST_STEP)
        silent = np.repeat(gains <= 0, int(events.frame_samples[i]))
        coefficients[events.coefficient_start[i] : events.coefficient_start[i + 1]][silent] = 0
    return events.replace(gain=gain, steps=steps, coefficients=coefficients)


def mixed(events: Detail, mask: Mask, matrix: Array, sample_rate_hz: int) -> Detail:
    """The events in `mask` with their two channels mixed, `(2, 2)`, rounded to half the finer of their steps: that adds
    a quarter of the error that they have.
    """
    steps, coefficients = events.steps.copy(), events.coefficients.copy()
    for i in np.flatnonzero(mask):
        rows = slice(events.step_start[i], events.step_start[i + 1])
        sizes = events.sizes[events.block_start[i] : events.block_start[i + 1]]
        place = places(sizes, int(events.frame_samples[i]), int(events.n_bands[i]), sample_rate_hz)
        made = matrix @ amplitudes(events, int(i), sample_rate_hz)
        turned = events.mid_side[rows][place] == 1
        made = np.where(turned, np.stack([made[0] + made[1], made[0] - made[1]]) * np.sqrt(0.5), made)
        largest = np.zeros(len(steps[rows]))
        np.maximum.at(largest, place, np.abs(made).max(axis=0))
        least = np.ceil(STEPS_PER_DOUBLING * np.log2(np.maximum(largest, 1e-30) / LARGEST))
        step = np.clip(np.maximum(events.steps[rows].min(axis=1) - STEPS_PER_DOUBLING, least), -LARGEST_STEP, None)
        steps[rows] = step[:, None]
        scaled = made / np.exp2(step / STEPS_PER_DOUBLING)[place]
        coefficients[events.coefficient_start[i] : events.coefficient_start[i + 1]] = np.rint(scaled).T
    return events.replace(steps=steps, coefficients=coefficients)
