"""Encoding in the studio: progress, cancelling, failing alone, and a server that answers all the while."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

import pytest

from motes.encoders import ENCODERS, encoder_named
from motes.errors import ParameterError
from motes.library.batch import Outcome
from motes.studio import jobs
from motes.studio.encoding import Busy, Fraction
from motes.studio.forms import LARGE, described, options_of, work_of


def test_an_encoded_recording_becomes_a_document(client, folder):
    job = client.post("jobs", {"path": "sound.wav", "options": {"n_events": 300}}, 202)
    assert job["state"] == "waiting"
    found = client.wait(job["id"])
    assert (found["state"], found["fraction"], found["n_events"]) == ("done", 1.0, 300)
    document = client.get(f"documents/{found['document']}")
    assert document["n_events"] == 300
    assert document["dirty"]
    assert document["tracks"][0] == "original"
    from motes.audio import open_source
    from motes.encoders.pursuit import PursuitOptions, encode

    direct = encode(open_source(folder / "sound.wav"), PursuitOptions(n_events=300))
    assert all(a.equals(b) for a, b in zip(client.scene(document).tables, direct.tables, strict=True))


def test_a_recording_is_a_document_before_it_is_encoded(client):
    document = client.open("sound.wav")
    assert (document["n_events"], document["dirty"], document["path"]) == (0, False, None)
    job = client.post("jobs", {"document": document["id"], "options": {"n_events": 50}}, 202)
    assert client.wait(job["id"])["document"] == document["id"]
    assert client.get(f"documents/{document['id']}")["n_events"] == 50
    assert client.post(f"documents/{document['id']}/undo")["document"]["n_events"] == 0


def test_jobs_are_cancelled_while_they_run_and_while_they_wait(client):
    first = client.post("jobs", {"path": "sound.wav", "options": {"snr_db": 60}}, 202)
    second = client.post("jobs", {"path": "sound.wav", "options": {"n_events": 10}}, 202)
    assert client.delete(f"jobs/{second['id']}", 200)["state"] == "cancelled"
    end = time.monotonic() + 30
    while client.get(f"jobs/{first['id']}")["state"] != "running":
        assert time.monotonic() < end
    client.delete(f"jobs/{first['id']}", 200)
    begun = time.monotonic()
    found = client.wait(first["id"])
    assert found["state"] == "cancelled"
    assert time.monotonic() - begun < 8
    assert found["document"] is None
    third = client.post("jobs", {"path": "sound.wav", "options": {"n_events": 10}}, 202)
    assert client.wait(third["id"])["state"] == "done"


def test_a_failing_job_fails_alone(client, folder):
    (folder / "broken.wav").write_bytes((folder / "sound.wav").read_bytes())
    job = client.post("jobs", {"path": "broken.wav", "options": {"n_events": 10}}, 202)
    (folder / "broken.wav").write_bytes(b"RIFF of nothing")
    found = client.wait(job["id"])
    if found["state"] == "failed":  # unless it was read before it broke
        assert found["error"]
        assert "\n" not in found["error"]
        assert str(folder) not in found["error"]
    again = client.post("jobs", {"path": "sound.wav", "options": {"n_events": 10}}, 202)
    assert client.wait(again["id"])["state"] == "done"


def test_a_killed_process_is_a_failed_job(client, monkeypatch):
    from motes.studio import encoding

    monkeypatch.setattr(encoding, "encode_in_process", _die)
    job = client.post("jobs", {"path": "sound.wav"}, 202)
    found = client.wait(job["id"])
    assert found["state"] == "failed"
    assert "ended from outside" in found["error"]


def _die(*_):
    import os

    os._exit(9)


def in_a_loop(main):
    """Run it in an event loop in a thread of its own: that of a browser may still be running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(main())).result(120)


def test_the_server_answers_while_it_encodes_and_tells_how_it_goes(client):
    """The event loop is never held for long: a request that needs nothing but it is answered at once."""

    waits, messages = [], []
    feed = client.studio.feed

    async def main():
        async def listen():
            async for message in feed.listen(client.studio.to_json):
                messages.append(message)

        async def beat():
            while True:
                begun = time.perf_counter()
                await asyncio.sleep(0.005)
                waits.append(time.perf_counter() - begun - 0.005)

        tasks = [asyncio.create_task(listen()), asyncio.create_task(beat())]
        await asyncio.sleep(0.05)
        job = await asyncio.to_thread(client.post, "jobs", {"path": "sound.wav", "options": {"snr_db": 25}}, 202)
        found = await asyncio.to_thread(client.wait, job["id"])
        await asyncio.sleep(0.05)
        for task in tasks:
            task.cancel()
        return found

    found = in_a_loop(main)
    assert found["state"] == "done"
    assert messages[0].startswith(b"event: hello\n")
    names = [message.split(b"\n")[0] for message in messages]
    assert names.count(b"event: job") >= 3
    assert b"event: document" in names
    assert sorted(waits)[int(0.99 * len(waits))] < 0.5  # encoding takes seconds


