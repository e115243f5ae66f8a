"""A catalogue holds what the scenes hold, is made anew only where files changed, and can only be read."""

import os
import sys

import numpy as np
import pytest
from corpus_folder import HIGH, LOW, STEREO, catalogue_of, make

import motes
from motes.errors import FormatError, MissingExtraError, ParameterError
from motes.library.catalogue.build import building
from motes.library.catalogue.part import read_about

pytest.importorskip("pyarrow")
duckdb = pytest.importorskip("duckdb")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return catalogue_of(tmp_path_factory.mktemp("made") / "corpus")


def rows(catalogue, query):
    return [tuple(row.values()) for row in catalogue.sql(query).to_pylist()]


def test_notes_are_those_of_the_scenes(made):
    found = rows(made, "select file, number, time_s, length_s, pitch, gain_db, part from events where kind = 'note'")
    expected = [
        (file, number, note.onset_s, note.end_s - note.onset_s, note.pitch, note.gain_db, note.part)
        for file, notes in (("deep/high.mote", HIGH), ("low.mote", LOW), ("stereo.mote", STEREO))
        for number, note in enumerate(notes, 1)
    ]
    assert len(found) == len(expected)
    for row, wanted in zip(found, expected, strict=True):
        assert row[:2] == wanted[:2]
        assert row[2:] == pytest.approx(wanted[2:], abs=0.011)  # as files round them


def test_every_event_and_partial_has_a_row(made):
    held = {file: made.scene(file) for file in made.files}
    for kind in ("splat", "strike", "vector"):
        assert made.n_rows[kind] == sum(len(scene.table(kind)) for scene in held.values()) > 0
    assert made.n_rows["partial"] == sum(len(scene.partials) for scene in held.values()) > 0
    assert (len(made), len(made.to_arrow())) == (sum(made.n_rows.values()),) * 2
    assert made.duration_s == pytest.approx(sum(scene.duration_s for scene in held.values()))


def test_vectors_are_the_events_own_numbers_and_name_their_model(made):
    scene = made.scene("events.mote")
    found = made.sql("select vector, model, time_s from events where kind = 'vector' order by number").to_pylist()
    assert np.allclose([row["vector"] for row in found], scene.vector.numbers, rtol=1e-6)
    assert {row["model"] for row in found} == {scene.models[0].id}
    numbers = np.array([row[0] for row in rows(made, "select vector from events where model = 'descriptor'")])
    assert numbers.shape[1] == 16
    assert np.isfinite(numbers).all()


def test_numbers_of_events_are_what_scenes_select_by(made):
    scene = made.scene("events.mote")
    for number, time_s in rows(made, "select number, time_s from events where kind = 'splat'"):
        chosen = scene.select([number]).only()
        assert (len(chosen.splat), chosen.splat.time_s[0]) == (1, time_s)


def test_what_has_no_pitch_is_null(made):
    assert rows(made, "select count(*) from events where kind = 'note' and pitch is null") == [(1,)]
    assert rows(made, "select count(*) from events where isnan(pitch)") == [(0,)]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("delete from events", "only read: the query may be a SELECT, not DELETE"),
        ("copy events to 'x.csv'", "not COPY"),
        ("select 1; select 2", "one SELECT, and 'select 1; select 2' holds 2"),
        ("", "holds 0"),
        ("selec 1", "syntax error"),
        ("select nope from events", "nope"),
        ("select * from read_csv('/etc/passwd')", "disabled"),
        ("select 1/'x' from events", "Could not convert"),
        ("set threads = 1", "not SET"),
    ],
)
def test_sql_that_is_no_select_is_refused_in_one_line(made, query, words):
    with pytest.raises(ParameterError) as error:
        made.sql(query)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


# --- built again


def test_only_what_changed_is_described_again(tmp_path):
    corpus = make(tmp_path / "corpus [1]")  # nothing takes the name for a pattern
    path = tmp_path / "a [b].motes-catalogue"
    first = [outcome.report["is_new"] for outcome in building(corpus, path).run()]
    assert first == [True] * 5
    before = motes.Catalogue(path).to_arrow()
    assert not any(outcome.report["is_new"] for outcome in building(corpus, path).run())
    assert motes.Catalogue(path).to_arrow().equals(before)
    (corpus / "low.mote").replace(corpus / "moved.mote")
    os.utime(corpus / "stereo.mote")
    again = {os.path.basename(outcome.job.source): outcome.report["is_new"] for outcome in building(corpus, path).run()}
    assert [name for name, is_new in again.items() if is_new] == ["moved.mote"]
    held = motes.Catalogue(path)
    assert "low.mote" not in held.files
    assert len(list((path / "parts").iterdir())) == len(held.files) == 5
    assert rows(held, "select count(*) from events where file = 'low.mote'") == [(0,)]


def test_an_interrupted_build_goes_on(tmp_path):
    corpus, path = make(tmp_path / "corpus"), tmp_path / "c"
    work = building(corpus, path).run()
    next(work), next(work)
    work.close()
    assert len(motes.Catalogue(path).files) == 2
    assert [outcome.report["is_new"] for outcome in building(corpus, path).run()] == [False] * 2 + [True] * 3
    whole = motes.build_catalogue(corpus, tmp_path / "whole")
    assert whole.to_arrow().equals(motes.Catalogue(path).to_arrow())


