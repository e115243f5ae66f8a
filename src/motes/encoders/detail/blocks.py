"""Into which blocks frames are cut: those that are thought to take the fewest bits."""

from __future__ import annotations

import numpy as np

from motes.events.event_table import Array, Ints
from motes.kinds.detail.grid import MOST_HALVINGS, band_of
from motes.kinds.detail.transform import forward

# A longer block has to be cheaper than two halves by this part: what it spreads in time is heard more than bits tell.
LONGER_BIAS = 0.04
# What a coefficient that is rounded to 0 costs, too: the part of its power over that of a step that counts.
POWER_WEIGHT = 3.0
# Bits that a block takes beside its coefficients.
BITS_PER_BLOCK = 2.0


def chosen_sizes(audio: Array, log_step: Array, sample_rate_hz: int, frame: int) -> Ints:
    """Sizes of blocks of audio `(n_channels, n_frames · frame)`, all channels together, for steps of
    e^`log_step` `(n_channels, n_frames, n_bands)`.
    """
    n_frames = audio.shape[1] // frame
    bits = [_bits(audio, log_step, sample_rate_hz, frame >> halvings) for halvings in range(MOST_HALVINGS + 1)]
    best, is_cut = bits[-1], []
    for halvings in range(MOST_HALVINGS - 1, -1, -1):
        halves = best.reshape(n_frames, -1, 2).sum(axis=2)
        is_cut.append(bits[halvings] * (1 + LONGER_BIAS) >= halves)
        best = np.where(is_cut[-1], halves, bits[halvings])
    return np.array([size for k in range(n_frames) for size in _tree(is_cut[::-1], frame, k, 0)], np.int64)


def _tree(is_cut: list[np.ndarray], size: int, k: int, part: int) -> list[int]:
    if not is_cut or not is_cut[0][k, part]:
        return [size]
    return [s for half in (0, 1) for s in _tree(is_cut[1:], size // 2, k, 2 * part + half)]


def _bits(audio: Array, log_step: Array, sample_rate_hz: int, size: int) -> Array:
    """About how many bits blocks of one size take, `(n_frames, blocks in a frame)`."""
    n_channels, n_frames, _ = log_step.shape
    frame = audio.shape[1] // n_frames
    values = forward(audio, np.full(audio.shape[1] // size, size)).reshape(n_channels, n_frames, -1, size)
    step = np.exp(-log_step[:, :, band_of(sample_rate_hz, frame, size)])[:, :, None, :]
    return np.asarray(0.5 * np.log2(1 + POWER_WEIGHT * np.square(values * step)).sum(axis=(0, 3)) + BITS_PER_BLOCK)