def test_a_stream_ends_when_the_studio_does(client):
    async def main():
        stream = client.studio.feed.listen(client.studio.to_json)
        assert (await anext(stream)).startswith(b"event: hello")
        threading.Thread(target=client.studio.feed.close).start()
        with pytest.raises(StopAsyncIteration):
            await asyncio.wait_for(anext(stream), 5)

    in_a_loop(main)


@pytest.mark.parametrize("encoder", ENCODERS, ids=lambda encoder: encoder.name)
def test_forms_describe_what_the_options_are(encoder):
    options = {option["name"]: option for option in described(encoder)["options"]}
    assert all(option["doc"] for option in options.values())
    bounded = [name for name, option in options.items() if option["low"] is not None]
    assert len(bounded) >= (4 if encoder.name == "siam" else 7)
    for name in bounded:
        low, high, exclusive = (options[name][key] for key in ("low", "high", "exclusive_low"))
        whole = options[name]["type"] == "integer"
        if high < LARGE:
            options_of(encoder, {name: high})
            with pytest.raises(ParameterError):
                options_of(encoder, {name: high + 1})
        if exclusive:
            with pytest.raises(ParameterError):
                options_of(encoder, {name: low})
        else:
            options_of(encoder, {name: low})
            with pytest.raises(ParameterError):
                options_of(encoder, {name: low - 1 if whole else low - 0.1})


@pytest.mark.parametrize(
    "values",
    [
        {"kbps": "16"},
        {"n_events": 1.5},
        {"refit": 1},
        {"windows": [512.5]},
        {"windows": 512},
        {"checkpoint": "/tmp/x"},
        {"no": 1},
    ],
)
def test_options_of_the_wrong_sort_are_refused(values):
    for encoder in ENCODERS:
        with pytest.raises(ParameterError):
            options_of(encoder, values)


@pytest.mark.parametrize("kind", ["splat", "gabor"])
def test_a_fit_tells_its_loss_and_shows_its_events_as_they_grow(client, kind):
    pytest.importorskip("torch")
    import struct

    from motes import kinds

    options = {"events": 5, "iterations": 150, "init": "random", "loss": "stft:1", "seed": 3, "time_limit_s": 60.0}
    job = client.post("jobs", {"path": "sound.wav", "encoder": kind, "options": options}, 202)
    client.get(f"jobs/{job['id']}/events", 404)
    seen, tile = [], b""
    end = time.monotonic() + 90
    while (found := client.get(f"jobs/{job['id']}"))["state"] in ("waiting", "running") and time.monotonic() < end:
        seen.append(found)
        if found["drawn"]:
            tile = client.get(f"jobs/{job['id']}/events").content
        time.sleep(0.02)
    assert found["state"] == "done", found
    assert found["stop_reason"] in ("time_limit", "iterations_reached", "stalled")
    steps = [one["iteration"] for one in seen if one["iteration"] is not None]
    losses = [one["loss"] for one in seen if one["loss"] is not None]
    assert steps == sorted(steps)
    assert len(set(steps)) > 2
    assert min(losses) < losses[0]
    assert {one["n_events"] for one in seen if one["iteration"] is not None} == {5}
    assert tile[:4] == b"MTE1"
    n, n_all = struct.unpack_from("<2I", tile, 4)
    assert n == n_all == 5
    assert set(tile[48 + 36 * n : 48 + 37 * n]) == {[one.name for one in kinds.KINDS].index(kind)}
    assert seen[-1]["drawn"] | {"number": 0} == {"number": 0, "duration_s": 3.0, "top_hz": 22050.0}
    scene = client.scene(client.get(f"documents/{found['document']}"))
    assert (len(scene.table(kind)), scene.n_events) == (5, 5)


def test_a_fit_without_pytorch_names_the_command(client, monkeypatch):
    import importlib.util

    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "torch" else found(name, *more)
    )
    refusal = client.post("jobs", {"path": "sound.wav", "encoder": "splat"}, 501)
    assert "pip install 'motes[learn]'" in refusal["error"]
    assert "\n" not in refusal["error"]
    assert (
        client.wait(client.post("jobs", {"path": "sound.wav", "options": {"n_events": 5}}, 202)["id"])["state"]
        == "done"
    )


class _Process:
    """In place of an encoding: it ends when it is let go, after what it reports."""

    running: ClassVar[dict[str, threading.Event]] = {}
    begun: ClassVar[list[str]] = []

    def __init__(self, job, _work) -> None:
        self.name = job.source.rsplit("/", 1)[-1]
        self.begun.append(self.name)
        self.go = self.running.setdefault(self.name, threading.Event())

    def messages(self, _timeout_s):
        while not self.go.wait(0.01):
            yield None
        yield Outcome("name", "done", report={"stop_reason": "", "n_events": 0})

    def stop(self) -> None:
        self.go.set()

    def close(self, _patience_s) -> None: ...


