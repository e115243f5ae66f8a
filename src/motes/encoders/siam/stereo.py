"""How loud each event is in each channel of a recording, beside the mean of all channels that was looked at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motes.audio.resample import resample_blocks
from motes.audio.source import Source
from motes.encoders.siam.peaks import FRAME_S, Detections
from motes.encoders.siam.spectra import BINS_PER_KEY, LOWEST_KEY, N_BINS, SAMPLE_RATE_HZ, levels_db

Reals = NDArray[np.float64]
# Harmonics, and bins to either side of the middle of what has no pitch, whose levels are compared.
HARMONICS = (1, 2, 3, 4, 5, 6)
HALF_BAND = 16
# Frames after the onset at which they are, with the short window.
FRAMES_LATER = (1, 3)
FARTHEST_DB = 40.0


def channel_gains_db(source: Source, found: Detections) -> Reals:
    """Gains in dB, `(n_events, n_channels)`: 0 for a recording of one channel, whose level the numbers tell."""
    if source.n_channels == 1:
        return np.zeros((len(found.onset_s), 1))
    channels = _channels(source)
    bins = _bins(found)
    power = np.stack([_power(channel, found, bins) for channel in channels], axis=1)
    mixed = _power(np.asarray(channels.mean(axis=0), np.float32), found, bins)
    gains: Reals = 10 * np.log10((power + 1e-12) / (mixed[:, None] + 1e-12))
    return np.clip(gains, -FARTHEST_DB, 12.0)


def _channels(source: Source) -> NDArray[np.float32]:
    blocks = resample_blocks(source.blocks(), source.n_channels, source.sample_rate_hz, SAMPLE_RATE_HZ)
    return np.concatenate([np.zeros((source.n_channels, 0), np.float32), *blocks], axis=1)


def _bins(found: Detections) -> list[NDArray[np.int64]]:
    """The bins of each event."""
    centre = 1 + BINS_PER_KEY * (np.round(found.pitch).astype(np.int64) - LOWEST_KEY)
    above = np.round(12 * BINS_PER_KEY * np.log2(HARMONICS)).astype(np.int64)
    near = np.arange(-HALF_BAND, HALF_BAND + 1)
    return [
        np.clip(place + (above if pitched else near), 0, N_BINS - 1)
        for place, pitched in zip(centre, found.is_pitched, strict=True)
    ]


def _power(channel: NDArray[np.float32], found: Detections, bins: list[NDArray[np.int64]]) -> Reals:
    """Of each event in its bins, soon after its onset."""
    out = np.zeros(len(bins))
    for i, onset_s in enumerate(found.onset_s):
        for later in FRAMES_LATER:
            levels = levels_db(channel, round(onset_s / FRAME_S) + later, 1)[0, 1, bins[i]]
            out[i] += float(np.sum(10 ** (levels.astype(np.float64) / 10)))
    return out
