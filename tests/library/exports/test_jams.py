"""Notes as JAMS: the shape of the specification, and what its own library says."""

import json

import numpy as np
import pytest
from note_scenes import Sounding, scene_of

import motes

NOTES = [Sounding(0.1, 0.6, 60.1), Sounding(0.3, 0.9, 64, 1), Sounding(0.2, 0.8, 48, 2), Sounding(0.4, 0.5, None, 3)]


def exported(tmp_path, **options):
    scene = scene_of(NOTES).replace(tags={"title": "A tune", "artist": ["Ä", "B"]})
    return motes.export(scene, tmp_path / "a.jams", **options)


def test_a_pair_of_annotations_for_each_part(tmp_path):
    found = json.loads(exported(tmp_path).read_text(encoding="utf-8"))
    about = found["file_metadata"]
    assert (about["title"], about["artist"], about["duration"]) == ("A tune", "Ä; B", pytest.approx(1.0))
    kinds = [(each["namespace"], each["sandbox"]["part"]) for each in found["annotations"]]
    assert kinds == [("note_midi", 1), ("pitch_contour", 1), ("note_midi", 2), ("pitch_contour", 2), ("onset", 3)]
    first, curves = found["annotations"][:2]
    assert [(row["time"], row["confidence"]) for row in first["data"]] == [(0.1, 0.875), (0.3, 0.875)]
    assert first["data"][0]["value"] == pytest.approx(60.1, abs=0.006)
    assert len({len(column) for column in curves["data"].values()}) == 1
    assert len(curves["data"]["time"]) == pytest.approx(50 + 60, abs=2)
    assert np.all(np.diff(curves["data"]["time"]) >= 0)
    assert {value["index"] for value in curves["data"]["value"]} == {1, 2}
    assert found["annotations"][-1]["data"][0]["value"] is None


def test_the_library_of_the_format_reads_it(tmp_path, jams):
    read = jams.load(str(exported(tmp_path)), strict=True)
    assert read.validate()
    notes = read.search(namespace="note_midi")[0].to_interval_values()
    np.testing.assert_allclose(notes[0], [[0.1, 0.6], [0.3, 0.9]])


def test_a_stretch_begins_at_0(tmp_path):
    found = json.loads(exported(tmp_path, start_s=0.25, end_s=0.75).read_text(encoding="utf-8"))
    assert found["file_metadata"]["duration"] == 0.5
    assert all(0 <= row["time"] <= 0.5 for each in found["annotations"][::2] for row in each["data"])
