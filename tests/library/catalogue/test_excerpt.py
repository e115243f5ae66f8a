"""Sounds taken out of a catalogue are theirs alone, and a scene of several says where they are from."""

import numpy as np
import pytest
from corpus_folder import catalogue_of

import motes
from motes.cli import main
from motes.errors import FormatError, ParameterError
from motes.library.catalogue.excerpt import MOST, Placed, alone, collect, placed, read_list

pytest.importorskip("pyarrow")
pytest.importorskip("duckdb")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return catalogue_of(tmp_path_factory.mktemp("made") / "corpus")


def test_every_kind_of_sound_is_heard_alone(made):
    for kind in ("note", "partial", "splat", "strike", "vector"):
        (sound,) = placed(made.search(where=f"kind = '{kind}' and number > 0", count=1))
        found = alone(made.scene(sound.file), sound)
        assert found.n_events > 0, kind
        assert np.abs(found.render()).max() > 0, kind
        assert found.duration_s <= sound.length_s + 0.5


def test_a_note_alone_is_without_what_sounds_beside_it(made):
    scene = made.scene("low.mote")
    sound = Placed("low.mote", "note", 2, 0.6, 0.8)
    assert set(np.rint(alone(scene, sound).gabor.frequency_hz / 164.81)) == {1, 2, 3}
    assert sound.name == "low.mote:2"
    assert Placed("a:b.mote", "partial", 3, 0, 1).name == "a:b.mote:partial:3"


def test_a_scene_of_several_names_its_sources(made):
    names = ["deep/high.mote:1", "low.mote:2", "stereo.mote:1", "low.mote:partial:1"]
    scene = made.collect(names)
    assert (scene.sample_rate_hz, scene.n_channels) == (11025, 1)
    assert scene.metadata.encoder == "collect"
    sources = {one["file"]: one for one in scene.metadata.options["sources"]}
    assert sources["low.mote"]["digest"] == made.digest("low.mote")
    assert [row[1:] for row in sources["low.mote"]["sounds"]] == [["note", 2], ["partial", 1]]
    begins = sorted(row[0] for one in sources.values() for row in one["sounds"])
    assert begins[0] == 0
    assert all(np.diff(begins) > 0.25)
    assert len(scene.notes) == 4  # the atoms of the partial are a note's
    assert motes.codec.loads(motes.codec.dumps(scene)).metadata == scene.metadata


def test_what_cannot_be_collected_is_said_in_one_line(made, tmp_path):
    with pytest.raises(ParameterError, match="no sounds to collect"):
        made.collect([])
    with pytest.raises(ParameterError, match=f"too many to collect: {MOST} at most"):
        collect(made, [Placed("low.mote", "note", 1, 0, 1)] * (MOST + 1))
    with pytest.raises(ParameterError, match="is not in the catalogue"):
        made.collect(["gone.mote:1"])
    for bad in ("", "[]", '{"format": "x", "sounds": []}', '{"format": "motes-sounds", "sounds": [1]}'):
        (tmp_path / "list.json").write_text(bad)
        with pytest.raises(FormatError, match="no list of sounds"):
            read_list(str(tmp_path / "list.json"))
    with pytest.raises(FormatError, match="No such file"):
        read_list(str(tmp_path / "gone.json"))


def test_a_file_that_vanished_is_named(tmp_path):
    held = catalogue_of(tmp_path / "corpus")
    (tmp_path / "corpus/low.mote").unlink()
    with pytest.raises(FormatError, match=r"low.mote is no longer in .*: motes catalogue build"):
        held.collect(["low.mote:1"])
    with pytest.raises(FormatError, match=r"low.mote is no longer in"):
        held.page(tmp_path / "x.html", "low.mote:1")
    assert not (tmp_path / "x.html").exists()


def test_commands_collect(made, tmp_path, capsys):
    path, out = str(made.path), str(tmp_path / "new.mote")
    (tmp_path / "list.json").write_text('{"format": "motes-sounds", "sounds": ["low.mote:1", "stereo.mote:1"]}')
    assert main(["catalogue", "collect", path, str(tmp_path / "list.json"), "-o", out]) == 0
    assert len(motes.load(out).notes) == 2
    assert main(["catalogue", "collect", path, str(tmp_path / "list.json"), "-o", out]) == 1
    assert main(["catalogue", "collect", path, str(tmp_path / "list.json")]) == 2
    assert main(["search", path, "--like", "low.mote:1", "--count", "2", "--collect", out]) == 1
    assert "exists already" in capsys.readouterr().err
    assert main(["search", path, "--like", "low.mote:1", "--count", "2", "--collect", out, "--force"]) == 0
    (source,) = motes.load(out).metadata.options["sources"]
    assert source["sounds"][0] == [0.0, "note", 1]
