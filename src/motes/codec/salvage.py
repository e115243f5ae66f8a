"""What is intact in a damaged .mote file: packets are checked and decoded alone, so those around the damage still
sound.
"""

from __future__ import annotations

import itertools
import os
from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from motes import kinds, places
from motes.codec.contents import Contents, FindRoom
from motes.codec.frames import Frame
from motes.codec.header import Header
from motes.codec.index import Entry, Index, Place
from motes.codec.intact import beginning, intact
from motes.codec.packets import END, FRONT, HEADER, INDEX, OPTIONAL, Often, PacketType, Stage, name_of, packets
from motes.codec.payloads.front_packet import Prefix
from motes.codec.reader import Grammar, loads, naming, read
from motes.errors import FormatError
from motes.events.packet import Columns, packet_samples
from motes.kinds.kind import Kind
from motes.scene.scene import Scene


@dataclass(frozen=True)
class Salvaged:
    """The scene of the packets that could be read, and one line for each thing that could not."""

    scene: Scene
    skipped: list[str]
    n_packets: int


def salvage(data: bytes | memoryview, find_room: FindRoom | None = None) -> Salvaged:
    """Decode the packets that are intact; FormatError where there is nothing to decode them with, or none is."""
    data, skipped = memoryview(data), list[str]()
    start = beginning(data, skipped)
    frames = intact(data, start, skipped)
    if (found := _ended_early(data, find_room)) is not None:
        return Salvaged(found[0], [str(found[1])], len(frames))
    contents = Contents(find_room, in_order=False, version=start.version, file_id=start.file_id)
    taken = _Taken(contents, frames, skipped)
    taken.all_of(HEADER)
    if not taken.names:
        raise FormatError(
            "nothing can be salvaged: there is no intact header, which says what the packets mean"
            if data
            else "the file is empty"
        )
    for packet in (FRONT, INDEX, END):  # first: the index tells which packets of events there are
        taken.all_of(packet)
    if contents.index is None and contents.front is not None:
        contents.index = contents.front.index
    contents.check_entry = _Order(contents.index).check
    for packet in packets():
        if Stage.HEADER < packet.stage < Stage.INDEX and packet is not FRONT:
            taken.all_of(packet)
    skipped += taken.moved() + _without_followers(contents, taken.optional_bytes())
    if not contents.keep_known_groups():
        skipped.append("the groups are lost: events that were in them are in none")
    skipped += (
        _missing(contents, frames) + _without_instrument(contents) + _without_room(contents) + _without_model(contents)
    )
    skipped += _without_nonsense(contents)
    scene = contents.scene()
    return Salvaged(scene, skipped or _why_not_whole(data, find_room), len(frames))


def _ended_early(data: memoryview, find_room: FindRoom | None) -> tuple[Scene, Prefix] | None:
    """What is in a file in two layers that is whole but for its end."""
    try:
        scene, prefix = read(data, find_room)
    except FormatError:
        return None
    return None if prefix is None else (scene, prefix)


