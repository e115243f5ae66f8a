"""Transposed notes with their formants where they were: partials move under the spectral envelope that the note had
before edits, so that one that comes to be at another frequency becomes as strong as the note was there.

The envelope goes through the levels of a note's partials, straight in dB over the logarithm of frequency (Schwarz &
Rodet 1999 compare such with others), no weaker than the mean of those beside: weak partials, such as the even ones of a
clarinet, stay as much weaker.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from motes.events.event_table import Array, Ints, Mask
from motes.kinds.gabor.edited import base_of
from motes.kinds.gabor.partials.tracking import lines_of
from motes.kinds.gabor.table import Gabor

# Partials further below the strongest than this say nothing of an envelope, in dB.
FAINT_DB = 70.0
# Of a note without pitch the strongest within so many octaves to either side counts; of others within so much of f0.
APART_OCTAVES, APART = 1 / 6, 0.45
# Gains are rounded to this, so that files hold few of them, in dB.
STEP_DB = 0.1
LOWEST_HZ = 1.0


class Envelope(NamedTuple):
    """Levels in dB at ascending frequencies, `(n_places,)`; straight between them, level beyond."""

    log2_hz: Array
    level_db: Array

    def at(self, frequency_hz: Array) -> Array:
        """Levels in dB at these frequencies."""
        return np.interp(np.log2(np.maximum(frequency_hz, LOWEST_HZ)), self.log2_hz, self.level_db)


def formant_gains(
    events: Gabor, mask: Mask, ratio: float, note: Ints, f0_hz: dict[int, float], sample_rate_hz: int
) -> Array:
    """How many times stronger each event in `mask` has to become where it is transposed by `ratio` and its note's
    envelope stays, `(n_events,)`, 1 for others. `note` is the note that each is in, `f0_hz` how high these are now.
    """
    gains, base = np.ones(len(events)), base_of(events)
    power = np.sum(np.square(base.amplitude), axis=1)
    for one in np.unique(note[mask]).tolist():
        mine = np.flatnonzero(note == one) if one else np.flatnonzero(mask & (note == 0))
        hz, line = _frequencies(base, mine, sample_rate_hz)
        before = events.edit_ratio[mine]
        # Rounded, so that edits there and back ask the same envelope.
        height_hz = round(f0_hz[one] / float(np.median(before)), 6) if one in f0_hz else None
        envelope = envelope_of(hz, power[mine], base.window_s[mine], line, height_hz)
        up_db = envelope.at(before * ratio * hz) - envelope.at(hz)
        now_db = envelope.at(before * hz) - envelope.at(hz)
        change = _rounded(up_db) - _rounded(now_db)
        gains[mine] = np.where(mask[mine], 10 ** (change / 20), 1.0)
    return gains


def _rounded(level_db: Array) -> Array:
    return np.rint(np.round(level_db / STEP_DB, 6)) * STEP_DB


def _frequencies(base: Gabor, these: Ints, sample_rate_hz: int) -> tuple[Array, Ints]:
    """The middle frequency of each atom's partial, or to a semitone its own; and its partial's number, 0 for none."""
    order = np.lexsort((base.window_s[these], base.frequency_hz[these], base.time_s[these]))
    lines = lines_of(base.take(these[order]).replace(partial_hz=None, partial_rad=None), sample_rate_hz)
    hz, number = np.empty(len(these)), np.empty(len(these), np.int64)
    number[order], hz[order] = lines.number, lines.frequency_hz
    energy = np.sum(np.square(base.amplitude[these]), axis=1) * base.window_s[these]
    total = np.bincount(number, energy)
    mean = np.bincount(number, energy * hz) / np.where(total > 0, total, 1.0)
    own = 2 ** (np.rint(12 * np.log2(np.maximum(base.frequency_hz[these], LOWEST_HZ))) / 12)
    return np.where((number > 0) & (total[number] > 0), mean[number], own), number


def envelope_of(hz: Array, power: Array, window_s: Array, line: Ints, f0_hz: float | None) -> Envelope:
    """The envelope of atoms of these frequencies, powers, windows and partials (0 for none)."""
    weight = power * window_s
    strength = np.bincount(line, weight * power) / np.maximum(np.bincount(line, weight), 1e-300)
    counts = np.flatnonzero((np.bincount(line) > 0) & (strength > 0))
    counts = counts[counts > 0] if (counts > 0).any() else counts
    if not len(counts):
        return Envelope(np.zeros(1), np.zeros(1))
    at = np.array([float(hz[line == k].mean()) for k in counts.tolist()])
    level = 10 * np.log10(strength[counts])
    order = np.argsort(at)
    at, level = at[order], level[order]
    reach = np.full(len(at), APART * f0_hz) if f0_hz else at * (2**APART_OCTAVES - 1)
    low, high = np.searchsorted(at, at - reach), np.searchsorted(at, at + reach, side="right")
    peak = np.array([level[a:b].max() for a, b in zip(low.tolist(), high.tolist(), strict=True)])
    chosen = (level >= peak) & (level > level.max() - FAINT_DB)
    at, level = at[chosen], level[chosen]
    beside = level.copy()
    beside[1:-1] = np.maximum(level[1:-1], (level[:-2] + level[2:]) / 2)
    return Envelope(np.log2(np.maximum(at, LOWEST_HZ)), beside)
