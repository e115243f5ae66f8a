"""Encoding in a process of its own, one job after the other, with progress and a way to stop: nothing that happens
there can stop the server.
"""

from __future__ import annotations

import _thread
import contextlib
import multiprocessing
import os
import queue
import secrets
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from motes.encoders.progress import Progress
from motes.library.batch import attempt
from motes.library.plan import Job as FileJob
from motes.library.work import Encode
from motes.scene.scene import Scene
from motes.studio.answers import DrawnAnswer, JobAnswer, JobState
from motes.studio.drawing.geometry import geometry_of
from motes.studio.drawing.tiles import coarsest_level, event_tile
from motes.studio.http.errors import Absent, Conflict

_TELL_S = 0.1
# Between pictures of a fit as it stands.
_SHOW_S = 0.5
_MOST_DRAWN = 1000
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
    asked: dict[str, Any]
    document: str | None = None
    # The document that gets the scene; None for a new one.
    into: str | None = None
    state: JobState = "waiting"
    fraction: float = 0.0
    n_events: int = 0
    # Steps of a fit, and the loss after them.
    iteration: int | None = None
    loss: float | None = None
    # The events of a fit as they stand: a tile of the whole scene; `about_drawn` tells which picture it is, its length
    # and height.
    drawn: bytes = b""
    about_drawn: DrawnAnswer | None = None
    begun: float = 0.0
    ended: float = 0.0
    error: str | None = None
    stop_reason: str = ""
    cancelled: threading.Event = field(default_factory=threading.Event)

    def told(self) -> JobAnswer:
        """The job as the API tells of it."""
        elapsed = (self.ended or time.monotonic()) - self.begun if self.begun else 0.0
        remaining = (
            elapsed * (1 - self.fraction) / self.fraction if self.state == "running" and self.fraction > 0.02 else None
        )
        return {
            "id": self.id,
            "name": self.name,
            "encoder": self.encoder,
            "options": self.asked,
            "state": self.state,
            "fraction": self.fraction,
            "n_events": self.n_events,
            "iteration": self.iteration,
            "loss": self.loss,
            "drawn": self.about_drawn,
            "elapsed_s": elapsed,
            "remaining_s": remaining,
            "document": self.document,
            "error": self.error,
            "stop_reason": self.stop_reason,
        }


