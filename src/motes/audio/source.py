"""Recordings as sources that are read in blocks, as often as needed, in bounded memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from motes.audio.checks import check_array, check_sample_rate, warn_of_odd_rate
from motes.audio.levels import LevelCheck
from motes.errors import ParameterError

Block = NDArray[np.float32]
BLOCK_SAMPLES = 65536
# Samples of all channels together that are held in memory rather than decoded again: 64 MiB.
MOST_HELD = 1 << 24


class Source(Protocol):
    """A recording that can be read from its start as often as asked, in bounded memory.

    `n_samples` (per channel) is exact. Each block is `(n_channels, k)` float32, C-contiguous, k ≥ 1, full scale = 1,
    finite.
    """

    sample_rate_hz: int
    n_channels: int
    n_samples: int
    name: str

    def blocks(self) -> Iterator[Block]:
        """The audio from its start."""
        ...

    def digest(self) -> str:
        """SHA-256, in hexadecimal, of what the audio was read from."""
        ...


class ArraySource:
    """Audio in memory: `y` is `(n,)` or `(channels, n)`; floats have full scale 1, int16 and int32 are scaled to it.

    Raises ParameterError for any other type or shape, for NaN and infinities, for a sample rate that is not a positive
    whole number, and for peaks above 100 times full scale unless `any_level`.
    """

    def __init__(
        self, y: ArrayLike, sample_rate_hz: float, block_samples: int = BLOCK_SAMPLES, any_level: bool = False
    ) -> None:
        self.sample_rate_hz = check_sample_rate(sample_rate_hz)
        warn_of_odd_rate(self.sample_rate_hz)
        if block_samples < 1:
            raise ParameterError(f"block_samples must be at least 1, not {block_samples}")
        self._audio, self._scale = check_array(y)
        self._block_samples = int(block_samples)
        self.n_channels, self.n_samples = self._audio.shape
        self.name = "array"
        check = LevelCheck("the array", self.sample_rate_hz, ParameterError, any_level)
        for first, block in self._pieces(BLOCK_SAMPLES):
            check.see(block, first)
        check.close()

    def _pieces(self, size: int) -> Iterator[tuple[int, Block]]:
        for first in range(0, self.n_samples, size):
            piece = self._audio[:, first : first + size]
            with np.errstate(over="ignore"):
                block = (
                    piece.astype(np.float32)
                    if self._scale == 1
                    else np.multiply(piece, self._scale, dtype=np.float64).astype(np.float32)
                )
            yield first, np.ascontiguousarray(block)

    def blocks(self) -> Iterator[Block]:
        """The audio from its start."""
        for _, block in self._pieces(self._block_samples):
            yield block

    def digest(self) -> str:
        """SHA-256 of the samples as interleaved little-endian float32."""
        sha = hashlib.sha256()
        for _, block in self._pieces(BLOCK_SAMPLES):
            sha.update(np.ascontiguousarray(block.T, dtype="<f4").data)
        return sha.hexdigest()


class HeldSource:
    """A source that is decoded once, where memory allows, and whose digest is taken once."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.sample_rate_hz, self.n_channels, self.n_samples = (
            source.sample_rate_hz,
            source.n_channels,
            source.n_samples,
        )
        self.name = source.name
        self._held: list[Block] | None = None
        self._digest = ""

    def blocks(self) -> Iterator[Block]:
        """The audio from its start; not to be written to."""
        if self._held is None and self.n_samples * self.n_channels <= MOST_HELD:
            self._held = list(self._source.blocks())
            for block in self._held:
                block.flags.writeable = False
        return self._source.blocks() if self._held is None else iter(self._held)

    def digest(self) -> str:
        """As the source's."""
        self._digest = self._digest or self._source.digest()
        return self._digest


class Excerpts:
    """Stretches of a source `(first sample, one past the last)`, in order, one right after another as a recording."""

    def __init__(self, source: Source, stretches: list[tuple[int, int]]) -> None:
        self._source, self._stretches = source, stretches
        self.sample_rate_hz, self.n_channels, self.name = source.sample_rate_hz, source.n_channels, source.name
        self.n_samples = sum(end - first for first, end in stretches)

    def blocks(self) -> Iterator[Block]:
        """The audio from its start."""
        place, left = 0, list(self._stretches)
        for block in self._source.blocks():
            while left and left[0][0] < place + block.shape[1]:
                first, end = left[0]
                yield np.ascontiguousarray(block[:, max(0, first - place) : end - place])
                if end > place + block.shape[1]:
                    break
                left.pop(0)
            place += block.shape[1]

    def digest(self) -> str:
        """As the source's."""
        return self._source.digest()
