"""Bitrates are kept, qualities are ordered, and both say why they stopped."""

import itertools

import numpy as np
import pytest
import soundfile

import motes
from motes.codec import dumps, loads
from motes.encoders.pursuit import PursuitOptions
from motes.encoders.pursuit.rate_control import AIM, LEAST_USE, TEXTURE_SHARE, _better_guess, _texture_options
from motes.errors import ParameterError


def kbps_of(scene):
    return 8 * len(dumps(scene)) / scene.duration_s / 1000


@pytest.fixture(scope="module")
def demo(demo_audio):
    audio, rate = soundfile.read(demo_audio, always_2d=True)
    return audio[: 6 * rate].T, rate


@pytest.mark.parametrize("kbps", [6, 16, 32])
def test_a_bitrate_is_spent_and_never_exceeded(demo, kbps):
    audio, rate = demo
    scene = motes.encode(audio, sample_rate_hz=rate, kbps=kbps)
    assert kbps_of(scene) <= kbps
    assert kbps_of(scene) >= 0.97 * kbps or scene.metadata.stop_reason == "nothing_audible_left"
    assert len(scene.texture) > 0
    assert scene.metadata.options["kbps"] == kbps
    assert np.array_equal(loads(dumps(scene)).render(), scene.render())


@pytest.mark.parametrize("name", ["speech", "rain", "song_60s_stereo"])
@pytest.mark.parametrize("kbps", [12, 40])
@pytest.mark.slow
def test_on_real_recordings(shared_audio, name, kbps):
    audio, rate = soundfile.read(shared_audio(name), always_2d=True)
    scene = motes.encode(audio.T, sample_rate_hz=rate, kbps=kbps)
    assert 0.97 * kbps <= kbps_of(scene) <= kbps
    assert scene.metadata.stop_reason == "bitrate_reached"


def test_quality_costs_and_brings_more(demo):
    audio, rate = demo
    scenes = [motes.encode(audio, sample_rate_hz=rate, quality=q, texture=False) for q in (1, 4, 7)]
    rates = [kbps_of(s) for s in scenes]
    left = [np.sum((audio - np.atleast_2d(s.render())) ** 2) for s in scenes]
    assert rates[0] < rates[1] < rates[2]
    assert left[0] > left[1] > left[2]
    assert all(s.metadata.stop_reason == "quality_reached" and len(s.texture) == 0 for s in scenes)


@pytest.mark.parametrize("target", [{"kbps": 24.0}, {"quality": 5.0}])
@pytest.mark.parametrize("shape", [(0,), (1,), (3000,), (2, 3000)])
def test_silence_and_tiny_sounds(target, shape):
    for audio in (np.zeros(shape), np.full(shape, 1e-9)):
        scene = motes.encode(audio, sample_rate_hz=8000, **target)
        assert scene.n_events == 0
        assert scene.metadata.stop_reason == "nothing_audible_left"
        assert scene.render().shape == shape
    assert (
        motes.encode(np.random.default_rng(0).standard_normal(shape) * 0.1, sample_rate_hz=8000, **target)
        .render()
        .shape
        == shape
    )


def test_a_pure_tone_needs_no_more_than_it_needs():
    t = np.arange(48000) / 16000
    scene = motes.encode(0.3 * np.sin(2 * np.pi * 1000 * t), sample_rate_hz=16000, kbps=400)
    assert scene.metadata.stop_reason in ("nothing_audible_left", "stalled")
    assert kbps_of(scene) < 300


def test_the_search_ends():
    """For any smooth size, and where one atom more steps over the end."""
    for per_atom in (0.3, 1.6, 5.0):
        for n_bytes in (10, 1000, 40000):
            tried, guess = {}, int(n_bytes * 8 / 13.5)
            while len(tried) < 20:
                tried[guess] = round(200 + per_atom * guess)
                if guess == 0 or LEAST_USE * n_bytes <= tried[guess] <= n_bytes:
                    break
                guess = _better_guess(tried, n_bytes, guess)
            assert guess == 0 or tried[guess] <= n_bytes
            assert AIM < 1


def test_targets_exclude_each_other():
    with pytest.raises(ParameterError, match="one target at a time"):
        PursuitOptions(kbps=24, snr_db=20)
    for bad in ({"kbps": 0}, {"kbps": float("nan")}, {"quality": 11}, {"quality": -1}):
        with pytest.raises(ParameterError):
            PursuitOptions(**bad)
    assert not PursuitOptions(snr_db=20).with_texture
    assert PursuitOptions(snr_db=20, texture=True).with_texture
    assert not PursuitOptions(kbps=20, texture=False).with_texture


def test_noise_grows_finer_with_the_rate():
    """Per channel: two channels at twice the rate have the noise of one; its own limit wins; a quality has that of
    about its rate.
    """
    found = [_texture_options(PursuitOptions(kbps=kbps), 1) for kbps in (4, 8, 16, 24, 32, 64, 500)]
    for coarse, fine in itertools.pairwise(found):
        assert (fine.n_bands, -fine.step_db, fine.detail) >= (coarse.n_bands, -coarse.step_db, coarse.detail)
        assert fine.kbps > coarse.kbps
    assert found[0].n_bands < found[-1].n_bands
    assert found[2] == _texture_options(PursuitOptions(kbps=32), 2)
    assert found[2].kbps == pytest.approx(TEXTURE_SHARE * 16)
    assert _texture_options(PursuitOptions(kbps=16, texture_kbps=1.5), 1).kbps == 1.5
    held = [_texture_options(PursuitOptions(quality=quality), 1) for quality in (0, 3, 6, 10)]
    assert all(a.kbps < b.kbps and a.n_bands <= b.n_bands for a, b in itertools.pairwise(held))
