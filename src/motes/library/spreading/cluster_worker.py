"""What a worker of a cluster does: what it was asked to, where and as whom the one who asks would do it."""

from __future__ import annotations

import _thread
import contextlib
import os
import signal
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from motes.errors import MotesError, MotesWarning
from motes.version import __version__

# Workers look so often whether they are to stop.
_POLL_S = 0.5


@dataclass(frozen=True)
class About:
    """Who asks: their version of motes, folder, and some variables of their environment; and the key under which the
    cluster knows that they no longer want an answer.
    """

    version: str
    folder: str
    environment: dict[str, str] = field(default_factory=dict)
    stopped: str = ""


@dataclass(frozen=True)
class Answer:
    """What came of a call: a value or an error, which is always one that pickles; and whether kernels were compiled."""

    value: Any = None
    error: Exception | None = None
    warnings: list[str] = field(default_factory=list)
    compiled: bool = False


def call(about: About, function: Callable[[Any], Any], item: Any) -> Answer:
    """What `function(item)` gives; an error that the user can cause is part of the answer."""
    if about.version != __version__:
        text = f"the workers have motes {__version__}, and here it is {about.version}: install the same one"
        return Answer(error=MotesError(text))
    os.environ.update(about.environment)
    with contextlib.suppress(OSError):  # paths in buckets do without
        os.chdir(about.folder)
    compiled = list[bool]()
    _announce(compiled)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", MotesWarning)
        try:
            with _interruptible(about.stopped):
                value, error = function(item), None
        except MotesError as caught:
            value, error = None, MotesError(" ".join(str(caught).split()))
        except KeyboardInterrupt:  # nobody waits for it
            value, error = None, MotesError("interrupted")
    texts = [str(each.message) for each in said if issubclass(each.category, MotesWarning)]
    return Answer(value, error, texts, bool(compiled))


@contextlib.contextmanager
def _interruptible(key: str) -> Iterator[None]:
    """A context whose body is interrupted as by Ctrl-C once the key is known to the cluster, at once where it is.

    Ray's own way, `ray.cancel`, at times ends the process that asks (2.60: "Tried to complete task that was not
    pending").
    """
    from ray.experimental.internal_kv import _internal_kv_get

    done = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        if not done.is_set():
            raise KeyboardInterrupt

    def watch() -> None:
        with contextlib.suppress(Exception):  # a cluster that ends
            while not done.wait(_POLL_S):
                if _internal_kv_get(key) is not None:
                    _thread.interrupt_main()

    before = signal.signal(signal.SIGINT, stop)
    try:
        if _internal_kv_get(key) is not None:
            raise KeyboardInterrupt
        threading.Thread(target=watch, name="stop", daemon=True).start()
        yield
    finally:
        done.set()
        signal.signal(signal.SIGINT, before)


def _announce(compiled: list[bool]) -> None:
    from motes.kernels._jit import on_first_compilation

    on_first_compilation(lambda: compiled.append(True))
