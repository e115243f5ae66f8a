"""What is intact in a damaged .mote file: packets are checked and decoded alone, so those around the damage still
sound.
"""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass

import numpy as np

from motes.codec.bitstream import Columns, FindRoom
from motes.coding.container import (
    END,
    EVENTS,
    GROUPS,
    HEADER,
    INDEX,
    INSTRUMENT,
    NAMES,
    PREAMBLE_SIZE,
    ROOM,
    SENDS,
    Frame,
    Header,
    Index,
    check_preamble,
    packet_samples,
    read_frame,
    unpack_end,
    unpack_groups,
)
from motes.errors import FormatError
from motes.scene.scene import Scene

# Looking for the next packet reads at most this many times the file.
_EFFORT = 64


@dataclass(frozen=True)
class Salvaged:
    """The scene of the packets that could be read, and one line for each thing that could not."""

    scene: Scene
    skipped: list[str]
    n_packets: int


def salvage(data: bytes | memoryview, find_room: FindRoom | None = None) -> Salvaged:
    """Decode the packets that are intact; FormatError where there is nothing to decode them with, or none is."""
    data, skipped = memoryview(data), []
    try:
        check_preamble(data)
    except FormatError as error:
        skipped.append(f"the first bytes: {error}")
    frames = _intact(data, skipped)
    header = next((found for found in frames if found.kind == HEADER), None)
    if header is None:
        raise FormatError(
            "nothing can be salvaged: there is no intact header, which says what the packets mean"
            if data
            else "the file is empty"
        )
    columns, sizes = Columns(Header.unpack(header), find_room), {}
    for found in (found for found in frames if found.kind in (INSTRUMENT, ROOM)):
        try:
            (columns.add_instrument if found.kind == INSTRUMENT else columns.add_room)(found)
        except FormatError as error:
            skipped.append(str(error))
    for found in (found for found in frames if found.kind in EVENTS):
        try:
            place = columns.add(found)[0].place
        except FormatError as error:
            skipped.append(str(error))
            continue
        if place in sizes:
            columns.parts[EVENTS[found.kind]].pop()
            skipped.append(f"{found.name}: stands twice")
        else:
            sizes[place] = found.size
    sent = set()
    for found in (found for found in frames if found.kind == SENDS):
        try:
            sent.add(columns.add_sends(found))
        except FormatError as error:
            skipped.append(str(error))
    groups = next((found for found in frames if found.kind == GROUPS), None)
    try:
        columns.groups = columns.groups if groups is None else unpack_groups(groups)
    except FormatError as error:
        skipped.append(str(error))
    if not columns.keep_known_groups():
        skipped.append("the groups are lost: events that were in them are in none")
    skipped += _missing(frames, list(sizes), columns.header) + _without_instrument(columns) + _without_room(columns)
    skipped += _without_sends(frames, sizes, sent, columns.header)
    return Salvaged(columns.scene(), skipped, len(frames))


def _without_instrument(columns: Columns) -> list[str]:
    """Drop strikes whose instrument is lost, and number the others' anew."""
    known, n_lost = sorted(columns.instruments), 0
    for part in columns.parts["strike"]:
        instrument, control = part["instrument_id"], part["control"]
        n_controls = np.array([columns.instruments[k].n_controls if k in known else 0 for k in instrument], np.int64)
        kept = control < n_controls
        n_lost += int(np.count_nonzero(~kept))
        part.update({name: values[kept] for name, values in part.items()})
        part["instrument_id"] = np.searchsorted(known, part["instrument_id"])
    columns.instruments = {number: columns.instruments[k] for number, k in enumerate(known)}
    return [f"the instrument of {n_lost} strike event{'s' * (n_lost != 1)} is lost, and they with it"] if n_lost else []


def _without_room(columns: Columns) -> list[str]:
    """Take events out of rooms that are lost, and number the others anew."""
    known, n_lost = sorted(columns.rooms), 0
    for part in (part for parts in columns.parts.values() for part in parts if "room_id" in part):
        lost = (part["room_id"] > 0) & ~np.isin(part["room_id"], known)
        n_lost += int(np.count_nonzero(lost))
        part["room_id"] = np.where(lost, 0, np.searchsorted(known, part["room_id"]) + (part["room_id"] > 0))
        part["wetness"] = np.where(lost, 0.0, part["wetness"])
    columns.rooms = {number: columns.rooms[k] for number, k in enumerate(known, 1)}
    return [f"the room of {n_lost} event{'s' * (n_lost != 1)} is lost: they are dry now"] if n_lost else []


