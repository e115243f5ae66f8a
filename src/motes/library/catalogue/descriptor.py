"""Sixteen numbers of a sound where no model has learned any: seven that mean what a vector's mean, and nine levels of
its spectrum.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from motes.events.event_table import Array, Ints
from motes.events.notes import hz_to_pitch

# Edges of the nine bands, in octaves above the pitch.
EDGES_OCTAVES = (-0.5, 0.5, 1.25, 1.75, 2.2, 2.6, 3.0, 3.5)
N_BANDS = len(EDGES_OCTAVES) + 1
# Levels are above this, in units of 20 dB.
FLOOR_DB, UNIT_DB = 60.0, 20.0
# Of the course of a sound, by which attack and decay are estimated.
N_MOMENTS = 24
SHORTEST_S, T60_RANGE_S = 1e-3, (0.01, 60.0)
# What is weaker, beside the strongest moment, says nothing of a decay.
DECAY_DB = 40.0


class Components(NamedTuple):
    """What sounds consist of, `(m,)` each: the row of the sound, the frequency and energy of the component, and when it
    is in seconds since the onset of the sound.
    """

    row: Ints
    frequency_hz: Array
    energy: Array
    since_s: Array


class Course(NamedTuple):
    """How sounds rise and decay, `(n,)` each, in seconds."""

    attack_s: Array
    t60_s: Array


def centre_hz(parts: Components, n: int) -> Array:
    """The mean of each sound's spectrum in octaves, weighted by energy, `(n,)`; NaN for what has no energy."""
    octaves = np.log2(np.maximum(parts.frequency_hz, 1.0))
    total = np.bincount(parts.row, parts.energy, n)
    mean = np.bincount(parts.row, parts.energy * octaves, n) / np.where(total > 0, total, np.nan)
    return np.asarray(2.0**mean)


def brightness_octaves(parts: Components, pitch_hz: Array) -> Array:
    """How far the centroid of each sound's magnitudes lies above its pitch, `(n,)`; 0 for what has no energy."""
    magnitude, n = np.sqrt(parts.energy), len(pitch_hz)
    total = np.bincount(parts.row, magnitude, n)
    mean = np.bincount(parts.row, magnitude * parts.frequency_hz, n) / np.where(total > 0, total, np.nan)
    octaves = np.log2(np.maximum(mean, 10.0) / np.maximum(pitch_hz, 10.0))
    return np.asarray(np.clip(np.nan_to_num(octaves), -3.0, 8.0))


def bands(parts: Components, pitch_hz: Array) -> Array:
    """The energy in nine bands over the pitch, as levels in units of 20 dB above a floor 60 dB below the whole,
    `(n, 9)`.
    """
    n = len(pitch_hz)
    above = np.log2(np.maximum(parts.frequency_hz, 1.0) / np.maximum(pitch_hz, 1.0)[parts.row])
    at = np.searchsorted(EDGES_OCTAVES, above)
    energy = np.bincount(parts.row * N_BANDS + at, parts.energy, n * N_BANDS).reshape(n, N_BANDS)
    part = energy / np.maximum(energy.sum(axis=1, keepdims=True), 1e-30)
    return np.asarray((10 * np.log10(np.maximum(part, 10 ** (-FLOOR_DB / 10))) + FLOOR_DB) / UNIT_DB)


def course(parts: Components, length_s: Array) -> Course:
    """Attack and decay of sounds of these lengths: until the strongest of 24 moments, and by the line through the
    levels of those after it, until 40 dB below.
    """
    n, step_s = len(length_s), np.maximum(length_s, SHORTEST_S) / N_MOMENTS
    moment = np.clip((parts.since_s / step_s[parts.row]).astype(np.int64), 0, N_MOMENTS - 1)
    energy = np.bincount(parts.row * N_MOMENTS + moment, parts.energy, n * N_MOMENTS).reshape(n, N_MOMENTS)
    strongest = energy.argmax(axis=1)
    level = 10 * np.log10(np.maximum(energy, 1e-20) / np.maximum(energy.max(axis=1, keepdims=True), 1e-20))
    k = np.arange(N_MOMENTS)
    used = (k >= strongest[:, None]) & (level > -DECAY_DB) & (energy > 0)
    count = np.maximum(used.sum(axis=1), 1)
    x = k - np.sum(k * used, axis=1, keepdims=True) / count[:, None]
    slope = np.sum(x * level * used, axis=1) / np.maximum(np.sum(x**2 * used, axis=1), 1e-9)
    t60_s = 60.0 / np.maximum(-slope / step_s, 60.0 / T60_RANGE_S[1])
    return Course(np.maximum((strongest + 0.5) * step_s, SHORTEST_S), np.clip(t60_s, *T60_RANGE_S))


def numbers(pitch_hz: Array, gain_db: Array, length_s: Array, how: Course, noise: Array, parts: Components) -> Array:
    """The sixteen numbers, `(n, 16)`, in the order of `motes.kinds.vector.table.NUMBERS`; `pitch_hz` is the centre of
    the spectrum of what has no pitch.
    """
    lengths = [np.log2(np.maximum(values, SHORTEST_S)) for values in (length_s, how.t60_s, how.attack_s)]
    named = (hz_to_pitch(np.maximum(pitch_hz, 1.0)), gain_db, *lengths, brightness_octaves(parts, pitch_hz), noise)
    return np.concatenate([np.stack(named, axis=1), bands(parts, pitch_hz)], axis=1)
