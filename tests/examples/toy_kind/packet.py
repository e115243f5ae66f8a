"""One packet of beeps: its number, how many there are, and their columns in single precision."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from motes.coding.varints import Reader, varints
from motes.errors import FormatError
from motes.events.packet import REACH_UNIT, Columns, EventPacket, Extent, ReadPacket, last_packet, packet_samples
from motes.events.sends import sends_of
from toy_kind.integers import NAMES, rounded
from toy_kind.table import Beep


def table(parts: list[Columns], sample_rate_hz: int) -> Beep:
    """All events of a file, from the columns of its packets."""
    return Beep(**{name: np.concatenate([part[name] for part in parts]) for name in parts[0]})


def packets(events: Beep, sample_rate_hz: int, quantiser: object) -> Iterator[EventPacket]:
    """Every packet of beeps, in order."""
    events = rounded(events, sample_rate_hz, quantiser)
    number = _numbers(events.time_s, sample_rate_hz)
    for p in np.unique(number):
        part = events.take(number == p)
        columns = [part.column(name).astype("<f4").tobytes() for name in NAMES]
        payload = varints(int(p), len(part)) + b"".join(columns) + part.group_id.astype("<i8").tobytes()
        sends = sends_of(part)
        yield EventPacket(payload, _extent(part.time_s, part.end_s, int(p), sample_rate_hz), sends)


def columns(reader: Reader, sample_rate_hz: int, n_channels: int, quantiser: object) -> ReadPacket:
    """The beeps in a packet; FormatError, which names the packet, where it makes no sense."""
    number, n_events = reader.varint(last_packet(sample_rate_hz)), reader.varint(1 << 20)
    data, width = bytes(reader.rest()), 4 * (3 + n_channels) + 8
    if n_events < 1 or len(data) != n_events * width:
        raise FormatError(f"{reader.name}: {n_events} events in {len(data)} bytes cannot be")
    values = np.frombuffer(data, "<f4", n_events * (3 + n_channels)).astype(np.float64)
    made: Columns = dict(zip(NAMES, np.split(values, [n_events, 2 * n_events, 3 * n_events]), strict=True))
    made["amplitude"] = made["amplitude"].reshape(n_events, n_channels)
    made["group_id"] = np.frombuffer(data, "<i8", n_events, 4 * n_events * (3 + n_channels)).astype(np.int64)
    return ReadPacket(made, _extent(made["time_s"], made["time_s"] + made["duration_s"], number, sample_rate_hz))


def _numbers(time_s: np.ndarray, rate: int) -> np.ndarray:
    return np.maximum(np.floor(time_s * rate / packet_samples(rate)).astype(np.int64), 0)


def _extent(start_s: np.ndarray, end_s: np.ndarray, number: int, rate: int) -> Extent:
    length = packet_samples(rate)
    before, after = number * length - start_s.min() * rate, end_s.max() * rate - (number + 1) * length
    return Extent(number, 0, len(start_s), *(max(0, int(np.ceil(reach / REACH_UNIT))) for reach in (before, after)))
