"""Masking in plain NumPy, as a sum over all bins: what the kernel in `masking` is tested against."""

import numpy as np
from numpy.typing import NDArray


def spread_masking_plain(
    power: NDArray[np.floating], place: NDArray[np.floating], n_points: int, upward: float, downward: float, kept: float
) -> NDArray[np.floating]:
    """Masking at points 0 … n_points − 1 of bins at `place` on their scale, from the definition."""
    above = np.arange(n_points) - place[:, None]
    masking = power @ np.where(above >= 0, upward ** np.maximum(above, 0), downward ** np.maximum(-above, 0))
    for f in range(1, len(masking)):
        masking[f] = np.maximum(masking[f], kept * masking[f - 1])
    return masking
