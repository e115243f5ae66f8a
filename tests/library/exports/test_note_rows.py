"""Notes as tables, which the reader of labels takes back."""

import csv
import json

import numpy as np
import pytest
from note_scenes import Sounding, scene_of

import motes
from motes.data.note_labels import read_notes
from motes.errors import MotesWarning, ParameterError
from motes.events.notes import DRUMS

NOTES = [Sounding(0.1, 0.6, 60.1, program=5), Sounding(0.25, 0.9, 64, 2), Sounding(0.4, 0.5, None, 3)]


@pytest.mark.parametrize("name", ["a.notes.csv", "a.notes.json"])
def test_labels_hold_the_same_notes(tmp_path, name):
    labels = read_notes(motes.export(scene_of(NOTES), tmp_path / name))
    np.testing.assert_allclose(labels.onset_s, [0.1, 0.25, 0.4])
    np.testing.assert_allclose(labels.end_s, [0.6, 0.9, 0.5])
    np.testing.assert_allclose(labels.pitch, [60.1, 64, np.nan])
    np.testing.assert_array_equal(labels.instrument, [5, -1, DRUMS])


def test_every_column(tmp_path):
    with open(motes.export(scene_of(NOTES), tmp_path / "a.notes.csv"), encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert rows[0] == {
        "number": "1",
        "onset_s": "0.1",
        "end_s": "0.6",
        "f0_hz": "263.141",
        "pitch": "60.1",
        "name": "C4",
        "cents": "10.0",
        "gain_db": "-20.0",
        "sureness": "0.875",
        "part": "1",
        "program": "5",
    }
    found = json.loads(motes.export(scene_of(NOTES), tmp_path / "a.notes.json").read_text(encoding="utf-8"))
    assert found["units"]["onset_s"] == "s"
    assert [note["number"] for note in found["notes"]] == [1, 2, 3]


def test_parquet_keeps_what_is_not_known_apart(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(motes.export(scene_of(NOTES), tmp_path / "a.notes.parquet")).to_pydict()
    assert table["f0_hz"][2] is None
    assert table["program"] == [5, None, DRUMS]


def test_conditions_choose_notes(tmp_path):
    scene, path = scene_of(NOTES), tmp_path / "a.notes.json"

    def chosen(select):
        found = json.loads(motes.export(scene, path, select=select, overwrite=True).read_text(encoding="utf-8"))
        return [note["number"] for note in found["notes"]]

    assert chosen("pitch >= 60 and part < 2") == [1]
    assert chosen("note_onset_s > 0.2") == [2, 3]
    with pytest.warns(MotesWarning, match="none of 3 notes"):
        assert chosen("sureness > 0.9") == []
    with pytest.raises(ParameterError, match="frequency_hz is of events"):
        chosen("frequency_hz > 200")


def test_a_scene_without_notes_says_how_to_find_them(tmp_path):
    scene = scene_of(NOTES).select("frequency_hz < 0").only()
    for to in ("midi", "jams", "notes.csv", "stems"):
        with pytest.raises(ParameterError, match=r"motes notes FILE\.mote finds them"):
            motes.export(motes.Scene(8000, scene.n_samples, 1), tmp_path / "x", to=to)
    assert not list(tmp_path.iterdir())
