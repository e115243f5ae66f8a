"""motes notes from the outside."""

import csv
import io
import json
import subprocess
import sys

import numpy as np
import pytest
import soundfile

import motes
from motes.cli import main
from motes.library.find_notes import Row

RATE = 22050


def tone(f0_hz, seconds=0.8):
    t = np.arange(int(seconds * RATE)) / RATE
    swell = np.exp(-3 * t) * np.minimum(1, t / 0.003) * np.minimum(1, (seconds - t) / 0.02)
    return 0.2 * swell * sum(np.sin(2 * np.pi * k * f0_hz * t) / k**1.5 for k in range(1, 7))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A melody of two notes as recording and scene."""
    monkeypatch.chdir(tmp_path)
    audio = np.concatenate([np.zeros(RATE // 10), tone(261.6), tone(392)])
    soundfile.write("x.wav", audio, RATE)
    motes.encode(audio, sample_rate_hz=RATE, snr_db=25).save("x.mote")
    return tmp_path


def test_listed_alike_everywhere_and_written_once(folder, capsys):
    before = motes.load("x.mote").render()
    assert main(["notes", "x.mote", "--json"]) == 0
    out, told = capsys.readouterr()
    rows = [Row(**row) for row in json.loads(out)["notes"]]
    assert {"C4", "G4"} <= {row.pitch for row in rows}
    assert f"{len(rows)} notes found, written to x.mote" in told
    assert np.array_equal(motes.load("x.mote").render(), before)
    assert main(["notes", "x.mote", "--csv"]) == 0
    out, told = capsys.readouterr()
    assert [float(row["onset_s"]) for row in csv.DictReader(io.StringIO(out))] == [row.onset_s for row in rows]
    assert told == ""
    assert main(["notes", "x.mote"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(rows) + 1


def test_nothing_is_written_where_that_is_asked(folder, capsys):
    data = (folder / "x.mote").read_bytes()
    assert main(["notes", "x.mote", "--dry-run"]) == 0
    assert main(["notes", "x.mote", "-o", "y.mote", "-r", "x.wav"]) == 0
    assert (folder / "x.mote").read_bytes() == data
    assert motes.load("y.mote").notes
    capsys.readouterr()
    assert main(["notes", "x.mote", "-o", "y.mote"]) == 1
    assert "y.mote" in capsys.readouterr().err


def test_known_instruments_and_sureness(folder, capsys):
    assert main(["notes", "x.mote", "--instruments", "2", "--json"]) == 0
    assert len({row["part"] for row in json.loads(capsys.readouterr().out)["notes"] if row["pitch"]}) == 2
    assert main(["notes", "x.mote", "--again", "--json"]) == 0
    notes = json.loads(capsys.readouterr().out)["notes"]
    assert len({row["part"] for row in notes if row["sureness"] > 0.8}) == 1
    assert main(["notes", "x.mote", "--again", "--sureness", "0.99", "--dry-run"]) == 0
    assert len(capsys.readouterr().out.splitlines()) <= 3


def test_folders_and_standard_input(folder, capsys):
    motes.load("x.mote").save("y.mote")
    assert main(["notes", ".", "--csv"]) == 0
    assert {row["file"] for row in csv.DictReader(io.StringIO(capsys.readouterr().out))} == {"x.mote", "y.mote"}
    command = [sys.executable, "-m", "motes.cli", "notes", "-"]
    done = subprocess.run(command, input=(folder / "x.mote").read_bytes(), capture_output=True)
    assert done.returncode == 0
    assert b"C4" in done.stdout
    assert main(["notes", "x.mote", "--sureness", "0.99"]) == 0
    assert len(capsys.readouterr().out.splitlines()) < len(motes.load("x.mote").notes)
    done = subprocess.run([*command, "-o", "-"], input=(folder / "x.mote").read_bytes(), capture_output=True)
    (folder / "z.mote").write_bytes(done.stdout)
    assert len(motes.load("z.mote").notes) == len(motes.load("x.mote").notes)


def test_mistakes_are_one_clear_line(folder, capsys):
    soundfile.write("long.wav", np.zeros(5 * RATE), RATE)
    for words, code, told in (
        (["missing.mote"], 1, "missing.mote"),
        (["x.wav"], 1, "x.wav"),
        (["x.mote", "-r", "long.wav"], 1, "lasts 5.00 s and the scene"),
        (["x.mote", "-r", "missing.wav"], 1, "missing.wav"),
        (["x.mote", "-r", "."], 1, "."),
        (["x.mote", "--sureness", "nan"], 1, "not nan"),
        (["x.mote", "--sureness", "2"], 1, "sureness must lie in 0.03 … 0.99, not 2"),
        (["x.mote", "--instruments", "0"], 1, "instruments must be at least 1, not 0"),
        (["x.mote", "x.mote", "-o", "y.mote"], 2, "are of one file"),
        (["x.mote", "--json", "--csv"], 2, "not both"),
    ):
        assert main(["notes", *words]) == code, words
        err = capsys.readouterr().err
        assert told in err, words
        assert "Traceback" not in err
        assert len(err.strip().splitlines()) <= 2, words


def test_scenes_of_other_events(folder, capsys):
    noise = 0.1 * np.random.default_rng(0).standard_normal(RATE)
    for name, scene in (
        ("silence", motes.Scene(RATE, RATE, 1)),
        ("texture", motes.encode(noise, sample_rate_hz=RATE, n_events=0, texture=True)),
        ("vectors", motes.encode(tone(330), sample_rate_hz=RATE, encoder="siam")),
    ):
        scene.save(f"{name}.mote")
        assert main(["notes", f"{name}.mote"]) == 0
        assert len(capsys.readouterr().out.splitlines()) >= 1
    assert len(motes.load("vectors.mote").notes) == len(motes.load("vectors.mote").vector)


@pytest.mark.parametrize("n", [1, 10, RATE // 10])
def test_very_short_ones(folder, capsys, n):
    motes.encode(tone(440)[:n], sample_rate_hz=RATE).save("short.mote")
    assert main(["notes", "short.mote", "--force"]) == 0
    assert "Traceback" not in capsys.readouterr().err
