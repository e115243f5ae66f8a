"""The .mote file: a scene as bytes, whole or by the packets that sound in a stretch of time. docs/format.md says
what each byte means.
"""

from __future__ import annotations

import heapq
import importlib
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import numpy as np

from motes.codec.room_packet import decode_room, encode_room, read_room
from motes.coding.container import (
    END,
    END_SIZE,
    EVENTS,
    GROUPS,
    HEADER,
    INDEX,
    INSTRUMENT,
    MAX_FRAME,
    MAX_PAYLOAD,
    NAMES,
    OPTIONAL,
    PREAMBLE_SIZE,
    REACH_UNIT,
    ROOM,
    SENDS,
    Entry,
    Frame,
    Header,
    Index,
    Reader,
    check_preamble,
    end_frame,
    frame,
    pack_groups,
    packet_samples,
    preamble,
    read_frame,
    unpack_end,
    unpack_groups,
)
from motes.errors import FormatError, ParameterError
from motes.events.groups import Groups
from motes.events.instrument import Instrument
from motes.events.room import Room
from motes.files import atomic_output
from motes.kinds.gabor.integers import check_quantiser, default_quantiser
from motes.scene.scene import GaborQuantiser, Scene

# The header and its metadata fit in this many bytes beyond the limit of the metadata itself.
_SEEK_LIMIT = 1 << 16


class FileInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says of itself, without decoding its events."""

    sample_rate_hz: int
    n_samples: int
    n_channels: int
    duration_s: float
    n_bytes: int
    kbps: float
    events: dict[str, int]
    windows: list[int]
    n_packets: int
    instruments: int
    rooms: list[str]
    format_version: int
    encoder: str
    options: dict[str, object]
    stop_reason: str
    source_digest: str
    version: str
    quantiser: GaborQuantiser


def coder(kind: int) -> Any:
    """The module that writes and reads packets of this type: `packets(scene, quantiser)`, `columns(frame, header)` and
    `table(parts, sample_rate_hz)`, which joins the columns of all packets.

    `packets` gives the sends of its events too (`motes.coding.sends`), which go into packets of their own.

    Imported when asked for, since they need numba.
    """
    return importlib.import_module(f"motes.kinds.{EVENTS[kind]}.packet")


def _instrument_coder() -> Any:
    return importlib.import_module("motes.codec.instrument_packet")


def _sends_coder() -> Any:
    return importlib.import_module("motes.codec.sends_packet")


# Gives a room that a file names by its digest with its response, or as it is where it is not to be found.
FindRoom = Callable[[Room], Room]


def chunks(scene: Scene) -> Iterator[bytes]:
    """The file in pieces: preamble, header, packets of events, index, end. A scene not yet quantised is rounded on
    the way.
    """
    quantiser = check_quantiser(scene.quantiser or default_quantiser(scene))
    yield preamble()
    yield frame(
        HEADER, Header(scene.sample_rate_hz, scene.n_samples, scene.n_channels, quantiser, scene.metadata).pack()
    )
    groups = scene.groups.stored()
    if len(groups):
        yield frame(GROUPS, pack_groups(groups))
    for number, instrument in enumerate(scene.instruments):
        yield frame(INSTRUMENT, _instrument_coder().encode_instrument(instrument, number))
    for number, room in enumerate(scene.rooms, 1):
        yield frame(ROOM, encode_room(room, number))
    entries: list[Entry] = []
    mask = n_sends = 0
    held = [kind for kind, name in EVENTS.items() if len(getattr(scene, name))]
    for payload, entry, windows, sends in heapq.merge(
        *(coder(kind).packets(scene, quantiser) for kind in held), key=lambda packet: packet[1].place
    ):
        packet, told = frame(entry.kind, payload), b"" if sends is None else _sends_coder().sends_frame(entry, sends)
        entries.append(replace(entry, n_bytes=len(packet) + len(told)))
        mask |= windows
        n_sends += bool(told)
        yield packet + told
    index = frame(INDEX, Index(_windows(mask), tuple(entries)).pack())
    yield index
    yield end_frame(
        len(index), len(entries) + n_sends + len(scene.instruments) + len(scene.rooms) + 3 + (len(groups) > 0)
    )


def _windows(mask: int) -> tuple[int, ...]:
    return tuple(64 << k for k in range(10) if mask >> k & 1)


def dumps(scene: Scene) -> bytes:
    """The scene as the bytes of a .mote file, rounded if it is not yet."""
    return b"".join(chunks(scene))


def save(scene: Scene, path: str | os.PathLike[str], *, overwrite: bool = True) -> Path:
    """Write a .mote file, whole or not at all, and return its path; AudioError where it cannot be written."""
    with atomic_output(path, overwrite=overwrite) as handle:
        for chunk in chunks(scene):
            handle.write(chunk)
    return Path(path)


class Columns:
    """Grows with the packets that are read: nothing is allocated for events that have only been announced."""

    def __init__(self, header: Header, find_room: FindRoom | None = None) -> None:
        self.header, self._find_room = header, find_room
        self.groups = Groups.empty()
        self.rooms: dict[int, Room] = {}
        self._at: dict[tuple[int, int, int], dict[str, np.ndarray]] = {}
        self.parts: dict[str, list[dict[str, np.ndarray]]] = {name: [] for name in EVENTS.values()}
        self.instruments: dict[int, Instrument] = {}

    def add_instrument(self, found: Frame) -> None:
        """Decode what strikes will play."""
        number, instrument = _instrument_coder().decode_instrument(found, self.header)
        if number in self.instruments:
            raise FormatError(f"{found.name}: instrument {number} stands twice")
        self.instruments[number] = instrument

    def add_room(self, found: Frame) -> None:
        """Decode what events are sent to, and find the response of a room that is told by its digest."""
        number, room = decode_room(found)
        if number in self.rooms:
            raise FormatError(f"{found.name}: room {number} stands twice")
        self.rooms[number] = self._find_room(room) if room.is_missing and self._find_room is not None else room

    def add(self, found: Frame) -> tuple[Entry, int]:
        """Decode a packet; its entry in the index and the windows it uses."""
        part, entry, mask = coder(found.kind).columns(found, self.header)
        self.parts[EVENTS[found.kind]].append(part)
        self._at.setdefault(entry.place, part)
        return replace(entry, n_bytes=found.size), mask

    def add_sends(self, found: Frame) -> tuple[int, int, int]:
        """Decode which rooms the events of a packet before are sent to; the place of that packet."""
        place, n_events, reader = _sends_coder().read_place(found)
        part = self._at.get(place)
        if part is None or len(part["time_s"]) != n_events or "room_id" in part:
            raise FormatError(f"{found.name}: the events that it tells of are not there")
        part.update(_sends_coder().unpack_sends(reader, n_events))
        return place

    def scene(self) -> Scene:
        """All of it."""
        h = self.header
        tables: dict[str, Any] = {}
        for kind, name in EVENTS.items():
            if self.parts[name]:
                _same_columns(self.parts[name])
                tables[name] = coder(kind).table(self.parts[name], h.sample_rate_hz)
        if not all(
            np.all((table.group_id == 0) | np.isin(table.group_id, self.groups.id)) for table in tables.values()
        ):
            raise FormatError("events are in groups that the file does not tell of")
        common: dict[str, Any] = {"quantiser": h.quantiser, "groups": self.groups, "metadata": h.metadata}
        try:
            return Scene(
                h.sample_rate_hz,
                h.n_samples,
                h.n_channels,
                instruments=self._instruments(),
                rooms=self._rooms(),
                **common,
                **tables,
            )
        except ParameterError as error:  # strikes that play what is not there, events in rooms that are not
            raise FormatError(str(error)) from None

    def keep_known_groups(self) -> bool:
        """Take events out of groups that are not known; returns whether there were none such."""
        lost = False
        for part in (part for parts in self.parts.values() for part in parts if "group_id" in part):
            unknown = ~np.isin(part["group_id"], self.groups.id) & (part["group_id"] != 0)
            lost |= bool(unknown.any())
            part["group_id"] = np.where(unknown, 0, part["group_id"])
        return not lost

    @property
    def follow_partials(self) -> bool:
        """Whether an event was edited so that it depends on the other events of its partial."""
        parts = self.parts["gabor"]
        return any(
            np.any(part["edit_ratio"] != 1) or np.any(np.abs(part["edit_factor"]) != 1)
            for part in parts
            if "edit_ratio" in part
        )

    def _instruments(self) -> tuple[Instrument, ...]:
        if sorted(self.instruments) != list(range(len(self.instruments))):
            raise FormatError(f"of its instruments there are only {', '.join(map(str, sorted(self.instruments)))}")
        return tuple(self.instruments[number] for number in range(len(self.instruments)))

    def _rooms(self) -> tuple[Room, ...]:
        if sorted(self.rooms) != list(range(1, len(self.rooms) + 1)):
            raise FormatError(f"of its rooms there are only {', '.join(map(str, sorted(self.rooms)))}")
        return tuple(self.rooms[number] for number in range(1, len(self.rooms) + 1))

    @property
    def longest_room_s(self) -> float:
        """Length of the longest response."""
        return max((room.duration_s for room in self.rooms.values()), default=0.0)


def _same_columns(parts: list[dict[str, np.ndarray]]) -> None:
    """If some packets tell of rooms, the events of the others are in none."""
    if any("room_id" in part for part in parts):
        for part in parts:
            n_events = len(part["time_s"])
            part.setdefault("room_id", np.zeros(n_events, np.int64))
            part.setdefault("wetness", np.zeros(n_events))


def loads(data: bytes | memoryview, find_room: FindRoom | None = None) -> Scene:
    """The scene in the bytes of a .mote file; FormatError, which names the packet, if anything in them is wrong.

    Rooms that the file tells by their digest are asked of `find_room`; without it they are missing.
    """
    check_preamble(data)
    data = memoryview(data)
    at, number = PREAMBLE_SIZE, 0
    columns: Columns | None = None
    entries: list[Entry] = []
    mask, index, index_size, ended, n_skipped = 0, None, 0, False, 0
    while at < len(data):
        if ended:
            raise FormatError(f"{len(data) - at} bytes follow the end of the file")
        found = read_frame(data, at, number)
        if (found.kind == HEADER) != (number == 0):
            raise FormatError(f"{found.name}: the header must be the first packet, and only that")
        if index is not None and found.kind != END:
            raise FormatError(f"{found.name}: nothing but the end may follow the index")
        if found.kind == HEADER:
            columns = Columns(Header.unpack(found), find_room)
        elif found.kind == GROUPS:
            if number != 1 or columns is None:
                raise FormatError(f"{found.name}: groups stand right after the header")
            columns.groups = unpack_groups(found)
        elif found.kind == INSTRUMENT:
            assert columns is not None
            if entries or columns.rooms or n_skipped:
                raise FormatError(f"{found.name}: instruments stand before rooms and all events")
            columns.add_instrument(found)
        elif found.kind == ROOM:
            assert columns is not None
            if entries or n_skipped:
                raise FormatError(f"{found.name}: rooms stand before all events")
            columns.add_room(found)
        elif found.kind in EVENTS:
            assert columns is not None
            entry, windows = columns.add(found)
            if entries and entry.place <= entries[-1].place:
                raise FormatError(f"{found.name}: out of order")
            entries.append(entry)
            mask |= windows
        elif found.kind == SENDS:
            assert columns is not None
            if columns.add_sends(found) != entries[-1].place:
                raise FormatError(f"{found.name}: it stands elsewhere than right after the events that it tells of")
            entries[-1] = replace(entries[-1], n_bytes=entries[-1].n_bytes + found.size)
        elif found.kind == INDEX:
            index, index_size = Index.unpack(found), found.size
            if index != Index(_windows(mask), tuple(entries)):
                raise FormatError(f"{found.name}: it does not agree with the packets before it")
        elif found.kind == END:
            if unpack_end(found) != (index_size, number + 1) or index is None:
                raise FormatError(f"{found.name}: packets are missing")
            ended = True
        else:  # optional, and not known here
            n_skipped += 1
            if entries:
                entries[-1] = replace(entries[-1], n_bytes=entries[-1].n_bytes + found.size)
        at += found.size
        number += 1
    if not ended or columns is None:
        raise FormatError(f"the file is cut short: it ends after packet {number - 1}, with no end packet")
    return columns.scene()


class _Seekable:
    """A file of which only header, index and end have been read."""

    def __init__(self, handle: BinaryIO, find_room: FindRoom | None = None) -> None:
        self.handle, self._find_room = handle, find_room
        self.n_bytes = handle.seek(0, os.SEEK_END)
        handle.seek(0)
        start = handle.read(PREAMBLE_SIZE + 2 * _SEEK_LIMIT)
        check_preamble(start)
        if len(start) <= PREAMBLE_SIZE:
            raise FormatError("the file is cut short: it ends before its header")
        found = read_frame(start, PREAMBLE_SIZE, 0)
        if found.kind != HEADER:
            raise FormatError(f"{found.name}: the header must be the first packet")
        self.version = start[PREAMBLE_SIZE - 1]
        self.header = Header.unpack(found)
        self.first, self.groups = PREAMBLE_SIZE + found.size, None
        if self._read(self.first, 1) == bytes([GROUPS]):
            self.groups = read_frame(self._read(self.first, MAX_FRAME), 0, 1, file_at=self.first)
            self.first += self.groups.size
        self.rooms: list[Frame] = []
        self.n_skipped = 0
        self.instruments = self._read_all(INSTRUMENT, 1 + (self.groups is not None))
        self.rooms = self._read_all(ROOM, 1 + (self.groups is not None) + len(self.instruments))
        self.n_skipped = self._skip_optional(self.n_before)
        self.index, self.n_packets = self._read_index()

    @property
    def n_before(self) -> int:
        """Packets before those of events: the header, groups, instruments, rooms, and those that are skipped."""
        return 1 + (self.groups is not None) + len(self.instruments) + len(self.rooms) + self.n_skipped

    def _read_all(self, kind: int, number: int) -> list[Frame]:
        """The packets of this type that are next, before those of events; `number` is that of the first."""
        found: list[Frame] = []
        while self._read(self.first, 1) == bytes([kind]):
            size = Reader(self._read(self.first, 16)[1:], NAMES[kind]).varint(MAX_PAYLOAD) + MAX_FRAME - MAX_PAYLOAD
            found.append(read_frame(self._read(self.first, size), 0, number + len(found), file_at=self.first))
            self.first += found[-1].size
        return found

    def _skip_optional(self, number: int) -> int:
        """Pass over packets that this version does not know and need not know; how many there were."""
        n_skipped = 0
        while (start := self._read(self.first, 16)) and start[0] & OPTIONAL:
            reader = Reader(start[1:], f"packet {number + n_skipped} (optional, at byte {self.first})")
            self.first += 5 + reader.varint(MAX_PAYLOAD) + reader.position
            n_skipped += 1
        return n_skipped

    def _read_index(self) -> tuple[Index, int]:
        end_at = self.n_bytes - END_SIZE
        tail = self._read(max(end_at, self.first), END_SIZE)
        if len(tail) < END_SIZE or tail[0] != END:
            raise FormatError("the file is cut short, or bytes follow its end: its last bytes are no end packet")
        end = read_frame(tail, 0, 0, file_at=end_at)
        if end.size != END_SIZE:
            raise FormatError("the file is cut short, or bytes follow its end: its last bytes are no end packet")
        size, n_packets = unpack_end(end)
        index_at = end_at - size
        if not size or index_at < self.first:
            raise FormatError(f"{end.name}: the index it tells of cannot be there")
        found = read_frame(self._read(index_at, size), 0, n_packets - 2, file_at=index_at)
        if found.kind != INDEX or found.size != size:
            raise FormatError(f"{found.name}: not the index")
        index = Index.unpack(found)
        if sum(entry.n_bytes for entry in index.entries) != index_at - self.first:
            raise FormatError(f"{found.name}: the packets it lists are not those in the file")
        return index, n_packets

    def _read(self, at: int, size: int) -> bytes:
        self.handle.seek(at)
        return self.handle.read(size)

    def scene(self, first_sample: float, last_sample: float) -> Scene:
        """The packets that sound from `first_sample` to `last_sample`."""
        columns, at, length = (
            Columns(self.header, self._find_room),
            self.first,
            packet_samples(self.header.sample_rate_hz),
        )
        if self.groups is not None:
            columns.groups = unpack_groups(self.groups)
        for packet in self.instruments:
            columns.add_instrument(packet)
        for packet in self.rooms:
            columns.add_room(packet)
        tail = columns.longest_room_s * self.header.sample_rate_hz
        for i, entry in enumerate(self.index.entries):
            start, end = (
                entry.number * length - entry.before * REACH_UNIT,
                (entry.number + 1) * length + entry.after * REACH_UNIT,
            )
            if start <= last_sample and end + tail >= first_sample:
                self._add(columns, entry, at, self.n_before + i)
            at += entry.n_bytes
        if columns.follow_partials and (first_sample, last_sample) != (-np.inf, np.inf):
            return self.scene(-np.inf, np.inf)  # how an edited partial goes on here depends on all of it
        return columns.scene()

    def _add(self, columns: Columns, entry: Entry, at: int, number: int) -> None:
        """Decode a packet of events and the sends that follow it, and pass over optional packets behind it."""
        data = self._read(at, entry.n_bytes)
        if not data:
            raise FormatError(f"packet {number} (at byte {at}): cut short")
        found = read_frame(data, 0, number, file_at=at)
        if found.kind != entry.kind or replace(columns.add(found)[0], n_bytes=entry.n_bytes) != entry:
            raise FormatError(f"{found.name}: not what the index tells of it")
        first = found.size
        while first < len(data):
            more = read_frame(data, first, number, file_at=at + first)
            if not (more.kind & OPTIONAL or (more.kind == SENDS and columns.add_sends(more) == entry.place)):
                raise FormatError(f"{more.name}: the index does not tell of it")
            first += more.size


def load(
    path: str | os.PathLike[str],
    start_s: float | None = None,
    end_s: float | None = None,
    find_room: FindRoom | None = None,
) -> Scene:
    """The scene in a .mote file, or with a time range only its packets that sound there (the scene keeps its whole
    length).

    Rooms that the file tells by their digest are asked of `find_room`; without it they are missing. Raises FormatError,
    which names the file and the packet, where anything is wrong.
    """
    if start_s is not None and end_s is not None and start_s > end_s:
        raise ParameterError(f"start_s, {start_s:g}, is after end_s, {end_s:g}")
    with _named(path), open(path, "rb") as handle:
        if (start_s is None and end_s is None) or not handle.seekable():
            return loads(handle.read(), find_room)
        found = _Seekable(handle, find_room)
        rate = found.header.sample_rate_hz
        return found.scene(-np.inf if start_s is None else start_s * rate, np.inf if end_s is None else end_s * rate)


class _named:
    """Put the path before the message of what goes wrong inside."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, FormatError):
            raise FormatError(f"{self.path}: {error}") from None
        if isinstance(error, OSError):
            raise FormatError(f"cannot read {self.path}: {error.strerror or error}") from None


