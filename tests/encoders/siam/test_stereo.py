"""Events are as loud in each channel as they are there: planted tones."""

import numpy as np
import pytest

from motes.audio.source import ArraySource
from motes.encoders.siam.peaks import Detections
from motes.encoders.siam.stereo import FARTHEST_DB, channel_gains_db

RATE = 44100
ONSETS_S, KEYS = (0.25, 0.25, 1.25), (60, 67, 72)


def tone(key: int, onset_s: float, seconds: float = 2.0) -> np.ndarray:
    t = np.arange(int(seconds * RATE)) / RATE - onset_s
    return (0.2 * np.sin(2 * np.pi * 440 * 2 ** ((key - 69) / 12) * t) * (t >= 0)).astype(np.float32)


def found(is_pitched: bool = True) -> Detections:
    onset_s = np.array(ONSETS_S)
    n = len(onset_s)
    return Detections(
        onset_s,
        onset_s + 0.5,
        np.array(KEYS, float),
        np.full(n, -20.0),
        np.full(n, 0.9),
        np.full(n, is_pitched),
        np.arange(n),
    )


@pytest.mark.parametrize("is_pitched", [True, False])
def test_a_tone_on_the_left_has_its_gain_there(is_pitched):
    left, right, both = (tone(key, onset_s) for key, onset_s in zip(KEYS, ONSETS_S, strict=True))
    if not is_pitched:  # bands that overlap: one after the other
        right = np.zeros_like(right)
    gains_db = channel_gains_db(ArraySource(np.stack([left + both, right + both]), RATE), found(is_pitched))
    assert gains_db.shape == (3, 2)
    assert gains_db[0, 0] == pytest.approx(6.02, abs=0.3)  # twice as loud as in the mean of both
    assert gains_db[0, 1] < -30
    if is_pitched:
        assert gains_db[1, 1] == pytest.approx(6.02, abs=0.3)
        assert gains_db[1, 0] < -30
        np.testing.assert_allclose(gains_db[2], 0, atol=0.3)


def test_gains_of_pans_are_those_of_the_mix():
    source = ArraySource(np.stack([0.9 * tone(60, 0.25), 0.3 * tone(60, 0.25)]), RATE)
    gains_db = channel_gains_db(source, found())[0]
    np.testing.assert_allclose(gains_db, 20 * np.log10([0.9 / 0.6, 0.3 / 0.6]), atol=0.1)


def test_one_channel_has_no_gain_and_silence_none_beyond_the_range():
    np.testing.assert_array_equal(channel_gains_db(ArraySource(tone(60, 0.25), RATE), found()), np.zeros((3, 1)))
    gains_db = channel_gains_db(ArraySource(np.zeros((2, RATE), np.float32), RATE), found())
    assert np.all(np.abs(gains_db) <= FARTHEST_DB)
    assert channel_gains_db(ArraySource(np.zeros((2, 0), np.float32), RATE), found()).shape == (3, 2)
