"""Encoding jobs, short ones first and beside long ones, with progress and a way to stop."""

from __future__ import annotations

import contextlib
import math
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from motes.encoders import Encoder
from motes.library.batch import Outcome, one_line
from motes.library.plan import Job as FileJob
from motes.library.work import Encode
from motes.studio.answers import DrawnAnswer, JobAnswer, JobState
from motes.studio.encoding import MESSAGES_S, Busy, Counts, EncodingProcess, Fraction, Picture
from motes.studio.errors import Conflict, NotFound

# How long a job that is cancelled has to end by itself.
_PATIENCE_S = 4.0
_MOST_WAITING = 32
_AT_ONCE = 2
# The part of what the job that runs takes, up to which another one runs beside it.
_SHORT = 0.25
# Seconds until a process sends its first message, and until it begins its work; those of work where an encoder does not
# know.
_SPAWNING_S, _STARTING_S, _UNKNOWN_S = 0.4, 1.0, 10.0
# The part of the whole that goes by at most without a report.
_MOST_UNREPORTED = 0.2
# What is shown at most before a job has ended, and how quickly this machine's slowness is learnt.
_MOST_SHOWN, _LEARNING = 0.99, 0.5


@dataclass
class EncodingJob:
    """A recording on its way to a scene."""

    id: str
    name: str
    source: Path
    encoder: str
    work: Encode
    options: dict[str, Any]
    document: str | None = None
    # The document that gets the scene; None for a new one.
    into_document: str | None = None
    state: JobState = "waiting"
    fraction: float = 0.0
    n_events: int = 0
    # Steps of a fit, and the loss after them.
    iteration: int | None = None
    loss: float | None = None
    # The latest picture of a fit as it stands, and how many there have been.
    picture: Picture | None = None
    n_pictures: int = 0
    begun: float = 0.0
    ended: float = 0.0
    error: str | None = None
    stop_reason: str = ""
    cancelled: threading.Event = field(default_factory=threading.Event)
    # Whether it may begin: once all know of it.
    is_queued: bool = False
    # Seconds of work, as far as can be known beforehand, on the machine that `encoders.workload` goes by.
    expected_s: float = 0.0
    # How many times as long this machine took for jobs before.
    slowness: float = 1.0
    # The part of the work that is done, None before it begins; seconds that the processor had worked by then, and has.
    done: float | None = None
    busy_then_s: float = 0.0
    busy_s: float = 0.0

    def take(self, message: Fraction | Busy | Counts | Picture) -> None:
        """Keep what the process has sent."""
        match message:
            case Fraction():
                if self.done is None or message.done > self.done:
                    self.done, self.busy_then_s = message.done, message.busy_s
                self.busy_s = max(self.busy_s, message.busy_s)
            case Busy():
                self.busy_s = max(self.busy_s, message.seconds)
            case Counts():
                self.n_events, self.iteration, self.loss = message.n_events, message.iteration, message.loss
            case Picture():
                self.picture, self.n_pictures = message, self.n_pictures + 1
        self.tick()

    def tick(self) -> None:
        """Take in how far the job has come: the part of its start and its work; of one that ends by a time limit, the
        part of that.
        """
        elapsed_s, limit_s = time.monotonic() - self.begun, self.options.get("time_limit_s")
        by_limit = 0.0 if limit_s is None else elapsed_s / limit_s
        by_work = self._done_s(elapsed_s) / (_STARTING_S + self.expected_s)
        self.fraction = max(self.fraction, min(_MOST_SHOWN, max(by_work, by_limit)))

    def _done_s(self, elapsed_s: float) -> float:
        """Seconds of its start and its work that are done. Stages that report nothing go on by what the processor
        works, up to a part of the whole.
        """
        if self.done is not None:
            since_s = min(self.busy_s - self.busy_then_s, _MOST_UNREPORTED * (_STARTING_S + self.expected_s))
            return _STARTING_S + self.expected_s * self.done + max(0.0, since_s)
        if self.busy_s:
            return min(_STARTING_S, self.busy_s)
        return min(_SPAWNING_S, elapsed_s / self.slowness)

    def to_json(self) -> JobAnswer:
        """The job as in answers of the API."""
        elapsed = (self.ended or time.monotonic()) - self.begun if self.begun else 0.0
        remaining = (
            elapsed * (1 - self.fraction) / self.fraction if self.state == "running" and self.fraction > 0.02 else None
        )
        return {
            "id": self.id,
            "name": self.name,
            "encoder": self.encoder,
            "options": self.options,
            "state": self.state,
            "fraction": self.fraction,
            "n_events": self.n_events,
            "iteration": self.iteration,
            "loss": self.loss,
            "drawn": self._about_picture(),
            "elapsed_s": elapsed,
            "remaining_s": remaining,
            "document": self.document,
            "error": self.error,
            "stop_reason": self.stop_reason,
        }

    def _about_picture(self) -> DrawnAnswer | None:
        """Which picture there is, its length and height."""
        if self.picture is None:
            return None
        return {"number": self.n_pictures, "duration_s": self.picture.duration_s, "top_hz": self.picture.top_hz}


