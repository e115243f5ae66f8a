"""Doing many jobs, in this process or in several."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from motes.errors import MotesError, warn_in_lines
from motes.library.plan import Job
from motes.library.worker import Worker, spawning

if TYPE_CHECKING:
    from multiprocessing.synchronize import Event

# Called now and then with the fraction done, 0 … 1, and words about it where there are any; what it raises ends the
# work.
Progress = Callable[..., None]

# Does one job and reports on it in plain values; importable by name, so that another process can do it.
Work = Callable[[Job, Progress], dict[str, Any]]


@dataclass(frozen=True)
class Outcome:
    """What became of a job: `reason` is one line where it failed, `report` what the work returned."""

    job: Job
    status: Literal["done", "skipped", "failed"]
    reason: str = ""
    report: dict[str, Any] = field(default_factory=dict)


def run(jobs: list[Job], work: Work, n_processes: int = 1, progress: Progress = lambda *_: None) -> Iterator[Outcome]:
    """The outcomes of the jobs, done as they are asked for; in the order of the jobs whatever finishes first.

    With `n_processes` above 1 each job runs in a fresh (spawned) worker, and `progress` counts jobs; a job's own
    progress is reported only without workers. A failing job fails alone. KeyboardInterrupt stops all of them and leaves
    nothing half-written.
    """
    waiting = [job for job in jobs if not (job.refused or job.skipped)]
    if n_processes > 1 and len(waiting) > 1:
        yield from _run_in_workers(jobs, work, min(n_processes, len(waiting)), progress)
        return
    for done, job in enumerate(jobs):

        def within(fraction: float, words: str = "", done: int = done) -> None:
            progress((done + fraction) / len(jobs), words)

        yield _without_work(job) or attempt(job, work, within)
        progress((done + 1) / len(jobs))


def attempt(job: Job, work: Work, progress: Progress) -> Outcome:
    """The outcome of a job that is done here; what the user's files can cause becomes its reason."""
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


def _without_work(job: Job) -> Outcome | None:
    """The outcome of a job in which there is nothing to do."""
    if job.refused:
        return Outcome(job, "failed", reason=job.refused)
    return Outcome(job, "skipped") if job.skipped else None


# --- workers ---

COMPILING = "motes: compiling, once (some seconds)…"
# In a process of the pool: what can interrupt its jobs.
_worker: Worker


def _start_worker(stop: Event, compiling: Event) -> None:
    """In each process of the pool, before its first job."""
    global _worker
    _worker = Worker(stop)
    warn_in_lines()
    from motes.kernels._jit import on_first_compilation

    def announce() -> None:
        if not compiling.is_set():
            compiling.set()
            print(COMPILING, file=sys.stderr, flush=True)

    on_first_compilation(announce)


def _attempt_in_worker(job: Job, work: Work) -> Outcome:
    with _worker.working():
        return attempt(job, work, lambda _: None)


def _run_in_workers(jobs: list[Job], work: Work, n_processes: int, progress: Progress) -> Iterator[Outcome]:
    context = spawning()
    stop, compiling = context.Event(), context.Event()
    pool = ProcessPoolExecutor(n_processes, context, _start_worker, (stop, compiling))
    try:
        with _interrupts_ignored():
            futures = [None if _without_work(job) else pool.submit(_attempt_in_worker, job, work) for job in jobs]
        for done, (job, future) in enumerate(zip(jobs, futures, strict=True)):
            yield _without_work(job) or _result(job, future)
            progress((done + 1) / len(jobs))
    except BaseException:
        stop.set()
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
