"""Sixteen numbers of a note that decoders turn back into it."""

import numpy as np
import pytest

from motes.data.note_vector import numbers_of
from motes.kinds.splat.render import SplatRenderer
from motes.kinds.vector.decoder import CURRENT, Decoder
from motes.metrics.signal import spectral_convergence

RATE = 44100


class Context:
    """What a renderer asks of a scene."""

    sample_rate_hz = RATE
    n_channels = 1


def plucked(f0: float, seconds: float = 1.2) -> np.ndarray:
    t = np.arange(int(seconds * RATE)) / RATE
    return sum(0.2 / k**1.5 * np.exp(-3 * k**0.5 * t) * np.sin(2 * np.pi * k * f0 * t) for k in range(1, 12))


def rebuilt(numbers: np.ndarray, n_samples: int) -> np.ndarray:
    splats, _ = Decoder.named(CURRENT).splats(numbers[None], np.zeros(1), np.zeros((1, 1)))
    audio = np.zeros((1, n_samples))
    SplatRenderer(splats, Context).add(audio, 0, n_samples)
    return audio[0]


@pytest.mark.parametrize("f0", [196.0, 523.25])
def test_a_plucked_note_comes_back(f0):
    sound = plucked(f0)
    estimate = rebuilt(numbers_of(sound, RATE, f0), len(sound))
    assert spectral_convergence(estimate, sound) < 0.45


def test_numbers_are_of_the_decoded_sound_again():
    numbers = numbers_of(plucked(330.0), RATE, 330.0)
    again = numbers_of(rebuilt(numbers, 3 * RATE), RATE, 330.0)
    np.testing.assert_allclose(again[:2], numbers[:2], atol=2.0)
    np.testing.assert_allclose(again[2:6], numbers[2:6], atol=1.0)


def test_numbers_are_about_the_same_at_another_rate():
    at_44, at_22 = (numbers_of(plucked(330.0)[::step], RATE // step, 330.0) for step in (1, 2))
    np.testing.assert_allclose(at_22, at_44, atol=0.3)


def test_a_louder_note_differs_in_level_alone():
    sound = plucked(330.0)
    difference = numbers_of(sound, RATE, 330.0) - numbers_of(0.1 * sound, RATE, 330.0)
    np.testing.assert_allclose(difference[:7], [0, 20, 0, 0, 0, 0, 0], atol=0.01)
