"""Periods of noise in float32, against their definition."""

import numpy as np

from motes.kinds.splat.noises import BATCH, Noises
from motes.kinds.splat.table import Splat, noise_of, noise_period


def test_waves_are_the_definition_whatever_they_are_made_beside():
    random, n = np.random.default_rng(4), BATCH + 3
    events = Splat(
        time_s=random.uniform(-2, 400, n),
        width_s=np.full(n, 0.1),
        f0_hz=np.full(n, 100.0),
        centre_hz=10 ** random.uniform(1, 4, n),
        width_octaves=10 ** random.uniform(-1, 1, n),
        t60_s=np.full(n, 0.1),
        gain_db=np.zeros((n, 1)),
        cutoff_start_hz=np.where(np.arange(n) < 5, 1e6, 10 ** random.uniform(2, 5, n)),
        noise=np.ones(n),
        seed=random.integers(0, 2**32, n),
        low_hz=np.where(np.arange(n) % 3, 0.0, 200.0),
        high_hz=np.where(np.arange(n) % 4, 1e6, 3000.0),
        backward=random.integers(0, 2, n),
    )
    rate = 8000
    all_at_once, some = Noises(events, rate).of(list(range(n))), Noises(events, rate).of([2, 3])
    for k in range(n):
        early, late = noise_of(events, k, rate, 0, noise_period(rate))
        assert np.max(np.abs(all_at_once[k][0] - early)) < 1e-6 * np.max(np.abs(early))
        assert np.max(np.abs(all_at_once[k][-1] - late)) < 1e-6 * np.max(np.abs(late))
    assert np.max(np.abs(some[1][0] - all_at_once[3][0])) < 1e-6 * np.max(np.abs(some[1][0]))
    assert len(some[1]) == 1
