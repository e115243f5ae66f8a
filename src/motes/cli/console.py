"""What the commands say and show: messages on standard error, progress on a terminal only."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from motes.errors import MotesError

# When the command that runs began, of time.monotonic.
_begun_s: float | None = None


def begin(begun_s: float) -> None:
    """Say when the command that runs began: a process may run several."""
    global _begun_s
    _begun_s = begun_s


def started_s() -> float:
    """When the command that runs began, of time.monotonic."""
    return time.monotonic() if _begun_s is None else _begun_s


def process_started_s() -> float:
    """When this process began, of time.monotonic; where the system does not say, now."""
    try:
        with open("/proc/self/stat", encoding="ascii", errors="replace") as handle:
            ticks = int(handle.read().rpartition(")")[2].split()[19])
        since_s = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    except (AttributeError, IndexError, OSError, ValueError):
        since_s = 0.0
    return time.monotonic() - since_s


class UsageError(MotesError):
    """The command line does not fit together."""


# Standard streams that were closed when the command began.
_closed: set[int] = set()


def open_closed_streams() -> None:
    """Standard streams that the caller closed lead nowhere: no file that is opened later takes their place, and what is
    printed is not an error.
    """
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            with contextlib.suppress(OSError):
                while (opened := os.open(os.devnull, os.O_RDWR)) < number:
                    pass  # the lowest free one: another that is closed
                if opened != number:
                    os.close(opened)
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 (for as long as we run)
            _closed.add(number)


def say(message: object) -> None:
    """One line to the user."""
    print("motes:", " ".join(str(message).split()), file=sys.stderr, flush=True)


def tell(line: str) -> None:
    """One line of an account of work done, without our name before it."""
    print(" ".join(line.split("\n")), file=sys.stderr, flush=True)


def print_json(value: Any) -> None:
    """One line of JSON on standard output; NaN and infinities never occur."""
    print(json.dumps(value, allow_nan=False, ensure_ascii=False), flush=True)


@contextlib.contextmanager
def progress_bar(what: str) -> Iterator[Callable[..., None]]:
    """A function to call with the fraction done, and words to show beside it, which moves a bar where standard
    error is a terminal.
    """
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=1.0)
        yield lambda fraction, words="": bar.update(task, completed=fraction, description=f"{what} {words}".rstrip())


def announce_compilation() -> None:
    """Say so if the kernels have to be compiled: the first run after installation is slower than the others."""
    from motes.kernels._jit import on_first_compilation
    from motes.library.batch import COMPILING

    on_first_compilation(lambda: print(COMPILING, file=sys.stderr, flush=True))


def command() -> str:
    """What the user typed, as far as this process knows."""
    return shlex.join(["motes", *sys.argv[1:]])


def refuse_terminal(what: str) -> None:
    """Binary data on a screen helps nobody."""
    if 1 in _closed:
        raise UsageError("standard output is closed: -o FILE")
    if sys.stdout.isatty():
        raise UsageError(f"standard output is a terminal, not a place for {what}: -o FILE, or > FILE")


def output_name(output: str | None) -> str | None:
    """The value of -o, unless an option stands where it should be."""
    if output is not None and (not output or (output.startswith("-") and output != "-")):
        raise UsageError(
            f"-o needs the name of a file or folder, not {output!r} (a name that begins with a dash: ./{output})"
        )
    return output
