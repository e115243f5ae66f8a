"""Which part of an atom each event of one packet of gabor events is: a packet of its own right after theirs and their
sends.

Of a scene without parts of atoms there are none. docs/format.md specifies them.
"""

from __future__ import annotations

import numpy as np

from motes.codec.index import Entry
from motes.coding.integers import decode_numbers, encode_numbers, unzigzags, zigzags
from motes.coding.varints import Reader, varints
from motes.errors import FormatError
from motes.events.event_table import Ints
from motes.events.packet import Columns
from motes.events.shares import MAX_SHARE, SHARE_UNITS, WHOLE, share_columns

# Whether an event is a part, and then both numbers of it, coded by so many sets of slots.
_IS_PART, _REAL, _IMAGINARY = 0, 1, 2


def pack_shares(entry: Entry, shares: Ints) -> bytes:
    """The payload that follows events of which each is this part in 1/64, `(n_events, 2)`."""
    is_part = (shares != WHOLE).any(axis=1)
    flags = encode_numbers(is_part.astype(np.int64), np.full(len(shares), _IS_PART))
    values = zigzags(shares[is_part].reshape(-1))
    head = varints(entry.kind, entry.number, entry.layer, len(shares), len(flags), int(is_part.sum()))
    return head + flags + encode_numbers(values, _columns(int(is_part.sum())))


def unpack_shares(reader: Reader, n_events: int) -> Columns:
    """The columns `share_re` and `share_im` of so many events, as many as their packet holds; FormatError where that
    makes no sense.
    """
    n_bytes, n_parts = reader.varint(len(reader)), reader.varint(n_events)
    is_part = decode_numbers(reader.take(n_bytes), np.full(n_events, _IS_PART))
    values = unzigzags(decode_numbers(reader.rest(), _columns(n_parts))).reshape(-1, 2)
    right = np.all(is_part <= 1) and is_part.sum() == n_parts > 0 and np.all(np.abs(values) <= MAX_SHARE * SHARE_UNITS)
    if not right or not np.all((values != WHOLE).any(axis=1) & values.any(axis=1)):
        raise FormatError(f"{reader.name}: a part of an atom is out of range")
    shares = np.tile(np.array(WHOLE, np.int64), (n_events, 1))
    shares[is_part == 1] = values
    return share_columns(shares)


def _columns(n_parts: int) -> Ints:
    return np.tile(np.array([_REAL, _IMAGINARY], np.int64), n_parts)
