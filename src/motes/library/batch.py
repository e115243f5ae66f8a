"""Doing many jobs, in this process or in several."""

from __future__ import annotations

import _thread
import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from motes.errors import MotesError, warn_in_lines
from motes.library.plan import Job

# Called now and then with the fraction done, 0 … 1, and words about it where there are any; what it raises ends the
# work.
Progress = Callable[..., None]

# Does one job and reports on it in plain values; importable by name, so that another process can do it.
Work = Callable[[Job, Progress], dict[str, Any]]


@dataclass(frozen=True)
class Outcome:
    """What became of a job: `status` is "done", "skipped" or "failed"; `reason` is one line where it failed,
    `report` what the work told.
    """

    job: Job
    status: str
    reason: str = ""
    report: dict[str, Any] = field(default_factory=dict)


def run(jobs: list[Job], work: Work, n_processes: int = 1, progress: Progress = lambda *_: None) -> Iterator[Outcome]:
    """Do the jobs and give their outcomes, in the order of the jobs whatever finishes first.

    With `n_processes` above 1 each job runs in a fresh (spawned) worker, and `progress` counts jobs; a job's own
    progress is told only without workers. A failing job fails alone. KeyboardInterrupt stops all of them and leaves
    nothing half-written.
    """
    waiting = [job for job in jobs if not (job.refused or job.skipped)]
    if n_processes > 1 and len(waiting) > 1:
        yield from _run_in_workers(jobs, work, min(n_processes, len(waiting)), progress)
        return
    for done, job in enumerate(jobs):

        def within(fraction: float, words: str = "", done: int = done) -> None:
            progress((done + fraction) / len(jobs), words)

        yield _settled(job) or attempt(job, work, within)
        progress((done + 1) / len(jobs))


def attempt(job: Job, work: Work, progress: Progress) -> Outcome:
    """Do one job; what the user's files can cause becomes the outcome's reason."""
    try:
        return Outcome(job, "done", report=work(job, progress))
    except BrokenPipeError:
        raise
    except MotesError as error:
        return Outcome(job, "failed", reason=one_line(error))
    except MemoryError:
        return Outcome(job, "failed", reason="there is not enough memory")
    except OSError as error:
        return Outcome(job, "failed", reason=one_line(error.strerror or error))
    except Exception as error:
        if os.environ.get("MOTES_DEBUG"):
            raise
        return Outcome(
            job, "failed", reason=f"a bug in motes, please report it: {type(error).__name__}: {one_line(error)}"
        )


def one_line(text: object) -> str:
    """Any text as one line."""
    return " ".join(str(text).split())


def _settled(job: Job) -> Outcome | None:
    if job.refused:
        return Outcome(job, "failed", reason=job.refused)
    return Outcome(job, "skipped") if job.skipped else None


# --- workers ---

COMPILING = "motes: compiling, once (some seconds)…"
# In a worker: whether it is at a job, and the event that ends all of them.
_busy = False
_cancelled: Any = None


def _start_worker(cancelled: Any, compiling: Any) -> None:
    """Ctrl-C reaches every process of a terminal at once: workers leave it to the parent, which sets `cancelled`,
    on any platform.
    """

    global _cancelled
    _cancelled = cancelled
    warn_in_lines()

    def interrupted(signal_number: int, frame: FrameType | None) -> None:
        if _busy and cancelled.is_set():
            raise KeyboardInterrupt

    def watch() -> None:
        cancelled.wait()
        while True:  # once is not enough: a compiler's callback may swallow what is raised in it
            _thread.interrupt_main()
            time.sleep(0.5)

    signal.signal(signal.SIGINT, interrupted)
    threading.Thread(target=watch, daemon=True).start()
    from motes.kernels._jit import on_first_compilation

    def tell() -> None:
        if not compiling.is_set():
            compiling.set()
            print(COMPILING, file=sys.stderr, flush=True)

    on_first_compilation(tell)


def _work_in_worker(job: Job, work: Work) -> Outcome:
    global _busy
    _busy = True
    try:
        if _cancelled.is_set():  # while the job was on its way
            raise KeyboardInterrupt
        return attempt(job, work, lambda _: None)
    finally:
        _busy = False


def _run_in_workers(jobs: list[Job], work: Work, n_processes: int, progress: Progress) -> Iterator[Outcome]:
    context = multiprocessing.get_context("spawn")  # numba's threads do not survive a fork
    cancelled, compiling = context.Event(), context.Event()
    pool = ProcessPoolExecutor(n_processes, context, _start_worker, (cancelled, compiling))
    try:
        with _interrupts_ignored():
            futures = [None if _settled(job) else pool.submit(_work_in_worker, job, work) for job in jobs]
        for done, (job, future) in enumerate(zip(jobs, futures, strict=True)):
            yield _settled(job) or _result(job, future)
            progress((done + 1) / len(jobs))
    except BaseException:
        cancelled.set()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextlib.contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """For the moment in which workers are started: they inherit it until they look after themselves, and none is
    started by half.
    """
    try:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    except ValueError:  # not in the main thread: no interrupts here
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _result(job: Job, future: Future[Outcome] | None) -> Outcome:
    assert future is not None
    try:
        return future.result()
    except BrokenProcessPool:
        return Outcome(job, "failed", reason="its process was ended from outside (out of memory?): try a smaller -j")
