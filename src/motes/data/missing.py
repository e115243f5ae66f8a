"""What is said where a package that only rendering needs is not installed."""

from __future__ import annotations

from motes.errors import MissingExtraError


def missing_package(what: str, command: str) -> MissingExtraError:
    """An error whose line names the pip command; these packages are in no extra of motes."""
    error = MissingExtraError(what, "")
    error.args = (f"{what} need {command.split()[-1]}: pip install {command}",)
    return error
