"""How much softer texture has to be where detail lies above it: by what detail leaves of the recording."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from motes.audio import Source
from motes.encoders.residual import residual_blocks
from motes.encoders.texture.analysis import TILE, Layout, groups, lacking, layout_of, pieces
from motes.encoders.texture.options import TextureOptions
from motes.events.event_table import Array
from motes.events.packet import packet_samples
from motes.kinds.texture.beneath import beneath_db
from motes.kinds.texture.beneath import SILENCE, STEP_DB
from motes.kinds.texture.render import band_power, spectra_of
from motes.kinds.texture.table import LOWEST_LEVEL_DB, Texture
from motes.scene.scene import Scene

# Detail is coded to its waveform: noise brings no more than the power that it lacks.
LEAST_LACKING = 0.0


def add_beneath(scene: Scene, source: Source) -> Scene:
    """The scene with its texture softer where detail holds part of what it stands for, one factor for each tile of
    frames and group of bands.
    """
    texture = scene.texture
    if not len(texture) or not len(scene.detail):
        return scene.replace(texture=texture.uncovered())
    options = TextureOptions(n_bands=int(texture.n_bands[0]), low_hz=float(texture.low_hz[0]), least_lacking=LEAST_LACKING)
    layout = layout_of(scene.sample_rate_hz, options)
    bare = scene.replace(texture=Texture.empty(scene.n_channels))
    pairs = (
        np.concatenate([residual, block - residual])
        for residual, block in zip(residual_blocks(bare, source), source.blocks(), strict=True)
    )
    length = packet_samples(scene.sample_rate_hz)
    row = {round(t * scene.sample_rate_hz) // length: i for i, t in enumerate(texture.time_s.tolist())}
    steps = np.zeros(texture.level_db.shape, np.int64)
    start = texture.level_start
    for number, piece in pieces(pairs, layout):
        if (i := row.get(number)) is not None:
            steps[start[i] : start[i + 1]] = _steps(texture.levels(i), piece, layout, options)
    return scene.replace(texture=texture.replace(beneath_db=beneath_db(steps)))


def _steps(level_db: Array, piece: Array, layout: Layout, options: TextureOptions) -> Array:
    """Steps for the levels `(n_frames, n_bands, n_channels)` of one event, as rows by frame and band."""
    n_channels = level_db.shape[2]
    spectra, rendered = np.split(spectra_of(piece, layout.hop), [n_channels])
    left = band_power(spectra, layout.weights) * lacking(spectra, rendered, layout, replace(options))
    left = np.moveaxis(left[:, : len(level_db)] * 10 ** (layout.correction_db / 10), 0, -1)
    full = np.where(level_db > LOWEST_LEVEL_DB, 10 ** (level_db / 10), 0.0)
    ratio = _tiled(left) / np.maximum(_tiled(full), 1e-30)
    found = np.rint(-10 / STEP_DB * np.log10(np.clip(ratio, 1e-9, 1.0)))
    found = np.where(full > 0, np.minimum(found, SILENCE), 0)
    return found.astype(np.int64).reshape(-1, n_channels)


def _tiled(power: Array) -> Array:
    """Means over tiles of frames and groups of bands, at each of their cells."""
    means = np.empty_like(power)
    for first in range(0, len(power), TILE):
        for low, high in groups(power.shape[1]):
            cell = power[first : first + TILE, low:high]
            means[first : first + TILE, low:high] = cell.mean(axis=(0, 1))
    return means
