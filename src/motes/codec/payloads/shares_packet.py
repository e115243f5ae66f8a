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


def pack_shares(entry: Entry, shares: Ints) -> bytes:
    """The payload that follows events of which each is this part in 1/64, `(n_events, 2)`: how much less than the
    whole the real parts are, then imaginary parts, coded apart where the real part is that of a whole atom.
    """
    real = encode_numbers(zigzags(SHARE_UNITS - shares[:, 0]), np.zeros(len(shares), np.int64))
    imaginary = encode_numbers(zigzags(shares[:, 1]), _columns(shares[:, 0]))
    return varints(entry.kind, entry.number, entry.layer, len(shares), len(real)) + real + imaginary


def unpack_shares(reader: Reader, n_events: int) -> Columns:
    """The columns `share_re` and `share_im` of so many events, as many as their packet holds; FormatError where that
    makes no sense.
    """
    data = reader.take(reader.varint(len(reader)))
    real = SHARE_UNITS - unzigzags(decode_numbers(data, np.zeros(n_events, np.int64)))
    shares = np.stack([real, unzigzags(decode_numbers(reader.rest(), _columns(real)))], axis=1)
    if np.any(np.abs(shares) > MAX_SHARE * SHARE_UNITS) or not shares.any(axis=1).all():
        raise FormatError(f"{reader.name}: a part of an atom is out of range")
    if np.all(shares == WHOLE):
        raise FormatError(f"{reader.name}: all atoms are whole")
    return share_columns(shares)


def _columns(real: Ints) -> Ints:
    """By which of two sets of slots each imaginary part is coded."""
    return (real != SHARE_UNITS).astype(np.int64)
