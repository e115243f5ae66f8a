"""The nearest sounds of a catalogue, against the distance by its definition."""

import numpy as np
import pytest
from corpus_folder import catalogue_of

from motes.cli import main
from motes.errors import ParameterError

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
    apart = np.sqrt(np.mean(((numbers - mine) / np.maximum(numbers.std(axis=0), 1e-6)) ** 2, axis=1))
    assert found["distance"].to_pylist() == pytest.approx(np.sort(apart)[:5].tolist())
    assert found["distance"][0].as_py() == 0


def test_conditions_choose_among_what(made):
    assert {row["kind"] for row in made.search(where="pitch between 60 and 62", count=100).to_pylist()} >= {"note"}
    found = made.search("low.mote:1", where="pitch > 55", count=100)
    assert sorted(found["pitch"].to_pylist()) == pytest.approx([60, 64, 67], abs=0.01)


@pytest.mark.parametrize(
    ("like", "where", "words"),
    [
        ("song", None, "no sound of a catalogue"),
        ("low.mote:99", None, "no note 99 of low.mote"),
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
