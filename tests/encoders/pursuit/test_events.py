"""Atoms as the events of a scene."""

import numpy as np
import pytest

from motes.encoders.pursuit.events import inserted
from motes.kinds.gabor.table import Gabor
from motes.scene.scene import Scene


def atoms(n, seed):
    """Atoms of few different times, frequencies and windows, in the order of scenes."""
    rng = np.random.default_rng(seed)
    time, frequency, window = rng.choice([0.1, 0.2, 0.3], n), rng.choice([100.0, 200.0], n), rng.choice([0.01, 0.02], n)
    gabor = Gabor(time, window, frequency, rng.uniform(0.1, 1.0, (n, 1)), np.zeros((n, 1)))
    return Scene(8000, 8000, 1, gabor=gabor).gabor


@pytest.mark.parametrize(("n", "n_more"), [(0, 3), (3, 0), (1, 1), (40, 7), (7, 40)])
def test_events_are_inserted_where_a_scene_would_sort_them(n, n_more):
    one, other = atoms(n, 1), atoms(n_more, 2)
    found = inserted([one], other)
    assert found.order() is None
    assert found.equals(Scene(8000, 8000, 1, gabor=one.with_more(other)).gabor)