class Jobs:
    """The queue: `done(job, path)` takes in the .mote file that a job has made and returns the id of its document;
    `tell` is called as jobs go on.
    """

    def __init__(
        self, folder: Path, done: Callable[[EncodingJob, Path], str], tell: Callable[[EncodingJob], None]
    ) -> None:
        self._folder, self._done, self._tell = folder, done, tell
        self._jobs: dict[str, EncodingJob] = {}
        self._waiting: queue.Queue[EncodingJob | None] = queue.Queue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(
        self, name: str, source: Path, encoder: str, work: Encode, asked: dict[str, Any], into: str | None
    ) -> EncodingJob:
        """Queue a job."""
        with self._lock:
            if sum(job.state == "waiting" for job in self._jobs.values()) >= _MOST_WAITING:
                raise Conflict(f"{_MOST_WAITING} jobs are waiting already")
            job = EncodingJob(f"j{len(self._jobs) + 1}", name, source, encoder, work, asked, into=into)
            self._jobs[job.id] = job
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="jobs", daemon=True)
                self._thread.start()
        self._tell(job)
        self._waiting.put(job)
        return job

    def __getitem__(self, identity: str) -> EncodingJob:
        if (found := self._jobs.get(identity)) is None:
            raise Absent(f"there is no job {identity[:40]}")
        return found

    def __iter__(self) -> Any:
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
                self._end(job, "failed", f"{type(error).__name__}: {' '.join(str(error).split())}"[:500])
            finally:
                with contextlib.suppress(OSError):
                    path.unlink()

    def _run(self, job: EncodingJob, path: Path) -> None:
        context = multiprocessing.get_context("spawn")  # numba's threads do not survive a fork
        here, there = context.Pipe(duplex=False)
        stop = context.Event()
        process = context.Process(
            target=_encode, args=(FileJob(str(job.source), str(path)), job.work, there, stop, os.getpid()), daemon=True
        )
        job.state, job.begun = "running", time.monotonic()
        self._tell(job)
        process.start()
        there.close()
        outcome, told, patience = None, 0.0, None
        try:
            while outcome is None:
                if here.poll(_TELL_S):
                    try:
                        message = here.recv()
                    except EOFError:
                        break
                    if message[0] == "progress":
                        job.fraction = max(job.fraction, message[1])
                    elif message[0] == "told":
                        job.n_events, job.iteration, job.loss = message[1:]
                    elif message[0] == "drawn":
                        number = 1 + (job.about_drawn["number"] if job.about_drawn else 0)
                        job.drawn, job.about_drawn = (
                            message[1],
                            {"number": number, "duration_s": message[2], "top_hz": message[3]},
                        )
                    else:
                        outcome = message[1]
                if job.cancelled.is_set():
                    stop.set()
                    patience = patience or time.monotonic() + _PATIENCE_S
                    if time.monotonic() > patience:
                        break
                if time.monotonic() - told > _TELL_S:
                    told = time.monotonic()
                    self._tell(job)
        finally:
            process.join(0.5 if outcome is not None else 0.1)
            if process.is_alive():
                process.terminate()
                process.join(1.0)
            if process.is_alive():
                process.kill()
            here.close()
        self._settle(job, path, outcome)

    def _settle(self, job: EncodingJob, path: Path, outcome: Any) -> None:
        if outcome is not None and outcome.status == "done":  # a fit that is cancelled keeps its best so far
            job.stop_reason, job.n_events, job.fraction = outcome.report["stop_reason"], outcome.report["n_events"], 1.0
            job.document = self._done(job, path)
            self._end(job, "done")
        elif job.cancelled.is_set():
            self._end(job, "cancelled")
        elif outcome is not None:
            self._end(job, "failed", outcome.reason.replace(str(job.source), job.name))
        else:
            self._end(job, "failed", "its process was ended from outside (out of memory?)")

    def _end(self, job: EncodingJob, state: JobState, error: str | None = None) -> None:
        job.state, job.error, job.ended = state, error, time.monotonic()
        job.begun = job.begun or job.ended
        self._tell(job)


def _encode(job: FileJob, work: Encode, there: Any, stop: Any, parent: int) -> None:
    """In the process: encode a recording, tell how it goes, and end as by Ctrl-C when told to stop, or when the
    server is gone.
    """
    busy = True

    def interrupted(signal_number: int, frame: FrameType | None) -> None:
        if busy and stop.is_set():  # Ctrl-C itself is the server's, which then says so
            raise KeyboardInterrupt

    def watch() -> None:
        while not stop.wait(0.5):
            if os.getppid() != parent:
                os._exit(1)
        while busy:  # once is not enough: a compiler's callback may swallow what is raised in it
            _thread.interrupt_main()
            time.sleep(0.5)

    last: dict[str, float] = {}

    def is_due(what: str, every_s: float) -> bool:
        now = time.monotonic()
        due = now - last.get(what, 0.0) > every_s
        last[what] = now if due else last.get(what, 0.0)
        return due

    def progress(fraction: float, *_words: str) -> None:
        if is_due("progress", _TELL_S):
            there.send(("progress", float(fraction)))

    def told(now: Progress) -> None:
        if is_due("told", _TELL_S):
            there.send(("told", now.n_events, now.iteration, now.loss))

    def shown(scene: Scene, _now: Progress) -> None:
        if is_due("drawn", _SHOW_S):
            there.send(("drawn", drawn(scene), scene.duration_s, scene.sample_rate_hz / 2))

    signal.signal(signal.SIGINT, interrupted)
    threading.Thread(target=watch, daemon=True).start()
    try:
        outcome = attempt(job, replace(work, on_progress=told, watch=shown), progress)
        busy = False
        there.send(("outcome", outcome))
    except (KeyboardInterrupt, BrokenPipeError):
        busy = False
    there.close()


def drawn(scene: Scene) -> bytes:
    """A scene as one tile of its strongest events."""
    level = coarsest_level(scene.duration_s)
    return event_tile(
        geometry_of(scene), np.zeros(scene.n_events, np.bool_), level, 0, 0, scene.duration_s, _MOST_DRAWN
    )
