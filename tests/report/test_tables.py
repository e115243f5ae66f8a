"""Scenes as tables: columns named with units, values exact, and CSV back into the same scene."""

import io
import json

import numpy as np
import pytest
from kind_examples import example, scene_of
from note_examples import shared_scene

import motes
from motes import kinds
from motes.codec import dumps
from motes.errors import MissingExtraError, ParameterError
from motes.events.groups import Groups
from motes.kinds.gabor.quantiser import GaborQuantiser
from motes.kinds.gabor.table import Gabor
from motes.report.pictures.picture import scene_picture
from motes.report.tables import from_csv, scene_of_csv, write_csv, write_json, write_parquet, write_table
from motes.scene.metadata import Metadata
from motes.scene.scene import Scene


def scene(n_events=30, n_channels=2):
    rng = np.random.default_rng(0)
    gabor = Gabor(
        rng.uniform(-0.01, 1, n_events),
        rng.choice([0.01, 0.05], n_events),
        rng.uniform(50, 4000, n_events),
        10 ** -rng.uniform(0, 20, (n_events, n_channels)),
        rng.uniform(-3, 3, (n_events, n_channels)),
        rng.integers(0, 4, n_events),
    )
    groups = Groups(np.array([1, 2, 3, 7]), np.array([7, 0, 7, 0]), np.array([0, 0, 0, 1]))
    return Scene(
        8000,
        8000,
        n_channels,
        gabor,
        GaborQuantiser(2, 8, -40),
        groups,
        Metadata(encoder="test", options={"a": "é,\n}"}),
    )


def written(write, one):
    buffer = io.BytesIO()
    write(one, buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("n_channels", [1, 2, 6])
@pytest.mark.parametrize("n_events", [0, 1, 30])
def test_a_table_becomes_the_same_scene(n_events, n_channels, tmp_path):
    one = scene(n_events, n_channels)
    (tmp_path / "events.csv").write_bytes(written(write_csv, one))
    back = motes.from_csv(tmp_path / "events.csv")
    assert back.gabor.equals(one.gabor)
    assert (back.sample_rate_hz, back.n_samples, back.n_channels) == (one.sample_rate_hz, one.n_samples, one.n_channels)
    assert (back.quantiser, back.metadata) == (one.quantiser, one.metadata)
    assert back.groups.equals(one.groups) or n_events < 30


def test_the_header_names_the_columns_with_their_units():
    about, names, first, *_ = written(write_csv, scene()).decode().splitlines()
    assert json.loads(about.removeprefix("# motes "))["sample_rate_hz"] == 8000
    assert (
        names == "kind,time_s,window_s,frequency_hz,amplitude_0,amplitude_1,phase_rad_0,phase_rad_1,group_id"
        ",chirp_hz_per_s,room_id,wetness,partial,partial_hz"
    )
    assert first.startswith("gabor,")
    mono = names.replace("amplitude_0,amplitude_1", "amplitude").replace("phase_rad_0,phase_rad_1", "phase_rad")
    assert written(write_csv, scene(n_channels=1)).decode().splitlines()[1] == mono


def test_a_table_of_ones_own():
    text = (
        "frequency_hz, time_s,window_s,amplitude,phase_rad,remark\n440,1.5,0.1,0.5,0,later\n\n# "
        "nothing\n220,0.5,0.1,0.25,0,first\n"
    )
    one = scene_of_csv(text, 8000)
    assert one.gabor.time_s.tolist() == [0.5, 1.5]
    assert one.n_samples == 1.55 * 8000
    assert scene_of_csv(text, 8000, 3.0).duration_s == 3.0


PLAIN = "time_s,window_s,frequency_hz,amplitude,phase_rad\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "it is empty"),
        (PLAIN + "1,2,3,4,5\n", "does not tell the sample rate.*--rate"),
        (PLAIN + "1,0.1,x,4,5\n", "line 2: frequency_hz is 'x', not a number"),
        (PLAIN + "1,0.1,3,nan,5\n", "line 2: amplitude is 'nan'"),
        (PLAIN + "1,0.1,3\n", "line 2 has 3 values, the line of names 5"),
        (PLAIN + "1,-2,3,4,5\n", "window_s must lie in"),
        ("time_s,frequency_hz\n1,2\n", "the column window_s is missing"),
        ("kind," + PLAIN + "splash,1,0.1,3,4,5\n", "line 2: there is no kind 'splash'"),
        ("# motes {oops\n" + PLAIN, "line 1: not what motes writes"),
        (PLAIN.strip() + ",group_id\n1,0.1,3,4,5,0.5\n", "not a whole number"),
        ("amplitude_0,amplitude_1,time_s,window_s,frequency_hz,phase_rad_0\n1,1,1,1,1,1\n", "phase_rad_1 is missing"),
    ],
)
def test_tables_that_make_no_sense_are_one_line(text, says, tmp_path):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(ParameterError, match=says) as found:
        from_csv(tmp_path / "a.csv", sample_rate_hz=None if "does not tell" in says else 8000)
    assert "\n" not in str(found.value)
    assert "a.csv" in str(found.value)


def test_files_that_are_no_tables(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ParameterError, match="not text in UTF-8"):
        from_csv(tmp_path / "a.csv")
    with pytest.raises(ParameterError, match="cannot read"):
        from_csv(tmp_path / "b.csv")


