"""The sixteen numbers of notes: asked for, stored beside the notes, and found again."""

import json

import numpy as np
import pytest

import motes
from motes.audio.source import ArraySource
from motes.cli import main
from motes.codec import dumps, loads
from motes.encoders.siam import SiamOptions, describe
from motes.events.note_table import FARTHEST, MISSING
from motes.kinds.vector.integers import STEPS
from motes.kinds.vector.table import NUMBERS
from motes.notes.finding import find

RATE = 22050


@pytest.fixture(scope="module")
def recording():
    t = np.arange(RATE // 2) / RATE
    swell = np.exp(-3 * t) * np.minimum(1, t / 0.003) * np.minimum(1, (t[-1] - t) / 0.02)
    keys = (60, 64, 67, 72, 67, 64)
    phases = [2 * np.pi * 440 * 2 ** ((key - 69) / 12) * t for key in keys]
    tones = [swell * sum(np.sin(h * phase) / h**1.5 for h in range(1, 7)) for phase in phases]
    return 0.2 * np.concatenate([np.zeros(RATE // 10), *tones])


@pytest.fixture(scope="module")
def found(recording):
    return motes.notes(motes.encode(recording, sample_rate_hz=RATE, snr_db=20), vectors=True)


def test_they_are_there_where_asked_for_and_a_file_keeps_them(found):
    back = loads(dumps(found))
    assert back == found
    assert dumps(back) == dumps(found)
    assert all(note.vector is not None for note in back.notes)
    plain = motes.notes(found.replace(groups=found.groups.only(found.groups.id < 0)))
    assert all(note.vector is None for note in plain.notes)
    assert len(plain.notes) == len(found.notes)
    np.testing.assert_array_equal(found.render(), plain.render())
    assert 0 < len(dumps(found)) - len(dumps(plain)) < 8 * len(found.notes) + 20


def test_they_are_what_the_network_says_in_steps_of_vectors(recording):
    source = ArraySource(recording, RATE)
    heard = find(motes.Scene(RATE, len(recording), 1), source, vectors=True).notes
    theirs = describe(source, SiamOptions())
    assert len(heard) >= 4
    steps = np.array([STEPS[name] for name in NUMBERS])
    for note in heard:
        apart = np.abs(theirs.found.onset_s - note.onset_s) + np.abs(theirs.found.pitch - note.pitch)
        (row,) = theirs.numbers[apart < 0.01]
        np.testing.assert_allclose(note.vector[3:] * steps[3:], np.rint(row[3:] * steps[3:]), atol=1e-9)
        assert note.vector[:2].tolist() == [note.pitch, note.gain_db]
        assert abs(note.vector[0] - row[0]) < 0.01
        assert abs(note.vector[2] - row[2]) < 0.02


def test_a_scene_of_vectors_has_them_without_storing_any(recording):
    scene = motes.notes(motes.encode(recording, sample_rate_hz=RATE, encoder="siam"))
    assert not scene.groups.notes.has_vector.any()
    for note in scene.notes:
        own = scene.vector.numbers[scene.vector.group_id == note.number]
        np.testing.assert_array_equal(note.vector, own[0])


def test_they_go_where_the_note_goes(found):
    note = next(note for note in found.notes if note.sureness > 0.9)
    higher = found.select(note=note.number).transpose(2)
    moved = next(each for each in higher.notes if each.number == note.number)
    assert moved.vector[0] == pytest.approx(note.vector[0] + 2)
    np.testing.assert_array_equal(moved.vector[1:], note.vector[1:])
    assert loads(dumps(higher)).notes[0].vector is not None


def test_encoding_counts_them_within_the_bitrate(recording):
    scene = motes.encode(recording, sample_rate_hz=RATE, kbps=24, note_vectors=True)
    assert scene.notes
    assert scene.groups.notes.has_vector.all()
    assert 8 * len(dumps(scene)) / 1000 / scene.duration_s <= 24.3


def test_numbers_that_cannot_be_are_refused(found):
    notes = found.groups.notes
    for value in (FARTHEST + 1, MISSING):
        numbers = notes.numbers.copy()
        numbers[0, 3] = value
        with pytest.raises(motes.ParameterError, match="out of range"):
            notes.replace(numbers=numbers)
    with pytest.raises(motes.ParameterError, match="shape"):
        notes.replace(numbers=notes.numbers[:, :5])


def test_the_command_lists_them_as_json_alone(found, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    found.replace(groups=found.groups.only(found.groups.id < 0)).save("a.mote")
    assert main(["notes", "a.mote", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["notes"]
    assert {row["vector"] for row in rows} == {None}
    assert main(["notes", "a.mote", "--vectors", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["notes"]
    assert {len(row["vector"]) for row in rows} == {16}
    written = motes.load("a.mote")
    assert [row["vector"] for row in rows] == [pytest.approx(note.vector, abs=1e-4) for note in written.notes]
    assert main(["notes", "a.mote", "--csv"]) == 0
    assert "vector" not in capsys.readouterr().out
