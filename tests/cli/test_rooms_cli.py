"""motes rooms, and rooms in motes edit, info and decode, from the outside."""

import json

import numpy as np
import pytest
import soundfile

from motes.audio import read_audio
from motes.cli import main
from motes.codec import load, quantise, save
from motes.kinds.gabor.table import Gabor
from motes.scene.scene import Scene

RATE = 8000


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("IMPULSE_RESPONSE_PATH", raising=False)
    gabor = Gabor(
        np.linspace(0.2, 1.8, 9), np.full(9, 0.064), np.linspace(300, 900, 9), np.full((9, 1), 0.1), np.zeros((9, 1))
    )
    save(quantise(Scene(RATE, 2 * RATE, 1, gabor)), "a.mote")
    (tmp_path / "responses").mkdir()
    n = np.arange(4000)
    soundfile.write(
        "responses/hall.wav", 0.5 * np.random.default_rng(0).standard_normal(4000) * 10 ** (-3 * n / 3000), 11025
    )
    return tmp_path


@pytest.fixture
def run(capsys):
    def call(*tokens):
        status = main(list(tokens))
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return status, captured.out, captured.err

    return call


def test_rooms_of_a_folder_are_listed(here, run, monkeypatch):
    status, out, err = run("rooms", "responses")
    assert (status, err) == (0, "")
    name, word, rt60_s, *_ = out.split()
    assert (name, word) == ("hall.wav", "RT60")
    assert float(rt60_s) == pytest.approx(3000 / 11025, abs=0.02)
    (here / "responses" / "bad.flac").write_bytes(b"fLaC")
    monkeypatch.setenv("IMPULSE_RESPONSE_PATH", "responses")
    status, out, err = run("rooms", "--json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert status == 1
    assert err.count("\n") == 1
    assert [row["name"] for row in rows] == ["bad.flac", "hall.wav"]
    assert (rows[1]["channels"], rows[1]["sample_rate_hz"], len(rows[1]["digest"])) == (1, 11025, 64)
    assert "bad.flac" in err


def test_without_a_folder_synthetic_rooms_are_listed(here, run):
    status, out, err = run("rooms")
    assert status == 0
    assert "IMPULSE_RESPONSE_PATH is not set" in err
    assert "synthetic:1.2" in out
    assert json.loads(run("rooms", "--json")[1].splitlines()[0])["synthetic"] is True
    status, out, err = run("rooms", "nowhere")
    assert (status, out) == (1, "")
    assert "nowhere" in err


def test_events_are_put_into_rooms_and_taken_out(here, run, monkeypatch):
    status, _, err = run(
        "edit", "a.mote", "-o", "b.mote", "--select", "time_s > 1", "--room", "synthetic:0.5", "--wetness", "0.25"
    )
    assert status == 0, err
    wet = load("b.mote")
    assert set(wet.gabor.wetness) == {0.0, 0.25}
    assert wet.duration_s > 2.2
    assert "synthetic:0.5" in run("info", "b.mote")[1]
    assert run("edit", "b.mote", "-o", "c.mote", "--room", "none")[0] == 0
    assert load("c.mote").rooms == ()
    assert load("c.mote").gabor.equals(load("a.mote").gabor)
    monkeypatch.setenv("IMPULSE_RESPONSE_PATH", "responses")
    assert run("edit", "a.mote", "-o", "d.mote", "--room", "hall")[0] == 0
    assert run("decode", "d.mote", "-o", "d.wav")[0] == 0
    assert not np.allclose(read_audio("d.wav")[0][: 2 * RATE], load("a.mote").render(), atol=1e-3)


def test_a_room_that_is_gone_is_one_line_and_dry(here, run, monkeypatch):
    monkeypatch.setenv("IMPULSE_RESPONSE_PATH", "responses")
    run("edit", "a.mote", "-o", "d.mote", "--room", "hall")
    status, _, err = run("edit", "a.mote", "-o", "e.mote", "--room", "hall", "--embed-rooms")
    assert status == 0
    assert "licence" in err
    assert err.splitlines()[0].startswith("motes: ")
    (here / "responses" / "hall.wav").unlink()
    status, _, err = run("decode", "d.mote", "-o", "d.wav")
    assert status == 0
    assert [line for line in err.splitlines() if "hall.wav" in line and "dry" in line and line.startswith("motes: ")]
    assert np.allclose(read_audio("d.wav")[0][: 2 * RATE], load("a.mote").render(), atol=1e-5)
    status, _, err = run("decode", "e.mote", "-o", "e.wav")
    assert status == 0
    assert "dry" not in err
    assert not np.allclose(read_audio("e.wav")[0][: 2 * RATE], load("a.mote").render(), atol=1e-3)


def test_mistakes_are_told_in_one_line(here, run):
    for tokens, text, wanted in [
        (("--wetness", "0.5"), "--room", 2),
        (("--room", "hall"), "IMPULSE_RESPONSE_PATH", 1),
        (("--room", "synthetic:0.5", "--wetness", "50"), "per cent", 1),
        (("--room", "synthetic:soon"), "synthetic:1.2", 1),
    ]:
        status, out, err = run("edit", "a.mote", "-o", "x.mote", *tokens)
        assert (status, out) == (wanted, "")
        assert text in err
        assert err.count("\n") == 1
