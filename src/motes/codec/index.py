"""The index and the end: which packets of events a file holds, where they sound, and that nothing is missing."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, replace

from motes import kinds
from motes.coding.varints import Reader, varints, zigzag
from motes.errors import FormatError
from motes.events.packet import MAX_LAYER, MAX_PAYLOAD, REACH_UNIT, Extent, packet_samples

# A packet of events and the sends and shares that follow it.
_MAX_BYTES = 3 * (MAX_PAYLOAD + 16)
N_WINDOWS = 10

# By which packets of events differ and are ordered: number, order of the kind, layer.
Place = tuple[int, int, int]


@dataclass(frozen=True)
class Entry:
    """One packet in the index: its type, its place in time, its layer, its bytes, its events, and how far these reach
    before and after it.

    Its bytes include those of the packets of sends and shares that follow it, if any. The last two are in REACH_UNIT,
    negative where they begin later or end sooner.
    """

    kind: int
    number: int
    layer: int
    n_bytes: int
    n_events: int
    before: int
    after: int

    @classmethod
    def of(cls, kind: int, extent: Extent, n_bytes: int) -> Entry:
        """The entry of a packet of this type and size."""
        return cls(kind, extent.number, extent.layer, n_bytes, extent.n_events, extent.before, extent.after)

    @property
    def place(self) -> Place:
        """What packets of events are ordered by."""
        return self.number, _order(self.kind), self.layer

    def longer(self, n_bytes: int) -> Entry:
        """The entry with the bytes of what follows its packet."""
        return replace(self, n_bytes=self.n_bytes + n_bytes)

    def span(self, sample_rate_hz: int) -> tuple[int, int]:
        """The first and the last sample that its events may reach."""
        length = packet_samples(sample_rate_hz)
        return self.number * length - self.before * REACH_UNIT, (self.number + 1) * length + self.after * REACH_UNIT


def _order(kind: int) -> int:
    """The place of a kind in a file: of one stretch of time, packets of the first kind come first."""
    return next(order for order, one in enumerate(kinds.KINDS) if one.letter[0] == kind)


def check_event_type(kind: int, name: str) -> None:
    """FormatError unless packets of this type hold events."""
    if all(one.letter[0] != kind for one in kinds.KINDS):
        raise FormatError(f"{name}: it tells of packets of type {kind}, which hold no events")


@dataclass(frozen=True)
class Index:
    """All packets of events, in order, and the windows (powers of two, in samples) of the events on the grid."""

    windows: tuple[int, ...]
    entries: tuple[Entry, ...]

    @classmethod
    def of(cls, mask: int, entries: Iterable[Entry]) -> Index:
        """With the windows of a mask (bit 0: 64 samples)."""
        return cls(tuple(64 << k for k in range(N_WINDOWS) if mask >> k & 1), tuple(entries))

    def n_events(self) -> dict[str, int]:
        """How many events of each kind the file holds; the first kind is named even if there are none."""
        counts = {
            kind.name: sum(entry.n_events for entry in self.entries if entry.kind == kind.letter[0])
            for kind in kinds.KINDS
        }
        return {name: n for place, (name, n) in enumerate(counts.items()) if n or place == 0}

    def pack(self) -> bytes:
        """As a payload, by stretches of time also where the file is in two layers."""
        mask = sum(1 << (w.bit_length() - 7) for w in self.windows)
        parts, before = [varints(mask, len(self.entries))], 0
        for e in sorted(self.entries, key=lambda entry: entry.place):
            place = e.kind, e.number - before, e.layer
            parts.append(varints(*place, e.n_bytes, e.n_events, zigzag(e.before), zigzag(e.after)))
            before = e.number
        return b"".join(parts)

    @classmethod
    def unpack(cls, reader: Reader) -> Index:
        """From its payload."""
        mask, n_packets = reader.varint((1 << N_WINDOWS) - 1), reader.varint(len(reader))
        entries: list[Entry] = []
        for _ in range(n_packets):
            entries.append(_read_entry(reader, entries[-1].number if entries else 0))
        reader.finish()
        return cls.of(mask, entries)


def _read_entry(reader: Reader, before: int) -> Entry:
    kind, number = reader.varint(127), before + reader.varint(1 << 48)
    check_event_type(kind, reader.name)
    layer, n_bytes, n_events = reader.varint(MAX_LAYER), reader.varint(_MAX_BYTES), reader.varint(8 * MAX_PAYLOAD)
    if n_events > 8 * n_bytes:
        raise FormatError(f"{reader.name}: {n_events} events in {n_bytes} bytes cannot be")
    return Entry(kind, number, layer, n_bytes, n_events, reader.zigzag(1 << 50), reader.zigzag(1 << 50))


def pack_end(index_size: int, n_packets: int, file_id: bytes = b"") -> bytes:
    """The payload of the end: the file's id, if it has one, the size of the index's packet before it, and how many
    packets there are, itself and the header included.
    """
    return file_id + struct.pack("<II", index_size, n_packets)


def unpack_end(reader: Reader, file_id: bytes = b"") -> tuple[int, int]:
    """Size of the index's packet and number of packets; FormatError where it is the end of another file."""
    if len(reader) != 8 + len(file_id):
        raise FormatError(f"{reader.name}: wrong length")
    if reader.take(len(file_id)) != file_id:
        raise FormatError(f"{reader.name}: it is of another file")
    index_size, n_packets = struct.unpack("<II", reader.rest())
    return index_size, n_packets
