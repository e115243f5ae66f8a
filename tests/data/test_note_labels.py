"""Labels of notes: what is read right, and the one line about what is not."""

import json

import mido
import numpy as np
import pytest
from musicnet_folder import HEADER, label_lines, write_labels

from motes.data.note_labels import read_notes
from motes.errors import AudioError, MotesError, ParameterError

KEYS = ("onset_s", "end_s", "pitch", "strength")
NOTES = [(0.5, 1.0, 60), (1.0, 2.5, 64)]


def written(path, text: str):
    path.write_text(text, encoding="utf-8")
    return path


def test_musicnet_counts_samples_and_programs_from_one(tmp_path):
    notes = read_notes(write_labels(tmp_path / "1.csv", label_lines(NOTES)))
    assert (notes.onset_s.tolist(), notes.end_s.tolist()) == ([0.5, 1.0], [1.0, 2.5])
    assert (notes.pitch.tolist(), notes.instrument.tolist()) == ([60, 64], [40, 40])
    assert np.isnan(notes.strength).all()


def test_drums_have_no_pitch(tmp_path):
    notes = read_notes(write_labels(tmp_path / "1.csv", ["0,4410,129,36,0,0,"]))
    assert np.isnan(notes.pitch).all()
    assert notes.instrument.tolist() == [128]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "onset_s,end_s,pitch,velocity\n1.0,2.5,64,127\n0.5,1.0,60,0\n"),
        ("a.csv", "﻿onset_s;end_s;pitch;strength\n0.5;1.0;60;0\n\n1.0;2.5;64;1\n"),
        ("a.tsv", "start_s\toffset_s\tf0_hz\tstrength\n0.5\t1.0\t261.6255653\t0\n1\t2.5\t329.6275569\t1\n"),
        ("a.csv", "start_time_s,end_time_s,pitch_midi,velocity,pitch_bend\n0.5,1,60,0,1,2,3\n1,2.5,64,127\n"),
        ("a.json", json.dumps([dict(zip(KEYS, row, strict=True)) for row in ((1, 2.5, 64, 1), (0.5, 1, 60, 0))])),
        (
            "a.json",
            json.dumps({"notes": [dict(zip(KEYS, row, strict=True)) for row in ((0.5, 1, 60, 0), (1, 2.5, 64, 1))]}),
        ),
    ],
)
def test_tables_in_seconds(tmp_path, name, text):
    notes = read_notes(written(tmp_path / name, text))
    assert (notes.onset_s.tolist(), notes.end_s.tolist(), notes.strength.tolist()) == ([0.5, 1], [1, 2.5], [0, 1])
    np.testing.assert_allclose(notes.pitch, [60, 64], atol=1e-6)
    assert notes.instrument.tolist() == [-1, -1]


def test_a_pitch_left_open_is_none(tmp_path):
    notes = read_notes(written(tmp_path / "a.csv", "onset_s,end_s,pitch\n0,1,\n0,1,60.5\n"))
    assert notes.pitch.tolist()[0] == 60.5
    assert notes.has_pitch.tolist() == [True, False]
    assert len(read_notes(written(tmp_path / "none.json", "[]"))) == 0


