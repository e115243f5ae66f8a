"""All types of packet in one table: reader, writer, validator and salvage walk it, and docs/format.md shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, IntEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol, cast

from motes import kinds
from motes.codec.compact_header import FILE_ID_SIZE, pack_compact
from motes.codec.contents import Contents
from motes.codec.index import pack_end
from motes.codec.payloads.attacks_packet import attacks_of, pack_attacks
from motes.codec.payloads.group_packet import pack_groups
from motes.codec.payloads.model_packet import pack_model
from motes.codec.payloads.notes_packet import NotesOfFile, pack_notes, without_parts
from motes.codec.payloads.room_packet import encode_room
from motes.codec.payloads.tags_packet import pack_tags
from motes.coding.varints import Reader
from motes.events.event_table import EventTable
from motes.events.packet import Columns, EventPacket, ReadPacket
from motes.kinds.gabor.quantiser import GaborQuantiser
from motes.kinds.kind import Kind

if TYPE_CHECKING:
    from motes.codec.frames import Frame
    from motes.codec.writer import Written

# Readers that do not know types with this bit may skip them, no others.
OPTIONAL = 0x80


class PacketCodec(Protocol):
    """The module `packet` of a kind; it needs numba, so it is imported when it is called.

    The quantiser is that of gabor events; other kinds take no notice of it.
    """

    def packets(self, events: Any, sample_rate_hz: int, quantiser: GaborQuantiser) -> Iterator[EventPacket]:
        """Every packet of a kind's events, rounded if they are not yet, in order of number and layer."""

    def columns(self, reader: Reader, sample_rate_hz: int, n_channels: int, quantiser: GaborQuantiser) -> ReadPacket:
        """The events in a payload; FormatError, which names the packet, where it makes no sense."""

    def table(self, parts: list[Columns], sample_rate_hz: int) -> EventTable:
        """All events of a file, from the columns of its packets; the parts may be emptied."""


class Stage(IntEnum):
    """The parts of a file, in order."""

    HEADER = 0
    GROUPS = 1
    INSTRUMENTS = 2
    ROOMS = 3
    MODELS = 4
    WAVEFORMS = 5
    ATTACKS = 6
    TAGS = 7
    NOTES = 8
    NOTE_VECTORS = 9
    FRONT = 10
    POWERS = 11
    EVENTS = 12
    INDEX = 13
    END = 14


class Often(Enum):
    """How many packets of a type a file holds."""

    ONCE = "once"
    AT_MOST_ONCE = "at most once"
    MANY = "any number"


def _nothing(written: Written) -> Iterable[bytes]:
    return ()


@dataclass(frozen=True, eq=False)
class PacketType:
    """One type of packet: `place` says where such packets stand, `rule` what a reader says of one elsewhere.

    `write` gives the payloads of all of them but packets of events, which go in order of time together with their
    sends; `read` adds what one holds to the contents of a file.
    """

    letter: bytes
    name: str
    stage: Stage
    often: Often
    place: str
    rule: str
    read: Callable[[Contents, Frame], None]
    write: Callable[[Written], Iterable[bytes]] = _nothing
    kind: Kind | None = None
    # Whether readers that do not know it may skip it.
    is_optional: bool = False
    # The first version of the format that has it.
    since: int = 1

    @property
    def number(self) -> int:
        """Its type as a byte."""
        return self.letter[0] | OPTIONAL * self.is_optional

    @property
    def codec(self) -> PacketCodec:
        """What writes and reads the events of its kind."""
        assert self.kind is not None, "this packet holds no events"
        return cast(PacketCodec, self.kind.module("packet"))


def _header(written: Written) -> Iterable[bytes]:
    header = written.header()
    yield header.pack() if written.version == 1 else pack_compact(header, bytes(FILE_ID_SIZE))


def _groups(written: Written) -> Iterable[bytes]:
    groups = without_parts(written.groups)
    if len(groups):
        yield pack_groups(groups)


def _notes(written: Written) -> Iterable[bytes]:
    if found := NotesOfFile.of(written.groups):
        yield pack_notes(found)


