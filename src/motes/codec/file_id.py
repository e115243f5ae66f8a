"""The id of a file of version 2: a hash of all that it sounds like."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from motes.codec.compact_header import FILE_ID_SIZE, sound_numbers
from motes.codec.header import Header
from motes.codec.packets import END, HEADER, INDEX, OPTIONAL
from motes.coding.varints import varint


class FileId:
    """Grows with the packets of a file; tags and all else that is optional, and what is said of its making, leave it
    as it is.
    """

    def __init__(self, header: Header) -> None:
        self._hash = hashlib.sha256(sound_numbers(header))

    def add(self, kind: int, payload: bytes) -> None:
        """Take a packet in."""
        if kind not in (HEADER.number, INDEX.number, END.number) and not kind & OPTIONAL:
            self._hash.update(bytes([kind]) + varint(len(payload)) + payload)

    def digest(self) -> bytes:
        """The first eight bytes of the hash."""
        return self._hash.digest()[:FILE_ID_SIZE]


def file_id(header: Header, packets: Iterable[tuple[int, bytes]]) -> bytes:
    """Of packets of these types and payloads."""
    found = FileId(header)
    for kind, payload in packets:
        found.add(kind, payload)
    return found.digest()
