"""Frames of a .mote file: a type, a length, a checksum and a payload; and the small packets that need no entropy
coder (header, index, end).
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import msgspec
import numpy as np

from motes.errors import FormatError, ParameterError
from motes.events.groups import Groups
from motes.kinds.gabor.integers import check_quantiser
from motes.scene.scene import MAX_CHANNELS, MAX_SAMPLE_RATE_HZ, GaborQuantiser, Metadata

MAGIC = b"\x8fmote\r\n\x1a"
VERSION = 1
# Versions of the format that are read: 1 stands here for ever.
READABLE = (1,)
HEADER, GROUPS, INSTRUMENT, ROOM, GABOR, TEXTURE, STRIKE, SPLAT, SENDS, INDEX, END = b"HRNMGTSPWIE"
# Packets of events with the kind they hold, in the order in which those of one stretch of time follow one another.
EVENTS = {GABOR: "gabor", TEXTURE: "texture", STRIKE: "strike", SPLAT: "splat"}
# Types with this bit may be skipped by readers that do not know them; all others may not.
OPTIONAL = 0x80
NAMES = {
    HEADER: "header",
    GROUPS: "groups",
    INSTRUMENT: "instrument",
    ROOM: "room",
    **EVENTS,
    SENDS: "sends",
    INDEX: "index",
    END: "end",
}
MAX_PAYLOAD = 1 << 28
MAX_FRAME = MAX_PAYLOAD + 16
MAX_LAYER = 1 << 20
MAX_METADATA = 1 << 16
# Packets are a multiple of the largest hop, 32768/4 samples.
PACKET_GRAIN = 8192
# How far events reach out of their packet is told in this many samples.
REACH_UNIT = 1024
PREAMBLE_SIZE = len(MAGIC) + 1
END_SIZE = 14


def packet_samples(sample_rate_hz: int) -> int:
    """Length of a packet: the multiple of 8192 samples nearest to a second, at least one."""
    return PACKET_GRAIN * max(1, (2 * sample_rate_hz + PACKET_GRAIN) // (2 * PACKET_GRAIN))


def varint(value: int) -> bytes:
    """A whole number in groups of seven bits, lowest first, each but the last with bit 7 set."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def zigzag(value: int) -> int:
    """A signed number as one that is not negative: 0, −1, 1, −2 … become 0, 1, 2, 3 …"""
    return 2 * value if value >= 0 else -2 * value - 1


def unzigzag(value: int) -> int:
    """The inverse of `zigzag`."""
    return value >> 1 if value & 1 == 0 else -(value >> 1) - 1


class Reader:
    """Takes numbers and bytes from a payload; FormatError (which names the payload) where it ends too soon or is
    not in the shortest form.
    """

    def __init__(self, data: bytes | memoryview, name: str) -> None:
        self.data, self.name, self.position = data, name, 0

    def varint(self, limit: int) -> int:
        """A number from 0 to `limit`."""
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
            if shift > 63:
                raise FormatError(f"{self.name}: a number does not end")
        if byte == 0 and shift > 7:
            raise FormatError(f"{self.name}: a number is not in its shortest form")
        if value > limit:
            raise FormatError(f"{self.name}: {value} is past the limit of {limit}")
        return value

    def take(self, n: int) -> bytes:
        """The next `n` bytes."""
        if n > len(self.data) - self.position:
            raise FormatError(f"{self.name}: cut short")
        self.position += n
        return bytes(self.data[self.position - n : self.position])

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(len(self.data) - self.position)

    def finish(self) -> None:
        """FormatError if anything is left."""
        if self.position != len(self.data):
            raise FormatError(f"{self.name}: {len(self.data) - self.position} bytes too many")


def frame(kind: int, payload: bytes) -> bytes:
    """A packet: type, length, CRC-32 of both and of the payload, payload."""
    head = bytes([kind]) + varint(len(payload))
    return head + struct.pack("<I", zlib.crc32(payload, zlib.crc32(head))) + payload


