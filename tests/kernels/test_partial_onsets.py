"""Onsets within lines, against the same in plain NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from plain_partial_onsets import cuts

from motes.kernels.linking.partial_onsets import find_cuts


@pytest.mark.parametrize("seed", range(8))
def test_cuts_are_those_of_the_plain_ones(seed):
    random = np.random.default_rng(seed)
    level = np.repeat(random.uniform(-40, 0, 12), random.integers(2, 40, 12)) + random.normal(0, 0.5)
    level += random.normal(0, 0.2, len(level)) - 0.2 * (np.arange(len(level)) % 40)
    power = 10 ** (level / 10)
    assert np.array_equal(find_cuts(power) > 0, cuts(power))


def test_a_line_is_cut_where_it_is_struck_again_and_nowhere_else():
    decay = 10 ** (-0.06 * np.arange(60) / 2)
    assert np.flatnonzero(find_cuts(np.concatenate([decay, decay]))).tolist() == [59]
    swell, tremolo = 10 ** (np.linspace(-5, 0, 100)), 10 ** (0.3 * np.sin(2 * np.pi * np.arange(200) / 40))
    assert not find_cuts(swell).any()
    assert not find_cuts(tremolo).any()
    assert not find_cuts(np.ones(1)).any()


def test_a_line_is_cut_in_a_silence_and_not_where_it_beats():
    gap = np.concatenate([np.ones(50), np.full(20, 1e-4), np.ones(50)])
    assert np.count_nonzero(find_cuts(gap)) == 1
    beats = np.square(np.cos(np.pi * np.arange(300) / 25)) + 1e-3
    assert not find_cuts(beats).any()
