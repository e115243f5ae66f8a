"""One packet of strike events: a table of whole numbers ◀▶ payload."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from motes.coding.integers import decode_numbers, encode_numbers, unzigzags, zigzags
from motes.coding.varints import Reader, varints
from motes.errors import FormatError
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
from motes.kinds.strike.integers import (
    AMPLITUDE,
    CONTROL,
    FIELDS,
    INSTRUMENT,
    RATIO,
    RING,
    TIME,
    TIME_UNITS,
    TURN,
    Ints,
    from_integers,
    to_integers,
)
from motes.kinds.strike.table import Strike


def table(parts: list[Columns], sample_rate_hz: int) -> Strike:
    """All events of a file, from the columns of its packets."""
    return Strike(**joined(parts))


def packets(events: Strike, sample_rate_hz: int, quantiser: object) -> Iterator[EventPacket]:
    """Every packet of strikes, in order."""
    rate = sample_rate_hz
    rows = to_integers(events, rate)
    number = np.maximum(rows[:, TIME] // (packet_samples(rate) * TIME_UNITS), 0)
    for p in np.unique(number):
        part = rows[number == p]
        coded = part[:, : len(FIELDS)].copy()
        coded[:, TIME] = np.diff(part[:, TIME], prepend=int(p) * packet_samples(rate) * TIME_UNITS)
        for column in (TIME, AMPLITUDE, RATIO, TURN):
            coded[:, column] = zigzags(coded[:, column])
        payload = varints(int(p), len(part)) + encode_numbers(coded.reshape(-1), _columns(len(part)))
        payload += bytes(max(0, -(-len(part) // 8) - len(payload)))
        sends = part[:, len(FIELDS) :] if part.shape[1] > len(FIELDS) else None
        yield EventPacket(payload, _extent(part, int(p), rate), sends)


def columns(reader: Reader, sample_rate_hz: int, n_channels: int, quantiser: object) -> ReadPacket:
    """The strikes in a packet; FormatError, which names the packet, where it makes no sense."""
    rate, samples = sample_rate_hz, packet_samples(sample_rate_hz)
    number, n_events = reader.varint(last_packet(rate)), reader.varint(8 * MAX_PAYLOAD)
    if not 0 < n_events <= 8 * len(reader):
        raise FormatError(f"{reader.name}: {n_events} events in {len(reader)} bytes cannot be")
    rows = decode_numbers(reader.rest(), _columns(n_events)).reshape(n_events, len(FIELDS))
    if rows.max() > 1 << 56:
        raise FormatError(f"{reader.name}: an event is out of range")
    for column in (TIME, AMPLITUDE, RATIO, TURN):
        rows[:, column] = unzigzags(rows[:, column])
    if np.abs(rows[:, TIME]).max() > (1 << 61) // n_events:
        raise FormatError(f"{reader.name}: an event is out of range")
    rows[:, TIME] = number * samples * TIME_UNITS + np.cumsum(rows[:, TIME])
    limits = {p.name: (p.low, p.high) for p in Strike.PARAMS}
    made = from_integers(rows, rate)
    if any(not (limits[name][0] <= values.min() and values.max() <= limits[name][1]) for name, values in made.items()):
        raise FormatError(f"{reader.name}: an event is out of range")
    order = np.lexsort((rows[:, RATIO], rows[:, CONTROL], rows[:, INSTRUMENT], rows[:, TIME]))
    if np.any(order != np.arange(n_events)) or np.any(np.maximum(rows[:, TIME] // (samples * TIME_UNITS), 0) != number):
        raise FormatError(f"{reader.name}: its events are out of order")
    return ReadPacket(made, _extent(rows, number, rate))


def _columns(n_events: int) -> Ints:
    return np.tile(np.arange(len(FIELDS)), n_events)


def _extent(rows: Ints, number: int, sample_rate_hz: int) -> Extent:
    length, unit = packet_samples(sample_rate_hz) * TIME_UNITS, REACH_UNIT * TIME_UNITS
    before = number * length - int(rows[:, TIME].min())
    after = int((rows[:, TIME] + rows[:, RING] * unit).max()) - (number + 1) * length
    return Extent(number, 0, len(rows), max(0, -(-before // unit)), max(0, -(-after // unit)))