@dataclass(frozen=True)
class Frame:
    """A packet that has passed its checksum: where it lies and what it holds."""

    kind: int
    payload: bytes
    name: str
    size: int


def read_frame(data: bytes | memoryview, at: int, number: int, file_at: int | None = None) -> Frame:
    """The packet that begins at `data[at]`; FormatError that names it if its length or checksum is wrong or its
    type unknown and not optional.
    """
    where = at if file_at is None else file_at
    kind = data[at]
    known = NAMES.get(kind, "optional" if kind & OPTIONAL else f"type {kind}")
    name = f"packet {number} ({known}, at byte {where})"
    reader = Reader(data[at + 1 : at + 16], name)
    length = reader.varint(MAX_PAYLOAD)
    (checksum,) = struct.unpack("<I", reader.take(4))
    start = at + 1 + reader.position
    if length > len(data) - start:
        raise FormatError(f"{name}: cut short, {len(data) - start} of {length} bytes are there")
    payload = bytes(data[start : start + length])
    if zlib.crc32(payload, zlib.crc32(data[at : start - 4])) != checksum:
        raise FormatError(f"{name}: damaged, its checksum does not match")
    if kind not in NAMES and not kind & OPTIONAL:
        raise FormatError(
            f"{name}: this version of motes does not know packets of this type; a newer one may: update motes"
        )
    return Frame(kind, payload, name, start + length - at)


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


