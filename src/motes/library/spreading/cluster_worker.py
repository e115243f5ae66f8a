"""What a worker of a cluster does: what it was asked to, where and as whom the one who asks would do it."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from motes.errors import MotesError, MotesWarning
from motes.version import __version__


@dataclass(frozen=True)
class About:
    """Who asks: their version of motes, folder, and some variables of their environment."""

    version: str
    folder: str
    environment: dict[str, str] = field(default_factory=dict)


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
            value, error = function(item), None
        except MotesError as caught:
            value, error = None, MotesError(" ".join(str(caught).split()))
    texts = [str(each.message) for each in said if issubclass(each.category, MotesWarning)]
    return Answer(value, error, texts, bool(compiled))


def _announce(compiled: list[bool]) -> None:
    from motes.kernels._jit import on_first_compilation

    on_first_compilation(lambda: compiled.append(True))
