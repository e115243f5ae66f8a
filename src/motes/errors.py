"""What can go wrong by the user's hand. Bugs of our own assert instead."""

from __future__ import annotations

import sys
import warnings
from typing import Any


class MotesError(Exception):
    """Base of every error that user input can raise; its text is one line that tells the value and the likely
    mistake.
    """


class MotesWarning(UserWarning):
    """What a user should know but need not act on; one line."""


class ParameterError(MotesError, ValueError):
    """A value handed in is out of range, of the wrong shape, or makes no sense."""


class AudioError(MotesError):
    """A recording cannot be read or written."""


class FormatError(MotesError):
    """A .mote file is damaged, cut short, or of a version this reader does not know."""


class MissingExtraError(MotesError, ImportError):
    """Something optional is not installed; the message names the pip command."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs an optional part of motes: pip install 'motes[{extra}]'")


_warned_before = warnings.showwarning


def warn_in_lines() -> None:
    """From now on warnings of motes are one line on standard error, as its errors are."""
    global _warned_before
    if warnings.showwarning is not _show_warning:
        _warned_before, warnings.showwarning = warnings.showwarning, _show_warning


def _show_warning(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
    if issubclass(category, MotesWarning):
        print(f"motes: {' '.join(str(message).split())}", file=sys.stderr, flush=True)
    else:
        _warned_before(message, category, *where, **more)
