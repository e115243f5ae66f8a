"""A few events of every kind, for tests that hold whatever the kind; a new kind needs one function here."""

from __future__ import annotations

import numpy as np

from motes.scene.gabor import Gabor, render_gabor_oracle
from motes.scene.kinds import EventTable
from motes.scene.scene import KINDS, Scene

RATE, N_SAMPLES = 16000, 24000


def gabor(n_channels: int) -> Gabor:
    """Sinusoids that overlap, one at a time that another shares."""
    random = np.random.default_rng(1)
    time_s = np.sort(random.uniform(0.1, 1.3, 12))
    time_s[4] = time_s[3]
    shape = (12, n_channels)
    return Gabor(
        time_s, random.choice([0.03, 0.1, 0.2], 12), random.uniform(100, 3000, 12), random.uniform(0.01, 0.3, shape), random.uniform(-3, 3, shape)
    )


EXAMPLES = {"gabor": gabor}
ORACLES = {"gabor": render_gabor_oracle}
assert list(EXAMPLES) == [kind.KIND for kind in KINDS] == list(ORACLES)


def example(kind: str, n_channels: int = 1) -> EventTable:
    """The events of one kind."""
    return EXAMPLES[kind](n_channels)


def scene_of(*tables: EventTable, n_channels: int = 1) -> Scene:
    """A scene of these."""
    return Scene(RATE, N_SAMPLES, n_channels).with_tables(tables)