def test_json_says_it_all():
    one = scene()
    found = json.loads(written(write_json, one))
    assert found["scene"]["n_samples"] == 8000
    assert found["units"]["frequency_hz"] == "Hz"
    assert found["events"]["gabor"]["time_s"] == one.gabor.time_s.tolist()
    assert found["events"]["gabor"]["amplitude"] == one.gabor.amplitude.tolist()
    assert set(found["events"]["gabor"]) == set(found["units"])


def test_data_frames():
    pytest.importorskip("pandas")
    frame = scene().gabor.to_pandas()
    assert list(frame)[:4] == ["time_s", "window_s", "frequency_hz", "amplitude_0"]
    np.testing.assert_array_equal(frame.amplitude_1, scene().gabor.amplitude[:, 1])
    assert frame.group_id.dtype == np.int64


def test_parquet():
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(io.BytesIO(written(write_parquet, scene())))
    assert table.column_names == [
        "kind",
        "time_s",
        "window_s",
        "frequency_hz",
        "amplitude_0",
        "amplitude_1",
        "phase_rad_0",
        "phase_rad_1",
        "group_id",
        "chirp_hz_per_s",
        "room_id",
        "wetness",
        "partial",
        "partial_hz",
    ]
    np.testing.assert_array_equal(table["time_s"].to_numpy(), scene().gabor.time_s)
    assert json.loads(table.schema.metadata[b"motes"])["n_channels"] == 2


def test_what_is_not_installed_is_named(monkeypatch):
    for name in ("pandas", "pyarrow", "pyarrow.parquet"):
        monkeypatch.setitem(__import__("sys").modules, name, None)
    with pytest.raises(MissingExtraError, match=r"pip install 'motes\[export\]'"):
        scene().gabor.to_pandas()
    with pytest.raises(MissingExtraError, match=r"Parquet.*motes\[export\]"):
        written(write_parquet, scene())


def test_a_picture_as_svg():
    svg = scene_picture(scene(), svg=True)
    assert svg.startswith(b"<?xml")
    assert b"</svg>" in svg
    assert scene_picture(scene(), svg=True) == svg


@pytest.mark.parametrize("to", ["csv", "json", "parquet"])
@pytest.mark.parametrize("shape", [(8000,), (2, 8000), (0,), (2, 100)])
def test_every_format_is_read_back_into_the_same_file(tmp_path, to, shape):
    if to == "parquet":
        pytest.importorskip("pyarrow")
    rng = np.random.default_rng(0)
    scene = motes.encode(0.1 * rng.standard_normal(shape), sample_rate_hz=8000, kbps=60)
    read = {"csv": motes.from_csv, "json": motes.from_json, "parquet": motes.from_parquet}[to]
    assert dumps(read(write_table(scene, to, tmp_path / f"a.{to}"))) == dumps(scene)


@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize("kind", [kind.name for kind in kinds.KINDS])
def test_every_kind_is_read_from_json(tmp_path, kind, n_channels):
    held = scene_of(example(kind, n_channels), n_channels=n_channels).quantise()
    assert dumps(motes.from_json(write_table(held, "json", tmp_path / "a.json"))) == dumps(held)


@pytest.mark.parametrize("to", ["csv", "json", "parquet"])
def test_notes_and_parts_come_back_from_every_table(to, tmp_path):
    if to == "parquet":
        pytest.importorskip("pyarrow.parquet")
    one = shared_scene(2)
    path = write_table(one, to, tmp_path / f"a.{to}")
    back = {"csv": motes.from_csv, "json": motes.from_json, "parquet": motes.from_parquet}[to](path)
    assert back.groups.equals(one.groups)
    assert back.groups.notes.equals(one.groups.notes)


def test_the_first_line_tells_of_notes():
    about = json.loads(written(write_csv, shared_scene()).decode().splitlines()[0].removeprefix("# motes "))
    assert [note["id"] for note in about["notes"]] == [2, 3, 5, 9]
    assert about["notes"][3]["f0_hz"] is None
    assert [4, 0, "part"] in about["groups"]


def test_a_part_of_an_atom_is_written_as_it_sounds():
    """As an edited atom is: what comes back sounds alike, and is an atom of its own."""
    for one in (shared_scene(2, layer=1), shared_scene(2, layer=1).select(group=2).transpose(-2)):
        back = scene_of_csv(written(write_csv, one).decode())
        np.testing.assert_array_equal(back.gabor.amplitude, one.gabor.amplitude)
        np.testing.assert_array_equal(back.gabor.phase_rad, one.gabor.phase_rad)
        assert back.gabor.at_default("share_re")
        assert "share_re" not in written(write_csv, one).decode()


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"sureness": 2.0}, "sureness of a note must lie in 0 … 1"),
        ({"id": 3}, "the ids of notes must ascend"),
        ({"id": 77}, "a note must be a group of the role note"),
        ({"id": 1}, "a note must be a group of the role note"),
        ({"f0_hz": "A4"}, "line 1: not what motes writes there"),
    ],
)
def test_notes_that_make_no_sense_are_one_line(changed, says):
    about, rest = written(write_csv, shared_scene()).decode().split("\n", 1)
    scene_line = json.loads(about.removeprefix("# motes "))
    scene_line["notes"][0] |= changed
    with pytest.raises(ParameterError, match=says):
        scene_of_csv("# motes " + json.dumps(scene_line) + "\n" + rest)