@pytest.fixture
def queue(monkeypatch, tmp_path):
    """Jobs whose processes do nothing, and a way to add one of so many seconds."""
    monkeypatch.setattr(jobs, "EncodingProcess", _Process)
    monkeypatch.setattr(_Process, "running", {})
    monkeypatch.setattr(_Process, "begun", [])
    made = jobs.Jobs(tmp_path, lambda job, path: "d", lambda job: None)

    def add(name: str, seconds: float, **options):
        return made.add(name, tmp_path / name, ENCODERS[0], None, options, None, seconds)

    yield made, add
    for event in _Process.running.values():
        event.set()
    made.close()


def _soon(condition) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_short_jobs_do_not_wait_behind_long_ones(queue):
    made, add = queue
    add("long", 600)
    _soon(lambda: _Process.begun == ["long"])
    for name, seconds in (("longer", 900), ("short", 5), ("shorter", 3), ("middle", 300)):
        add(name, seconds)
    _soon(lambda: _Process.begun == ["long", "short"] or _Process.begun == ["long", "shorter"])
    first = _Process.begun[1]
    time.sleep(0.05)
    assert len(_Process.begun) == 2  # no more than two at once
    _Process.running[first].set()
    other = {"short": "shorter", "shorter": "short"}[first]
    _soon(lambda: _Process.begun[2:] == [other])
    _Process.running[other].set()
    time.sleep(0.05)
    assert len(_Process.begun) == 3  # what is as long waits
    _Process.running["long"].set()
    _soon(lambda: _Process.begun[3:] == ["middle"])
    _Process.running["middle"].set()
    _soon(lambda: _Process.begun[4:] == ["longer"])
    waiting = add("last", 900)
    made.cancel(waiting)
    _Process.running["longer"].set()
    _soon(lambda: all(job.state in ("done", "cancelled") for job in made))
    assert "last" not in _Process.begun


def a_job(expected_s=10.0, **options):
    return jobs.EncodingJob(
        "j", "a", Path("a"), "pursuit", None, options, begun=time.monotonic(), expected_s=expected_s
    )


def test_what_is_told_of_a_job_is_the_part_of_its_seconds():
    """The start is a part of the work, and what comes once is not forgotten."""
    job = a_job(expected_s=4 * jobs._STARTING_S)
    job.take(Busy(jobs._STARTING_S))
    assert job.fraction == pytest.approx(0.2)
    for done, told in ((0.0, 0.2), (0.5, 0.6), (0.25, 0.6), (0.75, 0.8)):
        job.take(Fraction(done, jobs._STARTING_S))
        assert job.fraction == pytest.approx(told)
    job.take(Fraction(1.0, 0.0))
    assert job.fraction == jobs._MOST_SHOWN


def test_stages_that_report_nothing_go_on_by_the_processor_and_not_for_ever():
    job = a_job()
    whole_s = 10.0 + jobs._STARTING_S
    job.take(Fraction(0.0, 1.0))
    before = job.fraction
    job.take(Busy(1.0 + 0.05 * whole_s))
    assert job.fraction == pytest.approx(before + 0.05)
    job.take(Busy(100.0))
    assert job.fraction == pytest.approx(before + jobs._MOST_UNREPORTED)
    job.take(Fraction(0.05, 100.0))  # less than was thought
    assert job.fraction == pytest.approx(before + jobs._MOST_UNREPORTED)


def test_a_job_with_a_time_limit_goes_by_it():
    job = a_job(expected_s=1000.0, time_limit_s=8.0)
    job.begun -= 4.0
    job.tick()
    assert 0.5 <= job.fraction < 0.7


def test_a_time_limit_counts_from_when_the_job_begins(queue, monkeypatch):
    made, _ = queue
    works = []
    monkeypatch.setattr(jobs, "EncodingProcess", lambda job, work: works.append(work) or _Process(job, work))
    _Process.running["a"] = threading.Event()
    _Process.running["a"].set()
    work = work_of(encoder_named("splat"), {"time_limit_s": 5.0})
    job = made.add("a", Path("a"), encoder_named("splat"), work, {"time_limit_s": 5.0}, None, 5.0)
    _soon(lambda: job.state == "done")
    assert works[0].begun_s == job.begun


def test_encoders_know_what_is_short():
    """Which of two jobs waits is decided by what they are expected to take."""

    def expected_s(name, seconds, **options):
        return work_of(encoder_named(name), options).expected_s(int(44100 * seconds), 1, 44100)

    for short in (expected_s("siam", 60), expected_s("pursuit", 60, kbps=24.0)):
        assert 0 < 4 * short < expected_s("pursuit", 600, kbps=24.0)
    assert expected_s("splat", 5, iterations=3000) > 10 * expected_s("pursuit", 5, kbps=24.0)
    assert expected_s("splat", 5, iterations=3000, time_limit_s=5.0) <= 6
    assert all(expected_s(encoder.name, 5) > 0 for encoder in ENCODERS)
