"""motes data, and motes eval --notes."""

import json

import numpy as np
import pytest
from musicnet_folder import RATE, label_lines, make, notes_of, write_labels

import motes
from motes.audio import write_audio
from motes.cli import main
from motes.kinds.splat.table import Splat
from motes.scene.scene import Scene


def test_check_says_what_a_folder_is(tmp_path, capsys, monkeypatch):
    root = make(tmp_path)
    assert main(["data", "check", str(root)]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0] == f"{root}: MusicNet"
    assert out.splitlines()[-1] == "ok"
    write_labels(root / "train_labels/1727.csv", ["44100,100,41,60,0,1,Half", "100,44100,41,60,0,1,Half"])
    monkeypatch.setenv("AUDIO_PATH", str(root / "train_data"))
    assert main(["data", "check", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["ok"], report["layout"], report["n_recordings"]) == (False, "musicnet", 4)
    assert report["problems"] == [
        {
            "file": "train_labels/1727.csv",
            "what": "ends_before_start",
            "text": "1 of its 2 notes end before they begin, line 2",
            "is_error": True,
        }
    ]


@pytest.mark.parametrize(
    ("tokens", "status", "words"),
    [
        (["data", "chekc"], 2, 'Did you mean "check"'),
        (["data", "check", "--jsn"], 2, "motes data check --help"),
        (["data", "check", "gone"], 1, "there is no folder gone"),
        (["data", "check"], 1, "AUDIO_PATH"),
        (["eval", "x.mote"], 2, "--reference RECORDING or --notes LABELS"),
        (["eval", "a.wav", "--notes", "a.csv"], 1, "a.wav is no scene, and has no notes yet"),
        (["eval", "atoms.mote", "--notes", "a.csv"], 1, "atoms are not notes, encode with --encoder siam"),
        (["eval", "atoms.mote", "--notes", "gone.csv"], 1, "cannot read gone.csv"),
        (["eval", "atoms.mote", "--notes", "a.wav"], 1, "no file of labels by its name"),
        (["eval", "atoms.mote", "--notes", "a.csv", "--align"], 1, "need a reference beside notes"),
    ],
)
def test_mistakes_are_one_line(tmp_path, monkeypatch, capsys, tokens, status, words):
    pytest.importorskip("mir_eval")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AUDIO_PATH", raising=False)
    write_audio("a.wav", np.zeros(100), 8000, 1)
    write_labels(tmp_path / "a.csv", label_lines(notes_of(1)))
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(4000) / 8000)
    motes.encode(tone, sample_rate_hz=8000, n_events=3).save("atoms.mote")
    assert main(tokens) == status
    err = capsys.readouterr().err
    assert words in err
    assert err.count("\n") == 1


def splats_of(notes) -> Scene:
    """A splat for each note, whose gamma burst begins at its onset."""
    onset_s, _, key = np.array(notes).T
    full = np.full_like(onset_s, 1.0)
    splats = Splat(
        onset_s + 0.02,
        0.02 * full,
        440 * 2 ** ((key - 69) / 12),
        500 * full,
        2 * full,
        0.4 * full,
        -20 * full[:, None],
        shape=2 * full,
    )
    return Scene(RATE, 4 * RATE, 1, splat=splats)


def test_eval_counts_the_notes_of_a_scene(tmp_path, capsys):
    pytest.importorskip("mir_eval")
    notes = notes_of(1)
    splats_of(notes[1:]).save(tmp_path / "a.mote")
    labels = write_labels(tmp_path / "a.csv", label_lines(notes))
    assert main(["eval", str(tmp_path / "a.mote"), "--notes", str(labels), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["note_precision"], found["note_recall"], found["n_reference"]) == (1, 5 / 6, 6)
    assert found["estimate"].endswith("a.mote")
    assert "reference" not in found
    assert main(["eval", str(tmp_path / "a.mote"), "--notes", str(labels)]) == 0
    assert "note_f1                                0.9091 (1 is perfect)" in capsys.readouterr().out
    assert motes.evaluate(labels, notes=labels)["note_offset_f1"] == 1
    scene = motes.load(tmp_path / "a.mote")
    both = motes.evaluate(scene, scene.render(), sample_rate_hz=RATE, notes=labels)
    assert both["snr_db"] == 200
    assert both["note_recall"] == 5 / 6


def test_labels_of_something_longer_are_worth_a_word(tmp_path):
    pytest.importorskip("mir_eval")
    labels = write_labels(tmp_path / "a.csv", [*label_lines(notes_of(1)), "441000,882000,41,60,0,1,Half"])
    with pytest.warns(motes.MotesWarning, match=r"1 of 7 labels begin after the scene's end at 4\.00 s"):
        motes.evaluate(splats_of(notes_of(1)), notes=labels)


def test_render_makes_a_set_that_check_finds_whole(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("IMPULSE_RESPONSE_PATH", raising=False)
    tokens = ["data", "render", str(tmp_path / "a"), "--hours", "0.001", "--seed", "6", "--additive", "1", "--json"]
    assert main(tokens) == 0
    assert json.loads(capsys.readouterr().out) == {"folder": str(tmp_path / "a"), "set_name": "training", "n_pieces": 1}
    assert main(["data", "check", str(tmp_path / "a")]) == 0
    assert main([*tokens, "--in-rooms", "0"]) == 1
    assert "holds a set with in_rooms 0.5, not 0.0: choose another folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("tokens", "status", "words"),
    [
        ([], 1, "there is nothing to render with: give a SoundFont, such as FluidR3_GM.sf2"),
        (["--soundfont", "gone.sf2"], 1, "there is no SoundFont gone.sf2"),
        (["--test"], 1, "TimGM6mb.sf2"),
        (["--set", "tests"], 2, "--set is one of training, unpitched, test"),
        (["--test", "--set", "test-piano"], 2, "--test is --set test"),
        (["--hours", "0", "--additive", "1"], 1, "hours must lie above 0"),
        (["--hour", "1"], 2, "--hours"),
    ],
)
def test_render_says_in_one_line_what_it_cannot(tokens, status, words, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["data", "render", "out", *tokens]) == status
    err = capsys.readouterr().err
    assert words in err
    assert len(err.splitlines()) == 1
    assert not list(tmp_path.iterdir())
