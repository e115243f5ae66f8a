"""What is wrong with a set of recordings: each fault is planted, found, and alone."""

import json
import re

import numpy as np
import pytest
from musicnet_folder import RATE, SECONDS, label_lines, make, notes_of, write_labels

import motes
from motes.audio import write_audio
from motes.data.dataset_check import check_data


@pytest.fixture
def root(tmp_path):
    return make(tmp_path)


def found(report):
    return {(problem.file, problem.what, problem.is_error) for problem in report.problems}


def test_a_whole_set_is_right(root):
    report = check_data(root)
    assert (report.is_ok, report.problems, report.layout) == (True, (), "musicnet")
    assert (report.n_recordings, report.n_labelled, report.n_notes) == (4, 4, 24)
    assert report.duration_s == 4 * SECONDS
    assert json.loads(json.dumps(report.to_dict()))["ok"] is True
    assert motes.check_data(root / "train_data") == report


LABELS = "train_labels/1728.csv"


def with_first(row: str, number: int = 1728) -> list[str]:
    return [row, *label_lines(notes_of(number))[1:]]


@pytest.mark.parametrize(
    ("rows", "what", "is_error", "words"),
    [
        (with_first("44100,22050,41,60,0,1,Half"), "ends_before_start", True, "1 of its 6 notes .*line 2"),
        (with_first("0,22050,41,12,0,1,Half"), "outside_piano", False, "outside 21 … 108"),
        (with_first("0,22050,41,300,0,1,Half"), "pitch", True, "no MIDI number"),
        (with_first("-100,22050,41,60,0,1,Half"), "negative", True, "before 0 s"),
        (with_first("0,180000,41,60,0,1,Half"), "past_end", False, r"to 4\.08 s, it has 4\.00 s"),
        (with_first("0,400000,41,60,0,1,Half"), "past_end", True, "after the end of the audio"),
        (with_first("200000,200100,41,60,0,1,Half"), "past_end", True, "after the end of the audio"),
        ([*label_lines(notes_of(1728)), label_lines(notes_of(1728))[3]], "duplicate", False, "there twice, line 8"),
        (label_lines(notes_of(1728), 1.0), "seconds", True, r"in seconds\?"),
        ([f"{a:.3f},{b:.3f},41,{p},0,1,Half" for a, b, p in notes_of(1728)], "seconds", True, r"in seconds\?"),
        (
            label_lines([(a * 1.1, b * 1.1, p) for a, b, p in notes_of(1728)], 96000),
            "rate",
            True,
            "counted at 96000 Hz",
        ),
        (label_lines([(a * 1.1, b * 1.1, p) for a, b, p in notes_of(1728)], 22050), "rate", False, "at 22050 Hz"),
        (["44100"], "unreadable", True, "has no end_time"),
        ([], "no_notes", False, "no notes"),
    ],
)
def test_labels_that_make_no_sense(root, rows, what, is_error, words):
    write_labels(root / LABELS, rows)
    report = check_data(root)
    assert found(report) == {(LABELS, what, is_error)}
    assert report.is_ok is not is_error
    assert [problem for problem in report.problems if re.search(words, str(problem))]


def test_a_copy_at_another_rate(root):
    """The labels go on counting at 44,100 Hz, or count samples of the copy."""
    path = root / "train_data/1728.wav"
    write_audio(path, np.zeros(round(SECONDS * 22050)), 22050, 1, overwrite=True)
    assert found(check_data(root)) == {("train_data/1728.wav", "sample_rate", False)}
    write_labels(root / LABELS, label_lines([(a * 1.1, b * 1.1, p) for a, b, p in notes_of(1728)], 22050))
    assert (LABELS, "rate", True) in found(check_data(root))