def _note_vectors(written: Written) -> Iterable[bytes]:
    if written.groups.notes.has_vector.any():
        from motes.codec.payloads.note_vectors_packet import pack_note_vectors  # numba

        yield pack_note_vectors(written.groups.notes)


def _attacks(written: Written) -> Iterable[bytes]:
    if found := attacks_of(written.scene.gabor):
        yield pack_attacks(found)


def _instruments(written: Written) -> Iterable[bytes]:
    if written.scene.instruments:
        from motes.codec.payloads.instrument_packet import encode_instrument  # numba

        for number, instrument in enumerate(written.scene.instruments):
            yield encode_instrument(instrument, number)


def _rooms(written: Written) -> Iterable[bytes]:
    for number, room in enumerate(written.scene.rooms, 1):
        yield encode_room(room, number)


def _models(written: Written) -> Iterable[bytes]:
    for number, model in enumerate(written.scene.models):
        yield pack_model(model, number)


def _waveforms(written: Written) -> Iterable[bytes]:
    held = [(number, model) for number, model in enumerate(written.models()) if model.waveforms is not None]
    if held:
        from motes.codec.payloads.waveforms_packet import pack_waveforms  # numba

        yield from (pack_waveforms(model, number) for number, model in held)


def _tags(written: Written) -> Iterable[bytes]:
    if written.scene.tags:
        yield pack_tags(written.scene.tags)


def _front(written: Written) -> Iterable[bytes]:
    if written.layered:
        yield written.front().pack()


def _powers(written: Written) -> Iterable[bytes]:
    if written.layered:
        yield written.powers()


def _index(written: Written) -> Iterable[bytes]:
    yield written.index().pack()


def _end(written: Written) -> Iterable[bytes]:
    file_id = b"" if written.version == 1 else bytes(FILE_ID_SIZE)
    yield pack_end(written.last_size, written.n_packets + 1, file_id)


