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
