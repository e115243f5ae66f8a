"""The transform of real blocks by NumPy's, in the order of the kernels, which `motes.kernels.fourier` has to give."""

import numpy as np

from motes.kernels.fourier import radices
from motes.kernels.simd.fourier import LANES


def order(size: int) -> np.ndarray:
    """Which bin of the usual transform stands at each place."""

    def runs(n: int, left: list[int]) -> np.ndarray:
        if not left:
            return np.concatenate([np.arange(4) * 4 + k for k in range(4)])
        rest = runs(n // left[0], left[1:])
        return np.concatenate([left[0] * rest + k for k in range(left[0])])

    return runs(size, radices(size)).reshape(-1, LANES, LANES).transpose(0, 2, 1).ravel()


def plain_forward(block: np.ndarray) -> np.ndarray:
    """`forward_blocks` for one block of 2M real numbers: `(M,)` complex, in the kernels' order."""
    m = len(block) // 2
    folded = (block[:m] + 1j * block[m:]) * np.exp(1j * np.pi / (2 * m) * np.arange(m))
    return np.fft.fft(folded)[order(m)]
