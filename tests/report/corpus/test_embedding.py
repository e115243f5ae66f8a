"""A map holds what it is asked for, and the same seed draws the same."""

import numpy as np
import pytest
from corpus_folder import catalogue_of

import motes
from motes.errors import MotesWarning, ParameterError
from motes.report.corpus.embedding import embedded

pytest.importorskip("pyarrow")
pytest.importorskip("duckdb")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return catalogue_of(tmp_path_factory.mktemp("made") / "corpus")


def test_partials_are_left_out_unless_asked_for(made):
    with pytest.warns(MotesWarning, match="7 sounds whose numbers are not of descriptor are left out"):
        found = embedded(made)
    assert set(found.rows["kind"].to_pylist()) == {"note", "splat", "strike"}
    assert found.points.shape == (len(found.rows), 2)
    assert found.points.min() >= 0
    assert found.points.max() <= 1
    assert len(embedded(made, "kind = 'partial'").rows) == made.n_rows["partial"]


def test_a_seed_draws_the_same_sounds_at_the_same_places(made):
    one, again, other = (embedded(made, "kind = 'partial'", 15, seed) for seed in (1, 1, 2))
    assert one.rows.equals(again.rows)
    assert one.points.tobytes() == again.points.tobytes()
    assert not one.rows.equals(other.rows)
    assert (len(one.rows), one.n_rows) == (15, made.n_rows["partial"])


@pytest.mark.parametrize(
    ("where", "count", "words"),
    [
        ("pitch > 500", 10, "no sound of the catalogue is so"),
        (None, 0, "1 to 50,000 sounds"),
        (None, 50_001, "1 to 50,000 sounds"),
        ("nope = 1", 10, "nope"),
    ],
)
def test_what_makes_no_map_is_said_in_one_line(made, where, count, words):
    with pytest.raises(ParameterError, match=words):
        embedded(made, where, count)


def test_a_catalogue_without_sounds_is_said_to_be_one(tmp_path):
    (tmp_path / "corpus").mkdir()
    motes.encode(np.zeros(800), sample_rate_hz=8000).save(tmp_path / "corpus/silent.mote")
    catalogue = motes.build_catalogue(tmp_path / "corpus", tmp_path / "c")
    with pytest.raises(ParameterError, match="holds no sounds"):
        embedded(catalogue)