def _without_sends(
    frames: list[Frame], sizes: dict[tuple[int, int, int], int], sent: set[tuple[int, int, int]], header: Header
) -> list[str]:
    """Which packets' events were in rooms that are no longer known: the index counts the bytes of their sends among
    theirs.
    """
    index = next((found for found in frames if found.kind == INDEX), None)
    try:
        entries = () if index is None else Index.unpack(index).entries
    except FormatError:
        return []
    length, rate, lines = packet_samples(header.sample_rate_hz), header.sample_rate_hz, []
    for entry in entries:
        if entry.n_bytes > sizes.get(entry.place, entry.n_bytes) and entry.place not in sent:
            ends = (
                f"{entry.number * length / rate:.2f} to "
                f"{min((entry.number + 1) * length, header.n_samples) / rate:.2f} s"
            )
            lines.append(
                f"which rooms {entry.n_events} {EVENTS[entry.kind]} event{'s' * (entry.n_events != 1)} from "
                f"{ends} "
                "were in is lost"
            )
    return lines


def salvage_file(path: str | os.PathLike[str], find_room: FindRoom | None = None) -> Salvaged:
    """The same of a file; FormatError, which names it, where it cannot be read."""
    try:
        with open(path, "rb") as handle:
            return salvage(handle.read(), find_room)
    except FormatError as error:
        raise FormatError(f"{os.fspath(path)}: {error}") from None
    except OSError as error:
        raise FormatError(f"cannot read {os.fspath(path)}: {error.strerror or error}") from None


def _intact(data: memoryview, skipped: list[str]) -> list[Frame]:
    """All packets whose checksum is right, wherever they lie."""
    frames: list[Frame] = []
    at, effort = PREAMBLE_SIZE, _EFFORT * (len(data) + 4096)
    while at < len(data):
        try:
            found = read_frame(data, at, len(frames))
        except FormatError as error:
            reason = str(error)
        else:
            frames.append(found)
            at += found.size
            continue
        begins = at
        at, effort = _next_packet(data, at + 1, effort)
        gap = "to its end" if at == len(data) else f"{at - begins} bytes"
        skipped.append(f"{reason}; skipped {gap}")
    return frames


def _next_packet(data: memoryview, at: int, effort: int) -> tuple[int, int]:
    """Where the next intact packet begins, or the end; and what is left of the effort."""
    kinds = bytes(NAMES)
    for place in range(at, len(data)):
        if data[place] not in kinds:
            continue
        effort -= min(_claimed(data, place), len(data) - place) + 16
        if effort < 0:
            break
        try:
            read_frame(data, place, 0)
        except FormatError:
            continue
        return place, effort
    return len(data), effort


def _claimed(data: memoryview, at: int) -> int:
    """The length that a packet here would have."""
    value = 0
    for i, byte in enumerate(data[at + 1 : at + 11]):
        value |= (byte & 127) << 7 * i
        if byte < 128:
            return value if value <= len(data) - at else 0
    return 0


def _missing(frames: list[Frame], places: list[tuple[int, int, int]], header: Header) -> list[str]:
    """What the index tells of that was not found, in seconds; or that the end of the file is gone."""
    last = frames[-1]
    index = next((found for found in frames if found.kind == INDEX), None)
    ended = last.kind == END and _is_end(last)
    if index is None:
        return [
            "the index is missing: whether packets of events are missing too is not known"
            if ended
            else "the file is cut short or its end is damaged"
        ]
    length, rate = packet_samples(header.sample_rate_hz), header.sample_rate_hz
    try:
        entries = Index.unpack(index).entries
    except FormatError as error:
        return [str(error)]
    lost = sorted(
        (entry for entry in entries if entry.place not in places), key=lambda entry: (entry.place[1], entry.number)
    )
    lines = []
    for _, run in itertools.groupby(enumerate(lost), lambda pair: (pair[1].kind, pair[1].number - pair[0])):
        parts = [entry for _, entry in run]
        n_events = sum(entry.n_events for entry in parts)
        start_s, end_s = parts[0].number * length / rate, min((parts[-1].number + 1) * length, header.n_samples) / rate
        lines.append(
            f"{n_events} {EVENTS[parts[0].kind]} event{'s' * (n_events != 1)} from {start_s:.2f} to {end_s:.2f} s "
            "are "
            "lost"
        )
    return lines + ([] if ended else ["the end packet is missing"])


def _is_end(found: Frame) -> bool:
    try:
        unpack_end(found)
    except FormatError:
        return False
    return True
