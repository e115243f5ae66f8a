"""What the studio refuses, each with the status of its answer."""

from __future__ import annotations

from motes.errors import AudioError, FormatError, MissingExtraError, MotesError, ParameterError


class StudioError(MotesError):
    """A request that is refused; its text is one line."""

    status = 422


class NotFound(StudioError):
    """There is no such thing."""

    status = 404


class Forbidden(StudioError):
    """Not from here, or not there."""

    status = 403


class Conflict(StudioError):
    """Something has changed, or is there already."""

    status = 409


class TooLarge(StudioError):
    """More than is allowed."""

    status = 413


class Busy(StudioError):
    """Too many ask at once."""

    status = 503


def status_of(error: MotesError) -> int:
    """The status with which an error is answered."""
    if isinstance(error, StudioError):
        return error.status
    if isinstance(error, MissingExtraError):
        return 501
    return 422 if isinstance(error, ParameterError | AudioError | FormatError) else 400
