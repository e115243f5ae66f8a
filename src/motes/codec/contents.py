"""What has been read of a file so far, packet by packet."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from motes import kinds
from motes.codec.compact_header import unpack_compact
from motes.codec.header import Header
from motes.codec.index import Entry, Index, Place, unpack_end
from motes.codec.payloads.attacks_packet import add_attacks, unpack_attacks
from motes.codec.payloads.front_packet import Front, Prefix, in_layers, is_upper
from motes.codec.payloads.group_packet import unpack_groups
from motes.codec.payloads.model_packet import unpack_model
from motes.codec.payloads.notes_packet import NotesOfFile, unpack_notes
from motes.codec.payloads.room_packet import decode_room
from motes.codec.payloads.tags_packet import unpack_tags
from motes.coding.varints import Reader
from motes.errors import FormatError, ParameterError
from motes.events.event_table import EventTable, Ints
from motes.events.groups import Groups
from motes.events.instrument import Instrument
from motes.events.model import Model
from motes.events.packet import Columns
from motes.events.room import Room
from motes.kinds.kind import Kind
from motes.scene.scene import Scene
from motes.scene.tags import TagMap
from motes.settings import check_limit

if TYPE_CHECKING:
    from motes.codec.frames import Frame

# Gives a room that a file names by its digest with its response, or as it is where it is not to be found.
FindRoom = Callable[[Room], Room]
# No setting is read for so few.
_FEW_WEIGHTS = 1 << 20


class Contents:
    """Grows with the packets that are read: nothing is allocated for events that have only been announced.

    Each method takes in one packet, or raises a FormatError that names it. If not `in_order`, packets of events and of
    sends may come in any order, as those that are left of a damaged file do, and index and end need not agree with
    them.
    """

    def __init__(
        self, find_room: FindRoom | None = None, *, in_order: bool = True, version: int = 1, file_id: bytes = b""
    ) -> None:
        self._find_room, self._in_order = find_room, in_order
        self.version, self._file_id = version, file_id
        self._header: Header | None = None
        self.groups, self.tags = Groups.empty(), TagMap()
        self.notes: NotesOfFile | None = None
        # Until when the notes in a layer of atoms are not made longer.
        self.attacks: dict[int, int] = {}
        self.instruments: dict[int, Instrument] = {}
        self.rooms: dict[int, Room] = {}
        self.models: dict[int, Model] = {}
        self.parts: dict[str, list[Columns]] = {kind.name: [] for kind in kinds.KINDS}
        self._at: dict[Place, Columns] = {}
        self.entries: list[Entry] = []
        # Packets of events whose sends, shares and chirps are known, and how many bytes these take.
        self.sent, self.shared, self.chirped = set[Place](), set[Place](), set[Place]()
        self.followed: dict[Place, int] = {}
        # Of files in two layers.
        self.front: Front | None = None
        self.powers: Ints | None = None
        self.index: Index | None = None
        self.is_ended = False
        # From which sample on detail is missing, of a file that ends within it.
        self.missing_from: int | None = None
        # Raises FormatError for packets of events that are none of the file's.
        self.check_entry: Callable[[Frame, Entry], None] | None = None
        self._windows = self._index_size = self._n_weights = 0
        self.n_packets = 0

    @property
    def header(self) -> Header:
        """What holds for the whole file; the grammar has it read first."""
        assert self._header is not None
        return self._header

    def add(self, found: Frame) -> None:
        """Whatever a packet holds; FormatError, which names it, where that makes no sense."""
        if found.type.since > self.version:
            raise FormatError(
                f"{found.name}: files of format version {self.version} have no such packets, only those of version "
                f"{found.type.since} on"
            )
        try:
            found.type.read(self, found)
        except ParameterError as error:
            raise FormatError(f"{found.name}: {error}") from None

    def add_header(self, found: Frame) -> None:
        """What holds for the whole file."""
        if self.version == 1:
            self._header = Header.unpack(found.reader())
            return
        self._header, file_id = unpack_compact(found.reader())
        if file_id != self._file_id:
            raise FormatError(f"{found.name}: it is of another file")

    def add_groups(self, found: Frame) -> None:
        """The groups of events."""
        self.groups = unpack_groups(found.reader())

    def add_instrument(self, found: Frame) -> None:
        """What strikes will play."""
        from motes.codec.payloads.instrument_packet import decode_instrument  # numba

        number, instrument = decode_instrument(found.reader(), self.header.sample_rate_hz, self.header.n_channels)
        self._check_number(found, number, self.instruments, 0)
        self._n_weights += instrument.weights.size
        if self._n_weights > _FEW_WEIGHTS:
            of = f"the file's instruments have {self._n_weights} weights"
            check_limit("motes_max_instrument_weights", self._n_weights, of)
        self.instruments[number] = instrument

    def add_room(self, found: Frame) -> None:
        """What events are sent to, with the response of a room that is stored by its digest."""
        number, room = decode_room(found.reader())
        self._check_number(found, number, self.rooms, 1)
        self.rooms[number] = self._find_room(room) if room.is_missing and self._find_room is not None else room

    def add_model(self, found: Frame) -> None:
        """What vectors are decoded by, or a dictionary of waveforms: neither need be there."""
        number, model = unpack_model(found.reader())
        self._check_number(found, number, self.models, 0)
        self.models[number] = model

    def add_waveforms(self, found: Frame) -> None:
        """What learned events sound like, of one of the models."""
        from motes.codec.payloads.waveforms_packet import unpack_waveforms  # numba

        number, held = unpack_waveforms(found.reader())
        model = self.models.get(number)
        if model is None or model.waveforms is not None:
            raise FormatError(f"{found.name}: they stand twice, or the dictionary that they are of is not there")
        if self._in_order and any(self.models[k].waveforms is not None for k in self.models if k > number):
            raise FormatError(f"{found.name}: {found.type.rule}")
        self.models[number] = held.of(model)

    def _check_number(self, found: Frame, number: int, known: dict[int, Any], first: int) -> None:
        if number in known:
            raise FormatError(f"{found.name}: {found.type.name} {number} stands twice")
        if self._in_order and number != first + len(known):
            raise FormatError(f"{found.name}: {found.type.name} {number} stands where {first + len(known)} should")

    def add_tags(self, found: Frame) -> None:
        """What the recording says of itself; after events such a packet is passed over."""
        if self._in_order and self.entries:
            self.skip(found)
            return
        if self.tags:
            raise FormatError(f"{found.name}: it stands twice")
        self.tags = unpack_tags(found.reader())

    def add_notes(self, found: Frame) -> None:
        """What is known of the notes; after events such a packet is passed over."""
        if self._in_order and self.entries:
            self.skip(found)
            return
        if self.notes is not None:
            raise FormatError(f"{found.name}: it stands twice")
        notes = unpack_notes(found.reader())
        if self._in_order and not np.isin(notes.notes.id, self.groups.id).all():
            raise FormatError(f"{found.name}: it tells of notes that are no groups")
        notes.added_to(self.groups)  # which says so where both make no sense together
        self.notes = notes

    def add_note_vectors(self, found: Frame) -> None:
        """What of the vectors of notes does not follow from these; after events such a packet is passed over."""
        if self._in_order and self.entries:
            self.skip(found)
            return
        if self.notes is None or self.notes.notes.has_vector.any():
            raise FormatError(f"{found.name}: it stands twice, or the notes that it tells of are not there")
        from motes.codec.payloads.note_vectors_packet import unpack_note_vectors  # numba

        self.notes = self.notes._replace(notes=unpack_note_vectors(found.reader(), self.notes.notes))

    def add_attacks(self, found: Frame) -> None:
        """Until when notes are not made longer, by layer."""
        if self.attacks:
            raise FormatError(f"{found.name}: it stands twice")
        self.attacks = unpack_attacks(found.reader())

    def all_groups(self) -> Groups:
        """The groups of events, with what is known of those that are notes, and the parts that these are in."""
        return self.groups if self.notes is None else self.notes.added_to(self.groups)

    def add_front(self, found: Frame) -> None:
        """Which packets of events come, and how long the file is."""
        if not self.header.layered or self.front is not None:
            raise FormatError(f"{found.name}: only files in two layers have one, and they one alone")
        self.front = Front.unpack(found.reader())

    def add_powers(self, found: Frame) -> None:
        """How strong detail is."""
        from motes.codec.payloads.powers_packet import unpack_powers  # numba

        if not self.header.layered or self.powers is not None:
            raise FormatError(f"{found.name}: only files in two layers have them, and they once")
        h = self.header
        self.powers = unpack_powers(found.reader(), h.sample_rate_hz, h.n_samples, h.n_channels)

    def add_events(self, found: Frame) -> None:
        """Events of one kind and one stretch of time."""
        kind, header = found.type.kind, self.header
        assert kind is not None
        columns, extent, windows = found.type.codec.columns(
            found.reader(), header.sample_rate_hz, header.n_channels, header.quantiser
        )
        entry = Entry.of(found.kind, extent, found.size)
        if self.check_entry is not None:
            self.check_entry(found, entry)
        if self._in_order and self.header.layered and (self.front is None or self.powers is None):
            raise FormatError(f"{found.name}: a front index and powers stand before the events of files in two layers")
        if self._in_order and self.entries and self.order(entry) <= self.order(self.entries[-1]):
            raise FormatError(f"{found.name}: {found.type.rule}")
        if entry.place in self._at:
            raise FormatError(f"{found.name}: stands twice")
        self._at[entry.place] = columns
        self.parts[kind.name].append(columns)
        self.entries.append(entry)
        self._windows |= windows

    def order(self, entry: Entry) -> tuple[int, Place]:
        """What packets of events stand by in this file: in two layers, those of the upper one last."""
        return int(self.header.layered and is_upper(entry)), entry.place

    def add_sends(self, found: Frame) -> None:
        """Which rooms the events of a packet before are sent to."""
        from motes.codec.payloads.sends_packet import unpack_sends  # numba

        reader = found.reader()
        place, part = self._place_and_events(found, reader, len(kinds.KINDS), {"room_id", "share_re", "chirp_hz_per_s"})
        part.update(unpack_sends(reader, len(part["time_s"])))
        self.sent.add(place)
        self._follow(found, place)

    def add_shares(self, found: Frame) -> None:
        """Which parts of atoms, or of noises, the events of a packet before are."""
        from motes.codec.payloads.shares_packet import unpack_shares  # numba

        reader = found.reader()
        place, part = self._place_and_events(found, reader, 2, {"share_re", "chirp_hz_per_s"})  # gabor, then texture
        part.update(unpack_shares(reader, len(part["time_s"])))
        self.shared.add(place)
        self._follow(found, place)

    def add_chirps(self, found: Frame) -> None:
        """By how much the frequencies of the atoms of a packet before rise."""
        from motes.codec.payloads.chirps_packet import unpack_chirps  # numba

        reader = found.reader()
        place, part = self._place_and_events(found, reader, 1, {"chirp_hz_per_s"})
        part.update(unpack_chirps(reader, part["window_s"]))
        self.chirped.add(place)
        self._follow(found, place)

    def _place_and_events(self, found: Frame, reader: Reader, n_kinds: int, names: set[str]) -> tuple[Place, Columns]:
        """Place and columns of the events of one of the first kinds that a packet tells of, yet without `names`."""
        from motes.codec.payloads.sends_packet import read_place  # numba

        place, n_events = read_place(reader)
        part = self._at.get(place)
        if part is None or place[1] >= n_kinds or len(part["time_s"]) != n_events or part.keys() & names:
            raise FormatError(f"{found.name}: the events that it tells of are not there")
        return place, part

    def _follow(self, found: Frame, place: Place) -> None:
        """Count the bytes of a packet among those of the packet of events that it tells of."""
        self.followed[place] = self.followed.get(place, 0) + found.size
        if self._in_order:
            if place != self.entries[-1].place:
                raise FormatError(f"{found.name}: {found.type.rule}")
            self.skip(found)

    def add_index(self, found: Frame) -> None:
        """Which packets of events there are."""
        self.index, self._index_size = Index.unpack(found.reader()), found.size
        self.index = in_layers(self.index) if self.header.layered else self.index
        if self._in_order and self.index != Index.of(self._windows, self.entries):
            raise FormatError(f"{found.name}: it does not agree with the packets before it")
        if self._in_order and self.front is not None and self.front.index != self.index:
            raise FormatError(f"{found.name}: it does not agree with the front index")

    def add_end(self, found: Frame) -> None:
        """How many packets there are."""
        counts = unpack_end(found.reader(), self._file_id)
        if self._in_order and (self.index is None or counts != (self._index_size, self.n_packets + 1)):
            raise FormatError(f"{found.name}: {found.type.rule}")
        self.is_ended = True

    def skip(self, found: Frame) -> None:
        """Count the bytes of a packet among those of the packet of events that it follows, if any."""
        if self.entries:
            self.entries[-1] = self.entries[-1].longer(found.size)

    def scene(self) -> Scene:
        """All of it."""
        h = self.header
        tables: dict[str, Any] = {}
        for kind in kinds.KINDS:
            if parts := self.parts[kind.name]:
                if self.attacks and kind.name == "gabor":
                    add_attacks(parts, self.attacks)
                tables[kind.name] = self.table(kind, parts)
        groups = self.all_groups()
        known = (self.groups if self._in_order else groups).id
        if not all(np.all((table.group_id == 0) | np.isin(table.group_id, known)) for table in tables.values()):
            raise FormatError("events are in groups that the file does not tell of")
        more: dict[str, Any] = {"instruments": self._in_row("instruments", self.instruments, 0)}
        more |= {"rooms": self._in_row("rooms", self.rooms, 1), "groups": groups}
        more |= {"models": self._in_row("models", self.models, 0)}
        more |= {"quantiser": h.quantiser, "metadata": h.metadata, "tags": self.tags}
        more |= {"format_version": self.version, "layered": h.layered}
        try:
            found = Scene(h.sample_rate_hz, h.n_samples, h.n_channels, **more, **tables)
        except ParameterError as error:  # strikes that play what is not there, events in rooms that are not
            raise FormatError(str(error)) from None
        return found if self.missing_from is None else self._without_missing(found, self.missing_from)

    def _without_missing(self, scene: Scene, first_sample: int) -> Scene:
        from motes.edit.detail.layers import lifted  # numba

        return scene if self.powers is None or not len(scene.texture) else lifted(scene, self.powers, first_sample)

    def end_early(self, n_bytes: int) -> Prefix | None:
        """What is there of a file in two layers that ends after so many bytes, within its upper layer; None where it is
        not such a one. Events whose sends are missing are left out.
        """
        front = self.front
        if front is None or self.is_ended or n_bytes >= front.n_bytes:
            return None
        known = zip(self.entries, front.index.entries, strict=False)
        n_whole = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], known))
        if n_whole < front.n_sparse or n_whole < len(self.entries) - 1:
            return None
        self.leave_out([entry.place for entry in self.entries[n_whole:]])
        rate = self.header.sample_rate_hz
        self.missing_from = front.missing_from(n_whole, rate)
        until_s = None if self.missing_from is None else min(self.missing_from, self.header.n_samples) / rate
        return Prefix(n_bytes, front.n_bytes, until_s)

    def table(self, kind: Kind, parts: list[Columns]) -> EventTable:
        """The events of some packets of one kind, which may be emptied on the way; FormatError where all of them
        together make no sense, though each alone did.
        """
        _same_columns(parts)
        try:
            made: EventTable = kind.module("packet").table(parts, self.header.sample_rate_hz)
        except ParameterError as error:
            raise FormatError(f"the {kind.name} events: {error}") from None
        return made

    def _in_row(self, name: str, numbered: dict[int, Any], first: int) -> tuple[Any, ...]:
        if sorted(numbered) != list(range(first, first + len(numbered))):
            raise FormatError(f"of its {name} there are only {', '.join(map(str, sorted(numbered)))}")
        return tuple(numbered[number] for number in sorted(numbered))

    def keep_known_groups(self) -> bool:
        """Take events out of groups that are not known; returns whether there were none such."""
        lost, known = False, self.all_groups().id
        for part in (part for parts in self.parts.values() for part in parts if "group_id" in part):
            unknown = ~np.isin(part["group_id"], known) & (part["group_id"] != 0)
            lost |= bool(unknown.any())
            part["group_id"] = np.where(unknown, 0, part["group_id"])
        return not lost

    def leave_out(self, places: Iterable[Place]) -> None:
        """Drop packets of events."""
        for columns in [self._at.pop(place) for place in set(places) if place in self._at]:
            for parts in self.parts.values():
                parts[:] = [part for part in parts if part is not columns]

    def columns_at(self, place: Place) -> Columns:
        """The events of a packet that was read."""
        return self._at[place]

    @property
    def follow_partials(self) -> bool:
        """Whether an event was edited so that it depends on the other events of its partial."""
        return any(
            np.any(part["edit_ratio"] != 1) or np.any(np.abs(part["edit_factor"]) != 1)
            for parts in self.parts.values()
            for part in parts
            if "edit_ratio" in part
        )

    @property
    def longest_room_s(self) -> float:
        """Length of the longest response."""
        return max((room.duration_s for room in self.rooms.values()), default=0.0)


def _same_columns(parts: list[Columns]) -> None:
    """If the events of some packets are sent to rooms, those of the others are in none."""
    if any("room_id" in part for part in parts):
        for part in parts:
            n_events = len(part["time_s"])
            part.setdefault("room_id", np.zeros(n_events, np.int64))
            part.setdefault("wetness", np.zeros(n_events))
