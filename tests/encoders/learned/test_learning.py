"""Waveforms that recur are found again; what recurs nowhere is none."""

import numpy as np
from recurring import LENGTH, recording, sounds

from motes.encoders.learned import learn


def best_match(waveforms: np.ndarray, sound: np.ndarray) -> float:
    """The largest correlation of a sound with any of the waveforms, at any shift."""
    return max(float(np.abs(np.correlate(one, sound, "full")).max()) for one in waveforms)


def test_sounds_that_recur_are_learned():
    told = []
    found = learn([recording(1)[0], recording(2)[0]], 6, LENGTH, lambda done, n: told.append((done, n)))
    assert found.shape[1] == LENGTH
    assert 3 <= len(found) <= 6
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-5)
    assert min(best_match(found, sound) for sound in sounds()) > 0.9
    assert told == [(k + 1, told[-1][1]) for k in range(len(told))]
    assert told[-1][0] == told[-1][1]


def test_learning_again_gives_the_same():
    once, twice = (learn([recording(1, 2.0)[0]], 4, LENGTH) for _ in range(2))
    assert np.array_equal(once, twice)


def test_silence_and_what_is_too_short_teach_nothing():
    assert learn([np.zeros(4000, np.float32), np.ones(10, np.float32)], 4, LENGTH).shape == (0, LENGTH)
    assert learn([], 4, LENGTH).shape == (0, LENGTH)
