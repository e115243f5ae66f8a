"""Waveforms a stretch of time at a time: the least, the largest and the root mean square sample of 512 columns.
docs/studio-api.md has the bytes.
"""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

from motes.studio.drawing.spectrogram import Reader, padded
from motes.studio.drawing.tiles import check_tile, span_s

COLUMNS = 512
# Of longer columns as many samples are read; the rest is passed over.
MOST_SAMPLES = 4096
_HEADER = struct.Struct("<4s4I2dI")


def waveform_tile(
    read: Reader, read_sparse: Reader, n_samples: int, rate: int, level: int, index: int
) -> NDArray[np.float32]:
    """`(3, COLUMNS)`: minimum, maximum and root mean square over all channels of a track of `n_samples`."""
    start, span = check_tile(level, index, n_samples / rate), span_s(level)
    edges = np.rint((start + np.arange(COLUMNS + 1) * span / COLUMNS) * rate).astype(int)
    if edges[1] - edges[0] <= MOST_SAMPLES:
        audio = padded(read, int(edges[0]), int(edges[-1]), n_samples)
        pieces = [
            audio[:, low : max(high, low + 1)]
            for low, high in zip(edges - edges[0], edges[1:] - edges[0], strict=False)
        ]
    else:
        middles = (edges[:-1] + edges[1:]) // 2
        pieces = [padded(read_sparse, int(at), int(at) + MOST_SAMPLES // 4, n_samples) for at in middles]
    rows = [
        (piece.min(initial=0), piece.max(initial=0), np.sqrt(np.mean(piece**2 if piece.size else [0.0])))
        for piece in pieces
    ]
    return np.array(rows, np.float32).T


def packed_waveform(columns: NDArray[np.float32], level: int, index: int, revision: int) -> bytes:
    """The bytes of a tile."""
    span = span_s(level)
    head = _HEADER.pack(b"MTW1", COLUMNS, level, index, revision, index * span, span, _HEADER.size)
    return head + columns.astype("<f4").tobytes()
