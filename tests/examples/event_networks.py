"""Weights of event networks for tests: by chance, and planted ones that find what rises at the place of a key."""

from __future__ import annotations

import numpy as np

from motes.encoders.siam.layout import N_BANDS, Layout
from motes.encoders.siam.weights import Weights, shapes_of


def random_weights(layout: Layout, seed: int = 0) -> Weights:
    """Weights under which neither levels nor what is made of them grow or vanish."""
    random, arrays = np.random.default_rng(seed), {}
    for name, shape in shapes_of(layout).items():
        fan_in = np.prod(shape[:-1]) if name.endswith("weight") else 30
        arrays[name] = random.normal(0, 1 / np.sqrt(fan_in), shape).astype(np.float32)
    arrays["norm.scale"] += 1
    return Weights(arrays, layout, "random", "0" * 64)


def planted_weights(layout: Layout) -> Weights:
    """A key has an onset where its level in the short spectrum rises and those a semitone away are lower, and sounds
    above −60 dB; a band has none.
    """
    arrays = {name: np.zeros(shape, np.float32) for name, shape in shapes_of(layout).items()}
    n_inputs, here, before = layout.n_inputs, 1, layout.stem_frames.index(-1)
    short = n_inputs - 8 + 1
    stem = arrays["stem.weight"]
    stem[here * n_inputs + short, 4, :4] = 1, 1, -1, -1
    stem[before * n_inputs + short, 4, 0] = -1
    stem[here * n_inputs + short, 1, 2] = 1
    stem[here * n_inputs + short, 7, 3] = 1
    arrays["norm.scale"][:] = 1
    arrays["keys.weight"][:4, 0] = 8, 0, -16, -16
    arrays["keys.weight"][1, 1] = 8
    arrays["keys.bias"][:] = -4, -1, 0, 0
    arrays["bands.1.bias"][:N_BANDS] = -20
    return Weights(arrays, layout, "planted", "0" * 64)
