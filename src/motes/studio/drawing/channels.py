"""Which channels of a sound a picture is of."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

# `all`: their mean power; `mid` and `side` half the sum and half the difference of the first two.
Channel = Literal["all", "left", "right", "mid", "side"]


def mixed(audio: NDArray[np.float32], channel: Channel) -> NDArray[np.float32]:
    """These channels `(n, n_samples)` of `audio` `(n_channels, n_samples)`; a single channel is left, right and mid."""
    if channel == "all":
        return audio
    left, right = audio[:1], audio[min(1, len(audio) - 1) :][:1]
    if channel in ("left", "right"):
        return left if channel == "left" else right
    return np.asarray((left + right) / 2 if channel == "mid" else (left - right) / 2, np.float32)
