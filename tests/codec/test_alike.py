"""Channels that hold the same cost next to nothing."""

import numpy as np
import pytest
import soundfile

import motes
from motes.codec import dumps, loads


@pytest.mark.parametrize("options", [{}, {"texture": True}, {"snr_db": 15}, {"quality": 5}], ids=str)
def test_two_channels_alike_cost_under_five_percent_more_than_one(shared_audio, options):
    audio, rate = soundfile.read(shared_audio("singing"), frames=3 * 44100)
    mono = motes.encode(audio, sample_rate_hz=rate, **options)
    stereo = motes.encode(np.stack([audio, audio]), sample_rate_hz=rate, **options)
    data = dumps(stereo)
    assert len(data) < 1.05 * len(dumps(mono))
    scene = loads(data)
    assert dumps(scene) == data
    left, right = scene.replace(texture=None).render()
    assert np.array_equal(left, right)
    assert (len(scene.texture) > 0) == ("texture" in options or "quality" in options)
    assert np.array_equal(scene.texture.level_db[:, 0], scene.texture.level_db[:, 1])
    assert np.all(scene.texture.coherence == 1)
    left, right = scene.render()
    assert np.max(np.abs(left - right)) < 1e-3 * np.max(np.abs(left))  # noise of its own in the edges of bands alone


def test_channels_nearly_alike_are_kept_apart():
    audio = 0.1 * np.random.default_rng(0).standard_normal(8000)
    scene = motes.encode(np.stack([audio, audio]), sample_rate_hz=8000)
    louder = scene.replace(gabor=scene.gabor.replace(amplitude=scene.gabor.amplitude * [1.0, 1.5])).quantise()
    back = loads(dumps(louder))
    assert back.gabor.equals(louder.gabor)
    assert len(dumps(louder)) > len(dumps(scene))
