"""Rendered pieces in rooms: impulse responses of the folder IMPULSE_RESPONSE_PATH, or synthetic ones."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.signal import oaconvolve

from motes.data.impulse_responses import rooms
from motes.data.rendering.sounds.sources import Sound


@cache
def responses(sample_rate_hz: int) -> tuple[Sound, ...]:
    """The first channel of every room there is."""
    found = []
    for room in rooms():
        kernels = room.kernels(sample_rate_hz, 1)
        if kernels is not None:
            found.append(np.asarray(kernels, np.float32).reshape(-1, kernels.shape[-1])[0])
    return tuple(found)


def in_room(audio: Sound, response: Sound, wet: float) -> Sound:
    """The sound in a room: dry and wet parts of the same energy mixed, the direct sound where it was."""
    scaled = response / np.sqrt(np.sum(response.astype(np.float64) ** 2) + 1e-12)
    reverberant = oaconvolve(audio, scaled.astype(np.float32))[: len(audio)]
    return np.asarray((1 - wet) * audio + wet * reverberant, np.float32)
