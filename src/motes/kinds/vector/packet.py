"""One packet of vectors: a table of whole numbers, column by column ◀▶ payload. `motes.kinds.vector.integers` says
what the numbers are.
"""

from __future__ import annotations

import numpy as np

from motes.coding.integers import unzigzags, zigzags
from motes.coding.varints import Reader, varints
from motes.errors import ParameterError
from motes.events.event_table import Ints
from motes.events.packet import packet_samples
from motes.kinds.packet_frame import PacketFrame, Place
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


def packet_numbers(rows: Rows, sample_rate_hz: int) -> Ints:
    """The number of the packet that each event belongs to."""
    length = packet_samples(sample_rate_hz) * TIME_UNITS
    return np.maximum((rows["time_s"] << time_bits(sample_rate_hz)) // length, 0)


def _written(rows: Rows, place: Place) -> bytes:
    mask = sum(1 << k for k, name in enumerate(OPTIONAL) if rows[name].any())
    coder = Coder(None, *place.shape)
    _code(coder, rows, mask, place.number, place.sample_rate_hz)
    return varints(mask) + coder.finish()


def _read(reader: Reader, place: Place) -> Rows:
    mask = reader.varint((1 << len(OPTIONAL)) - 1)
    rows: Rows = {name: np.zeros(place.n_events, np.int64) for name in FIELDS}
    rows["gain_db"] = np.zeros(place.shape, np.int64)
    _code(Coder(reader.rest(), *place.shape), rows, mask, place.number, place.sample_rate_hz)
    check(rows)
    return rows


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


_FRAME = PacketFrame(
    made=Vector,
    levels="gain_db",
    bytes_per_event=4,
    to_integers=to_integers,
    from_integers=from_integers,
    canonical=canonical,
    packet_numbers=packet_numbers,
    write=_written,
    read=_read,
)
table, packets, columns = _FRAME.table, _FRAME.packets, _FRAME.columns
