"""Time limits of fits: when the time is up, a fit is interrupted as by Ctrl-C and keeps its best so far.

Looking at a clock between steps is not enough, since a step, a first guess or a refit may take many seconds.
"""

from __future__ import annotations

import contextlib
import ctypes
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

from motes.stop_reason import StopReason

# Modules must not be imported by half, nor functions compiled by half: what runs there is let go on for so long.
_NOT_WITHIN = ("<frozen importlib", "/numba/", "\\numba\\")
_RETRY_S = 0.02


class TimeUp(KeyboardInterrupt):
    """Raised in a fit, wherever it is, when its time is up."""


def reason_of(interrupt: KeyboardInterrupt) -> StopReason:
    """Why a fit was interrupted: by the clock, or by Ctrl-C."""
    return StopReason.TIME_LIMIT if isinstance(interrupt, TimeUp) else StopReason.CANCELLED


class TimeLimit:
    """So many seconds from `begun_s` on, a time of `clock`, by default now; None is for ever."""

    def __init__(
        self, limit_s: float | None, begun_s: float | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.limit_s, self.clock = limit_s, clock
        self.begun_s = clock() if begun_s is None else begun_s

    @property
    def elapsed_s(self) -> float:
        """Seconds since it began."""
        return self.clock() - self.begun_s

    @property
    def left_s(self) -> float:
        """Seconds that are left, negative once the time is up."""
        return float("inf") if self.limit_s is None else self.limit_s - self.elapsed_s

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return self.left_s <= 0

    @contextlib.contextmanager
    def interrupting(self) -> Iterator[None]:
        """A context whose body is interrupted by TimeUp, once, when the time is up."""
        if self.limit_s is None:
            yield
            return
        alarm = _Alarm(threading.get_ident())
        watch = threading.Thread(target=alarm.wait, args=(self.left_s,), name="time limit", daemon=True)
        watch.start()
        try:
            yield
        finally:
            alarm.cancel()


class _Alarm:
    """What raises TimeUp in a thread, at a place where that may happen, unless it is cancelled before."""

    def __init__(self, thread: int) -> None:
        self._thread, self._cancelled, self._lock = ctypes.c_ulong(thread), threading.Event(), threading.Lock()

    def wait(self, seconds: float) -> None:
        """Raise it after so many seconds."""
        self._cancelled.wait(max(0.0, seconds))
        while not self._cancelled.wait(_RETRY_S):
            frame = sys._current_frames().get(int(self._thread.value))
            if not _is_within(frame):
                break
        with self._lock:
            if not self._cancelled.is_set():
                ctypes.pythonapi.PyThreadState_SetAsyncExc(self._thread, ctypes.py_object(TimeUp))

    def cancel(self) -> None:
        """Raise nothing from now on, not even what is under way."""
        with self._lock:
            self._cancelled.set()
            ctypes.pythonapi.PyThreadState_SetAsyncExc(self._thread, None)


def _is_within(frame: FrameType | None) -> bool:
    """Whether a frame or one of its callers is in a place that is not interrupted."""
    while frame is not None:
        if any(place in frame.f_code.co_filename for place in _NOT_WITHIN):
            return True
        frame = frame.f_back
    return False
