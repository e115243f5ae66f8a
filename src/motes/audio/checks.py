"""What arrays and sample rates have to be to be taken as audio, and what is odd about them."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from motes.errors import MotesWarning, ParameterError

MAX_CHANNELS = 64
MAX_SAMPLE_RATE_HZ = 768_000
# No recording has fewer samples in a second: more likely the rate was in kHz.
_ODD_RATE_HZ = 1000


def check_sample_rate(sample_rate_hz: float) -> int:
    """The rate as an int; ParameterError unless it is a whole number from 1 to `MAX_SAMPLE_RATE_HZ`."""
    try:
        whole = int(sample_rate_hz)
        if (
            isinstance(sample_rate_hz, str | bytes | bool)
            or whole != sample_rate_hz
            or not 1 <= whole <= MAX_SAMPLE_RATE_HZ
        ):
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise ParameterError(
            f"sample_rate_hz must be a whole number from 1 to {MAX_SAMPLE_RATE_HZ}, not {sample_rate_hz!r}"
        ) from None
    return whole


def warn_of_odd_rate(sample_rate_hz: int) -> None:
    """Say so where a sample rate may have been in kHz."""
    if sample_rate_hz < _ODD_RATE_HZ:
        warnings.warn(
            f"sample_rate_hz is {sample_rate_hz}, {sample_rate_hz} samples in a second: was this in kHz?",
            MotesWarning,
            stacklevel=3,
        )


def check_array(y: ArrayLike) -> tuple[NDArray[Any], float]:
    """`y` as (channels, n) and what its values are multiplied by."""
    try:
        audio = np.asarray(y)
    except ValueError as error:
        raise ParameterError(f"the audio is not an array of numbers: {error}") from None
    scale = {"i2": 2.0**-15, "i4": 2.0**-31}.get(audio.dtype.str[1:], 1.0)  # in either order of bytes
    if audio.dtype.kind != "f" and scale == 1:
        raise ParameterError(f"audio must be float, int16 or int32, not {audio.dtype}: as floats, full scale is 1")
    if audio.ndim not in (1, 2):
        raise ParameterError(f"audio must have shape (n,) or (channels, n), not {audio.shape}")
    audio = audio[np.newaxis] if audio.ndim == 1 else audio
    if len(audio) == 0:
        raise ParameterError(f"audio of shape {audio.shape} has no channels")
    if len(audio) > MAX_CHANNELS:
        raise ParameterError(
            f"audio has {len(audio)} channels, at most {MAX_CHANNELS} are possible: was this (samples, channels)? "
            "pass y.T"
        )
    if 0 < audio.shape[1] < len(audio) and len(audio) > 2:
        warnings.warn(
            f"audio of shape {audio.shape} is taken as {len(audio)} channels of {audio.shape[1]} samples: was this "
            "(samples, channels)? pass y.T",
            MotesWarning,
            stacklevel=3,
        )
    return audio, scale
