"""Encoding jobs, short ones first and beside long ones, with progress and a way to stop."""

from __future__ import annotations

import contextlib
import math
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from motes.encoders import Encoder
from motes.library.batch import Outcome, one_line
from motes.library.plan import Job as FileJob
from motes.library.work import Encode
from motes.studio.answers import DrawnAnswer, JobAnswer, JobState
from motes.studio.encoding import MESSAGES_S, Counts, EncodingProcess, Fraction, Picture
from motes.studio.errors import Conflict, NotFound

# How long a job that is cancelled has to end by itself.
_PATIENCE_S = 4.0
_MOST_WAITING = 32
_AT_ONCE = 2
# The part of what the job that runs takes, up to which another one runs beside it.
_SHORT = 0.25
# Seconds of work for a second of sound, before an encoder has shown what it takes: of one that fits, and of others.
_FIRST_PACES = {True: 20.0, False: 1.0}


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
    # Seconds of sound, and of work as far as can be told beforehand.
    sound_s: float = 0.0
    expected_s: float = 0.0
    # What is reported, summed over all rises (of several passes each begins anew), at which time of the job.
    course: list[tuple[float, float]] = field(default_factory=list)
    reported: float = 0.0
    # The course of a job like this one, as parts of all of its time.
    pattern: list[tuple[float, float]] | None = None

    @property
    def kind(self) -> tuple[str, ...]:
        """What jobs have in common that go alike: the encoder and which options are given."""
        return (self.encoder, *sorted(name for name, value in self.options.items() if value is not None))

    def take(self, message: Fraction | Counts | Picture) -> None:
        """Keep what the process has sent."""
        match message:
            case Fraction():
                climbed = self.course[-1][0] if self.course else 0.0
                climbed += max(0.0, message.done - self.reported)
                self.reported = message.done
                self.course.append((climbed, time.monotonic() - self.begun))
                self.fraction = max(self.fraction, self._part_of_time(climbed, message.done))
            case Counts():
                self.n_events, self.iteration, self.loss = message.n_events, message.iteration, message.loss
            case Picture():
                self.picture, self.n_pictures = message, self.n_pictures + 1

    def _part_of_time(self, climbed: float, done: float) -> float:
        """The part of the time that has gone, by a limit, by a job like this, or else as the encoder reports it."""
        if (limit_s := self.options.get("time_limit_s")) is not None:
            return min(0.99, max((time.monotonic() - self.begun) / limit_s, 0.0))
        if self.pattern is None:
            return done
        reports, times = np.array(self.pattern).T
        return min(0.99, float(np.interp(climbed, reports, times)))

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
        # Of encoders, seconds of work for a second of sound; of kinds of jobs, how their reports went with time.
        self._paces: dict[str, float] = {}
        self._patterns: dict[tuple[str, ...], list[tuple[float, float]]] = {}

    def add(
        self,
        name: str,
        source: Path,
        encoder: Encoder,
        work: Encode,
        options: dict[str, Any],
        into_document: str | None = None,
        sound_s: float = 0.0,
    ) -> EncodingJob:
        """A new job, in the queue."""
        with self._turn:
            if sum(job.state == "waiting" for job in self._jobs.values()) >= _MOST_WAITING:
                raise Conflict(f"{_MOST_WAITING} jobs are waiting already")
            job = EncodingJob(
                f"j{len(self._jobs) + 1}", name, source, encoder.name, work, options, into_document=into_document
            )
            pace = self._paces.get(encoder.name, _FIRST_PACES[encoder.has_time_limit])
            limit_s = options.get("time_limit_s")
            job.sound_s, job.expected_s = sound_s, min(pace * sound_s, math.inf if limit_s is None else limit_s)
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
        job.state, job.begun, job.pattern = "running", time.monotonic(), self._patterns.get(job.kind)
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
        process = EncodingProcess(FileJob(str(job.source), str(path)), job.work)
        outcome, published_s, patient_until_s = None, 0.0, math.inf
        try:
            for message in process.messages(MESSAGES_S):
                if isinstance(message, Outcome):
                    outcome = message
                    break
                if message is not None:
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
        """Take in how long a job took, and how its reports went with time."""
        took_s = time.monotonic() - job.begun
        with self._turn:
            if job.sound_s > 0:
                self._paces[job.encoder] = took_s / job.sound_s
            if len(job.course) > 2:
                self._patterns[job.kind] = [(0.0, 0.0), *((climbed, at_s / took_s) for climbed, at_s in job.course)]

    def _end(self, job: EncodingJob, state: JobState, error: str | None = None) -> None:
        job.state, job.error, job.ended = state, error, time.monotonic()
        job.begun = job.begun or job.ended
        self._on_change(job)
