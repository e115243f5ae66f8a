"""Chirps of atoms: by how much the frequency of each rises, as whole numbers and in samples.

An atom's chirp is stored as how many pairs of its bins (2/window) the frequency sweeps within its window.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from motes.events.event_table import Array, Ints
from motes.events.packet import Columns

# Bins that the frequency sweeps within the window for each step of a stored chirp.
BINS_PER_STEP = 2
# Steps at most, either way.
MAX_CHIRP = 1 << 14
# Samples: an array of chirps that is empty stands for none.
NONE: Array = np.zeros(0)
EVERY = slice(None)


def chirps_of(events: Any, window_s: Array) -> Ints | None:
    """Chirp of each event in steps, for windows rounded to these, `(n_events,)`; None where no frequency rises."""
    if not len(events) or events.at_default("chirp_hz_per_s"):
        return None
    steps = np.rint(events.chirp_hz_per_s * np.square(window_s) / BINS_PER_STEP)
    return np.clip(steps, -MAX_CHIRP, MAX_CHIRP).astype(np.int64)


def chirp_columns(chirps: Ints | None, window_s: Array) -> Columns:
    """The inverse: the column `chirp_hz_per_s`, or none."""
    return {} if chirps is None else {"chirp_hz_per_s": BINS_PER_STEP * chirps / np.square(window_s)}


def chirps_in_samples(events: Any, sample_rate_hz: int, these: Ints | slice = EVERY) -> Array:
    """Chirp of each event, or of these, in rad/sample²; of length 0 where no frequency rises."""
    if events.at_default("chirp_hz_per_s"):
        return NONE
    chirps: Array = events.chirp_hz_per_s[these] * (2 * np.pi / sample_rate_hz**2)
    return chirps
