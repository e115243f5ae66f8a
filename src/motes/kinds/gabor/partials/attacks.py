"""Atoms across the moment from which on a sound is made longer, as atoms so short that each is on one side of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from motes.events.event_table import Ints, Mask
from motes.kinds.gabor.partials.fourier_terms import AtomColumns
from motes.kinds.gabor.partials.sweeping import MOST_BINS, shorter, windows_for
from motes.kinds.gabor.partials.tracking import Lines
from motes.kinds.gabor.table import Gabor

# About how long these are, in seconds: short beside an attack, with a few periods of a low tone.
WINDOW_S = 0.021


def across(base: Gabor, lines: Lines, from_s: float, sample_rate_hz: int) -> Mask:
    """Which atoms have `from_s` in their windows, and are so long and near to their lines that others replace them."""
    window = _window(sample_rate_hz)
    near = np.abs(base.frequency_hz - lines.frequency_hz) * window / sample_rate_hz < MOST_BINS / 2
    long = (lines.number > 0) & (base.window_s * sample_rate_hz > 1.5 * window)
    return np.asarray((base.start_s < from_s) & (base.end_s > from_s) & near & long)


def short_atoms(
    events: Gabor, lines: Lines, these: Ints, sample_rate_hz: int, by: float
) -> Iterator[tuple[int, AtomColumns]]:
    """Line by line, its number and atoms that add up to those of `these` that are its; `events` know their partials,
    and `by` is how far phases are moved.
    """
    windows = np.minimum(windows_for(lines, sample_rate_hz, by), _window(sample_rate_hz))
    for k in np.unique(lines.number[these]).tolist():
        mine = these[lines.number[these] == k]
        group = int(events.group_id[mine[0]])
        yield k, shorter(events, mine, lines.curves[k - 1], sample_rate_hz, int(windows[k]), group)


def _window(sample_rate_hz: int) -> int:
    return 1 << round(np.log2(WINDOW_S * sample_rate_hz))