@pytest.mark.parametrize(
    ("keep", "words"), [(0, "is empty"), (30, "No 'data' chunk"), (100_000, "cut short: only 19 %"), (-2, "cut short")]
)
def test_recordings_that_are_cut(root, keep, words):
    path = root / "train_data/1727.wav"
    path.write_bytes(path.read_bytes()[:keep])
    report = check_data(root)
    assert found(report) == {("train_data/1727.wav", "unreadable", True)}
    assert re.search(words, str(report.problems[0]))
    assert str(root) not in report.problems[0].text
    assert report.n_recordings == 3


def test_a_flac_that_is_cut_and_one_shorter_than_the_metadata_say(root):
    path = root / "train_data/1727.wav"
    write_audio(path.with_suffix(".flac"), np.random.default_rng(0).uniform(-0.1, 0.1, 4 * RATE), RATE, 1)
    path.unlink()
    whole = path.with_suffix(".flac").read_bytes()
    path.with_suffix(".flac").write_bytes(whole[: len(whole) // 2])
    assert found(check_data(root)) == {("train_data/1727.flac", "unreadable", True)}
    path.with_suffix(".flac").unlink()
    write_audio(path, np.zeros(RATE), RATE, 1)
    assert ("train_data/1727.wav", "length", True) in found(check_data(root))


def test_what_is_missing(root):
    (root / "train_data/1727.wav").unlink()
    (root / "train_labels/1728.csv").unlink()
    report = check_data(root)
    assert {(what, error) for _, what, error in found(report)} == {
        ("missing", True),
        ("no_labels", True),
        ("no_recording", True),
    }
    texts = " ".join(map(str, report.problems))
    assert "1 of 4 recordings of the metadata are missing: 1727" in texts
    assert "1 recordings have no labels: 1728" in texts
    assert "1 files in train_labels have no recording in train_data: 1727" in texts


def test_without_metadata_a_part_of_musicnet_is_called_so(root):
    (root / "musicnet_metadata.csv").unlink()
    report = check_data(root)
    assert report.is_ok
    assert "3 of MusicNet's 320 recordings" in report.problems[0].text


def test_another_set_in_the_layout(root):
    for folder in ("data", "labels"):
        for path in (root / f"train_{folder}").iterdir():
            path.rename(path.with_stem(f"made-{path.stem}"))
    (root / "musicnet_metadata.csv").unlink()
    assert check_data(root).layout == "labelled"


def test_interrupted_downloads(tmp_path):
    folder = tmp_path / "musicnet"
    folder.mkdir()
    (folder / "musicnet.tar.gz.part").write_bytes(b"\x1f\x8b" + bytes(100))
    report = check_data(folder)
    assert {what for _, what, _ in found(report)} == {"unfinished", "no_recordings"}
    assert report.layout == "nothing"
    (folder / "musicnet.tar.gz.part").rename(folder / "musicnet.tar.gz")
    assert {what for _, what, _ in found(check_data(folder))} == {"packed", "no_recordings"}
    (folder / "train_labels").mkdir()
    assert not check_data(folder).is_ok


def test_a_folder_of_midi_alone(tmp_path):
    (tmp_path / "Bach").mkdir()
    (tmp_path / "Bach/1727.mid").write_bytes(b"MThd")
    report = check_data(tmp_path)
    assert (report.layout, found(report)) == ("midi", {("", "midi_only", True)})


def test_recordings_alone_are_right(tmp_path):
    write_audio(tmp_path / "a.wav", np.full(800, 0.1), 8000, 1)
    report = check_data(tmp_path)
    assert (report.layout, report.is_ok, report.problems) == ("recordings", True, ())


def test_files_that_are_neither_sound_nor_labels(root):
    (root / "train_data/1727.wav").write_bytes(b"<html>no such page</html>" * 20)
    (root / LABELS).write_bytes(bytes(range(256)))
    (root / "musicnet_metadata.csv").write_bytes(bytes(range(256)))
    report = check_data(root)
    assert {("train_data/1727.wav", "unreadable", True), (LABELS, "unreadable", True)} <= found(report)
    assert not [problem for problem in report.problems if "\n" in str(problem)]
