"""By how much the frequency of each event of one packet of gabor events rises: a packet of its own right after theirs,
their sends and their shares.

Of a scene without chirps there are none. docs/format.md specifies them.
"""

from __future__ import annotations

import numpy as np

from motes.codec.index import Entry
from motes.coding.integers import decode_numbers, encode_numbers, unzigzags, zigzags
from motes.coding.varints import Reader, varints
from motes.errors import FormatError
from motes.events.chirps import MAX_CHIRP, chirp_columns
from motes.events.event_table import Array, Ints
from motes.events.packet import Columns


def pack_chirps(entry: Entry, chirps: Ints) -> bytes:
    """The payload that follows events of which each has this chirp in steps, `(n_events,)`."""
    coded = encode_numbers(zigzags(chirps), np.zeros(len(chirps), np.int64))
    return varints(entry.kind, entry.number, entry.layer, len(chirps)) + coded


def unpack_chirps(reader: Reader, window_s: Array) -> Columns:
    """The column `chirp_hz_per_s` of the events of these windows, as many as their packet holds; FormatError where that
    makes no sense.
    """
    chirps = unzigzags(decode_numbers(reader.rest(), np.zeros(len(window_s), np.int64)))
    if np.any(np.abs(chirps) > MAX_CHIRP):
        raise FormatError(f"{reader.name}: a chirp is out of range")
    if not chirps.any():
        raise FormatError(f"{reader.name}: no frequency rises")
    return chirp_columns(chirps, window_s)
