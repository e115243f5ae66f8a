"""A few events of every kind, for tests that hold whatever the kind; a new kind needs one function here."""

from __future__ import annotations

import numpy as np

from motes.scene.gabor import Gabor, render_gabor_oracle
from motes.scene.kinds import EventTable
from motes.scene.scene import KINDS, Scene
from motes.scene.texture import Texture, render_texture_oracle

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


def texture(n_channels: int) -> Texture:
    """Noise that goes on from event to event, then some that overlaps it."""
    random = np.random.default_rng(2)
    time_s, n_frames, n_bands = np.array([0.1, 0.5, 0.9, 0.95]), np.array([10, 10, 5, 8]), np.array([8, 8, 8, 6])
    return Texture(
        time_s, n_frames * 0.04, np.array([1, 1, 1, 7]), np.full(4, 0.04), np.full(4, 100.0), np.full(4, 3000.0), n_bands, n_frames,
        random.uniform(-50, -20, (int(np.sum(n_frames * n_bands)), n_channels)), random.uniform(-1, 1, (int(n_bands.sum()), n_channels - 1)),
        clock_s=time_s,
    )  # fmt: skip


EXAMPLES = {"gabor": gabor, "texture": texture}
ORACLES = {"gabor": render_gabor_oracle, "texture": render_texture_oracle}
assert list(EXAMPLES) == [kind.KIND for kind in KINDS] == list(ORACLES)


def example(kind: str, n_channels: int = 1) -> EventTable:
    """The events of one kind."""
    return EXAMPLES[kind](n_channels)


def scene_of(*tables: EventTable, n_channels: int = 1) -> Scene:
    """A scene of these."""
    return Scene(RATE, N_SAMPLES, n_channels).with_tables(tables)
