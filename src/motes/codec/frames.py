"""Frames of a .mote file: a preamble, then packets of a type, a length, a checksum and a payload."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from motes.codec.packets import OPTIONAL, SKIPPED, PacketType, name_of, types
from motes.coding.varints import Reader, varint
from motes.errors import FormatError
from motes.events.packet import MAX_PAYLOAD

MAGIC = b"\x8fmote\r\n\x1a"
VERSION = 1
# Versions of the format that are read: 1 stands here for ever.
READABLE = (1,)
PREAMBLE_SIZE = len(MAGIC) + 1
# Of a packet's type and length, at most.
HEAD_SIZE = 16
_CHECKSUM_SIZE = 4


@dataclass(frozen=True)
class Frame:
    """A packet that has passed its checksum: its type, what it holds, its name in messages, and its bytes in all."""

    kind: int
    payload: bytes
    name: str
    size: int

    @property
    def type(self) -> PacketType:
        """What is known of packets of its type."""
        return types().get(self.kind, SKIPPED)

    def reader(self) -> Reader:
        """Takes its payload apart, from the beginning."""
        return Reader(self.payload, self.name)


def frame(kind: int, payload: bytes) -> bytes:
    """A packet: type, length, CRC-32 of both and of the payload, payload."""
    head = bytes([kind]) + varint(len(payload))
    return head + struct.pack("<I", zlib.crc32(payload, zlib.crc32(head))) + payload


def read_frame(data: bytes | memoryview, at: int, number: int, file_at: int | None = None) -> Frame:
    """The packet that begins at `data[at]`; FormatError that names it if its length or checksum is wrong or its
    type unknown and not optional.
    """
    kind = data[at]
    name = _name(kind, number, at if file_at is None else file_at)
    reader = Reader(data[at + 1 : at + HEAD_SIZE], name)
    length = reader.varint(MAX_PAYLOAD)
    (checksum,) = struct.unpack("<I", reader.take(_CHECKSUM_SIZE))
    start = at + 1 + reader.position
    if length > len(data) - start:
        raise FormatError(f"{name}: cut short, {len(data) - start} of {length} bytes are there")
    payload = bytes(data[start : start + length])
    if zlib.crc32(payload, zlib.crc32(data[at : start - _CHECKSUM_SIZE])) != checksum:
        raise FormatError(f"{name}: damaged, its checksum does not match")
    if kind not in types() and not kind & OPTIONAL:
        raise FormatError(
            f"{name}: this version of motes does not know packets of this type; a newer one may: update motes"
        )
    return Frame(kind, payload, name, start + length - at)


def frame_size(head: bytes | memoryview, number: int, file_at: int) -> int:
    """The bytes of the packet that begins with `head`, its type and length."""
    reader = Reader(head[1:], _name(head[0], number, file_at))
    length = reader.varint(MAX_PAYLOAD)
    return 1 + reader.position + _CHECKSUM_SIZE + length


def _name(kind: int, number: int, at: int) -> str:
    return f"packet {number} ({name_of(kind)}, at byte {at})"


def preamble() -> bytes:
    """The first bytes of a file."""
    return MAGIC + bytes([VERSION])


def check_preamble(data: bytes | memoryview) -> None:
    """FormatError unless `data` begins like a .mote file of a version known here."""
    start = bytes(data[:PREAMBLE_SIZE])
    if start[: len(MAGIC)] != MAGIC:
        if len(start) < len(MAGIC) and MAGIC.startswith(start):
            raise FormatError("the file is empty" if not start else "the file ends within its first bytes")
        raise FormatError("not a .mote file (its first bytes are others)")
    if len(start) < PREAMBLE_SIZE:
        raise FormatError("the file ends within its first bytes")
    if start[-1] > VERSION:
        raise FormatError(f"the file has format version {start[-1]}, this motes reads up to {VERSION}: update motes")
    if start[-1] not in READABLE:
        raise FormatError(
            f"the file has format version {start[-1]}, a draft that motes no longer reads: encode the recording again"
        )
