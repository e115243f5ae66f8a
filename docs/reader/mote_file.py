"""A .mote file in plain Python: its packets, its header, and its gabor events as the whole numbers of docs/format.md.

from mote_file import read

header, events = read(open("a.mote", "rb").read())
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, field
from typing import Any

import gabor
import tags
from range_coder import Decoder, tables, unzigzag

PREAMBLE = b"\x8fmote\r\n\x1a\x01"
SLOTS, WEIGHTS = tables("gabor", gabor.N_SLOTS, gabor.N_MIXERS)


class Bytes:
    """Takes numbers and bytes from a payload, one after the other."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def varint(self) -> int:
        """Groups of seven bits, lowest first."""
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def signed(self) -> int:
        """A zigzag."""
        return unzigzag(self.varint())

    def take(self, n: int) -> bytes:
        """The next bytes."""
        self.at += n
        assert self.at <= len(self.data), "cut short"
        return self.data[self.at - n : self.at]

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(len(self.data) - self.at)


@dataclass
class Header:
    """What holds for the whole file."""

    sample_rate_hz: int
    n_samples: int
    n_channels: int
    steps_per_doubling: int
    n_phases: int
    knee: int
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def packet_samples(self) -> int:
        """The length of a packet of events."""
        return 8192 * max(1, (2 * self.sample_rate_hz + 8192) // 16384)

    @property
    def slope(self) -> int:
        """The step of amplitudes above the knee over the amplitude there, in 1/65536."""
        return round(65536 * (2 ** (1 / self.steps_per_doubling) - 1))


@dataclass
class GaborEvent:
    """Whole numbers before edits: per channel amplitude index (None: silent) and phase index; the rows of its tags."""

    time: int
    frequency: int
    window: int
    sound: list[tuple[int | None, int]]
    layer: int = 0
    edits: list[int] = field(default_factory=lambda: [0] * 8)
    group: int = 0


def packets(data: bytes) -> list[tuple[str, bytes]]:
    """Type and payload of each packet, checksums compared."""
    assert data.startswith(PREAMBLE), "not a .mote file of version 1"
    reader, found = Bytes(data), []
    reader.take(len(PREAMBLE))
    while reader.at < len(data):
        first = reader.at
        letter, n = reader.take(1), reader.varint()
        head = data[first : reader.at]
        checksum, payload = reader.take(4), reader.take(n)
        assert zlib.crc32(head + payload) == int.from_bytes(checksum, "little"), f"damaged at byte {first}"
        found.append((letter.decode("latin-1"), payload))
    return found


def read_header(payload: bytes) -> Header:
    """The first packet."""
    reader = Bytes(payload)
    numbers = [reader.varint() for _ in range(5)]
    return Header(*numbers, knee=reader.signed(), metadata=json.loads(reader.rest()))


def read_gabor(payload: bytes, header: Header) -> list[GaborEvent]:
    """The events of a packet, in canonical order."""
    reader = Bytes(payload)
    number, n_grid, n_free, base = reader.varint(), reader.varint(), reader.varint(), reader.signed()
    layer, flags = divmod(reader.varint(), 8)
    sizes = [reader.varint() if flags >> bit & 1 else 0 for bit in (0, 1)]
    edits, groups = (reader.take(size) for size in sizes)
    n_coded = 1 if flags & 4 else header.n_channels
    packet = gabor.Packet(base, header.slope, header.n_phases, header.packet_samples, n_coded, gabor.WINDOWS)
    on_grid, free = gabor.decode(reader.rest(), packet, n_grid, n_free, SLOTS, WEIGHTS)
    origin, events = number * header.packet_samples * 64, []
    for atom in on_grid:
        window = gabor.WINDOWS[atom.place[0]]
        place = origin + atom.place[1] * window * 16, atom.place[2] * ((1 << 20) // window), window * 16
        events.append(GaborEvent(*place, atom.sound, layer))
    events += [GaborEvent(origin + atom.place[0], *atom.place[1:], atom.sound, layer) for atom in free]
    events.sort(key=lambda event: (event.time, event.frequency, event.window))
    for event in events:
        event.sound = event.sound * (header.n_channels // n_coded)
    for event, row in zip(events, read_tags(edits, 8, [event.frequency for event in events]), strict=True):
        event.edits = row
    for event, (group,) in zip(events, read_tags(groups, 1, [event.frequency for event in events]), strict=True):
        event.group = group
    return events


def read_tags(data: bytes, n_columns: int, frequency: list[int]) -> list[list[int]]:
    """The row of each event, all 0 where there are no bytes."""
    if not data:
        return [[0] * n_columns for _ in frequency]
    index = [0] * len(frequency)
    rows = tags.code_tags(Decoder(data, tags.first_slots(), []), 0, frequency, index, [], n_columns)
    return [rows[i] for i in index]


def read(data: bytes) -> tuple[Header, list[GaborEvent]]:
    """The header and the gabor events of a file."""
    (letter, first), *rest = packets(data)
    assert letter == "H"
    header = read_header(first)
    return header, [event for letter, payload in rest if letter == "G" for event in read_gabor(payload, header)]
