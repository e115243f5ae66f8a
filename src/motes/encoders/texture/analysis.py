"""What pursuit leaves over as texture events: noise with the residual's levels in bands and frames (after Goodwin
1996, Levine & Smith 1998).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import count, islice, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from motes.audio import Source
from motes.encoders.residual import residual_blocks
from motes.encoders.texture.lacking import TILE, coherence, is_missed, lacking, lacking_coherence
from motes.encoders.texture.options import TextureOptions
from motes.encoders.threads import Mapped
from motes.errors import ParameterError
from motes.events.frozen import handed_over
from motes.events.packet import packet_samples
from motes.kernels.bands import Bands
from motes.kinds.texture.integers import COHERENCE_UNITS, LEVEL_UNITS, rounded
from motes.kinds.texture.packet import event_bytes, group_edges
from motes.kinds.texture.render import band_power, layout_weights, mixed_noise, overlap_add, shaped, spectra_of
from motes.kinds.texture.table import LOWEST_LEVEL_DB, Texture, band_edges_hz, hop_samples
from motes.scene.scene import Scene

Array = NDArray[np.float64]
# So many pieces are looked at side by side.
PIECES_AT_ONCE = 8
# Into how many parts the frames of a tile can be cut.
SPLITS = (1, 2, 4, TILE)
# By how much a tile's squared error (its sum over frames) has to fall for a further part, at a detail of 1. Chosen by
# hand: it only sets the scale of the detail, which docs/perception.md has tuned.
PART_COST_DB2 = 24.0
# An event that takes too many bits is tried again with this times the detail (chosen by hand), so many times in all;
# the last time with none.
COARSER = 0.6
N_TRIALS = 8
# Parts of a step by which a band's levels may be shifted before they are rounded.
SHIFTS = np.array([0.0, 0.125, -0.125, 0.25, -0.25, 0.375, -0.375, 0.5, -0.5])
# Rounding may leave this part of an event's power to the next event to put right.
ENOUGH = 0.04
# Bytes that a packet takes in a file beside its payload, at most: its frame, and its entry in the index.
PACKET_OVERHEAD = 16
# Of power, per dB.
NEPERS = np.log(10.0) / 10
# What the analysis window lets through from far-off bands; a band below this part of its frame's power holds nothing of
# its own.
LEAKAGE = 1e-8


@dataclass(frozen=True)
class Layout:
    """Bands and frames, as they follow from sample rate and options alone."""

    sample_rate_hz: int
    hop: int
    # Rendering frames in an event.
    frames: int
    high_hz: float
    weights: Bands
    # What overlap and leakage take from a constant level, `(n_bands,)`.
    correction_db: Array
    # Variance of white noise's levels within a part of a tile, `(len(SPLITS), n_bands)`.
    chance_db2: Array


def analyse(residual: ArrayLike, sample_rate_hz: int, options: TextureOptions | None = None) -> Texture:
    """Texture events that sound like `residual`, `(n,)` or `(n_channels, n)`."""
    audio = np.atleast_2d(np.asarray(residual, np.float64))
    return analyse_blocks([audio], audio.shape[0], sample_rate_hz, options)


def analyse_blocks(
    blocks: Iterable[NDArray[np.floating]],
    n_channels: int,
    sample_rate_hz: int,
    options: TextureOptions | None = None,
    mapped: Mapped = map,
) -> Texture:
    """Texture events that sound like a residual in blocks `(n_channels, any length)`, however it is cut into them.

    Blocks of twice as many channels hold below the residual what has been rendered so far: noise then brings no more
    power than this lacks. `mapped`, which is like `map`, may share pieces out among threads.
    """
    options = options or TextureOptions()
    layout = layout_of(sample_rate_hz, options)
    events: list[_Event] = []
    n_pieces, reservoir_bits, deficit = 0, 0.0, np.zeros((n_channels, options.n_bands))
    pieces = _pieces(blocks, layout)
    measured = partial(_measured, n_channels=n_channels, layout=layout, options=options)
    while some := list(islice(pieces, PIECES_AT_ONCE)):
        for number, (bits, tiles, alike) in zip(count(n_pieces), mapped(measured, some)):
            level_db, used_bits, deficit = _rounded_within(bits + reservoir_bits, tiles, alike, options, deficit)
            if used_bits:
                events.append(_Event.of(number, level_db, alike))
            reservoir_bits = min(bits + reservoir_bits - used_bits, bits)
        n_pieces += len(some)
    return rounded(_table(events, layout, options), sample_rate_hz) if events else Texture.empty(n_channels)


def _n_different(piece: Array, n_channels: int) -> int:
    """How many channels there are to code: one, where all hold the same."""
    by_channel = piece.reshape(-1, n_channels, piece.shape[1])
    return 1 if np.array_equal(by_channel, np.broadcast_to(by_channel[:, :1], by_channel.shape)) else n_channels


def add_texture(scene: Scene, source: Source, options: TextureOptions | None = None, mapped: Mapped = map) -> Scene:
    """The scene with what it leaves of the source as texture events, rounded as a file holds them."""
    pairs = (
        np.concatenate([residual, block - residual])
        for residual, block in zip(residual_blocks(scene, source, mapped), source.blocks(), strict=True)
    )
    return scene.replace(texture=analyse_blocks(pairs, scene.n_channels, scene.sample_rate_hz, options, mapped))


def _pieces(blocks: Iterable[NDArray[np.floating]], layout: Layout) -> Iterator[Array]:
    """Event after event the samples its frames see: from half a hop before its start to half a hop after its end;
    zeros beyond the residual.
    """
    hop, length = layout.hop, layout.frames * layout.hop
    held = np.zeros((1, hop // 2))
    for block in blocks:
        held = held if len(held) == len(block) else np.zeros((len(block), hop // 2))
        held = np.concatenate([held, block], axis=1)
        while held.shape[1] >= length + hop:
            yield held[:, : length + hop]
            held = held[:, length:]
    while held.shape[1] > hop // 2:
        n_frames = min(layout.frames, -(-(held.shape[1] - hop // 2) // hop))
        need = (n_frames + 1) * hop
        yield np.pad(held, ((0, 0), (0, max(0, need - held.shape[1]))))[:, :need]
        held = held[:, length:]


def _measured(piece: Array, n_channels: int, layout: Layout, options: TextureOptions) -> tuple[float, _Tiles, Array]:
    """Of a piece the bits that it may take on the average, its tiles, and how alike its channels are."""
    seconds = (piece.shape[1] / layout.hop - 1) * layout.hop / layout.sample_rate_hz
    spectra, rendered = np.split(spectra_of(piece, layout.hop), [n_channels])
    power = band_power(spectra, layout.weights)
    share, alike = np.ones_like(power), coherence(spectra, layout.weights)
    if len(rendered):
        there, whole = (band_power(some, layout.weights) for some in (rendered, spectra + rendered))
        power *= lacking(power, there, whole, options)
        if options.least_share:
            power *= is_missed(power, whole, options.least_share)
            alike = lacking_coherence(spectra, rendered, power, layout.weights)
        share = power / np.maximum(power + there, 1e-30)
    power = np.where(power > LEAKAGE * np.sum(power, axis=-1, keepdims=True), power, 0.0)
    tiles, n_different = _Tiles.of(power, share, layout, options), _n_different(piece, n_channels)
    return options.kbps * 1000 * n_different * seconds, tiles, alike


def _rounded_within(
    bits: float, tiles: _Tiles, alike: Array, options: TextureOptions, deficit: Array
) -> tuple[Array, int, Array]:
    """The levels of an event in as much detail as `bits` allow, the bits it takes, none where all is silent, and the
    power that rounding lacks so far.
    """
    details = options.detail * COARSER ** np.arange(N_TRIALS)
    details[-1] = 0.0
    for detail in details:
        level_db, left_deficit = _rounded(tiles.levels_db(detail), options, deficit)
        n_bytes = event_bytes(level_db, alike) + PACKET_OVERHEAD
        if 8 * n_bytes <= bits:
            break
    return level_db, 8 * n_bytes if np.any(level_db > LOWEST_LEVEL_DB) else 0, left_deficit


class _Event(NamedTuple):
    """The packet of this number, how many frames it has, its levels as files round them, frame after frame and band
    after band, `(n_frames · n_bands, n_channels)`, and how alike the channels are.
    """

    number: int
    n_frames: int
    level: NDArray[np.int16]
    coherence: Array

    @classmethod
    def of(cls, number: int, level_db: Array, coherence: Array) -> _Event:
        """An event of levels `(n_channels, n_frames, n_bands)`; an hour's are kept in an eighth of the room."""
        level = np.moveaxis(np.rint(level_db * LEVEL_UNITS).astype(np.int16), 0, -1)
        near = np.rint(coherence * COHERENCE_UNITS) / COHERENCE_UNITS
        return cls(number, level_db.shape[1], level.reshape(-1, len(level_db)), near)


