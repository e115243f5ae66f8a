"""Sets of recordings: what is found, what is read of them, and how they are split."""

import numpy as np
import pytest
from musicnet_folder import RATE, SECONDS, make, notes_of, sound_of

from motes.audio import write_audio
from motes.data.musicnet import Dataset, Track
from motes.errors import AudioError, ParameterError


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return make(tmp_path_factory.mktemp("data"))


def test_the_folder_may_be_that_of_the_set_a_part_or_the_one_around_it(root, monkeypatch):
    for folder in (root, root / "train_data", root / "test_data", root.parent):
        dataset = Dataset(folder)
        assert (dataset.folder, dataset.has_layout) == (root, True)
        assert dataset.track_ids == ("1727", "1728", "1729", "1759")
        assert [track.part for track in dataset.tracks] == ["train"] * 3 + ["test"]
    monkeypatch.setenv("AUDIO_PATH", str(root / "train_data"))
    assert Dataset().track_ids == dataset.track_ids
    monkeypatch.setenv("AUDIO_PATH", "")
    with pytest.raises(ParameterError, match="AUDIO_PATH"):
        Dataset()


def test_a_track_has_audio_notes_and_metadata(root):
    dataset = Dataset(root)
    track = dataset.track("1728")
    audio, rate = track.audio
    assert (rate, track.sample_rate_hz, track.duration_s) == (RATE, RATE, SECONDS)
    np.testing.assert_allclose(audio, sound_of(1728), atol=1e-6)
    assert not audio.flags.writeable
    assert track.audio[0] is audio
    np.testing.assert_allclose(track.notes.onset_s, [onset for onset, _, _ in notes_of(1728)], atol=1 / RATE)
    assert track.notes.pitch.tolist() == [key for _, _, key in notes_of(1728)]
    assert (track.metadata["composer"], track.metadata["ensemble"]) == ("Nobody", "Solo Violin")
    assert dataset.load_tracks()["1728"] == track
    with pytest.raises(ParameterError, match="no recording '1'"):
        dataset.track("1")


def test_any_folder_of_recordings_is_a_set_without_labels(tmp_path):
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / ".hidden").mkdir()
    for name in ("z.wav", "a/b/y.flac", "a/b/y.wav", ".hidden/x.wav"):
        write_audio(tmp_path / name, np.zeros(100), 8000, 1)
    (tmp_path / "notes.txt").write_text("nothing")
    dataset = Dataset(tmp_path)
    assert dataset.track_ids == ("a/b/y", "a/b/y.wav", "z")
    assert not dataset.has_layout
    assert dataset.track("z").notes is None
    assert dataset.choice(1) in dataset.tracks
    (tmp_path / "none").mkdir()
    with pytest.raises(ParameterError, match="no recording in"):
        Dataset(tmp_path / "none").choice()


@pytest.mark.parametrize(("name", "why"), [("gone", "no folder"), ("musicnet.tar.gz", "is a file.*unpack it first")])
def test_folders_that_are_none(tmp_path, name, why):
    if "." in name:
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(ParameterError, match=why):
        Dataset(tmp_path / name)


def test_a_segment_is_what_lies_there(root):
    track = Dataset(root).track("1727")
    part = track.segment(1.0, 2.0)
    np.testing.assert_array_equal(part.audio[0], track.audio[0][RATE : 3 * RATE])
    sounding = [(on - 1, end - 1, key) for on, end, key in notes_of(1727) if on < 3 and end > 1]
    np.testing.assert_allclose(part.notes.onset_s, [on for on, _, _ in sounding], atol=1 / RATE)
    assert part.notes.pitch.tolist() == [key for _, _, key in sounding]
    for start_s, duration_s in ((-0.1, 1), (3.5, 1), (0, 0)):
        with pytest.raises(ParameterError):
            track.segment(start_s, duration_s)


def test_random_segments_follow_the_seed(root):
    dataset = Dataset(root)
    first, again, other = (list(dataset.segments(0.5, 20, seed)) for seed in (1, 1, 2))
    places = [[(part.track_id, part.start_s) for part in parts] for parts in (first, again, other)]
    assert places[0] == places[1] != places[2]
    assert {part.audio.shape for part in first} == {(1, RATE // 2)}
    assert len({part.track_id for part in first}) > 1
    whole = list(dataset.segments(SECONDS, 2, tracks=[dataset.track("1759")]))
    assert [(part.track_id, part.start_s) for part in whole] == [("1759", 0.0)] * 2
    with pytest.raises(ParameterError, match=r"no recording in .* lasts 9 s"):
        next(dataset.segments(9, 1))


def planted(ids, part=""):
    dataset = Dataset.__new__(Dataset)
    dataset._tracks = {name: Track(name, None, part=part) for name in ids}
    return dataset


def test_a_recording_stays_in_its_split_whatever_else_there_is():
    names = [str(number) for number in range(2000)]
    splits = planted(names).splits()
    assert {part: pytest.approx(len(tracks), abs=50) for part, tracks in splits.items()} == {
        "train": 1600,
        "validation": 200,
        "test": 200,
    }
    fewer = planted(names[::-3]).splits()
    for part, tracks in fewer.items():
        assert {track.track_id for track in tracks} <= {track.track_id for track in splits[part]}
    assert planted(names).splits(seed=1) != splits
    assert planted(names).splits() == splits


def test_the_tests_of_musicnet_stay_tests(root):
    splits = Dataset(root).splits(validation=0.5, test=0.5)
    assert [track.track_id for track in splits["test"]] == ["1759"]
    assert len(splits["train"]) + len(splits["validation"]) == 3
    with pytest.raises(ParameterError, match="shares of 1"):
        Dataset(root).splits(validation=0.8, test=0.3)


def test_a_file_that_changed_is_read_anew(tmp_path):
    path = tmp_path / "a.wav"
    write_audio(path, np.zeros(100), 8000, 1)
    track = Dataset(tmp_path).track("a")
    assert track.audio[0].shape == (100,)
    path.write_bytes(b"")
    with pytest.raises(AudioError, match="empty"):
        _ = track.audio
