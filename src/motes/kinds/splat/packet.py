"""One packet of splats: a table of whole numbers, column by column ◀▶ payload. `motes.kinds.splat.integers` says
what the numbers are.
"""

from __future__ import annotations

import numpy as np

from motes.coding.integers import padded, unzigzags, zigzags
from motes.coding.range_coder import N_STATE
from motes.coding.varints import Reader, varints
from motes.errors import ParameterError
from motes.events.event_table import Ints
from motes.events.packet import packet_samples
from motes.kinds.packet_frame import PacketFrame, Place
from motes.kinds.splat.integers import FIELDS, MUTED, TURNS, canonical, check, from_integers, to_integers
from motes.kinds.splat.model import (
    COLUMNS,
    NO_LEVEL,
    OFF,
    OPTIONAL,
    PLAIN,
    Column,
    add_up,
    begin,
    code_column,
    code_evenly,
    end,
    prior,
)
from motes.kinds.splat.precision import SHORT, TIME_UNITS, Rows, precision, time_bits
from motes.kinds.splat.table import Splat


class Coder:
    """The columns of a packet, one after the other: each method is handed values, which a decoder overwrites, and
    returns them.
    """

    def __init__(self, data: bytes | None, n_events: int, n_channels: int) -> None:
        self.decoding = data is not None
        size = 256 + n_events * (40 + n_channels) * 17
        self.buffer = np.empty(size, np.uint8) if data is None else padded(data)
        self.rc = np.zeros(N_STATE, np.int64)
        begin(self.rc, self.buffer, int(self.decoding))

    def column(self, column: Column, values: Ints) -> Ints:
        """By what a column is like."""
        values = np.ascontiguousarray(values, np.int64)
        slots = np.array(prior(column), np.int64)
        code_column(self.rc, self.buffer, slots, PLAIN if column.mean is None else column.mean, column.optional, values)
        return values

    def evenly(self, bits: Ints, values: Ints) -> Ints:
        """Of so many bits."""
        values = np.ascontiguousarray(values, np.int64)
        code_evenly(self.rc, self.buffer, np.ascontiguousarray(bits, np.int64), values)
        return values

    def finish(self) -> bytes:
        """What was written."""
        return self.buffer[: end(self.rc, self.buffer)].tobytes()


def packet_numbers(rows: Rows, sample_rate_hz: int) -> Ints:
    """The number of the packet that each event belongs to."""
    return np.maximum(rows["time_s"] // (packet_samples(sample_rate_hz) * TIME_UNITS), 0)


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
    return rows


def _code(coder: Coder, rows: Rows, mask: int, number: int, sample_rate_hz: int) -> None:
    """All columns of `rows` in order, both ways; ParameterError where one comes back out of its range."""
    for name in FIELDS:
        if name in OPTIONAL and not mask >> OPTIONAL.index(name) & 1:
            rows[name] = np.zeros_like(rows[name])
        elif name == "time_s":
            rows[name] = _times(coder, rows, number, sample_rate_hz)
        elif name == "gain_db":
            _gains(coder, rows[name])
        elif name == "centre_hz":  # beside the octave of f0
            octave = rows["octave"] << SHORT["centre_hz"].bits
            rows[name] = coder.column(COLUMNS[name], rows[name] - octave) + octave
        elif name in COLUMNS:
            rows[name] = coder.column(COLUMNS[name], rows[name])
        else:
            rows[name] = coder.evenly(even_bits(rows, name), rows[name])
        if coder.decoding:
            check(rows, name)


def even_bits(rows: Rows, name: str) -> Ints:
    """How many bits those values have whose bits are all equally likely."""
    if name == "modulation_rad":
        return np.where((rows["tremolo"] != 0) | (rows["vibrato_cents"] != 0), TURNS.bit_length() - 1, 0)
    held = precision(rows)
    return held.frequency if name == "mantissa" else held.phase


def _times(coder: Coder, rows: Rows, number: int, sample_rate_hz: int) -> Ints:
    """Differences in multiples of what each is rounded to, the first signed, from the packet's start."""
    bits, begins = time_bits(rows, sample_rate_hz), number * packet_samples(sample_rate_hz) * TIME_UNITS
    before = np.concatenate([[begins], rows["time_s"][:-1]])
    steps = (rows["time_s"] >> bits) - (before >> bits)
    steps[:1] = zigzags(steps[:1])
    steps = coder.column(COLUMNS["time_s"], np.maximum(steps, 0))
    steps[:1] = unzigzags(steps[:1])
    if np.abs(steps).max(initial=0) > 1 << 56:
        raise ParameterError("a time is out of range")
    times = np.minimum(steps, (1 << 58) >> bits)
    add_up(times, bits, begins)
    return times


def _gains(coder: Coder, gains: Ints) -> None:
    """In place: the first channel, and how the others differ from it."""
    first = np.where(gains[:, 0] == MUTED, 0, gains[:, 0] + NO_LEVEL)
    first = coder.column(COLUMNS["gain_db"], first)
    gains[:, 0] = np.where(first == 0, MUTED, first - NO_LEVEL)
    for channel in range(1, gains.shape[1]):
        other = np.where(gains[:, channel] == MUTED, 0, gains[:, channel] - gains[:, 0] + OFF)
        other = coder.column(COLUMNS["other_gain_db"], other)
        gains[:, channel] = np.where(other == 0, MUTED, other - OFF + gains[:, 0])


_FRAME = PacketFrame(
    made=Splat,
    levels="gain_db",
    bytes_per_event=2,
    to_integers=to_integers,
    from_integers=from_integers,
    canonical=canonical,
    packet_numbers=packet_numbers,
    write=_written,
    read=_read,
)
table, packets, columns = _FRAME.table, _FRAME.packets, _FRAME.columns
