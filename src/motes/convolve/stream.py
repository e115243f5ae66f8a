"""Convolution of a sound that arrives block by block, for live playing: partitions of the kernel, of one size or of
rising sizes.

W. Gardner, Efficient convolution without input-output delay (1995). Long partitions begin so late in the kernel that
there are two of their lengths' time to compute them, and what they take is spread evenly over that time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from motes.convolve.arrays import Samples, as_samples
from motes.convolve.blocks import SMALLEST, transform
from motes.errors import ParameterError
from motes.units import require_finite

# A level's partitions are this many times longer than those of the level before.
GROWTH = 8
# No partitions are longer, in samples.
LONGEST = 16384
BANDS = 8


class Stream:
    """Live convolution with `kernels` `(n_outputs, n_inputs, n_taps)`, or `(n_taps,)` for one of each.

    `push(x)` takes any number of samples and gives as many; what it gives is late by `latency_samples`, which is
    `block` (a power of two from 16 to
    8192). The output does not depend on how the input is cut, not even in its last bit. With `uniform` all partitions
    are as long as a block; otherwise later ones are longer, which is cheaper for kernels beyond some thousand taps.
    With `error_db`, high bands of late partitions are left out where they are worth less, as reverberant tails have
    few: `error_db` then is the expected error for white noise, relative to the output.
    """

    def __init__(
        self, kernels: ArrayLike, block: int = 256, uniform: bool = False, error_db: float | None = None
    ) -> None:
        kernels = as_samples(kernels, "kernels", (1, 2, 3))
        if block not in [2**k for k in range(4, 14)]:
            raise ParameterError(f"block must be a power of two from 16 to 8192, not {block}")
        self._flat = kernels.ndim == 1
        kernels = kernels.reshape(
            kernels.shape[0] if kernels.ndim > 1 else 1, -1 if kernels.ndim > 2 else 1, kernels.shape[-1]
        )
        self.n_outputs, self.n_inputs, self.n_taps = kernels.shape
        self.block = self.latency_samples = block
        self._levels = [
            _Level(kernels[..., begin:end], begin, size, block)
            for begin, end, size in _layout(self.n_taps, block, uniform)
        ]
        self.error_db = -200.0 if error_db is None else _leave_out(self._levels, require_finite("error_db", error_db))
        reach = max(level.start + 2 * level.hop for level in self._levels)
        self._reach = reach + block
        self._ahead: Samples = np.zeros((self.n_outputs, 2 * self._reach + 64 * block), np.float32)
        self._at = 0
        self._waiting: Samples = np.zeros((self.n_inputs, block), np.float32)
        self._ready: Samples = np.zeros((self.n_outputs, block), np.float32)
        self._filled = self._blocks = 0

    @property
    def work_per_sample(self) -> float:
        """Complex products per output sample, the transforms left out."""
        return sum(float(level.bands.sum()) / BANDS * level.size / level.hop for level in self._levels)

    def push(self, x: ArrayLike) -> Samples:
        """`(n,)` for one input and one output, else `(n_inputs, n)` to `(n_outputs, n)`; n may be 0."""
        if np.shape(x)[-1:] == (0,):
            return np.zeros(0 if self._flat else (self.n_outputs, 0), np.float32)
        x = as_samples(x, "x", (1, 2))
        rows = np.atleast_2d(x)
        if len(rows) != self.n_inputs:
            raise ParameterError(
                f"x, of shape {x.shape}, has {len(rows)} channels, but the kernels take {self.n_inputs}"
            )
        y = np.empty((self.n_outputs, rows.shape[1]), np.float32)
        done = 0
        while done < rows.shape[1]:
            count = min(self.block - self._filled, rows.shape[1] - done)
            here = slice(self._filled, self._filled + count)
            self._waiting[:, here] = rows[:, done : done + count]
            y[:, done : done + count] = self._ready[:, here]
            self._filled, done = self._filled + count, done + count
            if self._filled == self.block:
                self._advance()
        return y[0] if self._flat and x.ndim == 1 else y

    def _advance(self) -> None:
        """One block is full: every level does its share."""
        self._filled, self._blocks = 0, self._blocks + 1
        for level in self._levels:
            level.advance(self._waiting, self._blocks, self._ahead[:, self._at :])
        self._ready[:] = self._ahead[:, self._at : self._at + self.block]
        self._at += self.block
        if self._at + self._reach > self._ahead.shape[1]:  # what lies ahead moves to the front, now and then
            left = self._ahead.shape[1] - self._at
            self._ahead[:, :left] = self._ahead[:, self._at :].copy()
            self._ahead[:, left:] = 0
            self._at = 0

    def state(self) -> dict[str, NDArray[Any]]:
        """Everything the stream remembers, as arrays that can be kept; `restore` goes on from there."""
        saved: dict[str, NDArray[Any]] = {
            "position": np.array([self._filled, self._blocks, self._at]),
            "ahead": self._ahead,
            "waiting": self._waiting,
            "ready": self._ready,
        }
        for i, level in enumerate(self._levels):
            saved |= {f"{name}_{i}": array for name, array in level.remembered().items()}
        return {name: array.copy() for name, array in saved.items()}

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """Go on where `state()` was asked for; ParameterError if that was a stream of another shape."""
        mine = self.state()
        if {name: array.shape for name, array in mine.items()} != {
            name: np.shape(array) for name, array in state.items()
        }:
            raise ParameterError(
                "this state was saved by a stream with other kernels, another block or other partitions"
            )
        self._filled, self._blocks, self._at = (int(value) for value in state["position"])
        self._ahead[:], self._waiting[:], self._ready[:] = state["ahead"], state["waiting"], state["ready"]
        for i, level in enumerate(self._levels):
            for name, array in level.remembered().items():
                array[...] = state[f"{name}_{i}"]


def _layout(n_taps: int, block: int, uniform: bool) -> list[tuple[int, int, int]]:
    """First tap, last tap and partition length of each level."""
    levels, begin, size = [], 0, block
    while begin < n_taps:
        longer = size * GROWTH
        end = n_taps if uniform or longer > LONGEST or n_taps <= 20 * longer else 2 * longer
        levels.append((begin, end, size))
        begin, size = end, longer
    return levels


class _Level:
    """Partitions of one length: taps `start` … of all kernels, a new transform every `hop` samples."""

    def __init__(self, kernels: Samples, start: int, hop: int, block: int) -> None:
        n_outputs, self.n_inputs, n_taps = kernels.shape
        self.start, self.hop, self.size = start, hop, max(hop, SMALLEST)
        length = (2 * self.size - hop + 1) // hop * hop if hop < SMALLEST else hop
        self.stride, self.steps = length // hop, hop // block
        self.transform = transform(self.size)
        n_partitions = -(-n_taps // length)
        parts = np.pad(kernels, ((0, 0), (0, 0), (0, n_partitions * length - n_taps))).reshape(
            n_outputs, self.n_inputs, n_partitions, length
        )
        self.kernels: Samples = np.stack(
            [
                np.stack([np.stack([self.transform.kernel(p) for p in partitions]) for partitions in row])
                for row in parts
            ]
        )
        self.bands = np.full((n_outputs, self.n_inputs, n_partitions), BANDS)
        n_held = (n_partitions - 1) * self.stride + 1
        self.spectra: Samples = np.zeros((self.n_inputs, n_held, 2, self.size), np.float32)
        self.totals: Samples = np.zeros((n_outputs, 2, self.size), np.float32)
        self.history: Samples = np.zeros((self.n_inputs, 2 * self.size), np.float32)

    def remembered(self) -> dict[str, NDArray[Any]]:
        return {"spectra": self.spectra, "totals": self.totals, "history": self.history}

    def advance(self, waiting: Samples, n_blocks: int, ahead: Samples) -> None:
        """Take the n_blocks-th block; add to `ahead`, which begins with the samples that belong to that block,
        what is finished.
        """
        block, n = waiting.shape[1], 2 * self.size
        place = n - self.hop + (n_blocks - 1) % self.steps * block
        self.history[:, place : place + block] = waiting
        cycle, step = divmod(n_blocks, self.steps)
        if cycle == 0:
            return
        newest = (cycle - 1) % self.spectra.shape[1]
        if step == 0:
            self.totals[:] = 0
            for i, history in enumerate(self.history):
                self.spectra[i, newest] = self.transform.forward(history, n, n, 1)[0]
            self.history[:, : -self.hop] = self.history[:, self.hop :].copy()
        n_partitions = self.kernels.shape[2]
        self._multiply(newest, n_partitions * step // self.steps, n_partitions * (step + 1) // self.steps)
        if step == self.steps - 1:
            self._finish(ahead, self.start - self.hop - (self.steps - 2) * block)

    def _multiply(self, newest: int, first: int, last: int) -> None:
        from motes.kernels.fourier import multiply_blocks

        for total, row, bands in zip(self.totals, self.kernels, self.bands, strict=True):
            for i in range(self.n_inputs):
                multiply_blocks(self.spectra[i], row[i], bands[i], newest, self.stride, first, last, total)

    def _finish(self, ahead: Samples, place: int) -> None:
        from motes.kernels.fourier import inverse_end

        for total, channel in zip(self.totals, ahead, strict=True):
            inverse_end(
                total, self.hop, self.transform.turn, self.transform.stages, self.transform.roots, channel[place:]
            )


def _leave_out(levels: list[_Level], error_db: float) -> float:
    """Worth in dB of the bands left out: the highest of each partition, which together are worth `error_db`."""
    from motes.kernels.fourier import ROWS

    energies = []
    for level in levels:
        rows = (
            np.square(level.kernels, dtype=np.float64)
            .reshape(*level.kernels.shape[:3], 2, -1, 16, 16)
            .sum((3, 4, 6))[..., ROWS // 16]
        )
        energies.append((rows + rows[..., ::-1])[..., :BANDS] * level.size)
    total = sum(e.sum() for e in energies)
    if total == 0:
        return -200.0
    above = [np.cumsum(e[..., ::-1], axis=-1)[..., ::-1] for e in energies]  # energy of band b and all higher ones
    budget = total * 10 ** (error_db / 10)
    low, high = -300.0, 0.0
    for _ in range(60):  # the level below which bands are worth leaving out
        middle = (low + high) / 2
        lost = sum(np.where(a <= total * 10 ** (middle / 10), a, 0).max(-1).sum() for a in above)
        low, high = (middle, high) if lost <= budget else (low, middle)
    lost = 0.0
    for level, a in zip(levels, above, strict=True):
        out = a <= total * 10 ** (low / 10)
        level.bands[:] = BANDS - out.sum(-1)
        lost += np.where(out, a, 0).max(-1).sum()
    return max(10 * float(np.log10(max(lost / total, 1e-20))), -200.0)