class _Taken:
    """Takes intact packets into contents, and remembers which."""

    def __init__(self, contents: Contents, frames: list[Frame], skipped: list[str]) -> None:
        self._contents, self._frames, self._skipped = contents, frames, skipped
        # With the place of those that hold events.
        self.names: dict[str, Place | None] = {}

    def all_of(self, packet: PacketType) -> None:
        """The packets of a type, or the first that makes sense where there is but one; what is left out is told."""
        done = False
        for found in (found for found in self._frames if found.type is packet):
            if done and packet.often is not Often.MANY:
                self._skipped.append(f"{found.name}: it stands twice")
                continue
            try:
                self._contents.add(found)
            except FormatError as error:
                self._skipped.append(str(error))
                continue
            done = True
            self.names[found.name] = self._contents.entries[-1].place if found.type.kind is not None else None

    def optional_bytes(self) -> Counter[Place]:
        """How many bytes of optional packets stand behind each packet of events that was taken in."""
        found, last = Counter[Place](), None
        for packet in self._frames:
            place = self.names.get(packet.name)
            last = last if place is None else place
            if last is not None and packet.kind & OPTIONAL:
                found[last] += packet.size
        return found

    def _order(self, place: Place) -> tuple[bool, Place]:
        """What packets of events stand by."""
        return self._contents.header.layered and kinds.KINDS[place[1]].is_upper, place

    def moved(self) -> list[str]:
        """Which of the packets that were taken in stand elsewhere than they were written."""
        lines, grammar, last = [], Grammar(), None
        for found in self._frames:
            if found.name not in self.names:
                continue
            place = self.names[found.name]
            try:
                grammar.check(found)
                is_moved = place is not None and last is not None and self._order(place) < self._order(last)
            except FormatError:
                is_moved = True
            if is_moved:
                lines.append(f"{found.name}: it stands elsewhere than it was written, and is used")
            else:
                last = place or last
        return lines


class _Order:
    """Which packets of events are taken in: those that the index tells of, or without one those in order."""

    def __init__(self, index: Index | None) -> None:
        self._listed = None if index is None else {entry.place: entry for entry in index.entries}
        # By kind: packets are taken in kind by kind.
        self._last: dict[int, Place] = {}

    def check(self, found: Frame, entry: Entry) -> None:
        """FormatError, which names the packet, where it is none of the file's."""
        if self._listed is None:
            if entry.place < self._last.get(entry.kind, entry.place):
                raise FormatError(f"{found.name}: it stands out of order, and no index tells of it")
            self._last[entry.kind] = entry.place
            return
        listed = self._listed.get(entry.place)
        if listed is None:
            raise FormatError(f"{found.name}: the index does not tell of it: is it of another file?")
        if replace(listed, n_bytes=0) != replace(entry, n_bytes=0) or found.size > listed.n_bytes:
            raise FormatError(f"{found.name}: it is not what the index tells of: is it of another file?")


def _why_not_whole(data: memoryview, find_room: FindRoom | None) -> list[str]:
    """What is wrong with a file whose packets were all taken in, if anything is."""
    try:
        loads(data, find_room)
    except FormatError as error:
        return [f"nothing was skipped, yet the file is not as it was written: {error}"]
    return []


def _without_nonsense(contents: Contents) -> list[str]:
    """Drop packets of events that make no sense, alone or beside the others."""
    lines = []
    for kind in kinds.KINDS:
        parts = contents.parts[kind.name]
        if not parts or _makes_sense(contents, kind, parts):
            continue
        kept = [part for part in parts if _makes_sense(contents, kind, [part])]
        if not _makes_sense(contents, kind, kept):  # how edits move partials depends on all of them
            kept = [part for part in kept if "edit_ratio" not in part]
        if not _makes_sense(contents, kind, kept):
            kept = []
        n_lost = sum(len(part["time_s"]) for part in parts) - sum(len(part["time_s"]) for part in kept)
        parts[:] = kept
        lines.append(f"{n_lost} {kind.name} event{'s' * (n_lost != 1)} cannot be, where edits put them: they are lost")
    return lines


def _makes_sense(contents: Contents, kind: Kind, parts: list[Columns]) -> bool:
    try:
        if parts:
            contents.table(kind, [dict(part) for part in parts])
    except FormatError:
        return False
    return True


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


def _without_model(contents: Contents) -> list[str]:
    """Drop events that no known model can be found for, or whose dictionary lacks them, and number the others' anew."""
    known, n_lost = sorted(contents.models), 0
    for part in (part for parts in contents.parts.values() for part in parts if "model" in part):
        kept = np.isin(part["model"], known)
        for number in known if "waveform" in part else ():
            plays = contents.models[number].plays(part["waveform"], part["length_s"])
            kept &= (part["model"] != number) | plays
        n_lost += int(np.count_nonzero(~kept))
        part.update({name: values[kept] for name, values in part.items()})
        part["model"] = np.searchsorted(known, part["model"])
    contents.models = {number: contents.models[k] for number, k in enumerate(known)}
    return [f"the model of {n_lost} event{'s' * (n_lost != 1)} is lost, and they with it"] if n_lost else []


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


