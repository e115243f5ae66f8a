"""The lapped transform of detail: a modified discrete cosine transform whose blocks differ in size (Malvar, "Signal
processing with lapped transforms", 1992; Edler 1989 for the changing overlaps).

At each edge between two blocks, pairs of samples at equal distance from it, up to half the smaller block away, are
rotated by the angle of a sine window; each block is then a discrete cosine transform of type IV. Both steps are
orthogonal, so the inverse is exact and errors keep their energy.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


def forward(audio: Array, sizes: Ints) -> Array:
    """Coefficients `(…, n)` of audio of that length, in blocks of these sizes one after the other; nothing overlaps
    its first and last edge.
    """
    lapped = np.array(audio, np.float64, order="C")
    if len(sizes) > 1 and np.all(sizes == sizes[0]):
        _rotate_alike(lapped.reshape(*lapped.shape[:-1], -1, int(sizes[0])))
    else:
        for edge, reach in _edges(sizes):
            _rotate(lapped, edge, reach, 1.0)
    return _in_blocks(lapped, sizes)


def inverse(coefficients: Array, sizes: Ints, rise: int = 0, fall: int = 0) -> Array:
    """Audio `(…, rise/2 + n + fall/2)`: fades of `rise` and `fall` samples lie around the first and the last edge,
    where blocks before and after it, of other events, have their own.
    """
    before, after = rise // 2, fall // 2
    audio = np.zeros((*coefficients.shape[:-1], before + coefficients.shape[-1] + after))
    end = before + coefficients.shape[-1]
    audio[..., before:end] = _in_blocks(coefficients, sizes)
    for edge, reach in [(0, before), *_edges(sizes), (end - before, after)]:
        _rotate(audio, before + edge, reach, -1.0)
    return audio


def _edges(sizes: Ints) -> list[tuple[int, int]]:
    """Every edge between two blocks, and half the length of the overlap there."""
    ends = np.cumsum(sizes)[:-1]
    return list(zip(ends.tolist(), (np.minimum(sizes[:-1], sizes[1:]) // 2).tolist(), strict=True))


def _rotate(audio: Array, edge: int, reach: int, sign: float) -> None:
    if reach == 0:
        return
    angle = np.pi / 4 * (1 + (np.arange(reach) + 0.5) / reach)
    after_weight, before_weight = np.sin(angle), sign * np.cos(angle)
    before, after = audio[..., edge - reach : edge][..., ::-1].copy(), audio[..., edge : edge + reach].copy()
    audio[..., edge : edge + reach] = after_weight * after + before_weight * before
    audio[..., edge - reach : edge] = (after_weight * before - before_weight * after)[..., ::-1]


def _rotate_alike(blocks: Array) -> None:
    """As `_rotate`, at all edges between blocks `(…, n_blocks, size)` of one size at once."""
    reach = blocks.shape[-1] // 2
    angle = np.pi / 4 * (1 + (np.arange(reach) + 0.5) / max(reach, 1))
    after_weight, before_weight = np.sin(angle), np.cos(angle)
    before = blocks[..., :-1, blocks.shape[-1] - reach :][..., ::-1].copy()
    after = blocks[..., 1:, :reach].copy()
    blocks[..., 1:, :reach] = after_weight * after + before_weight * before
    blocks[..., :-1, blocks.shape[-1] - reach :] = (after_weight * before - before_weight * after)[..., ::-1]


def _in_blocks(values: Array, sizes: Ints) -> Array:
    import scipy.fft

    found = np.empty_like(values)
    starts = np.cumsum(sizes) - sizes
    for size in np.unique(sizes):
        rows = starts[sizes == size][:, None] + np.arange(size)
        found[..., rows] = scipy.fft.dct(values[..., rows], type=4, norm="ortho", axis=-1)
    return found
