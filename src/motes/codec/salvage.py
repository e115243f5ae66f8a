"""What is intact in a damaged .mote file: packets are checked and decoded alone, so those around the damage still
sound.
"""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass

import numpy as np

from motes.codec.contents import Contents, FindRoom
from motes.codec.frames import HEAD_SIZE, PREAMBLE_SIZE, Frame, check_preamble, frame_size, read_frame
from motes.codec.header import Header
from motes.codec.index import Entry, unpack_end
from motes.codec.packets import END, HEADER, INDEX, Often, Stage, name_of, packets, types
from motes.codec.reader import naming
from motes.errors import FormatError
from motes.events.packet import packet_samples
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
    contents = Contents(find_room, in_order=False)
    header = next((found for found in frames if found.type is HEADER), None)
    if header is None:
        raise FormatError(
            "nothing can be salvaged: there is no intact header, which says what the packets mean"
            if data
            else "the file is empty"
        )
    contents.add(header)
    for packet in packets():
        if Stage.HEADER < packet.stage < Stage.END:
            held = [found for found in frames if found.type is packet]
            _decode(contents, held if packet.often is Often.MANY else held[:1], skipped)
    if not contents.keep_known_groups():
        skipped.append("the groups are lost: events that were in them are in none")
    skipped += _missing(contents, frames) + _without_instrument(contents) + _without_room(contents)
    skipped += _without_sends(contents)
    return Salvaged(contents.scene(), skipped, len(frames))


def _decode(contents: Contents, frames: list[Frame], skipped: list[str]) -> None:
    for found in frames:
        try:
            contents.add(found)
        except FormatError as error:
            skipped.append(str(error))


def _without_instrument(contents: Contents) -> list[str]:
    """Drop events whose instrument is lost, and number the others' anew."""
    known, lost = sorted(contents.instruments), dict.fromkeys(contents.parts, 0)
    for kind, part in ((kind, part) for kind, parts in contents.parts.items() for part in parts):
        if "instrument_id" in part:
            n_controls = [contents.instruments[k].n_controls if k in known else 0 for k in part["instrument_id"]]
            kept = part["control"] < np.array(n_controls, np.int64)
            lost[kind] += int(np.count_nonzero(~kept))
            part.update({name: values[kept] for name, values in part.items()})
            part["instrument_id"] = np.searchsorted(known, part["instrument_id"])
    contents.instruments = {number: contents.instruments[k] for number, k in enumerate(known)}
    return [
        f"the instrument of {n} {kind} event{'s' * (n != 1)} is lost, and they with it" for kind, n in lost.items() if n
    ]


def _without_room(contents: Contents) -> list[str]:
    """Take events out of rooms that are lost, and number the others anew."""
    known, n_lost = sorted(contents.rooms), 0
    for part in (part for parts in contents.parts.values() for part in parts if "room_id" in part):
        lost = (part["room_id"] > 0) & ~np.isin(part["room_id"], known)
        n_lost += int(np.count_nonzero(lost))
        part["room_id"] = np.where(lost, 0, np.searchsorted(known, part["room_id"]) + (part["room_id"] > 0))
        part["wetness"] = np.where(lost, 0.0, part["wetness"])
    contents.rooms = {number: contents.rooms[k] for number, k in enumerate(known, 1)}
    return [f"the room of {n_lost} event{'s' * (n_lost != 1)} is lost: they are dry now"] if n_lost else []


def _without_sends(contents: Contents) -> list[str]:
    """Which packets' events were in rooms that are no longer known: the index counts the bytes of their sends among
    theirs.
    """
    sizes, lines = {entry.place: entry.n_bytes for entry in contents.entries}, []
    for entry in contents.index.entries if contents.index is not None else ():
        if entry.n_bytes > sizes.get(entry.place, entry.n_bytes) and entry.place not in contents.sent:
            start_s, end_s = _stretch(entry, entry, contents.header)
            events = _counted(entry.n_events, entry.kind)
            lines.append(f"which rooms {events} from {start_s:.2f} to {end_s:.2f} s were in is lost")
    return lines


def _stretch(first: Entry, last: Entry, header: Header) -> tuple[float, float]:
    """From the beginning of a packet to the end of another, in seconds."""
    length, rate = packet_samples(header.sample_rate_hz), header.sample_rate_hz
    return first.number * length / rate, min((last.number + 1) * length, header.n_samples) / rate


def _counted(n_events: int, kind: int) -> str:
    return f"{n_events} {name_of(kind)} event{'s' * (n_events != 1)}"


def salvage_file(path: str | os.PathLike[str], find_room: FindRoom | None = None) -> Salvaged:
    """`salvage` of a file; FormatError, which names it, where it cannot be read."""
    with naming(path), open(path, "rb") as handle:
        return salvage(handle.read(), find_room)


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
    known = types()
    for place in range(at, len(data)):
        if data[place] not in known:
            continue
        effort -= min(_claimed(data, place), len(data) - place) + HEAD_SIZE
        if effort < 0:
            break
        try:
            read_frame(data, place, 0)
        except FormatError:
            continue
        return place, effort
    return len(data), effort


def _claimed(data: memoryview, at: int) -> int:
    """The bytes that a packet here would have, 0 where they are more than there are."""
    try:
        size = frame_size(data[at : at + HEAD_SIZE], 0, at)
    except FormatError:
        return 0
    return size if size <= len(data) - at else 0


def _missing(contents: Contents, frames: list[Frame]) -> list[str]:
    """Which events of the index were not found, in seconds; or that the end of the file is gone."""
    ended = frames[-1].type is END and _is_end(frames[-1])
    if contents.index is None:
        if any(found.type is INDEX for found in frames):
            return []
        return [
            "the index is missing: whether packets of events are missing too is not known"
            if ended
            else "the file is cut short or its end is damaged"
        ]
    places = {entry.place for entry in contents.entries}
    lost = sorted(
        (entry for entry in contents.index.entries if entry.place not in places),
        key=lambda entry: (entry.place[1], entry.number),
    )
    lines = []
    for _, run in itertools.groupby(enumerate(lost), lambda pair: (pair[1].kind, pair[1].number - pair[0])):
        parts = [entry for _, entry in run]
        events = _counted(sum(entry.n_events for entry in parts), parts[0].kind)
        start_s, end_s = _stretch(parts[0], parts[-1], contents.header)
        lines.append(f"{events} from {start_s:.2f} to {end_s:.2f} s are lost")
    return lines + ([] if ended else ["the end packet is missing"])


def _is_end(found: Frame) -> bool:
    try:
        unpack_end(found.reader())
    except FormatError:
        return False
    return True
