"""A .mote file of which only what is asked for is read."""

from __future__ import annotations

import os
from typing import BinaryIO

import numpy as np

from motes.codec.contents import Contents, FindRoom
from motes.codec.frames import HEAD_SIZE, LONGEST_PREAMBLE, Frame, frame_size, framed_size, read_frame, read_preamble
from motes.codec.index import Entry, Index, pack_end, unpack_end
from motes.codec.packets import (
    CHIRPS,
    END,
    FRONT,
    HEADER,
    INDEX,
    OPTIONAL,
    SENDS,
    SHARES,
    TAGS,
    Often,
    PacketType,
    Stage,
    packets,
    types,
)
from motes.codec.payloads.front_packet import Front, Prefix, in_layers, is_upper
from motes.codec.payloads.tags_packet import unpack_tags
from motes.errors import FormatError
from motes.scene.scene import Scene
from motes.scene.tags import TagMap

_NO_END = "the file is cut short, or bytes follow its end: its last bytes are no end packet"


class SeekableFile:
    """A file of which all but its packets of events has been read: header, groups, instruments, rooms, index, end."""

    def __init__(self, handle: BinaryIO, find_room: FindRoom | None = None) -> None:
        self._handle, self._find_room = handle, find_room
        self.n_bytes = handle.seek(0, os.SEEK_END)
        self.start = read_preamble(self._read(0, LONGEST_PREAMBLE))
        # Where the next packet begins: in the end the first one of events.
        self._first = self.start.size
        self._before: list[Frame] = []
        # From which sample on detail is missing, of a file that ends within it.
        self._missing_from: int | None = None
        for packet in packets():
            if packet.stage < Stage.EVENTS:
                self._read_all(packet)
        contents = self._contents()
        contents.add(self._before[0])
        self.header = contents.header
        n_skipped = self._skip_optional(len(self._before))
        self._n_before = len(self._before) + n_skipped
        self.prefix: Prefix | None = None
        front = next((Front.unpack(packet.reader()) for packet in self.of_type(FRONT)), None)
        self.index, self.n_packets = self._read_index() if front is None else self._read_front(front)
        self.front = front

    @property
    def sparse_bytes(self) -> int:
        """Of a file in two layers, the bytes up to the end of the sparse one; 0 for others."""
        if self.front is None:
            return 0
        return self._first + sum(entry.n_bytes for entry in self.front.index.entries if not is_upper(entry))

    def _contents(self) -> Contents:
        return Contents(self._find_room, version=self.start.version, file_id=self.start.file_id)

    def tags(self) -> TagMap:
        """Title, artist …"""
        found = self.of_type(TAGS)
        return unpack_tags(found[0].reader()) if found else TagMap()

    def of_type(self, packet: PacketType) -> list[Frame]:
        """The packets of a type that stands before those of events."""
        return [found for found in self._before if found.type is packet]

    def _read_all(self, packet: PacketType) -> None:
        """The packets of this type that are next."""
        while head := self._read(self._first, HEAD_SIZE):
            if head[0] != packet.number:
                break
            size = frame_size(head, len(self._before), self._first)
            found = read_frame(
                self._read(self._first, size), 0, len(self._before), file_at=self._first, seed=self.start.seed
            )
            self._before.append(found)
            self._first += found.size
            if packet.often is not Often.MANY:
                return
        if packet is HEADER:
            if not head:
                raise FormatError("the file is cut short: it ends before its header")
            raise FormatError(f"packet 0 (at byte {self._first}): {HEADER.rule}")

    def _skip_optional(self, number: int) -> int:
        """Pass over packets that this version does not know and need not know; how many there were. Known ones
        may stand among them."""
        n_skipped = 0
        while (head := self._read(self._first, HEAD_SIZE)) and head[0] & OPTIONAL:
            size = frame_size(head, number + n_skipped, self._first)
            if head[0] in types():
                data = self._read(self._first, size)
                found = read_frame(data, 0, number + n_skipped, file_at=self._first, seed=self.start.seed)
                self._before.append(found)
                n_skipped -= 1
            self._first += size
            n_skipped += 1
        return n_skipped

    def _read_front(self, front: Front) -> tuple[Index, int]:
        """The index of a file in two layers, of as many packets as are there; and how many packets these are in all."""
        if front.n_bytes <= self.n_bytes:
            return self._read_index()
        ends = self._first + np.cumsum([entry.n_bytes for entry in front.index.entries])
        n_whole = int(np.searchsorted(ends, self.n_bytes, side="right"))
        if n_whole < front.n_sparse:
            raise FormatError(_NO_END)
        rate = self.header.sample_rate_hz
        self._missing_from = front.missing_from(n_whole, rate)
        until_s = None if self._missing_from is None else min(self._missing_from, self.header.n_samples) / rate
        self.prefix = Prefix(self.n_bytes, front.n_bytes, until_s)
        return front.first(n_whole), self._n_before + n_whole

    def _read_index(self) -> tuple[Index, int]:
        file_id, seed = self.start.file_id, self.start.seed
        end_size = framed_size(END.number, pack_end(0, 0, file_id))
        end_at = self.n_bytes - end_size
        tail = self._read(max(end_at, self._first), end_size)
        if len(tail) < end_size or tail[0] != END.number:
            raise FormatError(_NO_END)
        end = read_frame(tail, 0, 0, file_at=end_at, seed=seed)
        if end.size != end_size:
            raise FormatError(_NO_END)
        size, n_packets = unpack_end(end.reader(), file_id)
        index_at = end_at - size
        if not size or index_at < self._first:
            raise FormatError(f"{end.name}: the index it tells of cannot be there")
        found = read_frame(self._read(index_at, size), 0, n_packets - 2, file_at=index_at, seed=seed)
        if found.type is not INDEX or found.size != size:
            raise FormatError(f"{found.name}: not the index")
        index = Index.unpack(found.reader())
        index = in_layers(index) if self.header.layered else index
        if sum(entry.n_bytes for entry in index.entries) != index_at - self._first:
            raise FormatError(f"{found.name}: the packets it lists are not those in the file")
        return index, n_packets

    def _read(self, at: int, size: int) -> bytes:
        self._handle.seek(at)
        return self._handle.read(size)

    def scene(self, first_sample: float, last_sample: float) -> Scene:
        """The packets that sound from `first_sample` to `last_sample`."""
        contents, at = self._contents(), self._first
        for packet in self._before:
            contents.add(packet)
        contents.missing_from = self._missing_from
        tail = contents.longest_room_s * self.header.sample_rate_hz
        for i, entry in enumerate(self.index.entries):
            start, end = entry.span(self.header.sample_rate_hz)
            if start <= last_sample and end + tail >= first_sample:
                self._add(contents, entry, at, self._n_before + i)
            at += entry.n_bytes
        if contents.follow_partials and (first_sample, last_sample) != (-np.inf, np.inf):
            return self.scene(-np.inf, np.inf)  # how an edited partial goes on here depends on all of it
        return contents.scene()

    def _add(self, contents: Contents, entry: Entry, at: int, number: int) -> None:
        """Decode a packet of events and the sends, shares and chirps after it; pass over optional packets behind."""
        data = self._read(at, entry.n_bytes)
        if not data:
            raise FormatError(f"packet {number} (at byte {at}): cut short")
        found = read_frame(data, 0, number, file_at=at, seed=self.start.seed)
        if found.kind == entry.kind:
            contents.add(found)
        first = found.size
        while first < len(data):
            more = read_frame(data, first, number, file_at=at + first, seed=self.start.seed)
            if not (more.kind & OPTIONAL or more.type in (SENDS, SHARES, CHIRPS)):
                raise FormatError(f"{more.name}: the index does not tell of it")
            contents.add(more)
            first += more.size
        if not contents.entries or contents.entries[-1] != entry:
            raise FormatError(f"{found.name}: not what the index tells of it")