HEADER = PacketType(
    b"H",
    "header",
    Stage.HEADER,
    Often.ONCE,
    "the first packet",
    "the header must be the first packet, and only that",
    Contents.add_header,
    _header,
)
GROUPS = PacketType(
    b"R",
    "groups",
    Stage.GROUPS,
    Often.AT_MOST_ONCE,
    "right after the header",
    "groups stand right after the header",
    Contents.add_groups,
    _groups,
)
INSTRUMENT = PacketType(
    b"N",
    "instrument",
    Stage.INSTRUMENTS,
    Often.MANY,
    "after groups",
    "instruments stand before rooms and all events",
    Contents.add_instrument,
    _instruments,
)
ROOM = PacketType(
    b"M",
    "room",
    Stage.ROOMS,
    Often.MANY,
    "after instruments",
    "rooms stand before all events",
    Contents.add_room,
    _rooms,
)
MODEL = PacketType(
    b"O",
    "model",
    Stage.MODELS,
    Often.MANY,
    "after rooms",
    "models stand before all events",
    Contents.add_model,
    _models,
)
WAVEFORMS = PacketType(
    b"Q",
    "waveforms",
    Stage.WAVEFORMS,
    Often.MANY,
    "after models; from version 2 on",
    "waveforms stand after models and before all events",
    Contents.add_waveforms,
    _waveforms,
    since=2,
)
ATTACKS = PacketType(
    b"K",
    "attacks",
    Stage.ATTACKS,
    Often.AT_MOST_ONCE,
    "after models",
    "attacks stand before all events",
    Contents.add_attacks,
    _attacks,
)
TAGS = PacketType(
    b"t",
    "tags",
    Stage.TAGS,
    Often.AT_MOST_ONCE,
    "after models",
    "tags stand before all events",
    Contents.add_tags,
    _tags,
    is_optional=True,
)
NOTES = PacketType(
    b"n",
    "notes",
    Stage.NOTES,
    Often.AT_MOST_ONCE,
    "after tags",
    "notes stand before all events",
    Contents.add_notes,
    _notes,
    is_optional=True,
)
NOTE_VECTORS = PacketType(
    b"v",
    "note vectors",
    Stage.NOTE_VECTORS,
    Often.AT_MOST_ONCE,
    "after notes",
    "the vectors of notes stand after notes and before all events",
    Contents.add_note_vectors,
    _note_vectors,
    is_optional=True,
)
FRONT = PacketType(
    b"F",
    "front index",
    Stage.FRONT,
    Often.AT_MOST_ONCE,
    "in files in two layers, after all that stands before it in this table",
    "the front index stands before all events",
    Contents.add_front,
    _front,
    since=2,
)
POWERS = PacketType(
    b"Y",
    "powers of detail",
    Stage.POWERS,
    Often.AT_MOST_ONCE,
    "in files in two layers, after the front index",
    "powers of detail stand before all events",
    Contents.add_powers,
    _powers,
    since=2,
)
SENDS = PacketType(
    b"W",
    "sends",
    Stage.EVENTS,
    Often.MANY,
    "at most one right after each packet of events: which rooms these are sent to",
    "it stands elsewhere than right after the events that it tells of",
    Contents.add_sends,
)
SHARES = PacketType(
    b"A",
    "shares",
    Stage.EVENTS,
    Often.MANY,
    "at most one right after each packet of gabor or texture events and its sends: which part of an atom each is",
    "it stands elsewhere than right after the events that it tells of",
    Contents.add_shares,
)
CHIRPS = PacketType(
    b"C",
    "chirps",
    Stage.EVENTS,
    Often.MANY,
    "at most one after each packet of gabor events, its sends and shares: how frequencies rise; from version 2 on",
    "it stands elsewhere than right after the events that it tells of",
    Contents.add_chirps,
    since=2,
)
INDEX = PacketType(
    b"I",
    "index",
    Stage.INDEX,
    Often.ONCE,
    "after all packets of events",
    "nothing but the end may follow the index",
    Contents.add_index,
    _index,
)
END = PacketType(
    b"E",
    "end",
    Stage.END,
    Often.ONCE,
    "the last 14 bytes of the file, 22 from version 2 on",
    "packets are missing",
    Contents.add_end,
    _end,
)
# Any other type with the bit OPTIONAL.
SKIPPED = PacketType(
    bytes([OPTIONAL]), "optional", Stage.EVENTS, Often.MANY, "before or after packets of events", "", Contents.skip
)


def event_packets() -> tuple[PacketType, ...]:
    """One type for each kind of event."""
    return _event_packets(kinds.KINDS)


def packets() -> tuple[PacketType, ...]:
    """All types, in the order in which they stand in a file."""
    before = HEADER, GROUPS, INSTRUMENT, ROOM, MODEL, WAVEFORMS, ATTACKS, TAGS, NOTES, NOTE_VECTORS, FRONT, POWERS
    return *before, *event_packets(), SENDS, SHARES, CHIRPS, INDEX, END


def types() -> dict[int, PacketType]:
    """All types by their bytes."""
    return _types(kinds.KINDS)


@lru_cache
def _event_packets(known: tuple[Kind, ...]) -> tuple[PacketType, ...]:
    where = "by packet number *P*, of one *P* in the order of this table, then by layer; at most one for all three"
    return tuple(
        PacketType(
            kind.letter,
            kind.name,
            Stage.EVENTS,
            Often.MANY,
            where if kind.since == 1 else f"{where}; from version {kind.since} on",
            "out of order",
            Contents.add_events,
            kind=kind,
            since=kind.since,
        )
        for kind in known
    )


@lru_cache
def _types(known: tuple[Kind, ...]) -> dict[int, PacketType]:
    found = {packet.number: packet for packet in packets()}
    assert len(found) == len(packets()), "two types of packet have one letter"
    return found


def name_of(kind: int) -> str:
    """What packets of a type are called in messages."""
    unknown = "optional" if kind & OPTIONAL else f"type {kind}"
    return known.name if (known := types().get(kind)) else unknown
