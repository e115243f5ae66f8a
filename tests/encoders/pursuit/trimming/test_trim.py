"""Trimmed scenes fit, keep what they can, say what they cannot, and sound nearly as encoded anew."""

import numpy as np
import pytest
import soundfile
from kind_examples import example

import motes
from motes.codec import dumps
from motes.errors import MotesWarning, ParameterError

SECONDS = 1.2


def kbps_of(scene):
    return 8 * len(dumps(scene)) / scene.duration_s / 1000


@pytest.fixture(scope="module")
def demo(demo_audio):
    audio, rate = soundfile.read(demo_audio)
    return audio[: round(SECONDS * rate)], rate


@pytest.fixture(scope="module")
def big(demo):
    audio, rate = demo
    return motes.encode(audio, sample_rate_hz=rate, kbps=48)


@pytest.fixture(scope="module")
def small(big):
    return big.trim(16)


def test_a_bitrate_is_spent_and_never_exceeded(big, small):
    assert 15 <= kbps_of(small) <= 16
    assert small.metadata.stop_reason == "bitrate_reached"
    assert small.metadata.options == {"kbps": 48, "trimmed_kbps": 16}
    assert small.n_samples == big.n_samples
    assert len(small.texture) > 0
    assert dumps(big.trim(16)) == dumps(small)
    assert dumps(small.quantise()) == dumps(small)


def test_nearly_as_good_as_encoded_anew(demo, small):
    audio, rate = demo
    anew = motes.encode(audio, sample_rate_hz=rate, kbps=16)
    errors = [np.mean((scene.render()[: len(audio)] - audio) ** 2) for scene in (small, anew)]
    assert 10 * np.log10(errors[0] / errors[1]) < 1.5


def test_what_is_small_enough_stays_as_it_is(big):
    assert big.trim(60) is big
    assert motes.trim(big, 60) is big


def test_the_strongest_atoms_stay(big, small):
    strength = [scene.gabor.amplitude[:, 0] * np.sqrt(scene.gabor.window_s) for scene in (big, small)]
    assert np.median(strength[1]) > 1.5 * np.median(strength[0])
    assert len(small.gabor) < len(big.gabor) / 2


def test_what_does_not_fit_is_said_and_as_small_as_it_gets(big):
    least = big.trim(0.05)
    assert least.metadata.stop_reason == "bitrate_unreachable"
    assert least.n_events <= 1
    with pytest.raises(ParameterError, match="kbps must be above 0"):
        big.trim(0)


def test_edits_stay(big):
    higher = big.select("time_s < 0.6").transpose(3).select("time_s >= 0.6").gain(-6)
    with pytest.warns(MotesWarning, match="that is final now"):
        small = higher.trim(16)
    assert kbps_of(small) <= 16
    error = small.render() - higher.render()
    assert np.mean(error**2) < 0.1 * np.mean(higher.render() ** 2)
    later = big.move(0.5)
    assert np.all(later.trim(16).gabor.edit_shift_s == 0.5)


def test_groups_and_notes_stay(big):
    grouped = big.select("frequency_hz < 300").group("note").select("frequency_hz > 1000").group("own")
    noise = grouped.with_tables([grouped.texture.replace(group_id=np.full(len(grouped.texture), 2))])
    small = noise.trim(24)
    assert small.groups == noise.groups
    assert set(np.unique(small.gabor.group_id)) == {0, 1, 2}
    assert small.texture.take(small.texture.group_id == 2).equals(noise.texture)  # not made anew
    assert kbps_of(small) <= 24


def test_other_kinds_stay_and_count(big):
    splats = example("splat").take(slice(0, 2)).replace(group_id=np.zeros(2, np.int64))
    small = big.with_tables([splats]).trim(16)
    assert small.splat.equals(big.with_tables([splats]).quantise().splat)
    assert kbps_of(small) <= 16
    alone = motes.Scene(44100, 44100, 1, tables=[splats])
    assert alone.trim(0.1).metadata.stop_reason == "bitrate_unreachable"
    assert len(alone.trim(0.1).splat) == 2


def test_silence_and_nothing():
    scene = motes.Scene(44100, 44100, 1)
    assert scene.trim(8) is scene
    assert scene.trim(0.01).metadata.stop_reason == "bitrate_unreachable"
