"""motes partials from the outside."""

import csv
import io
import json

import numpy as np
import pytest

import motes
from motes.cli import main
from motes.edit.partials import Partial

RATE = 16000


@pytest.fixture
def scene(tmp_path, monkeypatch):
    """Two tones, one after the other, 5 cents above A4 and E5."""
    monkeypatch.chdir(tmp_path)
    t = np.arange(2 * RATE) / RATE
    audio = 0.2 * np.sin(2 * np.pi * 441.27 * t) * (t < 1) + 0.1 * np.sin(2 * np.pi * 661.16 * t) * (t >= 1)
    made = motes.encode(audio, sample_rate_hz=RATE, snr_db=25)
    made.save("x.mote")
    return made


def test_partials_are_listed_alike_everywhere(scene, capsys):
    rows = motes.partials("x.mote")
    assert rows == scene.partials
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    first, second = sorted(sorted(rows, key=lambda row: -row.level_db)[:2], key=lambda row: row.start_s)
    assert (round(first.frequency_hz), round(second.frequency_hz)) == (441, 661)
    assert (round(first.cents), round(second.cents)) == (5, 5)
    assert (first.start_s < 0.1, 0.9 < first.end_s < 1.1, 0.9 < second.start_s < 1.1) == (True, True, True)
    assert abs(first.level_db - second.level_db - 6) < 1.5
    assert main(["partials", "x.mote", "--json"]) == 0
    assert [Partial(**row) for row in json.loads(capsys.readouterr().out)["partials"]] == rows
    assert main(["partials", "x.mote", "--csv"]) == 0
    table = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [float(row["frequency_hz"]) for row in table] == [row.frequency_hz for row in rows]
    assert main(["partials", "x.mote"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(rows) + 1


def test_columns_in_conditions_and_exports(scene, capsys):
    strongest = max(scene.partials, key=lambda row: row.level_db)
    chosen = scene.select(f"partial == {strongest.number} and partial_hz > 400")
    assert int(chosen.mask.sum()) == strongest.n_atoms
    assert main(["export", "x.mote", "--to", "csv", "-o", "-"]) == 0
    lines = capsys.readouterr().out.splitlines()
    table = list(csv.DictReader(lines[1:]))
    assert sum(int(row["partial"]) == strongest.number for row in table) == strongest.n_atoms
    scene.to_csv("x.csv")
    assert motes.from_csv("x.csv").gabor.equals(scene.gabor)
    higher = scene.transpose(12)
    assert [row.number for row in higher.partials] == [row.number for row in scene.partials]
    by_number = {row.number: row for row in higher.partials}
    assert round(by_number[strongest.number].frequency_hz / strongest.frequency_hz, 3) == 2


def test_mistakes(scene, capsys):
    assert main(["partials", "x.mote", "--json", "--csv"]) == 2
    assert main(["partials"]) == 2
    assert main(["partials", "absent.mote"]) == 1
    assert "absent.mote" in capsys.readouterr().err
