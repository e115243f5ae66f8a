"""Threads that encoders share their work between."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")
# What works like `map`, as a pool of threads does.
Mapped = Callable[..., Iterable[Any]]


class ThreadPool:
    """Threads that last as long as the context; one alone is the thread that calls."""

    def __init__(self, n_threads: int = 1) -> None:
        self.n_threads = n_threads
        self._executor = ThreadPoolExecutor(n_threads) if n_threads > 1 else None

    def __enter__(self) -> ThreadPool:
        return self

    def __exit__(self, *_: Any) -> None:
        if self._executor is not None:
            self._executor.shutdown()

    def map(self, function: Callable[[Job], Result], jobs: Iterable[Job]) -> list[Result]:
        """Results of all jobs, in their order."""
        return list(map(function, jobs) if self._executor is None else self._executor.map(function, jobs))
