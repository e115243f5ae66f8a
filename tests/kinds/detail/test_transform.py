"""The lapped transform is orthogonal, its inverse exact, and what its definition says."""

import numpy as np
import pytest
from detail_examples import random_sizes

from motes.kinds.detail.oracle import by_definition
from motes.kinds.detail.transform import forward, inverse


@pytest.mark.parametrize("seed", range(6))
def test_the_inverse_is_exact_and_energy_is_kept(seed):
    random = np.random.default_rng(seed)
    sizes = np.array(random_sizes(random, 256, 5))
    audio = random.normal(size=(2, 5 * 256))
    values = forward(audio, sizes)
    assert np.sum(values**2) == pytest.approx(np.sum(audio**2), rel=1e-12)
    np.testing.assert_allclose(inverse(values, sizes), audio, atol=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_it_is_its_definition(seed):
    random = np.random.default_rng(seed)
    sizes = np.array(random_sizes(random, 128, 4))
    values = random.normal(size=(1, 512))
    rise, fall = int(random.choice([0, 4, sizes[0]])), int(random.choice([0, 2, sizes[-1]]))
    made = inverse(values, sizes, rise, fall)
    assert made.shape[1] == 512 + rise // 2 + fall // 2
    np.testing.assert_allclose(made, by_definition(values, sizes, rise, fall), atol=1e-12)


def test_events_that_fade_into_each_other_are_one():
    random = np.random.default_rng(5)
    sizes = np.array(random_sizes(random, 256, 2)), np.array(random_sizes(random, 256, 3))
    values = random.normal(size=(1, 5 * 256))
    fade = int(min(sizes[0][-1], sizes[1][0]))
    whole = inverse(values, np.concatenate(sizes))
    first, second = inverse(values[:, :512], sizes[0], 0, fade), inverse(values[:, 512:], sizes[1], fade, 0)
    joined = np.zeros_like(whole)
    joined[:, : 512 + fade // 2] += first
    joined[:, 512 - fade // 2 :] += second
    np.testing.assert_allclose(joined, whole, atol=1e-12)
    np.testing.assert_allclose(forward(whole, np.concatenate(sizes)), values, atol=1e-12)


def test_a_sinusoid_is_in_its_bin():
    at = np.arange(1024)
    audio = np.cos(2 * np.pi * 0.125 * at)[None]
    values = forward(audio, np.full(4, 256))[0].reshape(4, 256)
    assert all(abs(int(np.argmax(np.abs(block))) - 64) <= 1 for block in values[1:3])
