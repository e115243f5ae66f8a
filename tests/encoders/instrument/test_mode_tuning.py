"""Tuning of modes: two that sound like one become that one."""

import numpy as np

from motes.encoders.instrument.mode_responses import Sites
from motes.encoders.instrument.mode_tuning import merge_duplicates

N = 20000
# Faint modes elsewhere: a number is worth as much as the weakest of all bring.
FAINT = np.linspace(1.0, 2.0, 12)


def sites(decays, omegas, amplitudes):
    """Modes struck twice, and the faint ones."""
    poles = np.stack([np.append(-np.asarray(decays), np.full(12, -1e-3)), np.append(omegas, FAINT)])
    struck = np.concatenate([np.asarray(amplitudes, complex), np.full((2, 12), 1e-4)], axis=1)
    return Sites(poles, np.ones((1, poles.shape[1]), complex), np.array([100.0, 9000.0]), struck)


def test_two_modes_become_the_one_that_sounds_most_like_them():
    """A mode as one that falls a little faster and a weak short one of the other sign, as fits begin: what is found is
    beyond both, not between them.
    """
    sigma, times = np.array([-1.03e-3 + 0.3j, -2.4e-3 + 0.3004j]), np.arange(N)
    truth = np.exp((-1e-3 + 0.3j) * times)
    weights = np.linalg.lstsq(np.exp(np.outer(times, sigma)), truth, rcond=None)[0]
    merged = merge_duplicates(sites(-sigma.real, sigma.imag, np.outer([1.0, 0.6], weights)), N, boldly=True)
    assert merged.n_modes == 13
    assert abs(merged.poles[0, 0] / -1e-3 - 1) < 0.01


def test_modes_that_beat_stay_two():
    assert merge_duplicates(sites([1e-3, 1e-3], [0.3, 0.3015], [[1, 1], [0.6, 0.5]]), N, boldly=True).n_modes == 14


def test_modes_are_made_one_across_another_between_them():
    """A short mode, whose bandwidth is wide, may lie between two that are one."""
    three = sites([1e-3, 2e-2, 1e-3], [0.3, 0.30002, 0.30004], [[1, 4, 0.3], [0.5, 0.25, 0.15]])
    merged = merge_duplicates(three, N, boldly=True)
    assert merged.n_modes == 14
    assert np.allclose(np.sort(-merged.poles[0, :2]), [1e-3, 2e-2], rtol=0.01)
