"""Scene ▶ bytes of a .mote file, packet by packet."""

from __future__ import annotations

import heapq
import itertools
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from motes import kinds
from motes.codec.compact_header import FILE_ID_SIZE
from motes.codec.file_id import file_id
from motes.codec.frames import LONGEST_PREAMBLE, READABLE, Preamble, frame, framed_size
from motes.codec.header import Header
from motes.codec.index import Entry, Index, pack_end
from motes.codec.packets import (
    CHIRPS,
    END,
    FRONT,
    HEADER,
    INDEX,
    POWERS,
    SENDS,
    SHARES,
    PacketType,
    event_packets,
    packets,
)
from motes.codec.payloads.front_packet import Front
from motes.codec.payloads.stage import Stage
from motes.codec.quantise_scene import default_quantiser, models_of
from motes.errors import ParameterError
from motes.events.event_table import EventTable
from motes.events.model import Model
from motes.events.packet import EventPacket
from motes.events.shares import WHOLE
from motes.files import atomic_output
from motes.kinds.gabor.quantiser import GaborQuantiser, check_quantiser
from motes.kinds.kind import Kind
from motes.scene.scene import Scene

BASE_CHIRP = "base_chirp_hz_per_s"
# What works like `map`, as a pool of threads does.
Mapped = Callable[..., Iterable[Any]]
# Kinds whose module `packet` takes what shares its packets out.
CODED_BY_THREADS = "gabor", "texture", "detail"


class Written:
    """A scene on its way into a file, and what of it has been written: types of packet are asked for their payloads
    in the order of packets(), and index and end follow from what went before.
    """

    def __init__(self, scene: Scene, version: int | None = None) -> None:
        self.scene, self.groups = scene, scene.groups.stored()
        self._parts = self.groups.with_role("part")
        kind, needed = needed_version(scene)
        self.version = max(scene.format_version, needed) if version is None else version
        if self.version not in READABLE:
            raise ParameterError(f"the version of the format must be 1 or 2, not {self.version!r}")
        if self.version < needed:
            raise ParameterError(
                f"files of format version {self.version} have no {kind} events, only those of version {needed} on"
            )
        # Whether detail comes after all else.
        self.layered = scene.layered and self.version > 1 and any(kind.is_upper for kind in kinds_held(scene))
        self.quantiser = check_quantiser(scene.quantiser or default_quantiser(scene))
        self.entries: list[Entry] = []
        self._windows = self.n_packets = 0
        self._n_bytes = LONGEST_PREAMBLE
        self._powers: bytes | None = None
        # Bytes of the last packet.
        self.last_size = 0

    def chunks(self) -> Iterator[bytes]:
        """The file in pieces. From version 2 on all of it is coded before the first one: its id stands there."""
        if self.version == 1:
            yield Preamble(1).pack()
            yield from (frame(kind, payload) for kind, payload in self._packets())
            return
        found = list(self._packets())
        preamble = Preamble(self.version, file_id(self.header(), found))
        yield preamble.pack()
        for kind, payload in found:
            if kind in (HEADER.number, END.number):  # they begin with the id, which was not known yet
                payload = preamble.file_id + payload[FILE_ID_SIZE:]
            yield frame(kind, payload, preamble.seed)

    def header(self) -> Header:
        """What holds for the whole file."""
        scene = self.scene
        return Header(
            scene.sample_rate_hz, scene.n_samples, scene.n_channels, self.quantiser, scene.metadata, self.layered
        )

    def _packets(self) -> Iterator[tuple[int, bytes]]:
        """Type and payload of every packet, in order."""
        events: Iterable[tuple[int, bytes]] = self._events()
        for stage in Stage:
            if stage is Stage.EVENTS:
                yield from events
            elif stage is Stage.FRONT and self.layered:  # it tells of events that come after it
                events = list(events)
                yield from (self._counted(FRONT, payload) for payload in FRONT.write(self))
            else:
                for packet in packets():
                    if packet.stage is stage:
                        yield from (self._counted(packet, payload) for payload in packet.write(self))

    def index(self) -> Index:
        """Of the packets of events that have been written."""
        return Index.of(self._windows, self.entries)

    def front(self) -> Front:
        """Of all packets of events, and the whole file, this packet included."""
        index = self.index()
        rest = framed_size(POWERS.number, self.powers()) + framed_size(INDEX.number, index.pack())
        rest += framed_size(END.number, pack_end(0, 0, bytes(FILE_ID_SIZE)))
        found = Front(self._n_bytes + rest, index)
        while (n_bytes := self._n_bytes + rest + framed_size(FRONT.number, found.pack())) != found.n_bytes:
            found = Front(n_bytes, index)
        return found

    def models(self) -> tuple[Model, ...]:
        """What events are decoded by, and the waveforms that they play."""
        return models_of(self.scene)

    def powers(self) -> bytes:
        """How strong detail is, as a payload."""
        from motes.codec.payloads.powers_packet import pack_powers  # numba
        from motes.edit.detail.layers import powers_of

        if self._powers is None:
            key = "powers", self.scene.sample_rate_hz, self.scene.n_samples
            self._powers = self.scene.detail.once(key, lambda: pack_powers(powers_of(self.scene)))
        return self._powers

    def _counted(self, packet: PacketType, payload: bytes) -> tuple[int, bytes]:
        self.n_packets += 1
        self.last_size = framed_size(packet.number, payload)
        self._n_bytes += self.last_size
        return packet.number, payload

    def _events(self) -> Iterator[tuple[int, bytes]]:
        """Packets of events of all kinds by their place in the file, each with the sends and shares of its events."""
        layers = [event_packets()]
        if self.layered:
            layers = [tuple(one for one in layers[0] if is_upper_type(one) == upper) for upper in (False, True)]
        in_order = itertools.chain(
            *(heapq.merge(*map(self._of_kind, types), key=lambda item: item[1].place) for types in layers)
        )
        for packet, entry, made in in_order:
            yield self._counted(packet, made.payload)
            n_bytes = self.last_size
            if made.sends is not None and made.sends.any():
                from motes.codec.payloads.sends_packet import pack_sends  # numba

                yield self._counted(SENDS, pack_sends(entry, made.sends))
                n_bytes += self.last_size
            if made.shares is not None and np.any(made.shares != WHOLE):
                from motes.codec.payloads.shares_packet import pack_shares  # numba

                yield self._counted(SHARES, pack_shares(entry, made.shares))
                n_bytes += self.last_size
            if made.chirps is not None and made.chirps.any():
                from motes.codec.payloads.chirps_packet import pack_chirps  # numba

                yield self._counted(CHIRPS, pack_chirps(entry, made.chirps))
                n_bytes += self.last_size
            self.entries.append(entry.longer(n_bytes))
            self._windows |= made.windows

    def _of_kind(self, packet: PacketType) -> Iterator[tuple[PacketType, Entry, EventPacket]]:
        """The packets of one kind with their entries, whose bytes are still 0."""
        assert packet.kind is not None
        events = self._in_stored_groups(self.scene.table(packet.kind.name))
        if len(events):
            for made in coded(packet.kind, events, self.scene.sample_rate_hz, self.quantiser):
                yield packet, Entry.of(packet.number, made.extent, 0), made

    def _in_stored_groups(self, events: EventTable) -> EventTable:
        """Events out of the groups that a file does not hold: partials that stand alone follow from the events, and
        parts hold notes alone."""
        if not len(events) or events.at_default("group_id"):
            return events
        group_id = events.column("group_id")
        stored = np.isin(group_id, self.groups.id) & ~np.isin(group_id, self._parts)
        return events.replace(group_id=np.where(stored, group_id, 0))


