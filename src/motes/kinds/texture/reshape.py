"""Noise with other levels, or another number of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from motes.errors import ParameterError
from motes.events.event_table import Array, Mask
from motes.kinds.texture.table import Texture


def reshaped(events: Texture, mask: Mask, columns: dict[str, Any], ragged: dict[str, Any]) -> Texture:
    """The events with these columns, `(n_events,)`, and these levels, for those in `mask`: frames are cut off or the
    last is repeated, bands are read off at the new ones' middles.
    """
    parts = [events.take(slice(i, i + 1)) for i in range(len(events))]
    for i in np.flatnonzero(mask):
        parts[i] = _reshaped(parts[i], {name: column[i : i + 1] for name, column in columns.items()}, ragged)
    return parts[0].with_more(*parts[1:])


def _reshaped(event: Texture, columns: dict[str, Any], ragged: dict[str, Any]) -> Texture:
    n_frames, n_bands = (int(columns.get(name, event.column(name))[0]) for name in ("n_frames", "n_bands"))
    levels, coherence = event.levels(0), event.coherence
    levels = levels[np.minimum(np.arange(n_frames), len(levels) - 1)]
    nearest = ((np.arange(n_bands) + 0.5) / n_bands * levels.shape[1]).astype(int)
    levels, coherence = levels[:, nearest], coherence[nearest]
    if "level_db" in ragged:
        levels = _filled(ragged["level_db"], "level_db", levels.shape)
    if "coherence" in ragged:
        coherence = _filled(ragged["coherence"], "coherence", coherence.shape)
    return event.replace(level_db=levels.reshape(-1, event.n_channels), coherence=coherence, **columns)


def _filled(value: Any, name: str, shape: tuple[int, ...]) -> Array:
    """One value throughout, or as many as there are; ParameterError for another number."""
    try:
        given = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        raise ParameterError(f"{name} must be numbers") from None
    if given.size not in (1, math.prod(shape)):
        raise ParameterError(
            f"{name} needs {math.prod(shape)} values ({' × '.join(map(str, shape))}), not {given.size}"
        )
    return np.broadcast_to(given.reshape(-1)[0] if given.size == 1 else given.reshape(shape), shape).copy()
