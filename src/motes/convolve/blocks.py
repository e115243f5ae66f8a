"""Transforms of blocks: their tables, the sizes there are, what each is predicted to take, and which is best for a
task.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from motes.convolve.arrays import Samples

# Complex numbers of the smallest transform: blocks of 512 samples.
SMALLEST = 256
# Nanoseconds per complex number and halving, measured (AVX-512) while a block fits into the cache of one core.
NS_PER_STAGE = 0.09
IN_CACHE = 32768
# Longer transforms take this many times longer per number.
BEYOND_CACHE = 1.7
# Nanoseconds to multiply and add one complex number.
NS_PER_PRODUCT = 0.25


@dataclass(frozen=True)
class Transform:
    """Blocks of `2·size` samples to `size` complex numbers and back."""

    size: int
    turn: Samples
    stages: NDArray[np.int64]
    roots: Samples

    def forward(self, x: Samples, hop: int, count: int, n_blocks: int) -> Samples:
        """`(n_blocks, 2, size)`: spectra of `count` samples of `x` each, from 0, hop, …; zero after its end."""
        from motes.kernels.fourier import forward_blocks

        spectra = np.empty((n_blocks, 2, self.size), np.float32)
        forward_blocks(x, hop, count, self.turn, self.stages, self.roots, spectra)
        return spectra

    def kernel(self, kernel: Samples) -> Samples:
        """`(2, size)`: the spectrum of a kernel of at most `2·size` taps, divided by the size so that `inverse`
        need not.
        """
        return self.forward(kernel * np.float32(1 / self.size), 0, len(kernel), 1)[0]

    def inverse(self, spectra: Samples, kernels: Samples, hop: int, y: Samples) -> None:
        """Add Σ spectra·kernels, `(n_inputs, n_blocks, 2, size)` and `(n_inputs, 2, size)`, to `y`: block k from
        sample k·hop on.
        """
        from motes.kernels.fourier import inverse_blocks

        inverse_blocks(spectra, kernels, hop, self.turn, self.stages, self.roots, y)


@lru_cache(maxsize=32)
def transform(size: int) -> Transform:
    """The transform of SMALLEST · 2ᵃ · {1, 3} complex numbers; its tables are made once."""
    from motes.kernels.fourier import tables

    return Transform(size, *tables(size))


def sizes(least: int, most: int) -> list[int]:
    """All sizes from the smallest that is at least `least` to the smallest that is at least `most`, rising."""
    found: list[int] = []
    power = SMALLEST
    while not found or found[-1] < most:
        found += [size for size in (power, power + power // 2) if size >= least and size % SMALLEST == 0]
        power *= 2
    return [size for size in found if size <= min(s for s in found if s >= most)]


def transform_ns(size: int) -> float:
    """Predicted nanoseconds of one transform."""
    return NS_PER_STAGE * size * math.log2(size) * (1 if size <= IN_CACHE else BEYOND_CACHE)


@dataclass(frozen=True)
class Blocks:
    """A cut of a signal: `n_blocks` of `hop` samples, each through a transform of `size`; `ns` is what it is
    predicted to take.
    """

    size: int
    hop: int
    n_blocks: int
    ns: float
    setup_ns: float


@lru_cache(maxsize=256)
def best_blocks(
    n_samples: int, n_taps: int, n_inputs: int = 1, n_outputs: int = 1, counts_setup: bool = False
) -> Blocks:
    """The cheapest cut for overlap-add; `counts_setup` adds the kernels' own transforms to what is to be cheap."""
    whole = (n_samples + n_taps) // 2
    best = None
    for size in sizes(-(-(n_taps + 1) // 2), whole):
        hop = 2 * size - n_taps + 1
        n_blocks = -(-n_samples // hop)
        pairs = n_inputs * n_outputs
        ns = n_blocks * ((n_inputs + n_outputs) * (transform_ns(size) + size) + pairs * NS_PER_PRODUCT * size)
        blocks = Blocks(size, hop, n_blocks, ns, pairs * transform_ns(size))
        if best is None or _total(blocks, counts_setup) < _total(best, counts_setup):
            best = blocks
    assert best is not None
    return best


def _total(blocks: Blocks, counts_setup: bool) -> float:
    return blocks.ns + counts_setup * blocks.setup_ns
