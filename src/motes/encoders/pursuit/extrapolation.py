"""What a recording might have been before its first and after its last sample.

A hard cut is a click that costs many atoms. The analysis sees a recording continued by linear prediction (Makhoul 1975)
and faded out instead; what atoms do out there is cut off by the decoder.
"""

import numpy as np
from numpy.typing import NDArray

from motes.kernels.analysis import extrapolate

ORDER = 48
# At most so many samples are predicted from.
CONTEXT_SAMPLES = 4096


def continuation(block: NDArray[np.float32], n_samples: int) -> NDArray[np.float32]:
    """`n_samples` that continue `block` `(n_channels, n)`, fading to nothing."""
    fade = 0.5 + 0.5 * np.cos(np.pi * (np.arange(n_samples) + 0.5) / max(1, n_samples))
    known = block[:, -CONTEXT_SAMPLES:].astype(np.float64)
    return np.stack([_predicted(channel, n_samples) * fade for channel in known]).astype(np.float32)


def _predicted(known: NDArray[np.float64], n_samples: int) -> NDArray[np.float64]:
    """`n_samples` that follow by linear prediction, at most twice as loud as what is known."""
    from scipy.linalg import solve_toeplitz

    out = np.zeros(n_samples)
    spectrum = np.abs(np.fft.rfft(known, 2 * len(known))) ** 2 if len(known) else np.zeros(1)
    correlation = np.fft.irfft(spectrum)[: ORDER + 1] if len(known) > 2 * ORDER else np.zeros(1)
    if correlation[0] < 1e-12:
        return out
    correlation[0] *= 1 + 1e-9  # keeps a pure tone's equations solvable
    coefficients = solve_toeplitz(correlation[:-1], correlation[1:])
    extrapolate(known, np.ascontiguousarray(coefficients), out)
    return np.clip(out, -2 * np.abs(known).max(), 2 * np.abs(known).max())