def _table(events: list[_Event], layout: Layout, options: TextureOptions) -> Texture:
    """Events as a table."""
    number, n_frames = (np.array(column) for column in list(zip(*events, strict=True))[:2])
    frame_s = layout.hop / layout.sample_rate_hz
    start_s = number * (layout.frames * layout.hop) / layout.sample_rate_hz
    level_db = np.concatenate([event.level for event in events], dtype=np.float32)
    level_db /= LEVEL_UNITS
    all_alike = {"seed": options.seed, "low_hz": options.low_hz, "high_hz": layout.high_hz, "n_bands": options.n_bands}
    return Texture(
        time_s=start_s,
        duration_s=n_frames * frame_s,
        frame_s=np.full(len(events), frame_s),
        n_frames=n_frames,
        coherence=np.concatenate([event.coherence for event in events]),
        clock_s=start_s,
        **handed_over({"level_db": level_db}),
        **{name: np.full(len(events), value) for name, value in all_alike.items()},
    )


def tiled_levels_db(power: Array, share: Array, layout: Layout, options: TextureOptions, detail: float) -> Array:
    """Levels in dB of each frame and band, `(n_channels, n_frames, n_bands)`, constant over the parts into which tiles
    of eight frames are cut.

    Errors count by the noise's `share` of all power there: beside strong atoms its detail is lost.
    """
    return _Tiles.of(power, share, layout, options).levels_db(detail)


