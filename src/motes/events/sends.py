"""Which rooms events of any kind are sent to and how wet, as whole numbers; wetness is rounded here alone."""

from __future__ import annotations

import numpy as np

from motes.events.event_table import EventTable, Ints
from motes.events.packet import Columns

# Steps from dry to wet.
WETNESS_UNITS = 64


def sends_of(events: EventTable) -> Ints | None:
    """Room and wetness of each event, `(n_events, 2)`; None where none is in a room."""
    if events.at_default("room_id") and events.at_default("wetness"):
        return None
    return np.stack([events.room_id, np.rint(events.wetness * WETNESS_UNITS).astype(np.int64)], axis=1)


def send_columns(sends: Ints | None) -> Columns:
    """The inverse: the columns `room_id` and `wetness`, or none."""
    return {} if sends is None else {"room_id": sends[:, 0], "wetness": sends[:, 1] / WETNESS_UNITS}


def same_columns(parts: list[Columns]) -> None:
    """If the events of some packets are sent to rooms, those of the others are in none."""
    if any("room_id" in part for part in parts):
        for part in parts:
            n_events = len(part["time_s"])
            part.setdefault("room_id", np.zeros(n_events, np.int64))
            part.setdefault("wetness", np.zeros(n_events))
