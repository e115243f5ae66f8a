"""Transparent files: as small as errors stay masked."""

import numpy as np
import pytest
import soundfile

import motes
from motes.audio import ArraySource
from motes.codec import dumps
from motes.encoders.pursuit import PursuitOptions
from motes.encoders.pursuit.transparency import search
from motes.encoders.pursuit.transparency.criterion import faults_of
from motes.errors import ParameterError


@pytest.fixture
def demo(demo_audio):
    audio, rate = soundfile.read(demo_audio)
    return audio[: rate // 2], rate


def test_transparent_files_are_and_say_at_which_rate(demo, monkeypatch):
    audio, rate = demo
    monkeypatch.setattr(search, "ROUNDS", 3)
    monkeypatch.setattr(search, "RATES_PER_DOUBLING", 2)
    scene = motes.encode(audio, sample_rate_hz=rate, transparent=True)
    kbps = scene.metadata.options["kbps"]
    assert scene.metadata.stop_reason == "quality_reached"
    assert scene.metadata.options["transparent"] is True
    assert 8 * len(dumps(scene)) / scene.duration_s / 1000 <= kbps
    assert faults_of(scene, ArraySource(audio, rate)).are_few
    assert dumps(motes.encode(audio, sample_rate_hz=rate, transparent=True, n_threads=1)) == dumps(scene)


def test_what_cannot_be_reached_is_said_and_the_highest_rate_taken(demo, monkeypatch):
    audio, rate = demo
    monkeypatch.setattr(search, "ROUNDS", 2)
    scene = motes.encode(audio, sample_rate_hz=rate, transparent=True, kbps=5)
    assert scene.metadata.stop_reason == "quality_unreachable"
    assert scene.metadata.options["kbps"] == 5


def test_transparency_is_a_target():
    with pytest.raises(ParameterError, match="one target at a time: transparent and quality"):
        PursuitOptions(transparent=True, quality=3)
    options = PursuitOptions(transparent=True)
    assert options.by_ear
    assert options.asked() == {"transparent": True}
    assert options.in_force()["events_per_second"] is None


def test_silence_is_transparent():
    scene = motes.encode(np.zeros(8000), sample_rate_hz=8000, transparent=True)
    assert scene.n_events == 0
    assert scene.metadata.stop_reason == "quality_reached"
