"""Noise with an envelope, or with its channels mixed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from motes.events.event_table import Array, Mask
from motes.kinds.texture.integers import LEVEL_UNITS
from motes.kinds.texture.table import HIGHEST_LEVEL_DB, LOWEST_LEVEL_DB, Texture


def enveloped(events: Texture, mask: Mask, gain_at: Callable[[Array], Array]) -> Texture:
    """The events in `mask`, each frame at the gain that there is at its middle: the greatest of an event exactly, and
    what is below that in the steps of its levels, so that a file holds them as shortly as before.
    """
    level_db, start = events.level_db.astype(np.float64), events.level_start
    for i in np.flatnonzero(mask):
        inside_s = (np.arange(int(events.n_frames[i])) + 0.5) * events.frame_s[i] - events.into_s[i]
        gain = gain_at(events.time_s[i] + (events.duration_s[i] - inside_s if events.backward[i] else inside_s))
        db = np.repeat(20 * np.log10(np.maximum(gain, 1e-20)), int(events.n_bands[i]))[:, None]
        rows = level_db[start[i] : start[i + 1]]
        made = rows + db.max() + _on_steps(db - db.max(), 0.0, _step_db(rows))
        rows[:] = np.where(rows > LOWEST_LEVEL_DB, np.clip(made, LOWEST_LEVEL_DB, HIGHEST_LEVEL_DB), rows)
    return events.replace(level_db=level_db)


def mixed(events: Texture, mask: Mask, matrix: Array) -> Texture:
    """The events in `mask` with their two channels mixed, `(2, 2)`, as noises of their levels and coherence; levels
    keep their steps.
    """
    level_db, coherence = events.level_db.astype(np.float64), events.coherence.copy()
    level_start, band_start = events.level_start, events.band_start
    for i in np.flatnonzero(mask):
        bands = slice(band_start[i], band_start[i + 1])
        held_db = level_db[level_start[i] : level_start[i + 1]].reshape(-1, int(events.n_bands[i]), 2)
        power, cross = _mixed_power(held_db, coherence[bands, 0], matrix)
        most = np.sqrt(power[..., 0] * power[..., 1]).sum(axis=0)
        found = np.clip(cross.sum(axis=0) / np.maximum(most, 1e-30), -1.0, 1.0)
        coherence[bands, 0] = np.where(most > 0, found, coherence[bands, 0])
        made = _on_steps(10 * np.log10(np.maximum(power, 1e-20)), held_db.max(), _step_db(held_db))
        held_db[:] = np.where(power > 1e-20, np.clip(made, LOWEST_LEVEL_DB, HIGHEST_LEVEL_DB), LOWEST_LEVEL_DB)
    return events.replace(level_db=level_db, coherence=coherence)


def _mixed_power(level_db: Array, coherence: Array, matrix: Array) -> tuple[Array, Array]:
    """Mean squares of two channels `(n_frames, n_bands, 2)`, and the mean of their product, after they are mixed."""
    power = np.where(level_db > LOWEST_LEVEL_DB, 10 ** (level_db / 10), 0.0)
    cross = coherence * np.sqrt(power[..., 0] * power[..., 1])
    covariance = np.stack([power[..., 0], cross, cross, power[..., 1]], axis=-1).reshape(*cross.shape, 2, 2)
    made = matrix @ covariance @ matrix.T
    return np.maximum(np.stack([made[..., 0, 0], made[..., 1, 1]], axis=-1), 0.0), made[..., 0, 1]


def _step_db(level_db: Array) -> float:
    """The step of which all audible levels are whole numbers apart, as a file would hold them."""
    units = np.rint(level_db[level_db > LOWEST_LEVEL_DB] * LEVEL_UNITS).astype(np.int64)
    apart = int(np.gcd.reduce(units - units.min())) if len(units) else 0
    return max(1, apart) / LEVEL_UNITS


def _on_steps(level_db: Array, about_db: float, step_db: float) -> Array:
    """Levels whole steps from another."""
    return about_db + np.rint((level_db - about_db) / step_db) * step_db
