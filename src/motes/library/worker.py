"""Worker processes: work in one of them can be interrupted from its parent as Ctrl-C would, on any platform, and leaves
nothing half-written.
"""

from __future__ import annotations

import _thread
import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from multiprocessing.context import SpawnContext
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multiprocessing.synchronize import Event

_POLL_S = 0.5


def spawning() -> SpawnContext:
    """What starts workers, fresh ones: numba's threads do not survive a fork."""
    return multiprocessing.get_context("spawn")


class Worker:
    """This process, which interrupts its work once `stop` is set, and ends when its parent is gone.

    Ctrl-C reaches every process of a terminal at once: a worker leaves it to the parent, which sets `stop`.
    """

    def __init__(self, stop: Event) -> None:
        self._stop, self._busy = stop, False
        parent = multiprocessing.parent_process()
        self._parent = os.getppid() if parent is None else parent.pid
        signal.signal(signal.SIGINT, self._interrupt)
        if hasattr(signal, "SIGHUP"):  # a terminal that is closed: the parent sees it too
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
        threading.Thread(target=self._watch, name="stop", daemon=True).start()

    @contextlib.contextmanager
    def working(self) -> Iterator[None]:
        """A context whose body `stop` interrupts: it raises KeyboardInterrupt there, at once if it is set already."""
        self._busy = True
        try:
            if self._stop.is_set():  # while the work was on its way
                raise KeyboardInterrupt
            yield
        finally:
            self._busy = False

    def _interrupt(self, signal_number: int, frame: FrameType | None) -> None:
        if self._busy and self._stop.is_set():
            raise KeyboardInterrupt

    def _watch(self) -> None:
        while not self._stop.wait(_POLL_S):
            if os.getppid() != self._parent:
                os._exit(1)
        while True:  # once is not enough: a compiler's callback may swallow what is raised in it
            _thread.interrupt_main()
            time.sleep(_POLL_S)