def _without_followers(contents: Contents, optional_bytes: Counter[Place]) -> list[str]:
    """Which packets' events were in rooms that are no longer known, rose in frequency by no one knows how much, or were
    parts of atoms that are no longer known: those are dropped, since each would sound as the whole atom.

    The index counts the bytes of sends, shares and chirps among those of the events.
    """
    found = {
        entry.place: entry.n_bytes + contents.followed.get(entry.place, 0) + optional_bytes[entry.place]
        for entry in contents.entries
    }
    lines, dropped = [], []
    for entry in contents.index.entries if contents.index is not None else ():
        if entry.n_bytes <= found.get(entry.place, entry.n_bytes):
            continue
        start_s, end_s = _stretch(entry, entry, contents.header)
        events = f"{_counted(entry.n_events, entry.kind)} from {start_s:.2f} to {end_s:.2f} s"
        if _lacks_chirps(contents, entry.place):
            lines.append(f"by how much the frequencies of {events} rise is lost: they are steady now")
        elif _lacks_shares(contents, entry.place):
            dropped.append(entry.place)
            lines.append(f"which parts of atoms {events} are is lost, and they with it")
        else:
            lines.append(f"which rooms {events} were in is lost")
    contents.leave_out(dropped)
    return lines


def _lacks_chirps(contents: Contents, place: Place) -> bool:
    """Whether what is lost behind a packet of events is, most likely, by how much their frequencies rise."""
    if contents.version == 1 or place[1] != 0 or place in contents.chirped:  # of the kinds, gabor is the first
        return False
    may_be_shares = place not in contents.shared and (contents.shared or _are_twins(contents.columns_at(place)))
    may_be_sends = place not in contents.sent and (contents.rooms or contents.sent)
    return not may_be_shares and (bool(contents.chirped) or not may_be_sends)


def _lacks_shares(contents: Contents, place: Place) -> bool:
    """Whether what is lost behind a packet of events is, or may be, which parts of atoms they are."""
    if place[1] > 1 or place in contents.shared:  # of the kinds, gabor is the first and texture the second
        return False
    may_be_sends = place not in contents.sent and (contents.rooms or contents.sent)
    return not may_be_sends or bool(contents.shared) or _are_twins(contents.columns_at(place))


def _are_twins(columns: Columns) -> bool:
    """Whether an atom, or a noise, stands there more than once, as one that is in parts does."""
    of_atom = ("time_s", "frequency_hz", "window_s", "amplitude", "phase_rad")
    names = ("time_s", "clock_s", "seed") if "seed" in columns else of_atom
    rows = np.column_stack([columns[name] for name in names])
    return len(np.unique(rows, axis=0)) < len(rows)


def _stretch(first: Entry, last: Entry, header: Header) -> tuple[float, float]:
    """From the beginning of a packet to the end of another, in seconds."""
    length, rate = packet_samples(header.sample_rate_hz), header.sample_rate_hz
    return first.number * length / rate, min((last.number + 1) * length, header.n_samples) / rate


def _counted(n_events: int, kind: int) -> str:
    return f"{n_events} {name_of(kind)} event{'s' * (n_events != 1)}"


def salvage_file(path: str | os.PathLike[str], find_room: FindRoom | None = None) -> Salvaged:
    """`salvage` of a file; FormatError, which names it, where it cannot be read."""
    with naming(path), places.open_file(path) as handle:
        return salvage(handle.read(), find_room)


def _missing(contents: Contents, frames: list[Frame]) -> list[str]:
    """Which events of the index were not found, in seconds; or that the end of the file is gone."""
    ended = contents.is_ended and frames[-1].type is END
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
