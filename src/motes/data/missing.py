"""Packages that only rendering needs, and no extra of motes brings."""

from __future__ import annotations

from motes.errors import MissingExtraError, MotesError


class MissingPackageError(MissingExtraError):
    """A package is not installed; the message names the pip command."""

    def __init__(self, what: str, arguments: str) -> None:
        MotesError.__init__(self, f"{what} need {arguments.split()[-1]}: pip install {arguments}")
