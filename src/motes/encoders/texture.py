"""What pursuit leaves over as texture events: noise with the residual's levels in bands and frames (after Goodwin 1996, Levine & Smith 1998)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from motes.audio import Source
from motes.codec.container import packet_samples
from motes.codec.texture_integers import quantised
from motes.codec.texture_packet import encode_packet, group_edges
from motes.encoders.options import TextureOptions
from motes.encoders.rounding import residual_blocks
from motes.errors import ParameterError
from motes.scene.scene import Scene
from motes.scene.texture import LOWEST_LEVEL_DB, Texture, hop_samples
from motes.synth.texture import band_power, layout_weights, mixed_noise, shaped, spectra_of

Array = NDArray[np.float64]
SPLITS = (1, 2, 4, 8)
"""Into how many parts the frames of a tile can be cut."""
TILE = SPLITS[-1]
PART_COST_DB2 = 24.0
"""By how much a tile's squared error (its sum over frames) has to fall for a further part, at a detail of 1."""
COARSER, N_TRIES = 0.6, 8
"""What takes too many bits is tried again with this times the detail, so many times in all; the last time with none."""
LEAKAGE = 1e-8
"""What the analysis window lets through from far-off bands; a band below this part of its frame's power holds nothing of its own."""


@dataclass(frozen=True)
class _Layout:
    """What depends on sample rate and options only."""

    sample_rate_hz: int
    hop: int
    frames: int
    """Rendering frames in an event."""
    high_hz: float
    weights: Array
    correction_db: Array
    """What overlap and leakage take from a constant level, `(n_bands,)`."""
    chance_db2: Array
    """Variance of white noise's levels within a part of a tile, `(len(SPLITS), n_bands)`."""


def analyse(residual: ArrayLike, sample_rate_hz: int, options: TextureOptions | None = None) -> Texture:
    """Texture events that sound like `residual`, `(n,)` or `(n_channels, n)`."""
    audio = np.atleast_2d(np.asarray(residual, np.float64))
    return analyse_blocks([audio], audio.shape[0], sample_rate_hz, options)


def analyse_blocks(
    blocks: Iterable[NDArray[np.floating]], n_channels: int, sample_rate_hz: int, options: TextureOptions | None = None
) -> Texture:  # fmt: skip
    """The same from blocks `(n_channels, any length)`; the result does not depend on how the residual is cut into them."""
    options = options or TextureOptions()
    layout = _layout(sample_rate_hz, options)
    parts, saved = [Texture.empty(n_channels)], 0.0
    for number, piece in _pieces(blocks, n_channels, layout):
        seconds = (piece.shape[1] / layout.hop - 1) * layout.hop / sample_rate_hz
        bits = options.kbps * 1000 * n_channels * seconds
        event, used = _affordable(piece, number, layout, options, bits + saved)
        parts.append(event)
        saved = min(bits + saved - used, bits)
    return _joined(parts)


def _joined(parts: list[Texture]) -> Texture:
    """All of them one after the other; halves first, so that an hour's are not copied once for each."""
    half = len(parts) // 2
    return parts[0] if half == 0 else _joined(parts[:half]).joined(_joined(parts[half:]))


def add_texture(scene: Scene, source: Source, options: TextureOptions | None = None) -> Scene:
    """The scene with what it leaves of the source as texture events, rounded as a file holds them."""
    events = analyse_blocks(residual_blocks(scene, source), scene.n_channels, scene.sample_rate_hz, options)
    return scene.replace(texture=events)


