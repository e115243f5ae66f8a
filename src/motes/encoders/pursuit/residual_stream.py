"""The audio of a source as it passes by, block by block."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motes.audio import Source
from motes.encoders.pursuit.extrapolation import CONTEXT_SAMPLES, extend
from motes.encoders.pursuit.segment import Atoms, subtract_atoms
from motes.kernels.dictionary import Dictionary


class Tape:
    """The audio of a source as it passes by, continued past both ends, with the atoms of earlier sweeps taken out."""

    def __init__(self, source: Source, dictionary: Dictionary, earlier: Atoms | None) -> None:
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
        self.energy = self.residual_energy = 0.0
        self._recent = np.empty((source.n_channels, 0), np.float32)

    def reach(self, end: int) -> None:
        """Hold the audio up to sample `end`."""
        while self._end < end:
            block = next(self._blocks, None)
            if self._source.n_samples == 0:
                return self._append(np.zeros((self._source.n_channels, end - self._end), np.float32), end)
            if block is None:
                assert self._end >= self._source.n_samples, "the source is shorter than it said"
                return self._append(extend(self._recent, end - self._end), end)
            if self._end == -self._margin:
                while block.shape[1] < CONTEXT_SAMPLES and (more := next(self._blocks, None)) is not None:
                    block = np.concatenate([block, more], axis=1)
                self._append(
                    extend(
                        block[:, CONTEXT_SAMPLES - 1 :: -1] if block.shape[1] > CONTEXT_SAMPLES else block[:, ::-1],
                        self._margin,
                    )[:, ::-1],
                    end,
                )
            self.energy += float(np.sum(np.square(block, dtype=np.float64)))
            self._recent = np.concatenate([self._recent, block], axis=1)[:, -CONTEXT_SAMPLES:]
            self._append(block, end)

    def _append(self, block: NDArray[np.float32], end: int) -> None:
        block = np.ascontiguousarray(block)
        if self._earlier is not None:
            block = block.copy()
            low, high = np.searchsorted(
                self._centre, (self._end - self._margin, self._end + block.shape[1] + self._margin)
            )
            subtract_atoms(block, self._end, self._earlier.take(slice(low, high)), self._dictionary)
        self._parts.append(block)
        self._end += block.shape[1]
        if self._end >= end:
            self.audio = np.concatenate([self.audio, *self._parts], axis=1)
            self._parts = []

    def skip_to(self, first: int) -> None:
        """Let everything before sample `first` pass by."""
        while self._end < first:
            self.reach(min(first, self._end + 65536))
            self.forget(min(first, self._end))
        if self.first < first:
            self.forget(first)

    def samples(self, first: int, last: int) -> NDArray[np.float32]:
        """A copy of samples first … last − 1."""
        return self.audio[:, first - self.first : last - self.first].copy()

    def put(self, audio: NDArray[np.float32], first: int) -> None:
        """Replace what is held from sample `first` on."""
        self.audio[:, first - self.first :][:, : audio.shape[1]] = audio

    def forget(self, first: int) -> None:
        """Let go of what lies before sample `first`, counting what energy is left in it."""
        inside = self.audio[:, max(0, -self.first) : max(0, min(first, self._source.n_samples) - self.first)]
        self.residual_energy += float(np.sum(np.square(inside, dtype=np.float64)))
        self.audio = self.audio[:, first - self.first :].copy()
        self.first = first
