"""One packet of learned events: columns of whole numbers ◀▶ payload. `motes.kinds.learned.integers` says what the
numbers are.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from motes.coding.integers import decode_numbers, encode_numbers, unzigzags, zigzags
from motes.coding.varints import Reader, varints, zigzag
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
from motes.kinds.learned.integers import (
    FIELDS,
    LOUDEST,
    SILENT,
    TIME_UNITS,
    Rows,
    canonical,
    check,
    from_integers,
    to_integers,
)
from motes.kinds.learned.table import Learned

# At least, so that memory stays in proportion to the file.
BYTES_PER_EVENT = 4
# The zigzag of the lowest amplitude.
_MOST_BASE = 1279
# No number of an event is larger.
_MOST = 1 << 56


def table(parts: list[Columns], sample_rate_hz: int) -> Learned:
    """All events of a file, from the columns of its packets."""
    return Learned(**joined(parts))


def packets(events: Learned, sample_rate_hz: int, quantiser: object) -> Iterator[EventPacket]:
    """Every packet of learned events, in order."""
    rate = sample_rate_hz
    rows = to_integers(events, rate)
    number = packet_numbers(rows, rate)
    for p in np.unique(number):
        part = {name: column[number == p] for name, column in rows.items()}
        n_events, n_channels = part["amplitude"].shape
        step = 1 if np.any(part["time_s"] % TIME_UNITS) else TIME_UNITS
        base = int(part["amplitude"][part["amplitude"] > SILENT].min())
        coded = _coded(part, int(p) * packet_samples(rate) * TIME_UNITS, step, base)
        payload = varints(int(p), n_events, int(step == 1), zigzag(base))
        payload += encode_numbers(coded.reshape(-1), _places(n_events, n_channels))
        payload += bytes(max(0, BYTES_PER_EVENT * n_events - len(payload)))
        yield EventPacket(payload, _extent(part, int(p), rate), part.get("sends"))


def columns(reader: Reader, sample_rate_hz: int, n_channels: int, quantiser: object) -> ReadPacket:
    """The learned events in a packet; FormatError, which names the packet, where it makes no sense."""
    rate = sample_rate_hz
    number, n_events = reader.varint(last_packet(rate)), reader.varint(MAX_PAYLOAD)
    if not 0 < BYTES_PER_EVENT * n_events <= len(reader):
        raise FormatError(f"{reader.name}: {n_events} events in {len(reader)} bytes cannot be")
    step, base = 1 if reader.varint(1) else TIME_UNITS, reader.zigzag(_MOST_BASE)
    numbers = decode_numbers(reader.rest(), _places(n_events, n_channels)).reshape(n_events, -1)
    if numbers.max() > _MOST // n_events:
        raise FormatError(f"{reader.name}: an event is out of range")
    try:
        rows = _decoded(numbers, number * packet_samples(rate) * TIME_UNITS, step, base)
        check(rows)
        made = from_integers(rows, rate)
        Learned(**made)
    except ParameterError as error:
        raise FormatError(f"{reader.name}: {error}") from None
    if np.any(canonical(rows) != np.arange(n_events)) or np.any(packet_numbers(rows, rate) != number):
        raise FormatError(f"{reader.name}: its events are out of order")
    return ReadPacket(made, _extent(rows, number, rate))


def packet_numbers(rows: Rows, sample_rate_hz: int) -> Ints:
    """The number of the packet that each event belongs to."""
    return np.maximum(rows["time_s"] // (packet_samples(sample_rate_hz) * TIME_UNITS), 0)


def _places(n_events: int, n_channels: int) -> Ints:
    """By which slots each number is coded: a set for each column, of channels after the first one for all of them."""
    per_channel = [2, *[3] * (n_channels - 1), *[4] * n_channels]
    return np.tile(np.array([0, 1, *per_channel, *range(5, 5 + len(FIELDS) - 4)], np.int64), n_events)


def _coded(rows: Rows, begins: int, step: int, base: int) -> Ints:
    """A row of numbers from 0 for each event: differences of times and lengths, of amplitudes how far they lie above
    the lowest, 0 for silence.
    """
    amplitude = np.where(rows["amplitude"] == SILENT, 0, rows["amplitude"] - base + 1)
    change = {"time_s": np.diff(rows["time_s"], prepend=begins) // step}
    change |= {"length_s": np.diff(rows["length_s"], prepend=0), "frequency_ratio": rows["frequency_ratio"]}
    found = {name: rows[name] for name in FIELDS} | {name: zigzags(values) for name, values in change.items()}
    others = zigzags(amplitude[:, 1:] - amplitude[:, :1])
    first = [found["time_s"], found["waveform"], amplitude[:, 0]]
    return np.column_stack([*first, others, rows["inverted"], *(found[name] for name in FIELDS[4:])])


def _decoded(numbers: Ints, begins: int, step: int, base: int) -> Rows:
    """The inverse; ParameterError for an amplitude that cannot be."""
    n_channels = (numbers.shape[1] - len(FIELDS) + 2) // 2
    amplitude = numbers[:, 2 : 2 + n_channels].copy()
    amplitude[:, 1:] = amplitude[:, :1] + unzigzags(amplitude[:, 1:])
    if amplitude.min() < 0 or amplitude.max() > LOUDEST - base + 1:
        raise ParameterError("an amplitude is out of range")
    rows: Rows = {"time_s": begins + step * np.cumsum(unzigzags(numbers[:, 0])), "waveform": numbers[:, 1]}
    rows["amplitude"] = np.where(amplitude == 0, SILENT, amplitude + base - 1)
    rows["inverted"] = numbers[:, 2 + n_channels : 2 + 2 * n_channels]
    rows |= {name: numbers[:, 2 + 2 * n_channels + k] for k, name in enumerate(FIELDS[4:])}
    rows["length_s"] = np.cumsum(unzigzags(rows["length_s"]))
    rows["frequency_ratio"] = unzigzags(rows["frequency_ratio"])
    return rows


def _extent(rows: Rows, number: int, sample_rate_hz: int) -> Extent:
    length, events = packet_samples(sample_rate_hz), Learned(**from_integers(rows, sample_rate_hz))
    before = number * length - float(events.start_s.min()) * sample_rate_hz
    after = float(events.end_s.max()) * sample_rate_hz - (number + 1) * length
    reach = (int(np.ceil(samples / REACH_UNIT - 1e-6)) for samples in (before, after))
    return Extent(number, 0, len(events), *(max(0, units) for units in reach))
