"""What counts as transparent: masked errors, and noise for noise."""

import numpy as np
import pytest

from motes.encoders.pursuit.transparency.criterion import faults

RATE = 48000
N = 2 * RATE


def noise(seed, gain=0.1):
    return gain * np.random.default_rng(seed).standard_normal((1, N))


def tone(gain=0.1, hz=1000.0):
    return gain * np.sin(2 * np.pi * hz * np.arange(N) / RATE)[None]


def test_a_copy_has_no_faults():
    found = faults(noise(1), noise(1), noise(1), RATE)
    assert (found.audible, found.replaced) == (0, 0)
    assert found.are_few
    assert found.n_noise.sum() == 0


def test_masked_errors_are_none_and_loud_ones_are():
    assert faults(tone() + noise(1, 1e-7), tone(), tone(), RATE).are_few
    error = tone(0.01, 3000.0)
    assert not faults(tone() + error, tone() + error, tone(), RATE).are_few


def test_noise_may_stand_for_noise_of_its_level_alone():
    silent = np.zeros((1, N))
    # By chance a twentieth of levels is further off than two standard deviations, and as many frames are less flat.
    assert faults(noise(2), silent, noise(1), RATE).replaced < 0.1
    assert faults(noise(2, 0.4), silent, noise(1), RATE).replaced > 0.7


def test_noise_may_not_stand_for_tones():
    tones = sum(tone(0.03, hz) for hz in np.arange(300.0, 15000.0, 300.0))
    level = np.sqrt(np.mean(tones**2))
    assert faults(noise(2, level), np.zeros((1, N)), tones, RATE).replaced > 0.5


def test_channels_count_by_the_worst():
    rendered = np.concatenate([tone(), tone() + tone(0.01, 3000.0)])
    found = faults(rendered, rendered, np.concatenate([tone(), tone()]), RATE)
    assert found.audible == pytest.approx(found.n_audible[1] / found.n_coded[1])
    assert found.n_audible[0] == 0
    together = found + found
    assert together.audible == found.audible
    assert np.array_equal(together.n_coded, 2 * found.n_coded)
