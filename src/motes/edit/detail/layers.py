"""A scene without one kind of its events; without detail, its texture takes over what detail held."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from motes import kinds
from motes.errors import ParameterError
from motes.events.event_table import Array, Ints, Mask
from motes.kernels.bands import Bands, bands_of
from motes.kinds.detail.grid import EDGES_HZ
from motes.kinds.texture.render import band_power, layout_weights, spectra_of
from motes.kinds.texture.table import LOWEST_LEVEL_DB, Texture, band_weights, hop_samples
from motes.scene.scene import Scene

# How strong detail is is told by blocks of so many frames of texture, in these steps from the lowest level.
BLOCK_FRAMES, POWER_STEP_DB, LOWEST_POWER_DB, MOST_POWER = 16, 3.0, -103.0, 64
BLOCKS_AT_ONCE = 512


def without(scene: Scene, kind: str) -> Scene:
    """The scene without the events of a kind, by its name. Where these are detail, its texture is louder by the power
    that detail had in each band and frame, so that what is left sounds whole; ParameterError for a kind there is not.
    """
    if kind not in (known := [each.name for each in kinds.KINDS]):
        raise ParameterError(f"there is no kind {kind!r}, only {', '.join(known)}")
    empty = kinds.named(kind).table.empty(scene.n_channels)
    if kind != "detail" or not len(scene.detail):
        return scene.with_tables([empty])
    return scene.with_tables([empty, _raised(scene)])


def _raised(scene: Scene) -> Texture:
    """The texture, with the power of detail in its bands; events that edits turned or stretched stay as they are."""
    texture, rate = scene.texture, scene.sample_rate_hz
    hop, level_db = hop_samples(rate), texture.level_db.astype(np.float64)
    render = kinds.named("detail").renderer(scene.detail, scene)
    start = texture.level_start
    for i in np.flatnonzero(_is_plain(texture, rate)):
        first, n_frames = (
            round(float(texture.time_s[i] - texture.into_s[i]) * rate) - hop // 2,
            int(texture.n_frames[i]),
        )
        audio = np.zeros((scene.n_channels, (n_frames + 1) * hop + 16))
        render.add(audio, first, (n_frames + 1) * hop)
        rows = slice(start[i], start[i + 1])
        level_db[rows] = _sum_db(level_db[rows], _power(texture, i, audio[:, : (n_frames + 1) * hop], rate))
    return texture.replace(level_db=level_db)


def _is_plain(texture: Texture, rate: int) -> Mask:
    """Which events run forward in frames of the rendering, at the pitch they had."""
    return np.asarray(
        (texture.backward == 0)
        & (np.abs(texture.frame_s * rate - hop_samples(rate)) <= 1e-3)
        & (texture.subtracted == 0)
    )


def _power(texture: Texture, i: np.intp, audio: Array, sample_rate_hz: int) -> Array:
    """Mean squares of audio in the bands and frames of event i, as rows of its levels."""
    edges = (float(texture.low_hz[i]), float(texture.high_hz[i]), int(texture.n_bands[i]))
    weights = layout_weights(*edges, float(texture.frequency_ratio[i]), sample_rate_hz)
    power = band_power(spectra_of(audio, hop_samples(sample_rate_hz)), weights)
    return np.moveaxis(power, 0, -1).reshape(-1, len(audio))


def _sum_db(level_db: Array, power: Array) -> Array:
    total = np.where(level_db > LOWEST_LEVEL_DB, 10 ** (level_db / 10), 0.0) + power
    return np.where(total > 1e-10, 10 * np.log10(np.maximum(total, 1e-20)), level_db)


def block_shape(sample_rate_hz: int, n_samples: int) -> tuple[int, int]:
    """How many blocks and bands powers of detail have."""
    block = BLOCK_FRAMES * hop_samples(sample_rate_hz)
    return -(-n_samples // block), len(power_edges_hz(sample_rate_hz)) - 1


def power_edges_hz(sample_rate_hz: int) -> Array:
    """Edges of the bands of powers: those of detail up to half the sample rate, `(n_bands + 1,)`."""
    below = [float(hz) for hz in EDGES_HZ if hz < sample_rate_hz / 2]
    return np.array([*below, sample_rate_hz / 2])


def powers_of(scene: Scene) -> Ints:
    """How strong the detail of a scene is, `(n_blocks, n_bands, n_channels)` in steps; 0 is silence."""
    rate, hop = scene.sample_rate_hz, hop_samples(scene.sample_rate_hz)
    n_blocks, n_bands = block_shape(rate, scene.n_samples)
    render, found = kinds.named("detail").renderer(scene.detail, scene), np.zeros((n_blocks, n_bands, scene.n_channels))
    weights = _power_weights(rate)
    for first in range(0, n_blocks, BLOCKS_AT_ONCE):
        n_frames = min(BLOCKS_AT_ONCE, n_blocks - first) * BLOCK_FRAMES
        audio = np.zeros((scene.n_channels, (n_frames + 1) * hop + 16))
        render.add(audio, first * BLOCK_FRAMES * hop - hop // 2, (n_frames + 1) * hop)
        power = band_power(spectra_of(audio[:, : (n_frames + 1) * hop], hop), weights)
        power = power.reshape(scene.n_channels, -1, BLOCK_FRAMES, n_bands).mean(axis=2)
        found[first : first + n_frames // BLOCK_FRAMES] = np.moveaxis(power, 0, -1)
    steps = np.rint((10 * np.log10(np.maximum(found, 1e-20)) - LOWEST_POWER_DB) / POWER_STEP_DB)
    return np.clip(steps, 0, MOST_POWER).astype(np.int64)


def lifted(scene: Scene, powers: Ints, first_sample: int) -> Scene:
    """The scene with its texture louder by these powers from a sample on: it stands for detail that is missing."""
    texture, rate = scene.texture, scene.sample_rate_hz
    level_db, start, hop = texture.level_db.astype(np.float64), texture.level_start, hop_samples(rate)
    linear = np.where(powers > 0, 10 ** ((powers * POWER_STEP_DB + LOWEST_POWER_DB) / 10), 0.0)
    for i in np.flatnonzero(_is_plain(texture, rate)):
        n_frames, edges = int(texture.n_frames[i]), texture.band_edges_hz(i)
        middle = (float(texture.time_s[i] - texture.into_s[i]) * rate) + (np.arange(n_frames) + 0.5) * hop
        block = np.clip(middle // (BLOCK_FRAMES * hop), 0, len(linear) - 1).astype(np.int64)
        power = np.einsum("fpc,pb->fbc", linear[block], _overlaps(power_edges_hz(rate), edges))
        power[middle < first_sample] = 0.0
        rows = slice(start[i], start[i + 1])
        level_db[rows] = _sum_db(level_db[rows], power.reshape(-1, scene.n_channels))
    return scene.with_tables([texture.replace(level_db=level_db)])


def _overlaps(edges_hz: Array, others_hz: Array) -> Array:
    """Which part of each band lies in each of others, `(n_bands, n_others)`."""
    low = np.maximum(edges_hz[:-1, None], others_hz[None, :-1])
    high = np.minimum(edges_hz[1:, None], others_hz[None, 1:])
    return np.asarray(np.maximum(high - low, 0.0) / np.diff(edges_hz)[:, None])


@lru_cache(maxsize=4)
def _power_weights(sample_rate_hz: int) -> Bands:
    return bands_of(band_weights(power_edges_hz(sample_rate_hz), sample_rate_hz))
