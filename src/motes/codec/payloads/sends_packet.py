"""Which rooms the events of one packet are sent to, and how wet: a packet of its own right after theirs, for every kind
of event.

Of a scene without rooms there are none. docs/format.md specifies them.
"""

from __future__ import annotations

import numpy as np

from motes.codec.index import Entry, Place, check_event_type
from motes.coding.tag_model import pack_tags, unpack_tags
from motes.coding.tags import Tags
from motes.coding.varints import Reader, varints
from motes.errors import FormatError
from motes.events.event_table import MAX_ROOMS, Ints
from motes.events.packet import MAX_LAYER, MAX_PAYLOAD, Columns
from motes.events.sends import WETNESS_UNITS, send_columns

_HIGHEST = np.array([MAX_ROOMS, WETNESS_UNITS])


def pack_sends(entry: Entry, sends: Ints) -> bytes:
    """The payload that follows events of which each has this room and wetness in 1/64, `(n_events, 2)`."""
    tags = pack_tags(Tags.of(sends).used(), _in_one_zone(len(sends)))
    return varints(entry.kind, entry.number, entry.layer, len(sends)) + tags


def read_place(reader: Reader) -> tuple[Place, int]:
    """Whose sends they are, and of how many events; the reader goes on from there."""
    kind, number = reader.varint(127), reader.varint(1 << 48)
    layer, n_events = reader.varint(MAX_LAYER), reader.varint(8 * MAX_PAYLOAD)
    check_event_type(kind, reader.name)
    return Entry(kind, number, layer, 0, 0, 0, 0).place, n_events


def unpack_sends(reader: Reader, n_events: int) -> Columns:
    """The columns `room_id` and `wetness` of so many events, as many as their packet holds; FormatError where that
    makes no sense.
    """
    tags = unpack_tags(reader.rest(), 2, _in_one_zone(n_events), reader.name)
    if tags.trivial or tags.rows.min() < 0 or np.any(tags.rows > _HIGHEST):
        raise FormatError(f"{reader.name}: a room or how wet an event is there is out of range")
    return send_columns(tags.values)


def _in_one_zone(n_events: int) -> Ints:
    """Frequencies that tags do not follow."""
    return np.zeros(n_events, np.int64)
