"""How far an encoder has come."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """How far an encoder has come: the part of the work done (0 … 1), events found, and the signal-to-noise ratio
    where it is known.
    """

    fraction: float
    n_events: int
    snr_db: float | None = None
    # Steps of a fit by gradients, and the loss after them.
    iteration: int | None = None
    loss: float | None = None
    # What a fit's choice of a room has come to, in words.
    room: str = ""
    # A line of JSON on what was found just now, of an encoder that finds events in real time.
    message: str = ""