def test_midi_has_ends_programs_and_drums(tmp_path):
    file = mido.MidiFile(ticks_per_beat=480)
    track = mido.MidiTrack()
    track += [
        mido.MetaMessage("set_tempo", tempo=500_000),
        mido.Message("program_change", program=40),
        mido.Message("note_on", note=60, velocity=127, time=480),
        mido.Message("note_on", note=60, velocity=64, time=240),
        mido.Message("note_on", note=36, velocity=100, channel=9),
        mido.Message("note_off", note=60, time=240),  # the first of the two ends first
        mido.Message("note_on", note=60, velocity=0, time=480),
        mido.Message("note_on", note=72, velocity=64),  # never ends
        mido.Message("program_change", program=0, time=480),
    ]
    file.tracks.append(track)
    file.save(tmp_path / "a.mid")
    notes = read_notes(tmp_path / "a.mid")
    assert notes.onset_s.tolist() == [0.5, 0.75, 0.75, 1.5]
    assert notes.end_s.tolist() == [1.0, 1.5, 2.0, 2.0]
    assert notes.pitch.tolist()[:2] == [60, 60]
    assert notes.instrument.tolist() == [40, 40, 128, 40]
    assert notes.strength[0] == 1


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (["0.5,1.0,41,60,0,1,Quarter", "1.0,2.5,41,64,0,1,Half"], r"not whole numbers: are they in seconds\? .*44100"),
        (["0,1,41,60,0,1,Quarter", "1,3,41,64,0,1,Half"], "in seconds"),
        (["44100,22050,41,60,0,1,Quarter"], "1 of its 1 notes end before they begin, line 2"),
        (["-1,22050,41,60,0,1,Quarter"], "begin before 0 s"),
        (["0,22050,41,200,0,1,Quarter"], r"no MIDI number as their pitch \(200: is it in Hz\?\), line 2"),
        (["0,22050,140,60,0,1,Quarter"], "no General MIDI program"),
        (["0,22050,41,60,0,1,Half", "44100,882"], "line 3: it has no note: was it cut short"),
        (["0,x,41,60,0,1,Half"], "line 2: end_time is 'x', not a finite number"),
        (["0,inf,41,60,0,1,Half"], "not a finite number"),
    ],
)
def test_musicnet_labels_that_make_no_sense(tmp_path, rows, why):
    with pytest.raises(ParameterError, match=rf"^.*1\.csv.*{why}") as caught:
        read_notes(write_labels(tmp_path / "1.csv", rows))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"\n \n", "is empty"),
        ("a.csv", b"\xff\xfe\x00a", "not text in UTF-8"),
        ("a.csv", b"0,1,60\n", "without a row of names"),
        ("a.csv", b"<!DOCTYPE html>\n<p>not found", "has the columns <!doctype html>"),
        ("a.csv", b"onset_s,end_s,pitch\n0,1,440\n", r"440: is it in Hz\?"),
        ("a.csv", b"onset_s,end_s,f0_hz\n0,1,0\n", "f0_hz is 0, which is no frequency"),
        ("a.csv", b'onset_s,end_s,pitch\n"0,1,60\n', "it has no end_s|not a finite number"),
        ("a.csv", b"onset_s,end_s,pitch\n0,1," + b"6" * 200_000 + b"\n", "cannot be read as CSV"),
        ("a.csv", b"onset_s,end_s,pitch,strength\n0,1,60,2\n", "strength outside 0 … 1"),
        ("a.json", b"{", "cannot be read as JSON"),
        ("a.json", b"[" * 100_000, "cannot be read as JSON"),
        ("a.json", b"[1]", "no list of notes"),
        ("a.json", b'[{"a": 1}]', "has the columns a: labels have"),
        ("a.json", b'{"notes": 3}', "no list of notes"),
        ("a.json", b'[{"onset_s": 0, "end_s": 1, "pitch": true}]', "pitch is True, not a finite number"),
        ("a.json", b'[{"onset_s": 0, "end_s": [1], "pitch": 60}]', "not a finite number"),
        ("a.json", b'[{"onset_s": 0, "end_s": NaN, "pitch": 60}]', "not a finite number"),
        ("a.mid", b"MThd", "not a whole MIDI file"),
        ("a.wav", b"RIFF", "no file of labels by its name"),
    ],
)
def test_files_that_are_no_labels(tmp_path, name, data, why):
    (tmp_path / name).write_bytes(data)
    with pytest.raises((ParameterError, AudioError), match=why) as caught:
        read_notes(tmp_path / name)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("name", ["missing.csv", "missing.mid", "missing.json"])
def test_labels_that_are_not_there(tmp_path, name):
    with pytest.raises(MotesError, match="cannot read"):
        read_notes(tmp_path / name)


def outcome(path) -> str:
    try:
        notes = read_notes(path)
    except MotesError as error:
        return str(error)
    return "" if (notes.end_s >= notes.onset_s).all() else "ends\nbefore it begins"


def test_mutants_of_labels_are_read_or_refused_in_one_line(tmp_path):
    random = np.random.default_rng(0)
    whole = "\n".join([HEADER, *label_lines(NOTES)]).encode()
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(random.integers(1, 4)):
            data[random.integers(len(data))] = random.integers(256)
        path = tmp_path / "1.csv"
        path.write_bytes(bytes(data[: random.integers(1, len(data) + 1)]))
        assert "\n" not in outcome(path)
