"""Doing many jobs, in this process or in several."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from motes.errors import MotesError
from motes.library.plan import Job
from motes.library.spreading.spread import COMPILING, Lost, Progress, Spread, workers_results

__all__ = ["COMPILING", "Outcome", "Progress", "Work", "attempt", "one_line", "run"]

# Does one job and reports on it in plain values; importable by name, so that another process can do it.
Work = Callable[[Job, Progress], dict[str, Any]]


@dataclass(frozen=True)
class Outcome:
    """What became of a job: `reason` is one line where it failed, `report` what the work returned."""

    job: Job
    status: Literal["done", "skipped", "failed"]
    reason: str = ""
    report: dict[str, Any] = field(default_factory=dict)


def run(
    jobs: list[Job], work: Work, n_processes: int = 1, progress: Progress = lambda *_: None, on: str = ""
) -> Iterator[Outcome]:
    """The outcomes of the jobs, done as they are asked for; in the order of the jobs whatever finishes first.

    With `n_processes` above 1 each job runs in a fresh (spawned) worker, with `on` in one of a cluster, and `progress`
    counts jobs; a job's own progress is reported only without workers. A failing job fails alone. KeyboardInterrupt
    stops all of them and leaves nothing half-written.
    """
    waiting = [job for job in jobs if not (job.refused or job.skipped)]
    if waiting and (on or (n_processes > 1 and len(waiting) > 1)):
        yield from _run_in_workers(jobs, work, Spread(n_processes, on), progress)
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


def _attempt_in_worker(about: tuple[Job, Work]) -> Outcome:
    job, work = about
    return attempt(job, work, lambda _: None)


def _replacing(about: tuple[Job, Work]) -> tuple[Job, Work]:
    """For a job whose worker was killed, perhaps just when its file was whole: this plan's own file may be replaced."""
    job, work = about
    return (job, replace(work, overwrite=True)) if hasattr(work, "overwrite") else about  # type: ignore[type-var]


def _run_in_workers(jobs: list[Job], work: Work, how: Spread, progress: Progress) -> Iterator[Outcome]:
    todo = [(job, work) for job in jobs if not _without_work(job)]
    warm_up = getattr(work, "warm_up", None)
    results = workers_results(_attempt_in_worker, todo, how, progress, warm_up, _replacing)
    try:
        for job in jobs:
            found = _without_work(job) or next(results)
            yield Outcome(job, "failed", reason=found.reason) if isinstance(found, Lost) else replace(found, job=job)
    finally:
        results.close()