def info(path: str | os.PathLike[str]) -> FileInfo:
    """What a file says of itself: reads only header, index and end, and needs no compiler."""
    with _named(path), open(path, "rb") as handle:
        found = _Seekable(handle)
    header, meta = found.header, found.header.metadata
    seconds = header.n_samples / header.sample_rate_hz
    return FileInfo(
        sample_rate_hz=header.sample_rate_hz,
        n_samples=header.n_samples,
        n_channels=header.n_channels,
        duration_s=seconds,
        n_bytes=found.n_bytes,
        kbps=found.n_bytes * 8 / seconds / 1000 if seconds else 0.0,
        events=found.index.n_events(),
        windows=list(found.index.windows),
        n_packets=found.n_packets,
        instruments=len(found.instruments),
        rooms=[_told(packet) for packet in found.rooms],
        format_version=found.version,
        encoder=meta.encoder,
        options=meta.options,
        stop_reason=meta.stop_reason,
        source_digest=meta.source_digest,
        version=meta.version,
        quantiser=header.quantiser,
    )


def _told(packet: Frame) -> str:
    """A room in a few words."""
    room = read_room(packet).room
    return (
        room.name
        if room.is_synthetic
        else f"{room.name} ({'in the file' if room.is_embedded else f'not in the file, {room.digest[:12]}'})"
    )


def validate(path: str | os.PathLike[str]) -> FileInfo:
    """Check every checksum and decode everything; FormatError, which names the packet, if anything is wrong."""
    load(path)
    return info(path)
