"""motes encode --encoder instrument, motes perform and the instrument's export from the outside."""

import json

import numpy as np
import pytest

from motes.audio import read_audio, write_audio
from motes.cli import main
from motes.codec import load

RATE = 16000


@pytest.fixture
def run(capsys):
    def call(*tokens):
        status = main([str(token) for token in tokens])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return status, captured.out, captured.err

    return call


@pytest.fixture
def here(tmp_path, monkeypatch, run):
    monkeypatch.chdir(tmp_path)
    n = np.arange(RATE)
    bell = sum(np.exp(-n / 3000 / k) * np.sin(0.05 * k * n) for k in (1, 2.7, 5.1)) / 4
    audio = np.zeros(2 * RATE)
    for at in (800, 9000, 15000):
        audio[at : at + RATE] += bell
    write_audio("bells.wav", audio.astype(np.float32), RATE, 1)
    status, _, err = run(
        "encode", "bells.wav", "--encoder", "instrument", "--refine", "0", "--controls", "4", "--modes", "16"
    )
    assert status == 0, err
    return tmp_path


def test_found_played_and_exported(here, run):
    scene = load("bells.mote")
    assert scene.metadata.encoder == "instrument"
    assert 0 < len(scene.strike) <= 24
    status, out, _ = run("info", "bells.mote")
    assert status == 0
    assert "instruments" in out
    for way in (["--random", "1", "--density", "6"], ["--permute", "2"], ["--strikes", "bells.mote"], []):
        shape = ["--damping", "1.5", "--brightness", "-2", "--transpose", "-3", "--gain-db", "-6"]
        status, out, err = run("perform", "bells.mote", "-o", "out.wav", *way, *shape, "--force", "--json")
        assert status == 0, err
        assert json.loads(out)["n_events"] > 0
        audio, rate = read_audio("out.wav")
        assert rate == RATE
        assert np.abs(audio).max() > 0.01
    assert run("perform", "bells.mote", "-o", "again.mote", "--random", "1")[0] == 0
    assert len(load("again.mote").instruments) == 1
    assert run("export", "bells.mote", "-o", "bells.instrument.json")[0] == 0
    with open("bells.instrument.json", encoding="utf-8") as handle:
        assert json.load(handle)["format"] == "motes.instrument"
    assert (
        run(
            "edit",
            "bells.mote",
            "-o",
            "up.mote",
            "--select",
            "kind == strike and time_s > 0.3",
            "--transpose",
            "4",
            "--gain-db",
            "-3",
        )[0]
        == 0
    )
    assert run("export", "bells.mote", "-o", "bells.png")[0] == 0


@pytest.mark.parametrize(
    ("tokens", "status", "says"),
    [
        (["perform", "bells.mote"], 2, "-o is needed"),
        (["perform", "bells.mote", "-o", "x.wav", "--random", "1", "--permute", "2"], 2, "one way of playing"),
        (["perform", "bells.mote", "-o", "x.wav", "--midi", "bells.wav"], 1, "bells.wav"),
        (["perform", "bells.mote", "-o", "x.wav", "--midi", "nothing.mid"], 1, "nothing.mid"),
        (["perform", "bells.mote", "-o", "x.wav", "--strikes", "bells.wav"], 1, "not a .mote file"),
        (["perform", "bells.mote", "-o", "x.wav", "--damping", "0"], 2, "damping"),
        (["encode", "bells.wav", "-o", "x.mote", "--controls", "3"], 2, "options of --encoder instrument"),
        (
            ["encode", "bells.wav", "-o", "x.mote", "--encoder", "instrument", "--snr", "3"],
            2,
            "options of --encoder pursuit",
        ),
        (
            ["encode", "bells.wav", "-o", "x.mote", "--encoder", "instrument", "--loss", "nonsense"],
            1,
            "no loss 'nonsense'",
        ),
    ],
)
def test_what_fails_says_one_line(here, run, tokens, status, says):
    found, out, err = run(*tokens)
    assert (found, out) == (status, "")
    assert says in err
    assert err.count("\n") == 1