class Jobs:
    """The queue: `on_done(job, path)` takes in the .mote file that a job has made and returns the id of its document;
    `on_change` is called as jobs go on. The shortest job that waits is next, and runs beside a much longer one.
    """

    def __init__(
        self, folder: Path, on_done: Callable[[EncodingJob, Path], str], on_change: Callable[[EncodingJob], None]
    ) -> None:
        self._folder, self._on_done, self._on_change = folder, on_done, on_change
        self._jobs: dict[str, EncodingJob] = {}
        # Requests add jobs from several threads, which others begin: ids are given, and jobs begun, once.
        self._turn = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._closed = False
        # How many times as long jobs take as was expected.
        self._slowness = slowness_by_load()

    def add(
        self,
        name: str,
        source: Path,
        encoder: Encoder,
        work: Encode,
        options: dict[str, Any],
        into_document: str | None = None,
        expected_s: float = 0.0,
    ) -> EncodingJob:
        """A new job, in the queue."""
        with self._turn:
            if sum(job.state == "waiting" for job in self._jobs.values()) >= _MOST_WAITING:
                raise Conflict(f"{_MOST_WAITING} jobs are waiting already")
            job = EncodingJob(
                f"j{len(self._jobs) + 1}", name, source, encoder.name, work, options, into_document=into_document
            )
            job.expected_s = expected_s or _UNKNOWN_S
            self._jobs[job.id] = job
        self._on_change(job)
        with self._turn:
            job.is_queued = True
            if len(self._threads) < _AT_ONCE:
                self._threads.append(threading.Thread(target=self._work, name="jobs", daemon=True))
                self._threads[-1].start()
            self._turn.notify_all()
        return job

    def __getitem__(self, identity: str) -> EncodingJob:
        if (found := self._jobs.get(identity)) is None:
            raise NotFound(f"there is no job {identity[:40]}")
        return found

    def __iter__(self) -> Iterator[EncodingJob]:
        return iter(list(self._jobs.values()))

    def cancel(self, job: EncodingJob) -> None:
        """Stop a job; one that has ended stays as it is."""
        job.cancelled.set()
        with self._turn:
            is_waiting = job.state == "waiting"
            job.state = "cancelled" if is_waiting else job.state
        if is_waiting:
            self._end(job, "cancelled")

    def close(self) -> None:
        """Cancel everything and wait for it."""
        for job in self:
            job.cancelled.set()
        with self._turn:
            self._closed = True
            self._turn.notify_all()
        for thread in self._threads:
            thread.join(_PATIENCE_S + 2)

    def _next(self) -> EncodingJob | None:
        """The job to begin now, which is begun by being taken; None where there is none."""
        jobs = self._jobs.values()
        waiting = [job for job in jobs if job.state == "waiting" and job.is_queued]
        if not waiting:
            return None
        job = min(waiting, key=lambda job: job.expected_s)
        running = [job.expected_s for job in jobs if job.state == "running"]
        if running and job.expected_s > _SHORT * min(running):
            return None
        job.state, job.begun, job.slowness = "running", time.monotonic(), self._slowness
        return job

    def _taken(self) -> EncodingJob | None:
        with self._turn:
            while not self._closed:
                if (job := self._next()) is not None:
                    return job
                self._turn.wait()
        return None

    def _work(self) -> None:
        while (job := self._taken()) is not None:
            path = self._folder / f"{secrets.token_hex(8)}.mote"
            try:
                self._run(job, path)
            except Exception as error:  # whatever it is, the next job has to be done
                self._end(job, "failed", f"{type(error).__name__}: {one_line(error)}"[:500])
            finally:
                with contextlib.suppress(OSError):
                    path.unlink()
                with self._turn:
                    self._turn.notify_all()

    def _run(self, job: EncodingJob, path: Path) -> None:
        self._on_change(job)
        # A time limit counts from here on, not from when its process has loaded what it takes.
        work = job.work if job.options.get("time_limit_s") is None else replace(job.work, begun_s=job.begun)
        process = EncodingProcess(FileJob(str(job.source), str(path)), work)
        outcome, published_s, patient_until_s = None, 0.0, math.inf
        try:
            for message in process.messages(MESSAGES_S):
                if isinstance(message, Outcome):
                    outcome = message
                    break
                if message is None:
                    job.tick()
                else:
                    job.take(message)
                now_s = time.monotonic()
                if job.cancelled.is_set():
                    process.stop()
                    patient_until_s = min(patient_until_s, now_s + _PATIENCE_S)
                if now_s > patient_until_s:
                    break
                if now_s - published_s > MESSAGES_S:
                    published_s = now_s
                    self._on_change(job)
        finally:
            process.close(0.1 if outcome is None else 0.5)
        self._conclude(job, path, outcome)

    def _conclude(self, job: EncodingJob, path: Path, outcome: Outcome | None) -> None:
        if outcome is not None and outcome.status == "done":  # a fit that is cancelled keeps its best so far
            job.stop_reason, job.n_events, job.fraction = outcome.report["stop_reason"], outcome.report["n_events"], 1.0
            self._learn(job)
            job.document = self._on_done(job, path)
            self._end(job, "done")
        elif job.cancelled.is_set():
            self._end(job, "cancelled")
        elif outcome is not None:
            self._end(
                job, "failed", outcome.reason.replace(str(job.source), job.name).replace(job.source.name, job.name)
            )
        else:
            self._end(job, "failed", "its process was ended from outside (out of memory?)")

    def _learn(self, job: EncodingJob) -> None:
        """Take in how long a job took."""
        with self._turn:
            self._slowness = learnt_slowness(self._slowness, job, time.monotonic() - job.begun)

    def _end(self, job: EncodingJob, state: JobState, error: str | None = None) -> None:
        job.state, job.error, job.ended = state, error, time.monotonic()
        job.begun = job.begun or job.ended
        self._on_change(job)


def slowness_by_load() -> float:
    """How many times as long work takes as on an idle machine, by how many processes wait for each processor."""
    if not hasattr(os, "getloadavg"):
        return 1.0
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def learnt_slowness(before: float, job: EncodingJob, took_s: float) -> float:
    """What was known of this machine's slowness, with what a job took, unless that ended by its time."""
    if job.options.get("time_limit_s") is not None:
        return before
    return before + _LEARNING * (took_s / (_STARTING_S + job.expected_s) - before)
