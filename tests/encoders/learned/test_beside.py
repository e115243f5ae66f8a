"""Encoding with a dictionary: never worse than without one, and what the file then holds."""

import numpy as np
import pytest
from recurring import LENGTH, RATE, recording

import motes
from motes.codec import dumps, info, loads
from motes.encoders.learned import learn, save_dictionary


@pytest.fixture(scope="module")
def dictionary(tmp_path_factory):
    path = tmp_path_factory.mktemp("dictionary") / "Bursts 1.motes-dictionary"
    save_dictionary(learn([recording(1)[0], recording(2)[0]], 6, LENGTH), RATE, path)
    return path


def snr_db(scene, audio):
    return 10 * np.log10(np.square(audio).sum() / np.square(audio - scene.render()).sum())


def test_far_fewer_events_for_the_same_snr(dictionary):
    audio = recording(7, n_channels=2)
    plain = motes.encode(audio, sample_rate_hz=RATE, snr_db=12)
    scene = motes.encode(audio, sample_rate_hz=RATE, snr_db=12, dictionary=dictionary)
    assert snr_db(scene, audio) >= 12
    assert scene.n_events < 0.5 * plain.n_events
    assert len(scene.learned) > 10
    assert scene.models[0].id == "bursts-1"
    assert set(scene.models[0].held) == set(scene.learned.waveform)
    assert str(dictionary) not in repr(scene.metadata)
    again = loads(dumps(scene))
    assert again.replace(metadata=scene.metadata) == scene
    assert np.array_equal(again.render(), scene.render())


def test_as_many_events_as_asked_for(dictionary):
    audio = recording(7)[0]
    for options in ({"n_events": 60}, {"events_per_second": 15}):
        plain = motes.encode(audio, sample_rate_hz=RATE, **options)
        scene = motes.encode(audio, sample_rate_hz=RATE, dictionary=dictionary, **options)
        assert scene.n_events <= 60
        assert snr_db(scene, audio) > snr_db(plain, audio) + 3


def test_what_no_waveform_helps_is_as_without(dictionary):
    tone = np.sin(2 * np.pi * 1000 / RATE * np.arange(RATE)).astype(np.float32)
    plain = motes.encode(tone, sample_rate_hz=RATE, snr_db=20)
    scene = motes.encode(tone, sample_rate_hz=RATE, snr_db=20, dictionary=dictionary)
    assert scene == plain
    assert not len(motes.encode(np.zeros(100), sample_rate_hz=RATE, dictionary=dictionary).learned)


def test_a_scene_that_only_names_its_dictionary(dictionary, tmp_path):
    audio = recording(7)[0]
    scene = motes.encode(audio, sample_rate_hz=RATE, n_events=60, dictionary=dictionary)
    with pytest.warns(motes.MotesWarning, match="waveforms of bursts-1 .* are left out"):
        named = scene.refer()
    path = named.save(tmp_path / "a.mote")
    assert len(dumps(named)) < len(dumps(scene))
    assert "nor in the file" in info(path).models[0]
    assert info(scene.save(path)).models == ["bursts-1 (a dictionary, its waveforms in the file)"]
    with pytest.warns(motes.MotesWarning, match=r"cannot be heard until --dictionary"):
        assert not np.array_equal(named.render(), scene.render())
    assert named.unheard
    found = named.with_dictionary(motes.load_dictionary(dictionary))
    assert np.array_equal(found.render(), scene.render())
    assert found.quantise() == scene
    assert scene.replace(models=(), learned=None).refer().models == ()
    with pytest.raises(motes.ParameterError, match="names no dictionary bursts-1"):
        scene.replace(models=(), learned=None).with_dictionary(motes.load_dictionary(dictionary))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kbps": 24}, "goes with snr_db"),
        ({"quality": 5}, "goes with snr_db"),
        ({"dictionary": ""}, "must be the name of a file"),
        ({"dictionary": "nowhere.motes-dictionary"}, "cannot read the dictionary nowhere"),
    ],
)
def test_what_makes_no_sense_is_one_line(dictionary, options, message):
    with pytest.raises(motes.ParameterError, match=message):
        motes.encode(recording(7, 0.5)[0], sample_rate_hz=RATE, **{"dictionary": dictionary} | options)


def test_another_sample_rate_is_refused(dictionary):
    with pytest.raises(motes.ParameterError, match="8000 Hz, the recording of 16000: --rate 8000"):
        motes.encode(np.zeros(100), sample_rate_hz=16000, dictionary=dictionary)
