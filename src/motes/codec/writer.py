"""Scene ▶ bytes of a .mote file, packet by packet."""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from motes.codec.frames import frame, preamble
from motes.codec.index import Entry, Index
from motes.codec.packets import SENDS, PacketType, Stage, event_packets, packets
from motes.codec.quantise_scene import default_quantiser
from motes.events.event_table import EventTable
from motes.events.packet import EventPacket
from motes.files import atomic_output
from motes.kinds.gabor.quantiser import check_quantiser
from motes.scene.scene import Scene


class Written:
    """A scene on its way into a file, and what of it has been written: types of packet are asked for their payloads
    in the order of packets(), and index and end follow from what went before.
    """

    def __init__(self, scene: Scene) -> None:
        self.scene, self.groups = scene, scene.groups.stored()
        self.quantiser = check_quantiser(scene.quantiser or default_quantiser(scene))
        self.entries: list[Entry] = []
        self._windows = self.n_packets = 0
        # Bytes of the last packet.
        self.last_size = 0

    def chunks(self) -> Iterator[bytes]:
        """The file in pieces."""
        yield preamble()
        for stage in Stage:
            if stage is Stage.EVENTS:
                yield from self._events()
            else:
                yield from (chunk for packet in packets() if packet.stage is stage for chunk in self._all(packet))

    def index(self) -> Index:
        """Of the packets of events that have been written."""
        return Index.of(self._windows, self.entries)

    def _all(self, packet: PacketType) -> Iterable[bytes]:
        return (self._frame(packet, payload) for payload in packet.write(self))

    def _frame(self, packet: PacketType, payload: bytes) -> bytes:
        made = frame(packet.number, payload)
        self.n_packets += 1
        self.last_size = len(made)
        return made

    def _events(self) -> Iterator[bytes]:
        """Packets of events of all kinds by their place in the file, each with the sends of its events."""
        in_order = heapq.merge(*map(self._of_kind, event_packets()), key=lambda item: item[1].place)
        for packet, entry, made in in_order:
            data = self._frame(packet, made.payload)
            if made.sends is not None and made.sends.any():
                from motes.codec.sends_packet import pack_sends  # numba

                data += self._frame(SENDS, pack_sends(entry, made.sends))
            self.entries.append(entry.longer(len(data)))
            self._windows |= made.windows
            yield data

    def _of_kind(self, packet: PacketType) -> Iterator[tuple[PacketType, Entry, EventPacket]]:
        """The packets of one kind with their entries, whose bytes are still 0."""
        assert packet.kind is not None
        events = self._in_stored_groups(self.scene.table(packet.kind.name))
        if len(events):
            for made in packet.codec.packets(events, self.scene.sample_rate_hz, self.quantiser):
                yield packet, Entry.of(packet.number, made.extent, 0), made

    def _in_stored_groups(self, events: EventTable) -> EventTable:
        """Events out of the groups that a file does not hold: partials that stand alone follow from the events."""
        if events.at_default("group_id"):
            return events
        group_id = events.column("group_id")
        return events.replace(group_id=np.where(np.isin(group_id, self.groups.id), group_id, 0))


def chunks(scene: Scene) -> Iterator[bytes]:
    """The file in pieces: preamble, header, packets of events, index, end. A scene not yet quantised is rounded on
    the way.
    """
    return Written(scene).chunks()


def dumps(scene: Scene) -> bytes:
    """The scene as the bytes of a .mote file, rounded if it is not yet."""
    return b"".join(chunks(scene))


def save(scene: Scene, path: str | os.PathLike[str], *, overwrite: bool = True) -> Path:
    """Write a .mote file, whole or not at all, and return its path; AudioError where it cannot be written."""
    with atomic_output(path, overwrite=overwrite) as handle:
        for chunk in chunks(scene):
            handle.write(chunk)
    return Path(path)