def _pieces(blocks: Iterable[NDArray[np.floating]], n_channels: int, layout: _Layout) -> Iterator[tuple[int, Array]]:
    """Event after event the samples its frames see: from half a hop before its start to half a hop after its end; zeros beyond the residual."""
    hop, length = layout.hop, layout.frames * layout.hop
    held, number = np.zeros((n_channels, hop // 2)), 0
    for block in blocks:
        held = np.concatenate([held, block], axis=1)
        while held.shape[1] >= length + hop:
            yield number, held[:, : length + hop]
            held, number = held[:, length:], number + 1
    while held.shape[1] > hop // 2:
        n_frames = min(layout.frames, -(-(held.shape[1] - hop // 2) // hop))
        need = (n_frames + 1) * hop
        yield number, np.pad(held, ((0, 0), (0, max(0, need - held.shape[1]))))[:, :need]
        held, number = held[:, length:], number + 1


def _affordable(piece: Array, number: int, layout: _Layout, options: TextureOptions, bits: float) -> tuple[Texture, int]:
    """The event of a piece in as much detail as `bits` allow, and what it takes; none where all is silent."""
    spectra = spectra_of(piece, layout.hop)
    power = band_power(spectra, layout.weights)
    power = np.where(power > LEAKAGE * np.sum(power, axis=-1, keepdims=True), power, 0.0)
    coherence = _coherence(spectra, layout.weights)
    for detail in options.detail * COARSER ** np.arange(N_TRIES):
        level_db = _tiled(power, layout, options, detail if detail > options.detail * COARSER ** (N_TRIES - 1) else 0.0)
        event = quantised(_event(level_db, coherence, number, layout, options), layout.sample_rate_hz)
        used = 8 * len(encode_packet(event, number, layout.sample_rate_hz)) if len(event) else 0
        if used <= bits:
            break
    return event, used


def _event(level_db: Array, coherence: Array, number: int, layout: _Layout, options: TextureOptions) -> Texture:
    """Levels `(n_channels, n_frames, n_bands)` as a table of one event."""
    n_frames, frame_s = level_db.shape[1], layout.hop / layout.sample_rate_hz
    start_s = number * layout.frames * layout.hop / layout.sample_rate_hz
    return Texture(
        time_s=np.array([start_s]),
        duration_s=np.array([n_frames * frame_s]),
        seed=np.array([options.seed]),
        frame_s=np.array([frame_s]),
        low_hz=np.array([options.low_hz]),
        high_hz=np.array([layout.high_hz]),
        n_bands=np.array([options.n_bands]),
        n_frames=np.array([n_frames]),
        level_db=np.moveaxis(level_db, 0, -1).reshape(-1, len(level_db)),
        coherence=coherence,
        clock_s=np.array([start_s]),
    )


def _coherence(spectra: NDArray[np.complex128], weights: Array) -> Array:
    """Correlation of each further channel with the first in each band, `(n_bands, n_channels − 1)`."""
    energy = np.sum(np.square(np.abs(spectra)), axis=1) @ weights.T
    cross = np.sum((spectra[1:] * np.conj(spectra[:1])).real, axis=1) @ weights.T
    return np.clip(cross / np.maximum(np.sqrt(energy[1:] * energy[:1]), 1e-30), -1.0, 1.0).T


def _tiled(power: Array, layout: _Layout, options: TextureOptions, detail: float) -> Array:
    """Levels in dB of each frame and band, `(n_channels, n_frames, n_bands)`, constant over the parts into which tiles of eight frames are cut."""
    n_channels, n_frames, n_bands = power.shape
    n_tiles = -(-n_frames // TILE)
    padded = np.concatenate([power, np.repeat(power[:, -1:], n_tiles * TILE - n_frames, axis=1)], axis=1)
    tiles = padded.reshape(n_channels, n_tiles, TILE, n_bands)
    frame_db = 10 * np.log10(np.maximum(tiles, 10 ** (options.floor_db / 10)))
    best, lowest = np.zeros_like(tiles), np.full((1, n_tiles, 1, n_bands), np.inf)
    for n_parts, chance in zip(SPLITS, layout.chance_db2, strict=True):
        means = tiles.reshape(n_channels, n_tiles, n_parts, -1, n_bands).mean(axis=3).repeat(TILE // n_parts, axis=2)
        means_db = 10 * np.log10(np.maximum(means, 10 ** (options.floor_db / 10)))
        excess = np.sum(np.square(frame_db - means_db) - chance, axis=2, keepdims=True)
        cost = detail * np.mean(np.maximum(_grouped(excess), 0.0), axis=0, keepdims=True) + PART_COST_DB2 * n_parts
        best, lowest = np.where(cost < lowest, means, best), np.minimum(cost, lowest)
    level_db = 10 * np.log10(np.maximum(best, 1e-30)) + layout.correction_db
    level_db = np.rint(level_db / options.step_db) * options.step_db
    level_db = np.where(level_db > options.floor_db, level_db, LOWEST_LEVEL_DB).reshape(n_channels, -1, n_bands)
    return level_db[:, :n_frames]


def _grouped(values: Array) -> Array:
    """Means over the groups of bands that are cut alike."""
    means = np.empty_like(values)
    for first, last in groups(values.shape[-1]):
        means[..., first:last] = values[..., first:last].mean(axis=-1, keepdims=True)
    return means


def groups(n_bands: int) -> list[tuple[int, int]]:
    """Bands that share how their tiles are cut: first and one past the last of each."""
    return list(pairwise(group_edges(n_bands).tolist()))


@lru_cache(maxsize=8)
def _layout(sample_rate_hz: int, options: TextureOptions) -> _Layout:
    hop = hop_samples(sample_rate_hz)
    high_hz = min(options.high_hz, sample_rate_hz / 2)
    if options.low_hz >= high_hz:
        raise ParameterError(f"low_hz must be below half the sample rate, not {options.low_hz:g}")
    weights = layout_weights(options.low_hz, high_hz, options.n_bands, 1.0, sample_rate_hz)
    noise = mixed_noise(12345, 0, 1024, hop, np.empty((options.n_bands, 0)), weights)
    power = band_power(noise, weights)[0]
    level_db = np.broadcast_to(10 * np.log10(power.mean(axis=0)), power.shape)
    rendered = shaped(noise, level_db[None], weights)[:, hop:-hop]
    found = band_power(spectra_of(rendered, hop), weights)[0].mean(axis=0)
    chance = []
    for n_parts in SPLITS:
        parts = power.reshape(-1, TILE // n_parts, options.n_bands)
        chance.append(np.square(10 * np.log10(parts / parts.mean(axis=1, keepdims=True))).mean(axis=(0, 1)))
    frames = packet_samples(sample_rate_hz) // hop
    return _Layout(sample_rate_hz, hop, frames, high_hz, weights, level_db[0] - 10 * np.log10(found), np.stack(chance))
