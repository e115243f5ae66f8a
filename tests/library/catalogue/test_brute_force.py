"""The nearest rows are the same however the parts of a catalogue are shared out, and those of the exact search."""

import numpy as np
import pytest
from corpus_folder import catalogue_of

from motes.errors import ParameterError
from motes.library.catalogue import brute_force
from motes.library.catalogue.brute_force import Among, Question, deviation_of, first_of, nearest, numbers_of
from motes.library.catalogue.search import search
from motes.library.spreading.spread import Spread

pytest.importorskip("pyarrow")
pytest.importorskip("duckdb")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return catalogue_of(tmp_path_factory.mktemp("made") / "corpus")


def shared_out(monkeypatch):
    monkeypatch.setattr(brute_force, "_items", lambda parts, how: [[part] for part in parts])


def test_parts_shared_out_give_the_same_to_the_bit(made, monkeypatch):
    rows = made.sql("select * from events where kind = 'partial' and model = 'descriptor'")
    questions = [
        Question(Among("partial", "descriptor"), numbers_of(rows)[::5]),
        Question(Among("note", "descriptor", "pitch is null"), numbers_of(rows)[:2]),
        Question(Among("note", "descriptor", "pitch > 500"), numbers_of(rows)[:2]),
    ]
    whole = nearest(made.parts(), questions, 6)
    shared_out(monkeypatch)
    apart = nearest(made.parts(), questions, 6)
    assert whole[2] is apart[2] is None
    for one, other in zip(whole[:2], apart[:2], strict=True):
        assert one.distance.tobytes() == other.distance.tobytes()
        for mine, theirs in zip(one.place, other.place, strict=True):
            assert one.rows.take(mine).to_pylist() == other.rows.take(theirs).to_pylist()
    assert whole[1].distance.shape == (2, 1)  # there is one such note


def test_searches_by_others_are_the_search(made, monkeypatch):
    shared_out(monkeypatch)
    others = Spread(2)
    monkeypatch.setattr(brute_force, "spread", lambda function, items, how, *_: map(function, items))
    for like, where in (("low.mote:partial:1", "pitch > 50"), ("low.mote:1", None)):
        found = made.search(like, where=where, count=7)
        assert search(made, like, where, 7, others).to_pylist() == found.to_pylist()
    with pytest.raises(ParameterError, match="no note of the catalogue is so that pitch > 500"):
        search(made, "low.mote:1", "pitch > 500", 7, others)
    with pytest.raises(ParameterError, match="count must be at least 1"):
        search(made, "low.mote:1", None, 0, others)


def test_deviations_are_those_of_all_rows_together(made):
    rows = made.sql("select * from events where kind = 'partial'")
    expected = np.maximum(numbers_of(rows).std(axis=0), 0.1)
    assert deviation_of(rows) == pytest.approx(expected, rel=1e-12)


def test_of_equal_distances_the_first_come_first():
    assert first_of(np.array([2.0, 1.0, 1.0, 0.5, 1.0]), 3).tolist() == [3, 1, 2]
    assert first_of(np.array([1.0, 0.0]), 5).tolist() == [1, 0]
