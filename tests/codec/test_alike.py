"""Channels that hold the same cost next to nothing."""

import numpy as np
import soundfile

import motes
from motes.codec import dumps, loads


def test_two_channels_alike_cost_under_five_percent_more_than_one(shared_audio):
    audio, rate = soundfile.read(shared_audio("singing"), frames=3 * 44100)
    for settings in ({}, {"texture": True}, {"snr_db": 15}, {"quality": 5}):
        mono = motes.encode(audio, sample_rate_hz=rate, **settings)
        stereo = motes.encode(np.stack([audio, audio]), sample_rate_hz=rate, **settings)
        data = dumps(stereo)
        assert len(data) < 1.05 * len(dumps(mono))
        left, right = loads(data).render()
        assert np.array_equal(left, right) or settings.get("texture") or settings.get("quality")
        assert dumps(loads(data)) == data


def test_channels_nearly_alike_are_kept_apart():
    audio = 0.1 * np.random.default_rng(0).standard_normal(8000)
    scene = motes.encode(np.stack([audio, audio]), sample_rate_hz=8000)
    louder = scene.replace(gabor=scene.gabor.replace(amplitude=scene.gabor.amplitude * [1.0, 1.5])).quantise()
    back = loads(dumps(louder))
    assert back.gabor.equals(louder.gabor)
    assert len(dumps(louder)) > len(dumps(scene))
