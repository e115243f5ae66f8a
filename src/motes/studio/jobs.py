"""Encoding jobs, one after the other, with progress and a way to stop."""

from __future__ import annotations

import contextlib
import math
import queue
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from motes.library.batch import Outcome, one_line
from motes.library.plan import Job as FileJob
from motes.library.work import Encode
from motes.studio.answers import DrawnAnswer, JobAnswer, JobState
from motes.studio.encoding import MESSAGES_S, Counts, EncodingProcess, Fraction, Picture
from motes.studio.errors import Conflict, NotFound

# How long a job that is cancelled has to end by itself.
_PATIENCE_S = 4.0
_MOST_WAITING = 32


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

    def take(self, message: Fraction | Counts | Picture) -> None:
        """Keep what the process has sent."""
        match message:
            case Fraction():
                self.fraction = max(self.fraction, message.done)
            case Counts():
                self.n_events, self.iteration, self.loss = message.n_events, message.iteration, message.loss
            case Picture():
                self.picture, self.n_pictures = message, self.n_pictures + 1

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
    `on_change` is called as jobs go on.
    """

    def __init__(
        self, folder: Path, on_done: Callable[[EncodingJob, Path], str], on_change: Callable[[EncodingJob], None]
    ) -> None:
        self._folder, self._on_done, self._on_change = folder, on_done, on_change
        self._jobs: dict[str, EncodingJob] = {}
        self._waiting: queue.Queue[EncodingJob | None] = queue.Queue()
        # Requests add jobs from several threads: ids are given, and the thread is started, once.
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(
        self, name: str, source: Path, encoder: str, work: Encode, options: dict[str, Any], into_document: str | None
    ) -> EncodingJob:
        """A new job, in the queue."""
        with self._lock:
            if sum(job.state == "waiting" for job in self._jobs.values()) >= _MOST_WAITING:
                raise Conflict(f"{_MOST_WAITING} jobs are waiting already")
            job = EncodingJob(
                f"j{len(self._jobs) + 1}", name, source, encoder, work, options, into_document=into_document
            )
            self._jobs[job.id] = job
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="jobs", daemon=True)
                self._thread.start()
        self._on_change(job)
        self._waiting.put(job)
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
        if job.state == "waiting":
            self._end(job, "cancelled")

    def close(self) -> None:
        """Cancel everything and wait for it."""
        for job in self:
            job.cancelled.set()
        self._waiting.put(None)
        if self._thread is not None:
            self._thread.join(_PATIENCE_S + 2)

    def _work(self) -> None:
        while (job := self._waiting.get()) is not None:
            if job.cancelled.is_set():
                if job.state != "cancelled":
                    self._end(job, "cancelled")
                continue
            path = self._folder / f"{secrets.token_hex(8)}.mote"
            try:
                self._run(job, path)
            except Exception as error:  # whatever it is, the next job has to be done
                self._end(job, "failed", f"{type(error).__name__}: {one_line(error)}"[:500])
            finally:
                with contextlib.suppress(OSError):
                    path.unlink()

    def _run(self, job: EncodingJob, path: Path) -> None:
        job.state, job.begun = "running", time.monotonic()
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

    def _end(self, job: EncodingJob, state: JobState, error: str | None = None) -> None:
        job.state, job.error, job.ended = state, error, time.monotonic()
        job.begun = job.begun or job.ended
        self._on_change(job)
