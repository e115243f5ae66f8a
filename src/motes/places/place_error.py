"""What can go wrong where a file lies."""

from __future__ import annotations

from motes.errors import MotesError


class PlaceError(MotesError, OSError):
    """A bucket or web address cannot be reached, is not there, does not let us in, or has no such file."""
