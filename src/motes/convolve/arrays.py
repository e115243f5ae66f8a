"""Checks of what is convolved; their errors are one line that names the argument and its shape."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from motes.errors import ParameterError

Samples = NDArray[np.float32]
# What single precision may cost; no error is given as less.
SINGLE_DB = -120.0


def as_samples(value: ArrayLike, name: str, dimensions: tuple[int, ...]) -> Samples:
    """`value` as contiguous float32 with one of these numbers of dimensions; ParameterError if it is empty, not
    real or not finite.
    """
    array = np.asarray(value)
    if array.dtype.kind not in "fiu":
        raise ParameterError(f"{name} must be real numbers, not {array.dtype}")
    if array.ndim not in dimensions:
        raise ParameterError(
            f"{name} must have {' or '.join(str(d) for d in dimensions)} dimensions, not the shape {array.shape}"
        )
    if array.size == 0:
        raise ParameterError(f"{name} is empty: its shape is {array.shape}")
    with np.errstate(over="ignore"):
        array = np.ascontiguousarray(array, np.float32)
    if not np.isfinite(array).all():
        raise ParameterError(
            f"{name}, of shape {array.shape}, holds NaN, infinities or numbers beyond single precision"
        )
    return array


def relative_db(error: ArrayLike, reference: ArrayLike) -> float:
    """‖error‖ / ‖reference‖ in dB, at least −200; where the reference is silent, 0 unless the error is too."""
    top, bottom = (float(np.sqrt(np.sum(np.square(np.asarray(a, np.float64))))) for a in (error, reference))
    if bottom == 0:
        return -200.0 if top == 0 else 0.0
    return max(20 * float(np.log10(max(top / bottom, 1e-10))), -200.0)
