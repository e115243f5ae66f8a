"""Calling a function for many items: here, in several processes of this machine, or by the workers of a cluster; the
results are the same, in the order of the items.
"""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from motes.errors import MotesError, ParameterError, warn_in_lines
from motes.library.worker import Worker, spawning

if TYPE_CHECKING:
    from multiprocessing.synchronize import Event

Item = TypeVar("Item")
# Called with the fraction done, 0 … 1, and words about it where there are any; what it raises ends the work.
Progress = Callable[..., None]
COMPILING = "motes: compiling, once (some seconds)…"
# In a process of the pool: what can interrupt its work.
_worker: Worker


@dataclass(frozen=True)
class Lost:
    """In place of a result: the process that was at it was ended from outside, as often as it was tried."""

    reason: str


class ClusterError(MotesError):
    """A cluster cannot be reached, or its machines cannot do the work."""


@dataclass(frozen=True)
class Spread:
    """Who does the work: so many processes of this machine, or with `on` (`ray`, `ray://head:10001`) the workers of a
    cluster, so many at once where `n_processes` is above 1.
    """

    n_processes: int = 1
    on: str = ""


ALONE = Spread()


def spread_of(jobs: int, on: str = "") -> Spread:
    """Who works, of what `-j` and `--on` say; ParameterError for less than one."""
    if jobs < 1:
        raise ParameterError(f"jobs must be at least 1, not {jobs}")
    return Spread(int(jobs), on)


@contextlib.contextmanager
def connected(how: Spread) -> Iterator[None]:
    """A context in which all that is spread over a cluster goes over one connection."""
    if not how.on:
        yield
        return
    from motes.library.spreading import cluster

    with cluster.connected(how.on):
        yield


def spread(
    function: Callable[[Item], Any],
    items: Sequence[Item],
    how: Spread = ALONE,
    progress: Progress = lambda *_: None,
    warm_up: Callable[[], None] | None = None,
    again: Callable[[Item], Item] | None = None,
) -> Iterator[Any]:
    """The results of `function(item)`, in the order of the items: of this process, of several of its own, or of the
    workers of a cluster.

    `function` has to be importable by name, items and results picklable. A worker of a cluster that is killed is
    replaced, and its item done again by another, so `function` may be called twice with an item, the second time with
    `again(item)`; `warm_up` is called once on each machine before (to compile). Files that items name must be
    readable where the workers are: in a bucket, or in a folder that all machines share. Raises ClusterError where
    there is no cluster, MotesError as the function does; KeyboardInterrupt stops all of it.
    """
    if how.on or (how.n_processes > 1 and len(items) > 1):
        for result in workers_results(function, items, how, progress, warm_up, again):
            if isinstance(result, Lost):
                raise ClusterError(result.reason)
            yield result
        return
    for done, item in enumerate(items):
        yield function(item)
        progress((done + 1) / len(items))


def workers_results(
    function: Callable[[Item], Any],
    items: Sequence[Item],
    how: Spread,
    progress: Progress,
    warm_up: Callable[[], None] | None = None,
    again: Callable[[Item], Item] | None = None,
) -> Generator[Any, None, None]:
    """As of `spread`, with Lost in place of what could not be done."""
    if how.on:
        from motes.library.spreading.cluster import on_cluster

        yield from on_cluster(function, items, how, progress, warm_up, again)
    else:
        yield from in_processes(function, items, min(how.n_processes, len(items)), progress)


def in_processes(
    function: Callable[[Item], Any], items: Sequence[Item], n_processes: int, progress: Progress
) -> Iterator[Any]:
    """The results, each of a fresh (spawned) process of a pool; Lost where it was killed."""
    context = spawning()
    stop, compiling = context.Event(), context.Event()
    pool = ProcessPoolExecutor(n_processes, context, _start_worker, (stop, compiling))
    try:
        with _interrupts_ignored():
            futures = [pool.submit(_call_in_worker, function, item) for item in items]
        for done, future in enumerate(futures):
            try:
                result = future.result()
            except BrokenProcessPool:
                result = Lost("its process was ended from outside (out of memory?): try a smaller -j")
            yield result
            progress((done + 1) / len(items))
    except BaseException:
        stop.set()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _start_worker(stop: Event, compiling: Event) -> None:
    """In each process of the pool, before its first item."""
    global _worker
    _worker = Worker(stop)
    warn_in_lines()
    from motes.kernels._jit import on_first_compilation

    def announce() -> None:
        if not compiling.is_set():
            compiling.set()
            print(COMPILING, file=sys.stderr, flush=True)

    on_first_compilation(announce)


def _call_in_worker(function: Callable[[Item], Any], item: Item) -> Any:
    with _worker.working():
        return function(item)


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
