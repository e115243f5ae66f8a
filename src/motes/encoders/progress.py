"""How far an encoder has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# The name of a stage of an encoder, and the seconds that it takes.
Stage = tuple[str, float]


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
    # Seconds that all of the work is expected to take on a processor as fast as that of `encoders.workload`; 0 where
    # that is not known.
    work_s: float = 0.0
    # A line of JSON on what was found just now, of an encoder that finds events in real time.
    message: str = ""


def seconds_of(stages: Sequence[Stage]) -> float:
    """What stages take together."""
    return sum(seconds for _, seconds in stages)
