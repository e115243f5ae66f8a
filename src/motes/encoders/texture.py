"""What pursuit leaves over as texture events: noise with the residual's levels in bands and frames (after Goodwin 1996, Levine & Smith 1998)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, reduce
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from motes.codec.texture_packet import group_edges
from motes.errors import ParameterError
from motes.scene.texture import LOWEST_LEVEL_DB, Texture, hop_samples
from motes.synth.texture import band_power, layout_weights, mixed_noise, shaped, spectra_of
from motes.units import require_finite, require_positive

Array = NDArray[np.float64]
SPLITS = (1, 2, 4, 8)
"""Into how many parts the frames of a tile can be cut."""
TILE = SPLITS[-1]
LEAKAGE = 1e-8
"""What the analysis window lets through from far-off bands; a band below this part of its frame's power holds nothing of its own."""


@dataclass(frozen=True)
class TextureOptions:
    """How finely the residual's levels are kept.

    Parameters
    ----------
    n_bands
        Bands, equal on the ERB-rate scale, from `low_hz` to `high_hz` (or half the sample rate).
    low_hz
        Lower edge of the lowest band.
    high_hz
        Upper edge of the highest band.
    step_db
        Step of the levels.
    detail
        How many frames a change of level is worth: higher follows the signal more closely and costs more.
    floor_db
        Bands weaker than this, in dB re full scale, are left silent.
    seed
        Of the noise.
    """

    n_bands: int = 32
    low_hz: float = 20.0
    high_hz: float = 24000.0
    step_db: float = 2.0
    detail: float = 2.0
    floor_db: float = -100.0
    seed: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.n_bands <= 256:
            raise ParameterError(f"n_bands must be from 1 to 256, not {self.n_bands}")
        if not 0 <= self.low_hz < self.high_hz:
            raise ParameterError(f"low_hz must be below high_hz, not {self.low_hz:g} and {self.high_hz:g}")
        require_positive("step_db", self.step_db)
        require_positive("detail", self.detail)
        require_finite("floor_db", self.floor_db)


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
    parts = [event for number, piece in _pieces(blocks, n_channels, layout) if (event := _event(piece, number, layout, options)) is not None]
    return reduce(Texture.joined, parts) if parts else Texture.empty(n_channels)


def event_samples(sample_rate_hz: int) -> int:
    """Length of an encoder's event: a packet's of the file, about a second."""
    return 8192 * max(1, (2 * sample_rate_hz + 8192) // 16384)


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


def _event(piece: Array, number: int, layout: _Layout, options: TextureOptions) -> Texture | None:
    spectra = spectra_of(piece, layout.hop)
    power = band_power(spectra, layout.weights)
    heard = power > LEAKAGE * np.sum(power, axis=-1, keepdims=True)
    power = np.where(heard, power, 0.0)
    level_db = _tiled(power, layout, options)
    if np.all(level_db == LOWEST_LEVEL_DB):
        return None
    n_frames, frame_s = power.shape[1], layout.hop / layout.sample_rate_hz
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
        level_db=np.moveaxis(level_db, 0, -1).reshape(-1, len(piece)),
        coherence=_coherence(spectra, layout.weights),
        clock_s=np.array([start_s]),
    )


def _coherence(spectra: NDArray[np.complex128], weights: Array) -> Array:
    """Correlation of each further channel with the first in each band, `(n_bands, n_channels − 1)`."""
    energy = np.sum(np.square(np.abs(spectra)), axis=1) @ weights.T
    cross = np.sum((spectra[1:] * np.conj(spectra[:1])).real, axis=1) @ weights.T
    return np.clip(cross / np.maximum(np.sqrt(energy[1:] * energy[:1]), 1e-30), -1.0, 1.0).T


def _tiled(power: Array, layout: _Layout, options: TextureOptions) -> Array:
    """Levels in dB of each frame and band, `(n_channels, n_frames, n_bands)`, constant over the parts into which tiles of eight frames are cut."""
    n_channels, n_frames, n_bands = power.shape
    n_tiles = -(-n_frames // TILE)
    padded = np.concatenate([power, np.repeat(power[:, -1:], n_tiles * TILE - n_frames, axis=1)], axis=1)
    tiles = padded.reshape(n_channels, n_tiles, TILE, n_bands)
    frame_db = 10 * np.log10(np.maximum(tiles, 10 ** (options.floor_db / 10)))
    best, lowest = np.zeros_like(tiles), np.full((n_channels, n_tiles, 1, n_bands), np.inf)
    for n_parts, chance in zip(SPLITS, layout.chance_db2, strict=True):
        means = tiles.reshape(n_channels, n_tiles, n_parts, -1, n_bands).mean(axis=3).repeat(TILE // n_parts, axis=2)
        means_db = 10 * np.log10(np.maximum(means, 10 ** (options.floor_db / 10)))
        excess = np.sum(np.square(frame_db - means_db) - chance, axis=2, keepdims=True)
        cost = options.detail * np.maximum(_grouped(excess), 0.0) + 24.0 * n_parts
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
    frames = event_samples(sample_rate_hz) // hop
    return _Layout(sample_rate_hz, hop, frames, high_hz, weights, level_db[0] - 10 * np.log10(found), np.stack(chance))