@dataclass(frozen=True)
class Header:
    """What holds for the whole file."""

    sample_rate_hz: int
    n_samples: int
    n_channels: int
    quantiser: GaborQuantiser
    metadata: Metadata

    def pack(self) -> bytes:
        """As a payload."""
        metadata = msgspec.json.encode(_without_defaults(self.metadata))
        if len(metadata) > MAX_METADATA:
            raise ParameterError(f"the metadata takes {len(metadata)} bytes, more than {MAX_METADATA}")
        q = self.quantiser
        numbers = (
            self.sample_rate_hz,
            self.n_samples,
            self.n_channels,
            q.steps_per_doubling,
            q.n_phases,
            zigzag(q.knee),
        )
        return b"".join(map(varint, numbers)) + metadata

    @classmethod
    def unpack(cls, found: Frame) -> Header:
        """From its packet."""
        reader = Reader(found.payload, found.name)
        rate, n_samples, channels = (
            reader.varint(MAX_SAMPLE_RATE_HZ),
            reader.varint(1 << 48),
            reader.varint(MAX_CHANNELS),
        )
        if not rate or not channels:
            raise FormatError(f"{found.name}: no sample rate or no channels")
        try:
            quantiser = check_quantiser(
                GaborQuantiser(reader.varint(1 << 20), reader.varint(1 << 20), unzigzag(reader.varint(1 << 20)))
            )
            text = reader.rest()
            if len(text) > MAX_METADATA:
                raise FormatError(f"{found.name}: {len(text)} bytes of metadata are past the limit of {MAX_METADATA}")
            metadata = msgspec.json.decode(text, type=Metadata)
        except (ParameterError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise FormatError(f"{found.name}: {error}") from None
        return cls(rate, n_samples, channels, quantiser, metadata)


def pack_groups(groups: Groups) -> bytes:
    """A table of groups as a payload: how many, and for each the increase of its id, its role and its parent."""
    parts, before = [varint(len(groups))], 0
    for number, parent, role in zip(groups.id.tolist(), groups.parent.tolist(), groups.role.tolist(), strict=True):
        parts += map(varint, (number - before, role, parent))
        before = number
    return b"".join(parts)


def unpack_groups(found: Frame) -> Groups:
    """From its packet."""
    reader = Reader(found.payload, found.name)
    n_groups, number, rows = reader.varint(len(found.payload)), 0, []
    if not n_groups:
        raise FormatError(f"{found.name}: it holds no groups")
    for _ in range(n_groups):
        number += reader.varint(1 << 40)
        rows.append((number, reader.varint(255), reader.varint(1 << 40)))
    reader.finish()
    ids, roles, parents = np.array(rows, np.int64).T
    if number > 1 << 40:
        raise FormatError(f"{found.name}: an id is out of range")
    try:
        groups = Groups(ids, parents, roles)
    except ParameterError as error:
        raise FormatError(f"{found.name}: {error}") from None
    if not groups.stored().equals(groups):
        raise FormatError(f"{found.name}: it tells of partials that need no telling")
    return groups


def _without_defaults(metadata: Metadata) -> dict[str, object]:
    empty = Metadata()
    return {
        name: getattr(metadata, name)
        for name in Metadata.__struct_fields__
        if getattr(metadata, name) != getattr(empty, name)
    }


@dataclass(frozen=True)
class Entry:
    """One packet in the index: its type, its place in time, its layer, its bytes, its events, and how far these reach
    before and after it.

    Its bytes include those of the packet of sends that follows it, if any. The last two are in REACH_UNIT, negative
    where they begin later or end sooner.
    """

    kind: int
    number: int
    layer: int
    n_bytes: int
    n_events: int
    before: int
    after: int

    @property
    def place(self) -> tuple[int, int, int]:
        """What packets of events are ordered by."""
        return self.number, list(EVENTS).index(self.kind), self.layer


@dataclass(frozen=True)
class Index:
    """All packets of events, in order, and the windows (powers of two, in samples) of the events on the grid."""

    windows: tuple[int, ...]
    entries: tuple[Entry, ...]

    def n_events(self) -> dict[str, int]:
        """How many events of each kind the file holds; the first kind is named even if there are none."""
        counts = {
            kind: sum(entry.n_events for entry in self.entries if EVENTS[entry.kind] == kind)
            for kind in EVENTS.values()
        }
        return {kind: n for place, (kind, n) in enumerate(counts.items()) if n or place == 0}

    def pack(self) -> bytes:
        """As a payload."""
        mask = sum(1 << (w.bit_length() - 7) for w in self.windows)
        parts, before = [varint(mask), varint(len(self.entries))], 0
        for e in self.entries:
            parts += map(
                varint, (e.kind, e.number - before, e.layer, e.n_bytes, e.n_events, zigzag(e.before), zigzag(e.after))
            )
            before = e.number
        return b"".join(parts)

    @classmethod
    def unpack(cls, found: Frame) -> Index:
        """From its packet."""
        reader = Reader(found.payload, found.name)
        mask, n_packets = reader.varint(1023), reader.varint(len(found.payload))
        entries, before = [], 0
        for _ in range(n_packets):
            kind, number = reader.varint(127), before + reader.varint(1 << 48)
            if kind not in EVENTS:
                raise FormatError(f"{found.name}: it tells of packets of type {kind}, which hold no events")
            layer, n_bytes, n_events = (
                reader.varint(MAX_LAYER),
                reader.varint(2 * MAX_FRAME),
                reader.varint(8 * MAX_PAYLOAD),
            )
            if n_events > 8 * n_bytes:
                raise FormatError(f"{found.name}: {n_events} events in {n_bytes} bytes cannot be")
            entries.append(
                Entry(
                    kind,
                    number,
                    layer,
                    n_bytes,
                    n_events,
                    unzigzag(reader.varint(1 << 50)),
                    unzigzag(reader.varint(1 << 50)),
                )
            )
            before = number
        reader.finish()
        return cls(tuple(64 << k for k in range(10) if mask >> k & 1), tuple(entries))


def end_frame(index_size: int, n_packets: int) -> bytes:
    """The last packet: the size of the index's packet before it, and how many packets there are, itself and the
    header included.
    """
    return frame(END, struct.pack("<II", index_size, n_packets))


def unpack_end(found: Frame) -> tuple[int, int]:
    """Size of the index's packet and number of packets."""
    if len(found.payload) != 8:
        raise FormatError(f"{found.name}: wrong length")
    index_size, n_packets = struct.unpack("<II", found.payload)
    return index_size, n_packets
