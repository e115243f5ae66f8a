"""An index finds what a comparison of all finds, is that of the rows that there are, and nothing fails without it."""

import shutil
import sys

import numpy as np
import pytest
from corpus_folder import catalogue_of

import motes
from motes.errors import MotesWarning
from motes.library.catalogue import index as indexing
from motes.library.catalogue.build import building
from motes.library.catalogue.index import index_of
from motes.library.catalogue.nearest import vectors_in
from motes.library.catalogue.space import Space

pyarrow = pytest.importorskip("pyarrow")
pytest.importorskip("pyarrow.parquet")
pytest.importorskip("duckdb")
faiss = pytest.importorskip("faiss")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return catalogue_of(tmp_path_factory.mktemp("made") / "corpus").corpus


@pytest.fixture
def made(corpus, tmp_path, monkeypatch):
    """A catalogue whose partials have an index, which looks through all cells."""
    monkeypatch.setattr(indexing, "FEWEST", 10)
    return motes.build_catalogue(corpus, tmp_path / "corpus.motes-catalogue")


def files(catalogue):
    return sorted((catalogue.path / "index").rglob("*.faiss"))


def test_the_index_finds_what_comparing_all_finds(made):
    numbers = vectors_in(made.to_arrow())
    assert index_of(made, "partial", "descriptor") is not None
    by_index = made.nearest(numbers, 5, kind="partial")
    by_comparing = made.nearest(numbers, 5, kind="partial", where="true")
    assert by_index.schema.names == by_comparing.schema.names
    assert by_index.schema.types == by_comparing.schema.types
    assert np.allclose(by_index["distance"], by_comparing["distance"], atol=1e-5)
    everything = made.search("low.mote:partial:3", count=100)
    assert len(everything) == made.n_rows["partial"]
    assert everything["distance"].to_pylist() == sorted(everything["distance"].to_pylist())


class Rows:
    """As a catalogue of partials with these vectors, in two pieces."""

    def __init__(self, numbers):
        self.numbers = numbers

    def dataset(self):
        return self

    def to_batches(self, columns):
        for piece in np.split(self.numbers, 2):
            vector = pyarrow.FixedSizeListArray.from_arrays(pyarrow.array(piece.reshape(-1)), 16)
            kind, model = pyarrow.array(["partial"] * len(piece)), pyarrow.array(["descriptor"] * len(piece))
            yield pyarrow.record_batch([kind, model, vector], names=columns)


def test_few_are_missed_among_many_and_files_are_the_same_to_the_byte(tmp_path):
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((300, 16))
    numbers = (centres[rng.integers(0, 300, 30_000)] + 0.3 * rng.standard_normal((30_000, 16))).astype(np.float32)
    about = [indexing._made(faiss, Rows(numbers), tmp_path, i, "partial", "descriptor", len(numbers)) for i in (0, 1)]
    assert (tmp_path / about[0].file).read_bytes() == (tmp_path / about[1].file).read_bytes()
    index = indexing.Index(about[0], faiss.read_index(str(tmp_path / about[0].file)))
    assert np.allclose(index.deviation, numbers.std(axis=0), rtol=1e-4)
    found = index.nearest(numbers[:200], 10)
    right = Space(numbers.astype(np.float64)).nearest(numbers[:200], 10)
    hits = [len(np.intersect1d(a, b)) for a, b in zip(found.row, right.row, strict=True)]
    assert np.mean(hits) / 10 >= 0.95
    assert index.nearest(numbers[:1], 101) is None


def test_it_is_made_again_only_where_rows_changed(made, corpus, tmp_path):
    (before,) = {path.parent for path in files(made)}
    stamp = before.stat().st_mtime_ns
    list(building(corpus, made.path).run())
    assert before.stat().st_mtime_ns == stamp
    other = tmp_path / "other"
    shutil.copytree(corpus, other)
    (other / "stereo.mote").unlink()
    smaller = motes.build_catalogue(other, made.path)
    assert files(smaller)
    assert not before.exists()
    assert smaller.search("low.mote:partial:1", count=3)["distance"][0].as_py() == pytest.approx(0, abs=1e-6)
    assert not any(path.name.startswith(".") for path in (made.path / "index").iterdir())


def test_without_the_library_all_are_compared_and_a_line_says_so(made, corpus, tmp_path, monkeypatch):
    right = made.search("low.mote:partial:1", count=3)
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.warns(MotesWarning, match=r"19 partials are compared one by one: pip install 'motes\[catalogue\]'"):
        found = made.search("low.mote:partial:1", count=3)
    assert found["number"].equals(right["number"])
    with pytest.warns(MotesWarning, match=r"motes\[catalogue\]"):
        assert not files(motes.build_catalogue(corpus, tmp_path / "without.motes-catalogue"))


def numbers_of(found):
    return found["file"].to_pylist(), found["number"].to_pylist()


def test_an_index_that_is_damaged_is_not_used(made):
    right = numbers_of(made.search("low.mote:partial:1", count=3))
    held = {path: path.read_bytes() for path in files(made)}
    for bad in (lambda whole: whole[: len(whole) // 2], lambda whole: bytes(len(whole)), lambda whole: b""):
        for path, whole in held.items():
            path.write_bytes(bad(whole))
        assert numbers_of(made.search("low.mote:partial:1", count=3)) == right
    (files(made)[0].parent / "about.json").write_text("{")
    assert numbers_of(made.search("low.mote:partial:1", count=3)) == right


def test_an_index_of_other_rows_is_not_used(made):
    (part,) = (made.path / "parts").glob("low*")
    rows = pyarrow.parquet.read_table(part)
    pyarrow.parquet.write_table(rows.take(np.arange(len(rows))[::-1]), part)  # as a build that is killed may leave it
    by_index, by_comparing = (made.search("low.mote:partial:1", where=where, count=3) for where in (None, "true"))
    assert by_index.equals(by_comparing)
