"""Mistakes on the command line: each is told in one line that says what is wrong, and makes no file or folder."""

import os

import numpy as np
import pytest

import motes
from motes.audio import write_audio
from motes.cli import main

RATE = 8000


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    audio = 0.3 * np.sin(2 * np.pi * 440 * np.arange(RATE // 2) / RATE)
    write_audio("a.wav", [audio[None].astype(np.float32)], RATE, 1)
    write_audio("b.wav", [audio[None].astype(np.float32)], RATE, 1)
    motes.encode(audio, sample_rate_hz=RATE, n_events=5).save("a.mote")
    return tmp_path


@pytest.fixture
def run(capsys):
    def call(*tokens):
        before = sorted(os.listdir())
        status = main(list(tokens))
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return status, captured.err, sorted(set(os.listdir()) - set(before))

    return call


@pytest.mark.parametrize(
    ("tokens", "status", "says"),
    [
        (("encode", "a.wav", "--bogus", "3"), 2, "Unknown option: --bogus ("),
        (("encode", "a.wav", "--los=3"), 2, "Unknown option: --los. Did you mean --loss?"),
        (("encode", "a.wav", "--windows", "512", "1024"), 2, "list with commas, as in --windows 512,1024"),
        (("encode", "a.wav", "--windows=512", "1024", "-o", "w"), 2, "list with commas, as in --windows 512,1024"),
        (("encode", "a.wav", "b.wav", "-o", "one.mote"), 2, "-o one.mote is one file, and 2 files cannot become one"),
        (("encode", ".", "-o", "one.mote"), 2, "-o one.mote is one file, and a folder cannot become one"),
        (("decode", "a.mote", "a.mote", "-o", "one.flac"), 2, "-o one.flac is one file"),
        (("decode", "a.wav"), 1, "a.wav is a recording, not a .mote file: motes encode turns it into one"),
        (("edit", "a.wav", "-o", "c.mote", "--gain-db", "1"), 1, "a.wav is a recording, not a .mote file"),
        (("decode", "a.mote", "-o", "c.wav", "--start", "nan"), 1, "start_s must be finite"),
        (("eval", "-", "-r", "-"), 2, "standard input can be one of the two, not both"),
        (("encode", "a.wav", "b.wav", "-o", "f/", "--encoder", "instrument", "--checkpoint", "c.npz"), 2, "singly"),
        (("import", "a.wav", "-o", "c.mote"), 1, "a.wav: it is not a CSV file"),
        (("info", "."), 0, ""),
    ],
)
def test_a_mistake_says_what_is_wrong(here, run, tokens, status, says):
    found, err, made = run(*tokens)
    assert (found, made) == (status, [])
    assert says in err
    assert err.count("\n") == bool(says)


@pytest.mark.parametrize(
    "text", ["", "{}", '{"scene":', '{"scene": {"sample_rate_hz": 8000}}', "[1]", "PAR1PAR1", "a,b\n1,2"]
)
def test_what_is_no_table_is_refused(here, run, text):
    (here / "x.json").write_text(text)
    status, err, made = run("import", "x.json", "-o", "x.mote")
    assert (status, made) == (1, [])
    assert err.startswith("motes: x.json: ")
    assert "bug" not in err


def test_a_selection_of_nothing_is_told(here, run):
    """The file is written all the same: a batch may have files without what is looked for."""
    status, err, made = run("edit", "a.mote", "-o", "b.mote", "--select", "frequency_hz > 99999", "--gain-db", "3")
    assert (status, made) == (0, ["b.mote"])
    assert "motes: a.mote: none of 5 events is selected" in err
    assert motes.load("b.mote").gabor.equals(motes.load("a.mote").gabor)
    with pytest.warns(motes.MotesWarning, match="none of 5 events"):
        motes.export("a.mote", "a.csv", select="time_s > 99")


def test_a_bitrate_that_cannot_be_met_is_told(here, run):
    status, err, made = run("encode", "b.wav", "--kbps", "1")
    assert (status, made) == (0, ["b.mote"])
    assert f"bitrate_unreachable: the smallest file takes {os.path.getsize('b.mote')} bytes" in err


def test_info_tells_the_options_in_force(here, capsys):
    assert main(["encode", "b.wav", "-o", "b.mote"]) == 0
    assert main(["info", "b.mote"]) == 0
    assert "windows 512 2048 8192, refit False, texture False, detail False" in capsys.readouterr().out
    assert motes.info("b.mote").options["windows"] == [512, 2048, 8192]
    motes.encode(np.zeros(800), sample_rate_hz=RATE, kbps=8).save("k.mote")
    found = motes.info("k.mote").options
    assert (found["kbps"], found["windows"], found["texture"]) == (8.0, [256, 1024, 2048, 4096], True)
    assert "events_per_second" not in found
