"""The frame of packets of a kind whose events are rows of whole numbers: the number of the packet, how many events,
what the kind writes of them, and zeros up to the least size. It is the same of splats, vectors and learned events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from motes.coding.varints import Reader, varints
from motes.errors import FormatError, ParameterError
from motes.events.event_table import Ints
from motes.events.packet import (
    MAX_PAYLOAD,
    REACH_UNIT,
    Columns,
    EventPacket,
    Extent,
    ReadPacket,
    joined,
    last_packet,
    packet_samples,
)

# Columns of whole numbers, by name.
Rows = dict[str, Ints]


class Place(NamedTuple):
    """Which packet it is, counted from 0, of how many events and channels, and at which sample rate."""

    number: int
    n_events: int
    n_channels: int
    sample_rate_hz: int

    @property
    def shape(self) -> tuple[int, int]:
        """Events and channels."""
        return self.n_events, self.n_channels


@dataclass(frozen=True)
class PacketFrame:
    """How a kind's packets are written and read.

    `made` makes its table of columns, `levels` names the one with a value for each channel. Events take at least
    `bytes_per_event`, so that memory stays in proportion to the file. `to_integers` gives the rows of a table in the
    order that `canonical` finds, `from_integers` the columns of rows, `packet_numbers` the packet that each belongs to.
    `write` gives what follows the count of events, and `read` the rows of it; what is out of range is a ParameterError.
    """

    made: Callable[..., Any]
    levels: str
    bytes_per_event: int
    to_integers: Callable[[Any, int], Rows]
    from_integers: Callable[[Rows, int], Columns]
    canonical: Callable[[Rows], Ints]
    packet_numbers: Callable[[Rows, int], Ints]
    write: Callable[[Rows, Place], bytes]
    read: Callable[[Reader, Place], Rows]

    def table(self, parts: list[Columns], sample_rate_hz: int) -> Any:
        """All events of a file, from the columns of its packets."""
        return self.made(**joined(parts))

    def packets(self, events: Any, sample_rate_hz: int, quantiser: object) -> Iterator[EventPacket]:
        """Every packet of the events, in order."""
        rows = self.to_integers(events, sample_rate_hz)
        number = self.packet_numbers(rows, sample_rate_hz)
        for p in np.unique(number).tolist():
            part = {name: column[number == p] for name, column in rows.items()}
            n_events, n_channels = part[self.levels].shape
            payload = varints(p, n_events) + self.write(part, Place(p, n_events, n_channels, sample_rate_hz))
            payload += bytes(max(0, self.bytes_per_event * n_events - len(payload)))
            yield EventPacket(payload, self._extent(part, p, sample_rate_hz), part.get("sends"))

    def columns(self, reader: Reader, sample_rate_hz: int, n_channels: int, quantiser: object) -> ReadPacket:
        """The events in a packet; FormatError, which names the packet, where it makes no sense."""
        rate = sample_rate_hz
        number, n_events = reader.varint(last_packet(rate)), reader.varint(MAX_PAYLOAD)
        if not 0 < self.bytes_per_event * n_events <= len(reader):
            raise FormatError(f"{reader.name}: {n_events} events in {len(reader)} bytes cannot be")
        try:
            rows = self.read(reader, Place(number, n_events, n_channels, rate))
            columns = self.from_integers(rows, rate)
            self.made(**columns)
        except ParameterError as error:
            raise FormatError(f"{reader.name}: {error}") from None
        if np.any(self.canonical(rows) != np.arange(n_events)) or np.any(self.packet_numbers(rows, rate) != number):
            raise FormatError(f"{reader.name}: its events are out of order")
        return ReadPacket(columns, self._extent(rows, number, rate))

    def _extent(self, rows: Rows, number: int, sample_rate_hz: int) -> Extent:
        length, events = packet_samples(sample_rate_hz), self.made(**self.from_integers(rows, sample_rate_hz))
        before = number * length - float(events.start_s.min()) * sample_rate_hz
        after = float(events.end_s.max()) * sample_rate_hz - (number + 1) * length
        reach = (int(np.ceil(samples / REACH_UNIT - 1e-6)) for samples in (before, after))
        return Extent(number, 0, len(events), *(max(0, units) for units in reach))
