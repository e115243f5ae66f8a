"""Stems and the rest sum to the recording to the last bit, whatever that is."""

import os

import numpy as np
import pytest
import soundfile
from note_scenes import Sounding, scene_of

import motes
from motes.audio import write_audio
from motes.errors import AudioError, MotesWarning, ParameterError
from motes.kinds.texture.table import Texture

NOTES = [Sounding(0.1, 0.6, 60), Sounding(0.6, 1.1, 64), Sounding(0.1, 1.0, 48, 2), Sounding(0.3, 0.4, None, 3)]


def whole(path):
    """The samples of a WAV as whole numbers on the grid of 24 bits."""
    audio, _ = soundfile.read(path, dtype="float64", always_2d=True)
    steps = audio * 2**23
    assert np.all(steps == np.rint(steps))
    return steps.astype(np.int64)


def sum_of(folder):
    return sum(whole(path) for path in folder.glob("*.wav"))


def stems(scene, folder, **options):
    assert motes.export(scene, folder, to="stems", **options) == folder
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(("rate", "n_channels"), [(8000, 1), (96000, 2)])
@pytest.mark.parametrize("by", ["part", "note"])
def test_they_sum_to_what_decode_writes(tmp_path, rate, n_channels, by):
    scene = scene_of(NOTES, rate=rate, n_channels=n_channels)
    names = stems(scene, tmp_path / "stems", by=by)
    if by == "part":
        assert names == ["part1.wav", "part2.wav", "part3.wav", "rest.wav"]
    else:
        assert names == ["note001-C4.wav", "note002-E4.wav", "note003-C3.wav", "note004.wav", "rest.wav"]
    motes.decode(scene, tmp_path / "all.wav")
    np.testing.assert_array_equal(sum_of(tmp_path / "stems"), whole(tmp_path / "all.wav"))
    assert {soundfile.info(path).subtype for path in (tmp_path / "stems").iterdir()} == {"PCM_24"}
    np.testing.assert_array_equal(
        whole(tmp_path / "stems" / names[0])[:, 0],
        np.rint(np.atleast_2d(scene.select("part == 1" if by == "part" else "note == 1").only().render())[0] * 2.0**23),
    )


def test_they_sum_to_a_recording(tmp_path):
    scene = scene_of(NOTES, n_channels=2, divided=False)
    recording = 0.9 * scene.render() + np.random.default_rng(0).normal(0, 0.01, (2, scene.n_samples))
    write_audio(tmp_path / "a.wav", recording, 8000, 2)
    stems(scene, tmp_path / "stems", reference=tmp_path / "a.wav")
    np.testing.assert_array_equal(sum_of(tmp_path / "stems"), whole(tmp_path / "a.wav"))


def test_beyond_full_scale_all_are_floats_of_whole_numbers(tmp_path):
    scene = scene_of(NOTES, amplitude=3.0)
    stems(scene, tmp_path / "stems")
    assert {soundfile.info(path).subtype for path in (tmp_path / "stems").iterdir()} == {"DOUBLE"}
    motes.decode(scene, tmp_path / "all.wav")  # clipped
    np.testing.assert_array_equal(sum_of(tmp_path / "stems"), whole(tmp_path / "all.wav"))


def test_a_recording_finer_than_24_bits_is_rounded(tmp_path):
    scene = scene_of(NOTES)
    write_audio(tmp_path / "a.wav", 0.7 * scene.render(), 8000, 1, subtype="FLOAT")
    with pytest.warns(MotesWarning, match="finer than 24 bits"):
        stems(scene, tmp_path / "stems", reference=tmp_path / "a.wav")
    audio, _ = soundfile.read(tmp_path / "a.wav", dtype="float64")
    np.testing.assert_array_equal(sum_of(tmp_path / "stems")[:, 0], np.rint(audio * 2**23))


def test_another_recording_is_refused(tmp_path):
    scene = scene_of(NOTES)
    audio = scene.render()
    for name, samples, rate in (
        ("rate", audio, 16000),
        ("length", audio[:-1], 8000),
        ("two", np.stack([audio] * 2), 8000),
    ):
        write_audio(tmp_path / f"{name}.wav", samples, rate, samples.ndim)
        with pytest.raises(AudioError, match="is it the recording that it was made from"):
            motes.export(scene, tmp_path / "stems", to="stems", reference=tmp_path / f"{name}.wav")
    assert sorted(os.listdir(tmp_path)) == ["length.wav", "rate.wav", "two.wav"]


def test_what_is_there_stays_unless_it_is_to_be_replaced(tmp_path):
    scene, folder = scene_of(NOTES), tmp_path / "stems"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    stems(scene, folder, by="note")
    with pytest.raises(AudioError, match="exists already"):
        stems(scene, folder)
    assert stems(scene, folder, overwrite=True) == ["notes.txt", "part1.wav", "part2.wav", "part3.wav", "rest.wav"]
    (tmp_path / "file").write_text("")
    with pytest.raises(AudioError, match="a file, not a folder"):
        motes.export(scene, tmp_path / "file", to="stems", overwrite=True)
    with pytest.raises(AudioError, match="there is no folder"):
        motes.export(scene, tmp_path / "nowhere" / "stems", to="stems")
    with pytest.raises(ParameterError, match="whole scene"):
        motes.export(scene, tmp_path / "part", to="stems", end_s=1)
    assert sorted(os.listdir(tmp_path)) == ["file", "stems"]


def test_selected_notes_alone_and_the_others_in_the_rest(tmp_path):
    scene = scene_of(NOTES)
    assert stems(scene, tmp_path / "two", select="part == 2") == ["part2.wav", "rest.wav"]
    motes.decode(scene, tmp_path / "all.wav")
    np.testing.assert_array_equal(sum_of(tmp_path / "two"), whole(tmp_path / "all.wav"))


@pytest.mark.parametrize("by", ["part", "note"])
def test_they_null_where_notes_have_their_part_of_noise(tmp_path, by):
    scene = scene_of(NOTES, divided=False)
    hop_s, n_frames, n_bands = 32 / 8000, 256, 12
    noise = Texture(
        *(np.full(1, value) for value in (0.0, n_frames * hop_s, 5, hop_s, 50.0, 4000.0, n_bands, n_frames)),
        np.full((n_frames * n_bands, 1), -40.0),
        np.empty((n_bands, 0)),
    )
    scene = scene.with_tables([noise])
    with_noise, without = tmp_path / "with", tmp_path / "without"
    assert stems(scene, with_noise, by=by, with_noise=True) == stems(scene, without, by=by)
    motes.decode(scene, tmp_path / "all.wav")
    for folder in (with_noise, without):
        np.testing.assert_array_equal(sum_of(folder), whole(tmp_path / "all.wav"))
    power = [np.square(whole(folder / "rest.wav").astype(float)).sum() for folder in (with_noise, without)]
    assert 0 < power[0] < 0.8 * power[1]