class _Tiles(NamedTuple):
    """Tiles of eight frames, cut in each of the ways there are."""

    n_frames: int
    correction_db: Array
    # For each way the levels in dB, before correction, `(n_channels, n_tiles, n_parts, n_bands)`, and what it misses
    # at a detail of 1, `(1, n_tiles, 1, n_bands)`.
    levels: list[Array]
    misses: list[Array]

    @classmethod
    def of(cls, power: Array, share: Array, layout: Layout, options: TextureOptions) -> _Tiles:
        """The tiles of powers `(n_channels, n_frames, n_bands)`."""
        n_channels, n_frames, n_bands = power.shape
        n_tiles, floor = -(-n_frames // TILE), 10 ** (options.floor_db / 10)

        def in_tiles(values: Array) -> Array:
            more = np.repeat(values[:, -1:], n_tiles * TILE - n_frames, axis=1)
            return np.concatenate([values, more], axis=1).reshape(n_channels, n_tiles, TILE, n_bands)

        tiles, share = in_tiles(power), in_tiles(share)
        frame_db = 10 * np.log10(np.maximum(tiles, floor))
        levels, misses = [], []
        for n_parts, chance in zip(SPLITS, layout.chance_db2, strict=True):
            parts = (n_channels, n_tiles, n_parts, -1, n_bands)
            means = tiles.reshape(parts).mean(axis=3)
            means_db = 10 * np.log10(np.maximum(means, 1e-30))
            off = np.square(frame_db.reshape(parts) - np.maximum(means_db, options.floor_db)[:, :, :, None])
            excess = np.sum(share.reshape(parts) * (off - chance), axis=(2, 3))[:, :, None]
            levels.append(means_db)
            misses.append(np.mean(np.maximum(_grouped(excess), 0.0), axis=0, keepdims=True))
        return cls(n_frames, layout.correction_db, levels, misses)

    def levels_db(self, detail: float) -> Array:
        """Levels as `tiled_levels_db` gives them."""
        costs = [detail * miss + PART_COST_DB2 * n_parts for n_parts, miss in zip(SPLITS, self.misses, strict=True)]
        best, lowest = np.repeat(self.levels[0], TILE, axis=2), costs[0]
        for n_parts, level, cost in zip(SPLITS[1:], self.levels[1:], costs[1:], strict=True):
            best = np.where(cost < lowest, np.repeat(level, TILE // n_parts, axis=2), best)
            lowest = np.minimum(cost, lowest)
        n_channels, n_bands = best.shape[0], best.shape[-1]
        return (best + self.correction_db).reshape(n_channels, -1, n_bands)[:, : self.n_frames]


def _rounded(level_db: Array, options: TextureOptions, deficit: Array) -> tuple[Array, Array]:
    """Levels in whole steps, and how much power, summed over frames, each channel and band has too little so far,
    `(n_channels, n_bands)`.

    Each band's levels are shifted before they are rounded so that the power lost to rounding, and the `deficit` before,
    comes back.
    """
    step_db = options.step_db
    shifts = SHIFTS[:, None, None, None] * step_db
    tried = np.rint((level_db + shifts) / step_db) * step_db
    tried = np.where((tried > options.floor_db) & (level_db > options.floor_db), tried, LOWEST_LEVEL_DB)
    audible = np.where(level_db > options.floor_db, np.exp(level_db * NEPERS), 0.0).sum(axis=1)
    wanted = np.maximum(audible + deficit, 0.25 * audible)
    got = np.where(tried > LOWEST_LEVEL_DB, np.exp(tried * NEPERS), 0.0).sum(axis=2)
    best = np.argmin(np.maximum(np.abs(got - wanted), ENOUGH * wanted), axis=0)[None]
    chosen = np.take_along_axis(tried, best[:, :, None, :], axis=0)[0]
    missing = audible + deficit - np.take_along_axis(got, best, axis=0)[0]
    return chosen, np.clip(missing, -audible, audible)


def _grouped(values: Array) -> Array:
    """Means over the groups of bands that are cut alike."""
    means = np.empty_like(values)
    for first, last in groups(values.shape[-1]):
        means[..., first:last] = values[..., first:last].mean(axis=-1, keepdims=True)
    return means


def groups(n_bands: int) -> list[tuple[int, int]]:
    """Bands that share how their tiles are cut: first and one past the last of each."""
    return list(pairwise(group_edges(n_bands).tolist()))


def _long_power(audio: Array, edges: Array) -> Array:
    """Mean square in bands with these edges, in cycles per sample, from spectra long enough to tell them apart."""
    import scipy.fft

    n_fft = 8192
    frames = audio[: len(audio) // n_fft * n_fft].reshape(-1, n_fft) * np.hanning(n_fft)
    power = np.mean(np.square(np.abs(scipy.fft.rfft(frames, axis=1))), axis=0)
    below = np.concatenate([[0.0], np.cumsum(power)])
    return np.diff(np.interp(edges * n_fft, np.arange(len(below)) - 0.5, below))


@lru_cache(maxsize=8)
def layout_of(sample_rate_hz: int, options: TextureOptions) -> Layout:
    hop = hop_samples(sample_rate_hz)
    high_hz = min(options.high_hz, sample_rate_hz / 2)
    if options.low_hz >= high_hz:
        raise ParameterError(f"low_hz must be below half the sample rate, not {options.low_hz:g}")
    weights = layout_weights(options.low_hz, high_hz, options.n_bands, 1.0, sample_rate_hz)
    n_frames = 4096
    noise = mixed_noise(12345, 0, n_frames, hop, np.empty((options.n_bands, 0)), weights)
    power = band_power(noise, weights)[0]
    level_db = np.broadcast_to(10 * np.log10(power.mean(axis=0)), power.shape)
    edges_hz = band_edges_hz(options.low_hz, high_hz, options.n_bands)
    asked, found = (
        _long_power(x[0, hop:-hop], edges_hz / sample_rate_hz)
        for x in (overlap_add(noise), shaped(noise, level_db[None], weights))
    )
    chance = []
    for n_parts in SPLITS:
        parts = power.reshape(-1, TILE // n_parts, options.n_bands)
        chance.append(np.square(10 * np.log10(parts / parts.mean(axis=1, keepdims=True))).mean(axis=(0, 1)))
    frames = packet_samples(sample_rate_hz) // hop
    return Layout(sample_rate_hz, hop, frames, high_hz, weights, 10 * np.log10(asked / found), np.stack(chance))
