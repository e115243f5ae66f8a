"""Which rooms the events of one packet are sent to, and how wet: a packet of its own right after theirs, the same for
every kind.

Of a scene without rooms there are none. docs/format.md specifies them.
"""

from __future__ import annotations

import numpy as np

from motes.coding.container import EVENTS, MAX_LAYER, MAX_PAYLOAD, SENDS, Entry, Frame, Reader, frame, varint
from motes.coding.sends import WETNESS_UNITS, Columns, send_columns
from motes.coding.tags import Tags
from motes.errors import FormatError
from motes.events.event_table import MAX_ROOMS, Ints
from motes.kinds.gabor.packet import pack_tags, unpack_tags

# What tells packets of events apart: see `Entry.place`.
Place = tuple[int, int, int]
_HIGHEST = np.array([MAX_ROOMS, WETNESS_UNITS])


def sends_frame(entry: Entry, sends: Ints | None) -> bytes:
    """The packet that follows events of which each has this room and wetness in 1/64, `(n_events, 2)`; nothing
    where none is in a room.
    """
    if sends is None or not sends.any():
        return b""
    tags = pack_tags(Tags.of(sends).used(), np.zeros(len(sends), np.int64))
    return frame(SENDS, b"".join(map(varint, (entry.kind, entry.number, entry.layer, len(sends)))) + tags)


def read_place(found: Frame) -> tuple[Place, int, Reader]:
    """Whose sends they are, of how many events, and the reader that goes on from there."""
    reader = Reader(found.payload, found.name)
    kind, number, layer, n_events = (
        reader.varint(127),
        reader.varint(1 << 48),
        reader.varint(MAX_LAYER),
        reader.varint(8 * MAX_PAYLOAD),
    )
    if kind not in EVENTS:
        raise FormatError(f"{found.name}: it tells of packets of type {kind}, which hold no events")
    return Entry(kind, number, layer, 0, 0, 0, 0).place, n_events, reader


def unpack_sends(reader: Reader, n_events: int) -> Columns:
    """The columns `room_id` and `wetness` of so many events, as many as their packet holds; FormatError where that
    makes no sense.
    """
    tags = unpack_tags(reader.rest(), 2, np.zeros(n_events, np.int64), reader.name)
    if tags.trivial or tags.rows.min() < 0 or np.any(tags.rows > _HIGHEST):
        raise FormatError(f"{reader.name}: a room or how wet an event is there is out of range")
    return send_columns(tags.values)
