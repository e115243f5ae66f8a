"""What the commands say and show: messages on standard error, progress on a terminal only."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

from motes.errors import MotesError


class UsageError(MotesError):
    """The command line does not fit together."""


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


def refuse_terminal(what: str) -> None:
    """Binary data on a screen helps nobody."""
    if sys.stdout.isatty():
        raise UsageError(f"standard output is a terminal, not a place for {what}: -o FILE, or > FILE")


def output_name(output: str | None) -> str | None:
    """The value of -o, unless an option stands where it should be."""
    if output is not None and (not output or (output.startswith("-") and output != "-")):
        raise UsageError(
            f"-o needs the name of a file or folder, not {output!r} (a name that begins with a dash: ./{output})"
        )
    return output