def test_a_build_that_is_killed_at_once_goes_on(tmp_path):
    corpus, path = make(tmp_path / "corpus"), tmp_path / "c"
    work = building(corpus, path).run()
    next(work)
    assert len(motes.Catalogue(path).files) == 0  # nothing is said before it is whole
    assert len(list((path / "parts").iterdir())) == 1
    work.close()
    assert [outcome.report["is_new"] for outcome in building(corpus, path).run()] == [False] + [True] * 4


def test_processes_change_nothing(tmp_path):
    corpus = make(tmp_path / "corpus")
    alone = motes.build_catalogue(corpus, tmp_path / "alone")
    several = motes.build_catalogue(corpus, tmp_path / "several", jobs=2)
    for one, other in zip(sorted(alone.path.rglob("*")), sorted(several.path.rglob("*")), strict=True):
        assert one.name == other.name
        assert one.is_dir() or one.read_bytes() == other.read_bytes()


def test_files_that_cannot_be_read_fail_alone(tmp_path):
    corpus, path = make(tmp_path / "corpus"), tmp_path / "c"
    (corpus / "bad.mote").write_bytes(b"nothing")
    work = building(corpus, path)
    (corpus / "low.mote").unlink()
    failed = {os.path.basename(o.job.source): o.reason for o in work.run() if o.status == "failed"}
    assert sorted(failed) == ["bad.mote", "low.mote"]
    assert "vanished" in failed["low.mote"]
    assert len(motes.Catalogue(path).files) == 4


# --- what is no catalogue


def test_what_is_no_catalogue_is_refused(tmp_path, made):
    with pytest.raises(FormatError, match="is not a catalogue"):
        motes.Catalogue(tmp_path / "gone")
    with pytest.raises(FormatError, match=r"a folder without catalogue\.json"):
        motes.Catalogue(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    text = (made.path / "catalogue.json").read_text()
    for bad, words in [
        (text.replace('"version": 1', '"version": 7', 1), "version 7, this release reads version 1"),
        (text.replace("motes-catalogue", "something"), "something else"),
        (text[:40], "damaged"),
        (text.replace('"part": "', '"part": "../'), "something else"),
    ]:
        (other / "catalogue.json").write_text(bad)
        with pytest.raises(FormatError, match=words):
            motes.Catalogue(other)
    (other / "catalogue.json").write_text(text)
    with pytest.raises(FormatError, match="damaged, build it again"):
        motes.Catalogue(other).to_arrow()


@pytest.mark.parametrize(
    ("corpus", "output", "words"),
    [
        ("gone", "c", "not there"),
        ("file", "c", "a file"),
        ("empty", "c", "holds no .mote files, but 1 recordings: motes encode"),
        ("corpus", "empty", "a folder of other files"),
        ("corpus", "file", "a catalogue is a folder"),
    ],
)
def test_a_corpus_is_a_folder_of_scenes(tmp_path, monkeypatch, corpus, output, words):
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "corpus")
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty/a.wav").write_text("x")
    with pytest.raises(ParameterError, match=words):
        motes.build_catalogue(corpus, output)


def test_a_part_of_another_version_is_made_anew(tmp_path):
    pyarrow = pytest.importorskip("pyarrow.parquet")
    corpus, path = make(tmp_path / "corpus"), tmp_path / "c"
    motes.build_catalogue(corpus, path)
    part = next((path / "parts").glob("low-*"))
    table = pyarrow.read_table(part)
    old = table.schema.metadata[b"motes"].replace(b'"version":1', b'"version":0')
    pyarrow.write_table(table.replace_schema_metadata({b"motes": old}), part)
    assert read_about(part) is None
    assert sum(outcome.report["is_new"] for outcome in building(corpus, path).run()) == 1


@pytest.mark.parametrize(("package", "do"), [("pyarrow", "build"), ("pyarrow", "sql"), ("duckdb", "sql")])
def test_what_is_not_installed_is_named(made, tmp_path, monkeypatch, package, do):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=r"motes\[corpus\]"):
        made.sql("select 1") if do == "sql" else motes.build_catalogue(made.corpus, tmp_path / "c")


def test_a_corpus_may_lie_in_a_bucket(bucket_name, tmp_path):
    address = f"s3://{bucket_name}/corpus"
    for path in (folder := make(tmp_path / "corpus")).rglob("*.mote"):
        motes.load(path).save(f"{address}/{path.relative_to(folder).as_posix()}")
    here = motes.build_catalogue(folder, tmp_path / "here.motes-catalogue")
    there = motes.build_catalogue(address, tmp_path / "there.motes-catalogue")
    assert there.corpus == address
    assert there.files == here.files
    assert there.to_arrow().equals(here.to_arrow())
    assert there.scene("low.mote") == motes.load(folder / "low.mote")
    with pytest.raises(ParameterError, match="is not there"):
        motes.build_catalogue(f"s3://{bucket_name}/nothing", tmp_path / "none.motes-catalogue")
