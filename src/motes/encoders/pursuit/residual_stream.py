"""A recording, block by block, less the atoms found in it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motes.audio import Source
from motes.encoders.pursuit.atoms import Atoms, subtract_atoms
from motes.encoders.pursuit.extrapolation import CONTEXT_SAMPLES, continuation
from motes.kernels.dictionary import Dictionary

# Samples that are read at once where they are to be discarded.
SKIP_SAMPLES = 1 << 16


class ResidualStream:
    """A window of `audio`, from sample `first` on, that moves along a source: the source continued past both ends by
    half the longest window, less the atoms of `earlier` passes and what `put` has changed.
    """

    def __init__(self, source: Source, dictionary: Dictionary, earlier: Atoms | None = None) -> None:
        self._source, self._dictionary = source, dictionary
        self._blocks = source.blocks()
        self._margin = dictionary.longest // 2
        self._earlier = None
        if earlier is not None and len(earlier):
            centre = earlier.centre_samples(dictionary)
            order = np.argsort(centre, kind="stable")
            self._earlier, self._centre = earlier.take(order), centre[order]
        self._parts: list[NDArray[np.float32]] = []
        self._end = -self._margin
        self.first = -self._margin
        self.audio = np.empty((source.n_channels, 0), np.float32)
        # Of the source so far read, and of what has been discarded.
        self.energy = self.residual_energy = 0.0
        self._recent = np.empty((source.n_channels, 0), np.float32)

    def read_until(self, end: int) -> None:
        """Read on until `audio` reaches sample `end`."""
        while self._end < end:
            block = next(self._blocks, None)
            if self._source.n_samples == 0:
                return self._append(np.zeros((self._source.n_channels, end - self._end), np.float32), end)
            if block is None:
                assert self._end >= self._source.n_samples, "the source is shorter than it said"
                return self._append(continuation(self._recent, end - self._end), end)
            if self._end == -self._margin:
                while block.shape[1] < CONTEXT_SAMPLES and (more := next(self._blocks, None)) is not None:
                    block = np.concatenate([block, more], axis=1)
                backward = block[:, :CONTEXT_SAMPLES][:, ::-1]
                self._append(continuation(backward, self._margin)[:, ::-1], end)
            self.energy += float(np.sum(np.square(block, dtype=np.float64)))
            self._recent = np.concatenate([self._recent, block], axis=1)[:, -CONTEXT_SAMPLES:]
            self._append(block, end)

    def _append(self, block: NDArray[np.float32], end: int) -> None:
        block = np.ascontiguousarray(block)
        if self._earlier is not None:
            block = block.copy()
            reached = self._end - self._margin, self._end + block.shape[1] + self._margin
            low, high = np.searchsorted(self._centre, reached)
            subtract_atoms(block, self._end, self._earlier.take(slice(low, high)), self._dictionary)
        self._parts.append(block)
        self._end += block.shape[1]
        if self._end >= end:
            self.audio = np.concatenate([self.audio, *self._parts], axis=1)
            self._parts = []

    def skip_to(self, first: int) -> None:
        """Read and discard what lies before sample `first`."""
        while self._end < first:
            self.read_until(min(first, self._end + SKIP_SAMPLES))
            self.discard(min(first, self._end))
        if self.first < first:
            self.discard(first)

    def samples(self, first: int, end: int) -> NDArray[np.float32]:
        """A copy of samples first … end − 1."""
        return self.audio[:, first - self.first : end - self.first].copy()

    def put(self, audio: NDArray[np.float32], first: int) -> None:
        """Replace the audio from sample `first` on, as far as it has been read."""
        self.audio[:, first - self.first :][:, : audio.shape[1]] = audio

    def discard(self, first: int | None = None) -> None:
        """Drop what lies before sample `first`, or all, and count the energy that is left in it."""
        first = self.first + self.audio.shape[1] if first is None else first
        inside = self.audio[:, max(0, -self.first) : max(0, min(first, self._source.n_samples) - self.first)]
        self.residual_energy += float(np.sum(np.square(inside, dtype=np.float64)))
        self.audio = self.audio[:, first - self.first :].copy()
        self.first = first
