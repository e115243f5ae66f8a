"""What a list of files and folders means, without doing any of it."""

from __future__ import annotations

import os

import pytest

from motes.errors import MotesWarning, ParameterError
from motes.library.batch import Outcome, run
from motes.library.plan import RECORDINGS, Job, plan


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.wav", "b.flac", "music/one.wav", "music/sub/two.ogg", "music/notes.txt", "other/one.wav"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()


def planned(*inputs, output=None, **options):
    jobs = plan(inputs, output, suffix=".mote", looked_for=RECORDINGS, **options)
    return [(job.source.replace(os.sep, "/"), job.output.replace(os.sep, "/")) for job in jobs]


@pytest.mark.parametrize(
    ("inputs", "output", "expected"),
    [
        (["a.wav"], None, [("a.wav", "a.mote")]),
        (["a.wav"], "x.mote", [("a.wav", "x.mote")]),
        (["a.wav"], "new/", [("a.wav", "new/a.mote")]),
        (["a.wav"], "music", [("a.wav", "music/a.mote")]),
        (["a.wav"], "-", [("a.wav", "-")]),
        (["-"], "-", [("-", "-")]),
        (["-"], "x.mote", [("-", "x.mote")]),
        (["a.wav", "b.flac"], None, [("a.wav", "a.mote"), ("b.flac", "b.mote")]),
        (["a.wav", "b.flac"], "out", [("a.wav", "out/a.mote"), ("b.flac", "out/b.mote")]),
        (["music"], None, [("music/one.wav", "music/one.mote"), ("music/sub/two.ogg", "music/sub/two.mote")]),
        (["music"], "out", [("music/one.wav", "out/one.mote"), ("music/sub/two.ogg", "out/sub/two.mote")]),
        (["other", "a.wav"], "out", [("other/one.wav", "out/other/one.mote"), ("a.wav", "out/a.mote")]),
    ],
)
def test_outputs(inputs, output, expected):
    assert planned(*inputs, output=output) == expected


@pytest.mark.parametrize(
    ("inputs", "output"),
    [
        ([], None),
        (["-"], None),
        (["-"], "out/"),
        (["a.wav", "-"], "out"),
        (["music"], "-"),
        (["a.wav", "b.flac"], "a.wav"),
    ],
)
def test_what_does_not_fit_together(inputs, output):
    with pytest.raises(ParameterError):
        planned(*inputs, output=output)


def test_nothing_is_planned_twice_or_over_its_source(tmp_path):
    (tmp_path / "a.flac").touch()
    jobs = plan(["a.flac", "a.wav"], None, suffix=".mote", looked_for=RECORDINGS)
    assert jobs[0].refused == ""
    assert "already the output of a.flac" in jobs[1].refused
    (job,) = plan(["a.wav"], "a.wav", suffix=".mote", looked_for=RECORDINGS, overwrite=True)
    assert "would replace the file it is made from" in job.refused


def test_existing_outputs_are_refused_skipped_or_replaced(tmp_path):
    (tmp_path / "a.mote").touch()
    options = {"suffix": ".mote", "looked_for": RECORDINGS}
    assert "exists already" in plan(["a.wav"], None, **options)[0].refused
    assert plan(["a.wav"], None, skip_existing=True, **options)[0].skipped
    assert plan(["a.wav"], None, overwrite=True, **options)[0] == Job("a.wav", "a.mote")


def test_a_folder_without_recordings_fails():
    os.mkdir("empty")
    (job,) = plan(["empty"], None, suffix=".mote", looked_for=RECORDINGS)
    assert "no files in it" in job.refused


def test_a_folder_stands_for_all_that_is_read_and_says_what_it_passes_over():
    taken = ["a.aifc", "b.WAVE", "c.mp2", "d.voc", "e.w64", "f.caf", "g.m4a"]
    for name in (*taken, "one.mote", ".hidden.txt", "x.JPG", "LICENCE"):
        open(os.path.join("other", name), "w").close()
    with pytest.warns(MotesWarning, match=r"^other: passed over, .*: 1 \.jpg, 1 without extension$") as said:
        found = [source for source, _ in planned("other")]
    assert found == [f"other/{name}" for name in (*taken, "one.wav")]
    assert len(said) == 1


def test_run_gives_an_outcome_for_every_job_in_order():
    def work(job, progress):
        progress(0.5)
        if job.source == "bad":
            raise ParameterError("two\nlines")
        if job.source == "bug":
            raise ZeroDivisionError
        return {"made": job.output}

    fractions = []
    jobs = [Job("a", "A"), Job("bad", "B"), Job("c", "C", skipped=True), Job("d", "D", refused="no"), Job("bug", "E")]
    outcomes = list(run(jobs, work, progress=lambda fraction, *_: fractions.append(fraction)))
    assert [outcome.status for outcome in outcomes] == ["done", "failed", "skipped", "failed", "failed"]
    assert outcomes[0] == Outcome(jobs[0], "done", report={"made": "A"})
    assert [outcome.reason for outcome in outcomes[1:4]] == ["two lines", "", "no"]
    assert "a bug in motes" in outcomes[4].reason
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1


@pytest.mark.parametrize("error", [KeyboardInterrupt, BrokenPipeError])
def test_run_lets_interruptions_through(error):
    def work(job, progress):
        raise error

    with pytest.raises(error):
        list(run([Job("a", "A"), Job("b", "B")], work))
