"""The nearest sounds of a catalogue, against the distance by its definition."""

import numpy as np
import pytest
import soundfile as sf
from corpus_folder import LOW, catalogue_of
from note_scenes import scene_of

import motes
from motes.cli import main
from motes.errors import MotesWarning, ParameterError
from motes.events.groups import Groups
from motes.library.catalogue.sound import asked_for

pytest.importorskip("pyarrow")
pytest.importorskip("duckdb")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return catalogue_of(tmp_path_factory.mktemp("made") / "corpus")


def test_the_nearest_are_nearest_by_the_definition(made):
    found = made.search("low.mote:partial:1", count=5)
    all_rows = made.sql("select * from events where kind = 'partial'").to_pylist()
    numbers = np.array([row["vector"] for row in all_rows])
    mine = next(row["vector"] for row in all_rows if (row["file"], row["number"]) == ("low.mote", 1))
    apart = np.sqrt(np.mean(((numbers - mine) / np.maximum(numbers.std(axis=0), 0.1)) ** 2, axis=1))
    assert found["distance"].to_pylist() == pytest.approx(np.sort(apart)[:5].tolist())
    assert found["distance"][0].as_py() == 0


def test_every_vector_has_its_own_neighbours(made):
    numbers = made.sql("select vector from events where kind = 'partial' limit 3")["vector"].to_pylist()
    found = made.nearest(numbers, 4, kind="partial").to_pylist()
    assert [row["wanted"] for row in found] == [0] * 4 + [1] * 4 + [2] * 4
    assert [row["distance"] for row in found[::4]] == [0, 0, 0]
    assert [row["vector"] for row in found[::4]] == numbers


def test_sounds_of_other_files_are_described_as_those_of_the_catalogue(made, tmp_path):
    scene_of(LOW).save(tmp_path / "other.mote")
    for name in ("2", "partial:1"):
        inside, outside = (made.search(f"{file}:{name}", count=3) for file in ("low.mote", tmp_path / "other.mote"))
        assert outside.drop_columns(["distance"]).equals(inside.drop_columns(["distance"]))
        assert np.allclose(outside["distance"], inside["distance"], atol=1e-6)


def test_of_several_notes_the_strongest_is_looked_for(made):
    with pytest.warns(
        MotesWarning, match=r"holds 2 notes: looked for is the strongest, note 2 \(E4, .*high.mote:1 names"
    ):
        found = made.search("deep/high.mote", count=1)
    assert (found["file"][0].as_py(), found["number"][0].as_py()) == ("deep/high.mote", 2)


def tone(hz, rate=16000):
    t = np.arange(rate) / rate
    return sum(0.3 / k * np.sin(2 * np.pi * hz * k * t) for k in range(1, 9)) * np.exp(-2 * t) * np.minimum(50 * t, 1)


def test_recordings_are_searched_by_their_notes(made, tmp_path):
    sf.write(tmp_path / "tone.wav", np.concatenate([np.zeros(1600), tone(1046.5)]), 16000)
    found = made.search(f"{tmp_path}/tone.wav:1", where="pitch is not null", count=1)
    assert found["pitch"].to_pylist() == [67.0]


def test_a_recording_without_notes_is_one_sound(made, tmp_path):
    sf.write(tmp_path / "noise.wav", 0.1 * np.random.default_rng(0).standard_normal(4000), 8000)
    sound = asked_for(made, f"{tmp_path}/noise.wav")
    assert (sound.kind, sound.number, sound.time_s, sound.pitch) == ("note", 1, 0, None)
    assert sound.length_s == pytest.approx(0.5)


def test_stored_numbers_of_other_files_are_left_out_where_the_catalogue_has_none(made, tmp_path):
    scene = scene_of(LOW)
    notes = scene.groups.notes.replace(numbers=np.zeros((3, 13)))
    with_numbers = scene.replace(groups=Groups(scene.groups.id, scene.groups.parent, scene.groups.role, notes))
    with_numbers.save(tmp_path / "other.mote")
    assert made.search(f"{tmp_path}/other.mote:2", count=1)["distance"][0].as_py() == pytest.approx(0, abs=1e-6)


def test_what_is_no_sound_on_disk_is_said_in_one_line(made, tmp_path):
    sf.write(tmp_path / "silent.wav", np.zeros(800), 8000)
    sf.write(tmp_path / "long.wav", np.zeros(8000 * 61), 8000)
    (tmp_path / "x.txt").write_text("x")
    (tmp_path / "bad.mote").write_text("x")
    for name, words in [
        ("silent.wav", "is silent"),
        ("long.wav", "lasts 61 s, and a recording to be looked for at most 60 s"),
        ("x.txt", "neither a .mote file nor a recording"),
        ("gone.wav:1", "neither in the catalogue nor a file"),
        ("bad.mote", "not a .mote file"),
    ]:
        with pytest.raises(motes.MotesError, match=words):
            made.search(f"{tmp_path}/{name}")


def test_conditions_choose_among_what(made):
    assert {row["kind"] for row in made.search(where="pitch between 60 and 62", count=100).to_pylist()} >= {"note"}
    found = made.search("low.mote:1", where="pitch > 55", count=100)
    assert sorted(found["pitch"].to_pylist()) == pytest.approx([60, 64, 67], abs=0.01)


@pytest.mark.parametrize(
    ("like", "where", "words"),
    [
        ("song", None, "no sound of a catalogue"),
        ("low.mote:99", None, "has no note 99, but 3, from 1 to 3"),
        ("low.mote:1", "pitch > 500", "no note of the catalogue is so that"),
        (None, "nope > 1", "nope"),
        (None, None, "needs a sound"),
    ],
)
def test_what_cannot_be_found_is_said_in_one_line(made, like, where, words):
    with pytest.raises(ParameterError, match=words):
        made.search(like, where=where)


def test_commands_build_say_ask_and_search(made, tmp_path, capsys):
    path = str(tmp_path / "c")
    assert main(["catalogue", "build", str(made.corpus), "-o", path]) == 0
    assert main(["catalogue", "info", path]) == 0
    assert "notes" in capsys.readouterr().out
    assert main(["catalogue", "sql", path, "select count(*) as n from events where kind = 'note'"]) == 0
    assert capsys.readouterr().out.split() == ["n", "6"]
    assert main(["search", path, "--like", "low.mote:1", "--count", "2"]) == 0
    assert "low.mote" in capsys.readouterr().out.splitlines()[1]
    assert main(["catalogue", "sql", path, "drop table events"]) == 1
    assert main(["search", path]) == 2
    assert main(["catalogue", "info", str(tmp_path)]) == 1
