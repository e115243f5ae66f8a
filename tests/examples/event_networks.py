"""Weights of event networks for tests: by chance, and planted ones that find what rises at the place of a key."""

from __future__ import annotations

import numpy as np

from motes.encoders.siam.layout import END, N_BANDS, Layout
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
    """A key has an onset where its level in the short spectrum, as far as it is above −30 dB, rises and is above those
    a semitone away, and sounds while there is such a level; a band has none.
    """
    arrays = {name: np.zeros(shape, np.float32) for name, shape in shapes_of(layout).items()}
    short, middle_bin, here, before, key_taps = layout.n_inputs - 8 + 1, 4, 1, 0, 5
    arrays["stem.weight"][here * layout.n_inputs + short, middle_bin, 1] = 1
    arrays["stem.bias"][:, 1] = -1.5
    first = arrays["layers.0.weight"]
    first[here * key_taps + 2, 1, [0, 2, 3]] = 1, -1, -1
    first[before * key_taps + 2, 1, 0] = -1
    first[here * key_taps + 1, 1, 2] = 1
    first[here * key_taps + 3, 1, 3] = 1
    arrays["norm.scale"][:] = 1
    arrays["keys.weight"][:4, 0] = 40, 0, -40, -40
    arrays["keys.weight"][1, 1] = 40
    arrays["keys.bias"][:2] = -4
    arrays["keys.bias"][END:] = -4
    arrays["bands.1.bias"][:N_BANDS] = -20
    return Weights(arrays, layout, "planted", "0" * 64)
