"""Frames of a .mote file: a preamble, then packets of a type, a length, a checksum and a payload."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from motes.codec.compact_header import FILE_ID_SIZE
from motes.codec.packets import OPTIONAL, SKIPPED, PacketType, name_of, types
from motes.coding.varints import Reader, varint
from motes.errors import FormatError
from motes.events.packet import MAX_PAYLOAD

MAGIC = b"\x8fmote\r\n\x1a"
# What new scenes are written as, and the versions of the format that are read: 1 stands here for ever.
VERSION = 1
READABLE = (1,)
# The version in the making, and the draft of it that is written and read; no other is.
DRAFT_VERSION, DRAFT = 2, 4
# Of version 1; later ones tell the draft (0 once released) and the file's id too.
PREAMBLE_SIZE = len(MAGIC) + 1
LONGEST_PREAMBLE = PREAMBLE_SIZE + 1 + FILE_ID_SIZE
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


@dataclass(frozen=True)
class Preamble:
    """The first bytes of a file: the version of the format, and from version 2 on the id of the file, which is what
    each packet's checksum begins with.
    """

    version: int = VERSION
    file_id: bytes = b""

    @property
    def size(self) -> int:
        """How many bytes it takes."""
        return PREAMBLE_SIZE if self.version == 1 else LONGEST_PREAMBLE

    @property
    def seed(self) -> int:
        """The checksum of what stands before a packet's first byte: 0 where there is no id."""
        return zlib.crc32(self.file_id)

    def pack(self) -> bytes:
        """As bytes."""
        draft = b"" if self.version == 1 else bytes([DRAFT])
        return MAGIC + bytes([self.version]) + draft + self.file_id


def frame(kind: int, payload: bytes, seed: int = 0) -> bytes:
    """A packet: type, length, CRC-32 of both and of the payload (begun at the seed), payload."""
    head = _head(kind, payload)
    return head + struct.pack("<I", zlib.crc32(payload, zlib.crc32(head, seed))) + payload


def framed_size(kind: int, payload: bytes) -> int:
    """The bytes of a packet."""
    return len(_head(kind, payload)) + _CHECKSUM_SIZE + len(payload)


def _head(kind: int, payload: bytes) -> bytes:
    return bytes([kind]) + varint(len(payload))


def read_frame(data: bytes | memoryview, at: int, number: int, file_at: int | None = None, seed: int = 0) -> Frame:
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
    if zlib.crc32(payload, zlib.crc32(data[at : start - _CHECKSUM_SIZE], seed)) != checksum:
        other = ", or of another file" if seed else ""
        raise FormatError(f"{name}: damaged{other}, its checksum does not match")
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


def read_preamble(data: bytes | memoryview) -> Preamble:
    """How a file begins; FormatError unless `data` begins like a .mote file of a version known here."""
    start = bytes(data[:LONGEST_PREAMBLE])
    if start[: len(MAGIC)] != MAGIC:
        if len(start) < len(MAGIC) and MAGIC.startswith(start):
            raise FormatError("the file is empty" if not start else "the file ends within its first bytes")
        raise FormatError("not a .mote file (its first bytes are others)")
    if len(start) < PREAMBLE_SIZE:
        raise FormatError("the file ends within its first bytes")
    version = start[len(MAGIC)]
    if version == DRAFT_VERSION and version not in READABLE:
        return _read_draft(start)
    if version > VERSION:
        raise FormatError(f"the file has format version {version}, this motes reads up to {VERSION}: update motes")
    if version not in READABLE:
        raise FormatError(
            f"the file has format version {version}, a draft that motes no longer reads: encode the recording again"
        )
    return Preamble(version)


def _read_draft(start: bytes) -> Preamble:
    """The rest of a preamble of version 2."""
    if len(start) < LONGEST_PREAMBLE:
        raise FormatError("the file ends within its first bytes")
    draft = start[PREAMBLE_SIZE]
    if draft != DRAFT:
        advice = "encode the recording again" if 0 < draft < DRAFT else "update motes"
        what = f"draft {draft}" if draft else "as it was released"
        raise FormatError(
            f"the file has format version {DRAFT_VERSION}, {what}; this motes reads draft {DRAFT} alone: {advice}"
        )
    return Preamble(DRAFT_VERSION, start[PREAMBLE_SIZE + 1 :])
