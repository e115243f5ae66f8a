"""Encoding in a process of its own, which reports how it goes and can be stopped: nothing that happens there can stop
the server.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

import numpy as np

from motes.encoders.progress import Progress
from motes.library.batch import Outcome, attempt
from motes.library.plan import Job
from motes.library.work import Encode
from motes.library.worker import Worker, spawning
from motes.scene.scene import Scene
from motes.studio.drawing.geometry import geometry_of
from motes.studio.drawing.tiles import coarsest_level, event_tile

if TYPE_CHECKING:
    from multiprocessing.synchronize import Event

# Between messages of one kind, and between pictures of a fit as it stands.
MESSAGES_S = 0.1
_PICTURES_S = 0.5
_MOST_DRAWN = 1000


@dataclass(frozen=True)
class Fraction:
    """How much of the job is done, 0 … 1, and seconds that the processor has worked for it until now."""

    done: float
    busy_s: float = 0.0


@dataclass(frozen=True)
class Busy:
    """Seconds that the processor has worked for the job until now: some stages have nothing to report but that."""

    seconds: float


@dataclass(frozen=True)
class Counts:
    """Events found so far; of a fit, its steps and the loss after them."""

    n_events: int
    iteration: int | None
    loss: float | None


@dataclass(frozen=True)
class Picture:
    """The events of a fit as they stand: a tile of the whole scene, its length and height."""

    tile: bytes
    duration_s: float
    top_hz: float


# What the process sends: an outcome comes last, unless it is stopped.
Message = Fraction | Busy | Counts | Picture | Outcome


class EncodingProcess:
    """The process, running."""

    def __init__(self, job: Job, work: Encode) -> None:
        context = spawning()
        self._here, there = context.Pipe(duplex=False)
        self._stop = context.Event()
        self._process = context.Process(target=encode_in_process, args=(job, work, there, self._stop), daemon=True)
        self._process.start()
        there.close()

    def messages(self, timeout_s: float) -> Iterator[Message | None]:
        """What it sends, as it comes, until it has ended; None where nothing has come for so long."""
        while True:
            try:
                yield self._here.recv() if self._here.poll(timeout_s) else None
            except EOFError:
                return

    def stop(self) -> None:
        """Ask it to end as by Ctrl-C: a fit then sends its best so far."""
        self._stop.set()

    def close(self, patience_s: float) -> None:
        """End it, by force where it has not ended after so long."""
        self._process.join(patience_s)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join(1.0)
        if self._process.is_alive():
            self._process.kill()
        self._here.close()


class _Sender:
    """Messages to the server, no more of a kind than it can use."""

    def __init__(self, there: Connection) -> None:
        self._there = there
        self._last_s: dict[type, float] = {}
        # Whoever encodes and who tells that it does are two threads.
        self._lock, self._ended = threading.Lock(), threading.Event()
        threading.Thread(target=self._tell_busy, name="busy", daemon=True).start()

    def fraction(self, done: float, *_words: str) -> None:
        if self._is_due(Fraction, MESSAGES_S):
            self.send(Fraction(float(done), time.process_time()))

    def counts(self, now: Progress) -> None:
        if self._is_due(Counts, MESSAGES_S):
            self.send(Counts(now.n_events, now.iteration, now.loss))

    def picture(self, scene: Scene, _now: Progress) -> None:
        if self._is_due(Picture, _PICTURES_S):
            self.send(Picture(whole_tile(scene), scene.duration_s, scene.sample_rate_hz / 2))

    def send(self, message: Message) -> None:
        """Send a message, whole before another."""
        with self._lock:
            self._there.send(message)

    def end(self) -> None:
        """Send nothing more."""
        self._ended.set()
        with self._lock:
            self._there.close()

    def _tell_busy(self) -> None:
        with contextlib.suppress(OSError):  # the pipe is closed, here or there
            self.send(Busy(time.process_time()))
            while not self._ended.wait(MESSAGES_S):
                self.send(Busy(time.process_time()))

    def _is_due(self, kind: type, every_s: float) -> bool:
        now = time.monotonic()
        if now - self._last_s.get(kind, 0.0) <= every_s:
            return False
        self._last_s[kind] = now
        return True


def encode_in_process(job: Job, work: Encode, there: Connection, stop: Event) -> None:
    """In the process: encode a recording, send how it goes and what came of it."""
    worker, sender = Worker(stop), _Sender(there)
    try:
        with worker.working():
            outcome = attempt(job, replace(work, on_progress=sender.counts, watch=sender.picture), sender.fraction)
        sender.send(outcome)
    except (KeyboardInterrupt, BrokenPipeError):
        pass
    sender.end()


def whole_tile(scene: Scene) -> bytes:
    """A scene as one tile of its strongest events."""
    level = coarsest_level(scene.duration_s)
    return event_tile(
        geometry_of(scene), np.zeros(scene.n_events, np.bool_), level, 0, 0, scene.duration_s, _MOST_DRAWN
    )
