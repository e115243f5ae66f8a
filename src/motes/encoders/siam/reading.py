"""The sixteen numbers of an event, read off the network's features and the spectrum where it was found."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motes.encoders.siam.layout import CHANNELS, LEVEL_MIDDLE_DB, LEVEL_SCALE_DB, N_BANDS
from motes.encoders.siam.spectra import BINS_PER_KEY, N_BINS, N_KEYS

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

N_NUMBERS, N_HIDDEN = 16, 96
# Frames, from that of the onset, whose features are looked at, and whose levels with the long and the short window.
FEATURE_FRAMES = (-1, 0, 1, 2, 4, 8, 16)
LONG_FRAMES, SHORT_FRAMES = (2, 5, 10, 20, 40), (-2, 0, 1, 2, 4)
# And at which it is looked whether the key sounds.
SOUNDING_FRAMES = (1, 2, 3, 4, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 128)
N_HARMONICS = 20
# Spectra of what has no pitch are looked at in so many bands.
N_COARSE = 39
COARSE_FRAMES = (-2, 0, 1, 2, 4, 8)
_N_LEVELS = len(LONG_FRAMES) + len(SHORT_FRAMES)
# And level, length and place as they were found.
N_KEY_FEATURES = len(FEATURE_FRAMES) * CHANNELS + _N_LEVELS * N_HARMONICS + 3 + len(SOUNDING_FRAMES)
# Where among these the levels of the harmonics stand, N_HARMONICS of each of LONG_FRAMES and SHORT_FRAMES.
HARMONIC_COLUMNS = slice(len(FEATURE_FRAMES) * CHANNELS, len(FEATURE_FRAMES) * CHANNELS + _N_LEVELS * N_HARMONICS)
N_BAND_FEATURES = len(COARSE_FRAMES) * N_COARSE + N_BANDS + 1
# Levels are taken relative to the event's, and within this of it.
RANGE_DB = 60.0


def key_features(
    features: Floats, levels_db: Floats, frame: Ints, key: Ints, level_db: Floats, length_s: Floats
) -> Floats:
    """What the numbers of events with a pitch are read off, `(n, N_KEY_FEATURES)`, but for `sounding_features`, whose
    columns are the last and left at 0.

    `features` are the network's, `(n_frames, N_KEYS, CHANNELS)`, `levels_db` the spectra `(n_frames, 2, N_BINS)`;
    frames and keys (0 … 87) are those of the onsets. There may be levels of more frames than features.
    """
    near = np.clip(frame[:, None] + np.array(FEATURE_FRAMES), 0, len(features) - 1)
    seen = features[near, key[:, None]].reshape(len(frame), -1)
    parts = [seen]
    k = np.arange(1, N_HARMONICS + 1)
    centre = 1 + BINS_PER_KEY * key[:, None] + np.round(12 * BINS_PER_KEY * np.log2(k)).astype(np.int64)
    for window, offsets in ((0, LONG_FRAMES), (1, SHORT_FRAMES)):
        for offset in offsets:
            row = levels_db[np.clip(frame + offset, 0, len(levels_db) - 1), window]
            parts.append(_relative(_peaks(row, centre), level_db))
    about = [(level_db - LEVEL_MIDDLE_DB) / LEVEL_SCALE_DB, np.log2(length_s), (key - N_KEYS / 2) / 20]
    later = np.zeros((len(frame), len(SOUNDING_FRAMES)), np.float32)
    return np.concatenate([*parts, np.stack(about, axis=1), later], axis=1, dtype=np.float32)


def sounding_features(sounding: Floats, frame: Ints, key: Ints) -> Floats:
    """Whether keys sound on after their onsets, `(n, len(SOUNDING_FRAMES))`: outputs `SOUNDING` of all frames,
    `(n_frames, N_KEYS)`, in units of 4 and within ±2; −2 after the last frame.
    """
    later = frame[:, None] + np.array(SOUNDING_FRAMES)
    values = sounding[np.minimum(later, len(sounding) - 1), key[:, None]]
    return np.asarray(np.where(later < len(sounding), np.clip(values / 4, -2, 2), -2), np.float32)


def band_features(levels_db: Floats, frame: Ints, band: Ints, level_db: Floats) -> Floats:
    """What the numbers of events without pitch are read off, `(n, N_BAND_FEATURES)`."""
    n_frames, per_band = len(levels_db), N_BINS // N_COARSE
    parts = []
    for offset in COARSE_FRAMES:
        row = levels_db[np.clip(frame + offset, 0, n_frames - 1), 1, : N_COARSE * per_band]
        parts.append(_relative(row.reshape(len(frame), N_COARSE, per_band).mean(axis=2), level_db))
    parts.append(np.asarray(band[:, None] == np.arange(N_BANDS), np.float32))
    parts.append(((level_db - LEVEL_MIDDLE_DB) / LEVEL_SCALE_DB)[:, None])
    return np.concatenate(parts, axis=1, dtype=np.float32)


def dense(x: Floats, weight: Floats, bias: Floats) -> Floats:
    """x · weightᵀ + bias, summed in the order of the inputs: the same for an event whatever stands beside it."""
    out = np.repeat(bias[None].astype(np.float32), len(x), axis=0)
    for i in range(weight.shape[1]):
        out += x[:, i, None] * weight[None, :, i]
    return out


def _peaks(row: Floats, centre: Ints) -> Floats:
    """The loudest of three bins about each centre, silence beyond the last bin."""
    loudest = np.full(centre.shape, -120.0, np.float32)
    for by in (-1, 0, 1):
        at = centre + by
        inside = at < N_BINS
        values = np.take_along_axis(row, np.minimum(at, N_BINS - 1), axis=1)
        loudest = np.where(inside, np.maximum(loudest, values), loudest)
    return np.asarray(loudest, np.float32)


def _relative(decibels: Floats, level_db: Floats) -> Floats:
    return np.asarray(np.clip(decibels - level_db[:, None], -RANGE_DB, RANGE_DB / 3) / 20, np.float32)
