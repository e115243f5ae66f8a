"""From what a scene leaves of its recording to detail events: pieces as long as packets, each with its transform, and
quantised as finely as is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from motes.audio import Source
from motes.codec import code_ahead
from motes.encoders.detail.blocks import POWER_WEIGHT, chosen_sizes
from motes.encoders.detail.steps import log_steps
from motes.encoders.residual import residual_blocks
from motes.encoders.threads import Mapped
from motes.events.event_table import Array, Ints
from motes.events.packet import packet_samples
from motes.kinds.detail.grid import frame_samples, places
from motes.kinds.detail.integers import coded_bands, held, rounded
from motes.kinds.detail.table import LARGEST, LARGEST_STEP, STEPS_PER_DOUBLING, Detail
from motes.kinds.detail.transform import forward
from motes.scene.scene import Scene

# Coefficients below this part of a step are 0; others are rounded as if they were so much smaller.
DEAD_ZONE, INWARD = 0.6, 0.1
# A coefficient alone among zeros takes more bits than one among others, so it has to be so much larger.
ALONE = 0.25
# Between the logarithm of a step and its number.
PER_NEPER = STEPS_PER_DOUBLING / np.log(2)
# Steps this near to the frame's before stay as they were.
HOLD = 1.0
# Steps of sum and difference are half way between those of both channels, but at most so many nepers above the finer.
COARSER_TOGETHER = 0.2
# The finest and the coarsest steps that are tried, in nepers about what masking tells.
FINEST, COARSEST = -12.0, 8.0


@dataclass
class Piece:
    """A packet's stretch: the transform of the residual `(n_channels, n)`, blocks, edges and what steps follow, and the
    cells, frame by frame and band by band, in which two channels are held as their sum and difference.
    """

    number: int
    values: Array
    sizes: Ints
    rise: int
    fall: int
    log_step: Array
    mid_side: NDArray[np.bool_]


@dataclass
class Pieces:
    """All pieces of a recording, in order."""

    scene: Scene
    pieces: list[Piece]
    mapped: Mapped
    # The last that were asked for.
    _last: tuple[float, Detail] | None = None

    def quantised(self, offset: float) -> Detail:
        """The events with steps `offset` nepers above what masking tells, as files hold them."""
        if self._last is None or self._last[0] != offset:
            rate, self._last = self.scene.sample_rate_hz, None
            parts = self.mapped(lambda piece: quantised(piece, offset, rate), self.pieces)
            parts = [part for part in parts if part.coefficients.any()]
            joined = parts[0].with_more(*parts[1:]) if parts else Detail.empty(self.scene.n_channels)
            self._last = offset, rounded(joined, rate)
        return self._last[1]

    def n_bytes(self, events: Detail) -> int:
        """What packets of events take, without their frames."""
        return code_ahead(self.scene.with_tables([events]), self.mapped, [Detail.KIND])


def analyse(scene: Scene, source: Source, offset: float = -3.0, mapped: Mapped = map) -> Pieces:
    """The pieces of what a scene leaves of its recording."""
    rate = scene.sample_rate_hz
    frame = frame_samples(rate)
    found: list[Piece] = []
    waiting: tuple[int, Array, Ints, Array] | None = None
    rise = 0
    for number, recording, residual in _stretches(scene, source, frame, mapped):
        log_step = log_steps(recording, rate, frame)
        inner = residual[:, frame // 2 : -(frame // 2)].copy()
        # Bits are compared at steps about as coarse as those that will be used.
        sizes = chosen_sizes(inner, log_step + offset, rate, frame)
        if waiting is not None:
            overlap = int(min(waiting[2][-1], sizes[0]))
            found.append(_turned(_piece(waiting, rise, overlap, inner), offset, rate))
            rise = overlap
        waiting = number, inner, sizes, log_step
    if waiting is not None:
        last = _piece(waiting, rise, 0, np.zeros((scene.n_channels, frame)))
        found.append(_turned(last, offset, rate))
    return Pieces(scene, found, mapped)


def _piece(waiting: tuple[int, Array, Ints, Array], rise: int, fall: int, after: Array) -> Piece:
    """The transform of a stretch, which overlaps the one `after` it; there the edge between both is rotated, too."""
    number, audio, sizes, log_step = waiting
    n = audio.shape[1]
    if fall:
        sizes_on = np.append(sizes, fall)
        values = forward(np.concatenate([audio, after[:, :fall]], axis=1), sizes_on)[:, :n]
        after[:, : fall // 2] = _rotated(audio, after, fall)
    else:
        values = forward(audio, sizes)
    return Piece(number, values, sizes, rise, fall, log_step, np.zeros(log_step[0].size, np.bool_))


def _turned(piece: Piece, offset: float, sample_rate_hz: int) -> Piece:
    """The piece with two channels as (left + right)/√2 and (left − right)/√2 in those bands and frames in which they
    take fewer bits, at the finer steps of both or little above.
    """
    n_channels, n_frames, n_bands = piece.log_step.shape
    if n_channels != 2:
        return piece
    place = places(piece.sizes, piece.values.shape[1] // n_frames, n_bands, sample_rate_hz)
    turned = np.stack([piece.values[0] + piece.values[1], piece.values[0] - piece.values[1]]) * np.sqrt(0.5)
    apart = (piece.log_step + offset).reshape(2, -1)
    finer = apart.min(axis=0) + np.minimum(COARSER_TOGETHER, 0.5 * np.ptp(apart, axis=0))
    finer = np.broadcast_to(finer, apart.shape)
    mid_side = _bits(turned, finer, place) < _bits(piece.values, apart, place)
    log_step = np.where(mid_side, finer - offset, apart - offset).reshape(piece.log_step.shape)
    return replace(piece, values=np.where(mid_side[place], turned, piece.values), log_step=log_step, mid_side=mid_side)


def _bits(values: Array, log_step: Array, place: Ints) -> Array:
    """About how many bits coefficients `(n_channels, n)` take in each cell, all channels together."""
    bits = 0.5 * np.log2(1 + POWER_WEIGHT * np.square(values * np.exp(-log_step[:, place]))).sum(axis=0)
    return np.asarray(np.bincount(place, bits, log_step.shape[1]), np.float64)


def _rotated(before: Array, after: Array, overlap: int) -> Array:
    """The start of the next stretch as its side of the edge between the two sees it."""
    reach = overlap // 2
    angle = np.pi / 4 * (1 + (np.arange(reach) + 0.5) / reach)
    return np.asarray(np.sin(angle) * after[:, :reach] + np.cos(angle) * before[:, -reach:][:, ::-1])


def _stretches(scene: Scene, source: Source, frame: int, mapped: Mapped) -> Iterator[tuple[int, Array, Array]]:
    """For each packet the recording and the residual from half a frame before it to half a frame after it, in whole
    frames, zeros beyond their end.
    """
    length = packet_samples(scene.sample_rate_hz)
    held = np.zeros((2 * scene.n_channels, frame // 2))
    number = 0
    for block, residual in zip(source.blocks(), residual_blocks(scene, source, mapped), strict=True):
        held = np.concatenate([held, np.concatenate([block, residual])], axis=1)
        while held.shape[1] >= length + frame:
            yield number, held[: scene.n_channels, : length + frame], held[scene.n_channels :, : length + frame]
            held, number = held[:, length:], number + 1
    if held.shape[1] > frame // 2:
        n_frames = min(length // frame, -(-(held.shape[1] - frame // 2) // frame))
        need = (n_frames + 1) * frame
        held = np.pad(held, ((0, 0), (0, max(0, need - held.shape[1]))))[:, :need]
        yield number, held[: scene.n_channels], held[scene.n_channels :]


def quantised(piece: Piece, offset: float, sample_rate_hz: int) -> Detail:
    """A table of one event."""
    n_channels, n_frames, n_bands = piece.log_step.shape
    frame = piece.values.shape[1] // n_frames
    steps = _held_steps(PER_NEPER * np.clip(piece.log_step + offset, FINEST, COARSEST))
    place = places(piece.sizes, frame, n_bands, sample_rate_hz)
    amplitude = np.abs(piece.values) * np.exp2(-steps.reshape(n_channels, -1)[:, place] / STEPS_PER_DOUBLING)
    near = np.minimum(amplitude, 2.0)
    around = np.zeros_like(near)
    around[:, 1:] += near[:, :-1]
    around[:, :-1] += near[:, 1:]
    around[:, 2:] += 0.5 * near[:, :-2]
    around[:, :-2] += 0.5 * near[:, 2:]
    zone = DEAD_ZONE + ALONE * np.clip(1.0 - around / 2.0, -0.5, 1.0)
    whole = np.where(amplitude < zone, 0, np.maximum(1, np.rint(amplitude - INWARD)))
    values = (np.sign(piece.values) * np.minimum(whole, LARGEST)).astype(np.int16).T
    step_rows = np.moveaxis(steps, 0, -1)
    step_rows = held(step_rows, coded_bands(values, place, (n_frames, n_bands)))
    start = piece.number * packet_samples(sample_rate_hz)
    return Detail(
        np.array([start / sample_rate_hz]),
        np.array([n_frames * frame / sample_rate_hz]),
        np.array([n_frames]),
        np.array([frame]),
        np.array([len(piece.sizes)]),
        np.array([n_bands]),
        piece.sizes,
        step_rows.reshape(-1, n_channels),
        (piece.mid_side & (np.bincount(place, values.any(axis=1), n_frames * n_bands) > 0)).astype(np.int8),
        values,
        rise=np.array([piece.rise]),
        fall=np.array([piece.fall]),
    )


def _held_steps(wanted: Array) -> NDArray[np.int16]:
    """Whole steps that change from frame to frame only where they would be off by more than HOLD."""
    found = np.empty(wanted.shape, np.int16)
    now = np.rint(wanted[:, 0])
    for k in range(wanted.shape[1]):
        now = np.where(np.abs(wanted[:, k] - now) > HOLD, np.rint(wanted[:, k]), now)
        found[:, k] = np.clip(now, -LARGEST_STEP, LARGEST_STEP)
    return found
