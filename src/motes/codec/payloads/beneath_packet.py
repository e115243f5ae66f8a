"""How much softer the texture events of one packet sound beneath detail: a packet of its own right after theirs and
their sends.

Of a scene without detail there are none. docs/format.md specifies them.
"""

from __future__ import annotations

import numpy as np

from motes.codec.index import Entry
from motes.coding.varints import Reader, varints
from motes.errors import FormatError
from motes.events.event_table import Ints
from motes.events.packet import Columns


def pack_beneath(entry: Entry, data: bytes, n_events: int) -> bytes:
    """The payload that follows so many events."""
    return varints(entry.kind, entry.number, entry.layer, n_events) + data


def unpack_beneath(reader: Reader, part: Columns) -> Columns:
    """The column `beneath_db` of the events of a packet of texture."""
    from motes.kinds.texture.beneath import beneath_db, pack, unpack  # numba

    data, n_channels = reader.rest(), part["level_db"].shape[1]
    steps: Ints = unpack(data, part["n_frames"], part["n_bands"], n_channels, reader.name)
    if pack(steps, part["n_frames"], part["n_bands"]) != data:
        raise FormatError(f"{reader.name}: not as files hold it")
    return {"beneath_db": np.asarray(beneath_db(steps))}
