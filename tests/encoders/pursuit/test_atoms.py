"""Atoms on the grid of a dictionary."""

import numpy as np

from motes.encoders.pursuit.atoms import Atoms
from motes.encoders.pursuit.events import gabor_of
from motes.encoders.pursuit.schedule import PursuitContext
from motes.encoders.threads import ThreadPool
from motes.kernels.dictionary import dictionary


def test_atoms_become_events_in_the_order_of_scenes():
    rng, n, windows = np.random.default_rng(0), 2000, np.array([64, 256, 1024])
    which = rng.integers(0, 3, n)
    bin_ = rng.integers(0, 3, n) * windows[which] // 64  # many of one frequency, and at one time
    place = which, rng.integers(0, 5, n) * 1024 // windows[which], bin_
    found = Atoms.of(place, np.ones((n, 1), np.complex64), np.ones(n), np.arange(n, dtype=np.float64)).merged()
    context = PursuitContext(dictionary(tuple(windows.tolist())), ThreadPool())
    gabor = gabor_of(found, context, 8000)
    assert len(gabor) == len(found) > 40
    assert gabor.order() is None
