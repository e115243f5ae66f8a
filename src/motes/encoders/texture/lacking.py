"""How much of what a scene leaves of its recording noise has to bring, and how alike its channels have to be."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motes.encoders.texture.options import TextureOptions
from motes.kernels.bands import Bands, sum_in_bands
from motes.kinds.texture.render import band_power

Array = NDArray[np.float64]
# So many frames are alike: a tile, whose levels are told in up to as many parts.
TILE = 8
# Frames to either side, and itself, over which the power that is lacking in a frame is averaged: 12 ms in all, better
# than 45 (docs/perception.md).
SMOOTHED_FRAMES = 2
# The same beside events of other phases than the recording's, whose beats take longer to average out; and over which
# part of the recording's power noise comes in there. Chosen on three of the clips of benchmarks/bench_splats.py.
LONGER_FRAMES, LACKING_RISE = 8, 0.25


def lacking(left: Array, there: Array, whole: Array, options: TextureOptions) -> Array:
    """The part of what is `left` of the power, `least_lacking` … 1, that what is `there` lacks; none where it lacks
    hardly more than `lacking_from` of the whole recording's. All are powers of bands `(n_channels, n_frames, n_bands)`.

    Atoms of the right level and a somewhat wrong phase leave a residual that nobody misses; noise of its power would
    come on top of theirs.
    """
    n_frames = LONGER_FRAMES if options.lacking_from else SMOOTHED_FRAMES
    left, there, whole = (_smoothed(power, n_frames) for power in (left, there, whole))
    share = (whole - there) / np.maximum(left, 1e-30)
    if options.lacking_from:
        part = (whole - there) / np.maximum(whole, 1e-30)
        share = share * np.clip((part - options.lacking_from) / LACKING_RISE, 0.0, 1.0)
    return np.clip(share, options.least_lacking, 1.0)


def is_missed(power: Array, whole: Array, least_share: float) -> NDArray[np.bool_]:
    """In which cells `(n_channels, n_frames, n_bands)` noise of this power would be missed, alike over each tile: it
    has at least `least_share` of the whole power there, on average, or it is the strongest, so that each event keeps
    some: a scene without its detail raises the levels of its texture, for which there has to be one.
    """
    n_channels, n_frames, n_bands = power.shape
    n_tiles = -(-n_frames // TILE)
    part = np.minimum(power / np.maximum(whole, 1e-30), 1.0)
    part, tiles = (
        np.pad(values, ((0, 0), (0, n_tiles * TILE - n_frames), (0, 0)), mode="edge")
        .reshape(n_channels, n_tiles, TILE, n_bands)
        .mean(axis=2)
        for values in (part, power)
    )
    return np.repeat((part >= least_share) | (tiles == tiles.max()), TILE, axis=1)[:, :n_frames]


def _smoothed(power: Array, n_frames: int) -> Array:
    """A weighted mean over each frame and `n_frames` − 1 neighbours to either side: part of what the products of atoms
    and residual average out over.
    """
    weights = np.hanning(2 * n_frames + 1)[1:-1]
    padded = np.pad(power, ((0, 0), (n_frames - 1, n_frames - 1), (0, 0)), mode="edge")
    return np.sum(
        [weight * padded[:, i : i + power.shape[1]] for i, weight in enumerate(weights / weights.sum())], axis=0
    )


def coherence(spectra: NDArray[np.complex128], weights: Bands) -> Array:
    """Correlation of each further channel with the first in each band, `(n_bands, n_channels − 1)`."""
    energy = sum_in_bands(np.sum(np.square(np.abs(spectra)), axis=1), weights)
    cross = sum_in_bands(np.sum((spectra[1:] * np.conj(spectra[:1])).real, axis=1), weights)
    return np.clip(cross / np.maximum(np.sqrt(energy[1:] * energy[:1]), 1e-30), -1.0, 1.0).T


def lacking_coherence(
    residual: NDArray[np.complex128], rendered: NDArray[np.complex128], power: Array, weights: Bands
) -> Array:
    """Coherence of each further channel with the first in each band, `(n_bands, n_channels − 1)`, with which noise of
    this power brings what the rendered channels have in common too little.
    """
    whole, both = residual + rendered, (power[1:] > 0) & (power[:1] > 0)
    common = np.stack([_common_power(spectra, weights) for spectra in (whole, rendered)])
    cross = np.sum((common[0] - common[1]) * both, axis=1)
    energy = np.sum(power[1:] * both, axis=1) * np.sum(power[:1] * both, axis=1)
    return np.clip(cross / np.maximum(np.sqrt(energy), 1e-30), -1.0, 1.0).T


def _common_power(spectra: NDArray[np.complex128], weights: Bands) -> Array:
    """What each further channel has in common with the first, as `band_power` has it, `(n_channels − 1, n, n_bands)`:
    half the power of the sum less that of both.
    """
    power = band_power(spectra, weights)
    return np.asarray(0.5 * (band_power(spectra[1:] + spectra[:1], weights) - power[1:] - power[:1]))
