"""One packet of vectors: a table of whole numbers, column by column ◀▶ payload. `motes.kinds.vector.integers` says
what the numbers are.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from motes.coding.integers import unzigzags, zigzags
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
from motes.kinds.vector.integers import (
    FIELDS,
    TIME_UNITS,
    Rows,
    canonical,
    check,
    from_integers,
    time_bits,
    to_integers,
)
from motes.kinds.vector.model import COLUMNS, OPTIONAL, OTHER_GAIN, Coder
from motes.kinds.vector.table import Vector

# At least, so that memory stays in proportion to the file.
BYTES_PER_EVENT = 4


def table(parts: list[Columns], sample_rate_hz: int) -> Vector:
    """All events of a file, from the columns of its packets."""
    return Vector(**joined(parts))


def packets(events: Vector, sample_rate_hz: int, quantiser: object) -> Iterator[EventPacket]:
    """Every packet of vectors, in order."""
    rate = sample_rate_hz
    rows = to_integers(events, rate)
    number = packet_numbers(rows, rate)
    for p in np.unique(number):
        part = {name: column[number == p] for name, column in rows.items()}
        n_events, n_channels = part["gain_db"].shape
        mask = sum(1 << k for k, name in enumerate(OPTIONAL) if part[name].any())
        coder = Coder(None, n_events, n_channels)
        _code(coder, part, mask, int(p), rate)
        payload = varints(int(p), n_events, mask) + coder.finish()
        payload += bytes(max(0, BYTES_PER_EVENT * n_events - len(payload)))
        yield EventPacket(payload, _extent(part, int(p), rate), part.get("sends"))


def columns(reader: Reader, sample_rate_hz: int, n_channels: int, quantiser: object) -> ReadPacket:
    """The vectors in a packet; FormatError, which names the packet, where it makes no sense."""
    rate = sample_rate_hz
    number, n_events = reader.varint(last_packet(rate)), reader.varint(MAX_PAYLOAD)
    if not 0 < BYTES_PER_EVENT * n_events <= len(reader):
        raise FormatError(f"{reader.name}: {n_events} events in {len(reader)} bytes cannot be")
    mask = reader.varint((1 << len(OPTIONAL)) - 1)
    rows: Rows = {name: np.zeros(n_events, np.int64) for name in FIELDS}
    rows["gain_db"] = np.zeros((n_events, n_channels), np.int64)
    try:
        _code(Coder(reader.rest(), n_events, n_channels), rows, mask, number, rate)
        check(rows)
        made = from_integers(rows, rate)
        Vector(**made)
    except ParameterError as error:
        raise FormatError(f"{reader.name}: {error}") from None
    if np.any(canonical(rows) != np.arange(n_events)) or np.any(packet_numbers(rows, rate) != number):
        raise FormatError(f"{reader.name}: its events are out of order")
    return ReadPacket(made, _extent(rows, number, rate))


def packet_numbers(rows: Rows, sample_rate_hz: int) -> Ints:
    """The number of the packet that each event belongs to."""
    length = packet_samples(sample_rate_hz) * TIME_UNITS
    return np.maximum((rows["time_s"] << time_bits(sample_rate_hz)) // length, 0)


def _code(coder: Coder, rows: Rows, mask: int, number: int, sample_rate_hz: int) -> None:
    """All columns of `rows` in order, both ways; ParameterError where a time comes back out of its range."""
    for name, column in COLUMNS.items():
        if name in OPTIONAL and not mask >> OPTIONAL.index(name) & 1:
            rows[name] = np.zeros_like(rows[name])
        elif name == "time_s":
            rows[name] = _times(
                coder, rows[name], number * packet_samples(sample_rate_hz) * TIME_UNITS >> time_bits(sample_rate_hz)
            )
        elif name == "pitch_semitones":
            rows[name] = coder.pitches(column, rows[name])
        elif name == "gain_db":
            _gains(coder, rows[name])
        else:
            rows[name] = coder.column(column, rows[name])


def _times(coder: Coder, times: Ints, begins: int) -> Ints:
    """Differences, the first signed, from the packet's start."""
    steps = np.diff(times, prepend=begins)
    steps[:1] = zigzags(steps[:1])
    steps = coder.column(COLUMNS["time_s"], np.maximum(steps, 0))
    steps[:1] = unzigzags(steps[:1])
    if np.abs(steps.astype(np.float64)).sum() > 1 << 60:
        raise ParameterError("a time is out of range")
    return begins + np.cumsum(steps)


def _gains(coder: Coder, gains: Ints) -> None:
    """In place: the first channel, and how the others differ from it."""
    gains[:, 0] = coder.column(COLUMNS["gain_db"], gains[:, 0])
    for channel in range(1, gains.shape[1]):
        gains[:, channel] = coder.column(OTHER_GAIN, gains[:, channel] - gains[:, 0]) + gains[:, 0]


def _extent(rows: Rows, number: int, sample_rate_hz: int) -> Extent:
    length, events = packet_samples(sample_rate_hz), Vector(**from_integers(rows, sample_rate_hz))
    before = number * length - float(events.start_s.min()) * sample_rate_hz
    after = float(events.end_s.max()) * sample_rate_hz - (number + 1) * length
    reach = (int(np.ceil(samples / REACH_UNIT - 1e-6)) for samples in (before, after))
    return Extent(number, 0, len(events), *(max(0, units) for units in reach))