def kinds_held(scene: Scene) -> list[Kind]:
    """The kinds that a scene has events of."""
    return [kind for kind in kinds.KINDS if len(scene.table(kind.name))]


def is_upper_type(packet: PacketType) -> bool:
    """Whether packets of a type are above the sparse layer."""
    return packet.kind is not None and packet.kind.is_upper


def needed_version(scene: Scene) -> tuple[str, int]:
    """The first version of the format that has all kinds of event of a scene, and the kind that needs it; atoms whose
    frequency rises are of version 2.
    """
    if len(scene.gabor) and not (scene.gabor.at_default("chirp_hz_per_s") and scene.gabor.at_default(BASE_CHIRP)):
        return "chirped gabor", CHIRPS.since
    newest = max(kinds_held(scene), key=lambda kind: kind.since, default=None)
    return ("", 1) if newest is None else (newest.name, newest.since)


def coded(
    kind: Kind, events: EventTable, sample_rate_hz: int, quantiser: GaborQuantiser, mapped: Mapped = map
) -> list[EventPacket]:
    """The packets of a table, coded once and kept with it: encoders look at sizes before anything is saved."""
    codec, key = kind.module("packet"), ("packets", sample_rate_hz, quantiser)
    shared = (mapped,) if kind.name in CODED_BY_THREADS else ()
    return events.once(key, lambda: list(codec.packets(events, sample_rate_hz, quantiser, *shared)))


def code_ahead(scene: Scene, mapped: Mapped, names: Iterable[str] = CODED_BY_THREADS) -> int:
    """Code events of a scene ahead of writing it, of some kinds, packets shared out by `mapped`, which is like `map`;
    the bytes of their payloads.
    """
    quantiser, n_bytes = check_quantiser(scene.quantiser or default_quantiser(scene)), 0
    for kind in map(kinds.named, names):
        if len(events := scene.table(kind.name)):
            n_bytes += sum(len(made.payload) for made in coded(kind, events, scene.sample_rate_hz, quantiser, mapped))
    return n_bytes


def chunks(scene: Scene, version: int | None = None) -> Iterator[bytes]:
    """The file in pieces: preamble, header, packets of events, index, end. A scene not yet quantised is rounded on
    the way. `version` is by default the one that the scene was read from, or the first that has all its kinds of event;
    ParameterError for one that lacks any.
    """
    return Written(scene, version).chunks()


def dumps(scene: Scene, version: int | None = None) -> bytes:
    """The scene as the bytes of a .mote file, rounded if it is not yet."""
    return b"".join(chunks(scene, version))


def save(scene: Scene, path: str | os.PathLike[str], *, overwrite: bool = True, version: int | None = None) -> Path:
    """Write a .mote file, whole or not at all, and return its path; AudioError where it cannot be written."""
    with atomic_output(path, overwrite=overwrite) as handle:
        for chunk in chunks(scene, version):
            handle.write(chunk)
    return Path(path)
