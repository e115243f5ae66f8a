"""Two remixes that show what a scene has learned of a sound: other events at the same times, and the same events at
other times.
"""

from __future__ import annotations

import numpy as np

from motes.events.event_table import Array, Ints
from motes.kinds.gabor.edited import with_partials
from motes.report.items import Items
from motes.scene.scene import Scene

_SEED = 0


def random_events(items: Items, seed: int = _SEED) -> Scene:
    """The scene with its items at their times, but pitch, length and strength of each drawn anew from the scene's own
    statistics.

    Logarithms of the three are drawn from a normal distribution with the mean and covariance they have among the
    scene's items of that kind, and kept within the range that occurs.
    """
    random = np.random.default_rng(seed)
    n_items = len(items)
    ratio, factor, gain = np.ones(n_items), np.ones(n_items), np.ones(n_items)
    kinds = np.array(items.sorts, "<U16")
    for kind in dict.fromkeys(items.sorts):
        mine = np.flatnonzero((kinds == kind) & (items.strength > 0))
        if len(mine) > 1:
            ratio[mine], factor[mine], gain[mine] = _drawn(items, mine, random)
    scene = items.scene.replace(gabor=with_partials(items.scene.gabor, items.scene.sample_rate_hz))
    onset, tables, first = items.start_s, [], 0
    for table in scene.tables:
        number = items.number[first : first + len(table)]
        first += len(table)
        longer = table.transposed(ratio[number]).stretched(factor[number], 0.0)
        tables.append(longer.moved((1 - factor[number]) * onset[number]).amplified(gain[number]))
    return scene.with_tables(tables)


def _drawn(items: Items, mine: Ints, random: np.random.Generator) -> tuple[Array, Array, Array]:
    """Ratio of frequency, factor of length and gain of each of these items."""
    seconds = np.maximum(items.end_s[mine] - items.start_s[mine], 1e-6)
    pitch = np.log(np.maximum(np.sqrt(np.maximum(items.low_hz[mine], 1.0) * np.maximum(items.high_hz[mine], 1.0)), 1.0))
    strength = np.log(items.strength[mine] / seconds) / 2
    now = np.stack([pitch, np.log(seconds), strength], axis=1)
    middle, spread, vectors = now.mean(axis=0), *np.linalg.eigh(np.cov(now.T))
    drawn = middle + random.standard_normal(now.shape) * np.sqrt(np.maximum(spread, 0)) @ vectors.T
    change = np.exp(np.clip(drawn, now.min(axis=0), now.max(axis=0)) - now)
    return change[:, 0], change[:, 1], change[:, 2]


def random_times(items: Items, seed: int = _SEED) -> Scene:
    """The scene with its items as they are, each beginning anywhere, as likely at any time as at another, as long as it
    ends before the scene does.
    """
    random = np.random.default_rng(seed)
    slack_s = np.maximum(items.scene.duration_s - (items.end_s - items.start_s), 0.0)
    by_s = random.random(len(items)) * slack_s - items.start_s
    tables, first = [], 0
    for table in items.scene.tables:
        tables.append(table.moved(by_s[items.number[first : first + len(table)]]))
        first += len(table)
    return items.scene.with_tables(tables)
