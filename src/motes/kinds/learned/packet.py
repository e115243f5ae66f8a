"""One packet of learned events: columns of whole numbers ◀▶ payload. `motes.kinds.learned.integers` says what the
numbers are.
"""

from __future__ import annotations

import numpy as np

from motes.coding.integers import decode_numbers, encode_numbers, unzigzags, zigzags
from motes.coding.varints import Reader, varints, zigzag
from motes.errors import ParameterError
from motes.events.event_table import Ints
from motes.events.packet import packet_samples
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
from motes.kinds.packet_frame import PacketFrame, Place

# The zigzag of the lowest amplitude.
_MOST_BASE = 1279
# No number of an event is larger.
_MOST = 1 << 56


def packet_numbers(rows: Rows, sample_rate_hz: int) -> Ints:
    """The number of the packet that each event belongs to."""
    return np.maximum(rows["time_s"] // (packet_samples(sample_rate_hz) * TIME_UNITS), 0)


def _written(rows: Rows, place: Place) -> bytes:
    step = 1 if np.any(rows["time_s"] % TIME_UNITS) else TIME_UNITS
    base = int(rows["amplitude"][rows["amplitude"] > SILENT].min())
    coded = _coded(rows, _begins(place), step, base)
    return varints(int(step == 1), zigzag(base)) + encode_numbers(coded.reshape(-1), _places(*place.shape))


def _read(reader: Reader, place: Place) -> Rows:
    step, base = 1 if reader.varint(1) else TIME_UNITS, reader.zigzag(_MOST_BASE)
    numbers = decode_numbers(reader.rest(), _places(*place.shape)).reshape(place.n_events, -1)
    if numbers.max() > _MOST // place.n_events:
        raise ParameterError("an event is out of range")
    rows = _decoded(numbers, _begins(place), step, base)
    check(rows)
    return rows


def _begins(place: Place) -> int:
    return place.number * packet_samples(place.sample_rate_hz) * TIME_UNITS


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


_FRAME = PacketFrame(
    made=Learned,
    levels="amplitude",
    bytes_per_event=4,
    to_integers=to_integers,
    from_integers=from_integers,
    canonical=canonical,
    packet_numbers=packet_numbers,
    write=_written,
    read=_read,
)
table, packets, columns = _FRAME.table, _FRAME.packets, _FRAME.columns
