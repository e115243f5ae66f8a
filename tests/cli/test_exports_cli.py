"""motes export of notes and stems, and motes decode --select, from the outside."""

import numpy as np
import pytest
import soundfile
from note_scenes import Sounding, scene_of

import motes
from motes.cli import main
from motes.data.note_labels import read_notes

NOTES = [Sounding(0.1, 0.6, 60), Sounding(0.6, 1.1, 64), Sounding(0.1, 1.0, 48, 2)]


@pytest.fixture(autouse=True)
def scene(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = scene_of(NOTES, n_channels=2)
    made.save("x.mote")
    motes.Scene(8000, 8000, 1).save("none.mote")
    return motes.load("x.mote")


def said(capsys, *tokens, status=0):
    assert main(list(tokens)) == status
    return capsys.readouterr().err


def test_names_say_what_files_become(capsys, tmp_path):
    for name in ("a.mid", "a.jams", "a.sdif", "a.notes.csv", "a.notes.json"):
        said(capsys, "export", "x.mote", "-o", name)
    assert "x.mote → x.mid: 3 notes" in said(capsys, "export", "x.mote", "--to", "midi", "--bend-range", "0")
    assert (tmp_path / "a.mid").read_bytes()[:4] == b"MThd"
    np.testing.assert_allclose(read_notes("x.mid").onset_s, [0.1, 0.1, 0.6], atol=0.001)
    said(capsys, "export", "x.mote", "--to", "mid", "--tempo", "90", "--mpe", "--force", "--select", "part == 2")
    np.testing.assert_allclose(read_notes("x.mid").pitch, [48])


def test_stems_sum_to_what_is_decoded(capsys):
    line = said(capsys, "export", "x.mote", "--to", "stems", "-o", "stems/")
    assert "x.mote → stems: 3 notes, 2 stems and rest.wav, " in line
    assert "dB beside the recording; 24 bits" in line
    said(capsys, "decode", "x.mote")
    names = ("part1", "part2", "rest")
    total = sum(soundfile.read(f"stems/{name}.wav", dtype="float64")[0] for name in names)
    np.testing.assert_array_equal(total, soundfile.read("x.wav", dtype="float64")[0])
    assert "exists already" in said(capsys, "export", "x.mote", "--to", "stems", "-o", "stems", status=1)
    assert "skipped" in said(capsys, "export", "x.mote", "--to", "stems", "-o", "stems", "--skip-existing")
    said(capsys, "export", "x.mote", "--to", "stems", "-o", "stems", "--by", "note", "-r", "x.wav", "--force")
    said(capsys, "export", "x.mote", "--to", "stems")
    assert soundfile.info("x.stems/part2.wav").channels == 2


def test_folders_of_stems_for_several_files(capsys, tmp_path):
    (tmp_path / "y.mote").write_bytes((tmp_path / "x.mote").read_bytes())
    said(capsys, "export", "x.mote", "y.mote", "--to", "stems", "-o", "all/")
    assert sorted(path.name for path in (tmp_path / "all").iterdir()) == ["x.stems", "y.stems"]
    line = said(capsys, "export", "x.mote", "y.mote", "--to", "stems", "-o", "all/", "-r", "x.wav", status=2)
    assert "-r x.wav is one recording, and these are 2 files" in line


def test_a_note_alone_is_decoded(capsys, scene):
    said(capsys, "decode", "x.mote", "--select", "note == 2", "-o", "note.wav", "--end", "1")
    sound = scene.select(note=2).only().render(end_s=1)
    np.testing.assert_allclose(soundfile.read("note.wav")[0].T, sound, atol=1e-6)
    said(capsys, "decode", "x.mote", "--select", "note == 2 or note == 1", "-o", "two.wav")
    assert "none of" in said(capsys, "decode", "x.mote", "--select", "note == 99", "-o", "nothing.wav")
    assert not soundfile.read("nothing.wav")[0].any()
    report = motes.decode(scene, "again.wav", select="note == 2", end_s=1)
    assert report["n_events"] == len(scene.select(note=2))
    np.testing.assert_array_equal(soundfile.read("again.wav")[0], soundfile.read("note.wav")[0])


@pytest.mark.parametrize(
    ("tokens", "status", "words"),
    [
        (["none.mote", "--to", "midi"], 1, "motes notes FILE.mote finds them"),
        (["none.mote", "--to", "sdif"], 1, "the scene has none"),
        (["x.mote", "--to", "midi", "--bend-range", "200"], 2, "--bend-range must be 0 … 96 semitones, not 200"),
        (["x.mote", "--to", "midi", "--tempo", "0"], 2, "--tempo must be 4 … 1000 beats per minute, not 0"),
        (["x.mote", "--to", "midi", "--select", "frequency_hz > 1"], 1, "frequency_hz is of events"),
        (["x.mote", "--to", "stems", "-o", "-"], 2, "a folder of them: -o FOLDER/"),
        (["x.mote", "--to", "stems", "--by", "voice"], 2, "voice"),
        (["x.mote", "--to", "stems", "--end", "1"], 1, "stems are of the whole scene"),
        (["x.mote", "--to", "stems", "-r", "nothing.wav"], 1, "nothing.wav"),
        (["x.mote", "--to", "stems", "-o", "x.mote"], 1, "would replace the file"),
        (["x.mote", "--to", "stems", "-o", "none.mote", "--force"], 1, "it is a file, not a folder"),
        (["x.mote", "-o", "x.stems"], 2, "--to must be csv"),
        (["x.mote", "--to", "mp3"], 2, "jams or stems, not 'mp3'"),
    ],
)
def test_mistakes_are_one_line(capsys, tokens, status, words):
    line = said(capsys, "export", *tokens, status=status)
    assert words in line
    assert line.count("\n") == 1
