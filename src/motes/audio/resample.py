"""Changing the sample rate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from motes.audio.source import BLOCK_SAMPLES, Block


def resample_blocks(
    blocks: Iterable[Block], n_channels: int, from_hz: int, to_hz: int, quality: str = "VHQ"
) -> Iterator[Block]:
    """Blocks of the audio at another rate (soxr, by default in very high quality): n samples become ⌈n · to/from⌉, and
    time 0 stays at 0.
    """
    if from_hz == to_hz:
        yield from blocks
        return
    import soxr

    stream = soxr.ResampleStream(from_hz, to_hz, n_channels, dtype="float32", quality=quality)
    n_in = n_out = 0
    for block in blocks:
        for first in range(0, block.shape[1], BLOCK_SAMPLES):
            piece = block[:, first : first + BLOCK_SAMPLES]
            n_in += piece.shape[1]
            out = stream.resample_chunk(np.ascontiguousarray(piece.T)).reshape(-1, n_channels)
            n_out += len(out)
            if len(out):
                yield np.ascontiguousarray(out.T)
    out = stream.resample_chunk(np.zeros((0, n_channels), np.float32), last=True).reshape(-1, n_channels)
    missing = -(-n_in * to_hz // from_hz) - n_out
    if missing > 0:
        last = np.zeros((n_channels, missing), np.float32)
        last[:, : len(out)] = out[:missing].T
        yield last
