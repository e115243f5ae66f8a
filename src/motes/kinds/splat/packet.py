"""One packet of splats: a table of whole numbers, column by column ◀▶ payload. `motes.kinds.splat.integers` says
what the numbers are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from motes.coding.container import MAX_PAYLOAD, REACH_UNIT, SPLAT, Entry, Frame, Header, Reader, packet_samples, varint
from motes.coding.integers import unzigzags, zigzags
from motes.coding.range_coder import N_STATE, RECIPROCAL, code_adaptive, code_number, code_uniform, finish, start
from motes.errors import FormatError, ParameterError
from motes.events.event_table import Ints
from motes.kernels._jit import jit
from motes.kinds.splat.integers import (
    FIELDS,
    MUTED,
    SHORT,
    TIME_UNITS,
    TURNS,
    Rows,
    canonical,
    check,
    from_integers,
    precision,
    time_bits,
    to_integers,
)
from motes.kinds.splat.table import Splat
from motes.scene.scene import GaborQuantiser, Scene

# Of a column: 64 for numbers, then whether it is 0, after one that was and after one that was not.
SLOTS = 66
PLAIN, CENTRED = -1, 0
# What is coded as a difference lies within this.
FAR = 1 << 30
MEAN_LIMIT = 30
# At least, so that memory stays in proportion to the file.
BYTES_PER_EVENT = 2
_CHUNK = 20
# What is added to differences of gain between channels, and to gains, so that 0 is left for silence.
_OFF, _NO_LEVEL = 4096, 801


@dataclass(frozen=True)
class Column:
    """How one column is coded: the mean that it is first thought to have (None: it is coded as it is), the bits of
    a difference from the mean, and whether 0 is told by a bit of its own, and a column of zeros by one bit for all.
    """

    mean: int | None
    bits: int
    optional: bool = True


# Means and bits are those of scenes of 64 splats fitted to music and speech; for what fits leave alone, such as are
# usual. In the order of FIELDS, without those whose values are all equally likely.
COLUMNS = {
    "width_s": Column(218, 5, False),
    "t60_s": Column(110, 4, False),
    "octave": Column(8, 1, False),
    "centre_hz": Column(184, 4, False),
    "width_octaves": Column(64, 4, False),
    "shape": Column(49, 5),
    "rolloff_db": Column(36, 4),
    "damping_slope": Column(3, 2),
    "n_partials": Column(31, 1),
    "cutoff_start_hz": Column(52, 4),
    "cutoff_end_hz": Column(0, 4),
    "crossfade_s": Column(0, 3),
    "tremolo": Column(0, 3),
    "modulation_hz": Column(10, 6),
    "noise": Column(20, 4),
    "seed": Column(None, 6),
    "low_hz": Column(None, 11),
    "high_hz": Column(None, 15),
    "backward": Column(None, 0),
    "group_id": Column(None, 3),
    "time_s": Column(None, 6, False),
    "inharmonicity": Column(4, 4),
    "glide_per_s": Column(0, 5),
    "vibrato_cents": Column(0, 6),
    "gain_db": Column(_NO_LEVEL - 104, 6),
    "other_gain_db": Column(_OFF, 3),
}
# Bits of a packet's mask, the lowest first: which of these are not all 0.
OPTIONAL = tuple(name for name, column in COLUMNS.items() if column.optional and not name.endswith("gain_db"))


def prior(column: Column) -> list[int]:
    """The slots that a column begins with: numbers of `bits` bits, a number seldom 0; all of them learn fast."""
    more = [min(max(0.5 + 0.45 * np.tanh(0.8 * (column.bits - place - 0.5)), 0.03), 0.97) for place in range(64)]
    return [round(p * (1 << 22)) << 10 | 2 for p in (*more, 0.75, 0.25)]


@jit
def code_column(rc, buffer, slots, mean, optional, values):  # type: ignore[no-untyped-def]
    """Values `(n,)` of one column, to `buffer` or back; `mean` is PLAIN for what is coded as it is."""
    plain, centre, count, before = mean == PLAIN, mean << 8, 0, 1
    for i in range(len(values)):
        value = values[i]
        if optional:
            before = code_adaptive(rc, buffer, slots, 64 + 1 - before, np.int64(value == 0))
            if before == 1:
                values[i] = 0
                continue
        if plain:
            values[i] = code_number(rc, buffer, slots, 0, value)
            continue
        predicted = (centre + 128) >> 8
        value -= predicted
        value = code_number(rc, buffer, slots, 0, 2 * value if value >= 0 else -2 * value - 1)
        value = predicted + (value >> 1 if value & 1 == 0 else -(value >> 1) - 1)
        values[i] = value
        centre += ((min(max(value, -FAR), FAR) << 8) - centre) * RECIPROCAL[count] >> 16
        count = min(count + 1, MEAN_LIMIT)


@jit
def code_evenly(rc, buffer, bits, values):  # type: ignore[no-untyped-def]
    """Values `(n,)` below 2^`bits` `(n,)`, all equally likely, to `buffer` or back."""
    for i in range(len(values)):
        left, made = bits[i], np.int64(0)
        while left > 0:
            n = min(left, 16)
            left -= n
            made = made << n | code_uniform(
                rc, buffer, np.int64(1) << n, (values[i] >> left) & ((np.int64(1) << n) - 1)
            )
        values[i] = made


@jit
def begin(rc, buffer, decoding):  # type: ignore[no-untyped-def]
    """Set up a coder."""
    start(rc, buffer, decoding)


@jit
def end(rc, buffer):  # type: ignore[no-untyped-def]
    """Number of bytes written."""
    return finish(rc, buffer)


@jit
def add_up(steps, bits, first):  # type: ignore[no-untyped-def]
    """Times from how many multiples of 2^`bits` units each lies beyond the one before; those past 2^58 stay there."""
    time = first
    for i in range(len(steps)):
        time = min(max(((time >> bits[i]) + steps[i]) << bits[i], -(1 << 58)), 1 << 58)
        steps[i] = time


class Coder:
    """The columns of a packet, one after the other: each method is handed values, which a decoder overwrites, and
    returns them.
    """

    def __init__(self, data: bytes | None, n_events: int, n_channels: int) -> None:
        self.decoding = data is not None
        size = 256 + n_events * (40 + n_channels) * 17
        self.buffer = np.empty(size, np.uint8) if data is None else np.frombuffer(bytearray(data + bytes(1)), np.uint8)
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


def table(parts: list[dict[str, np.ndarray]], sample_rate_hz: int) -> Splat:
    """All events of a file, from the columns of its packets."""
    return Splat(**{name: np.concatenate([part[name] for part in parts]) for name in parts[0]})


def packets(scene: Scene, quantiser: GaborQuantiser) -> Iterator[tuple[bytes, Entry, int, Ints | None]]:
    """Payload, entry in the index (its `n_bytes` still 0), no windows, and sends, of every packet of splats, in
    order.
    """
    rate = scene.sample_rate_hz
    told = np.isin(scene.splat.group_id, scene.groups.stored().id)
    rows = to_integers(scene.splat.replace(group_id=np.where(told, scene.splat.group_id, 0)), rate)
    number = np.maximum(rows["time_s"] // (packet_samples(rate) * TIME_UNITS), 0)
    for p in np.unique(number):
        part = {name: column[number == p] for name, column in rows.items()}
        n_events, n_channels = part["gain_db"].shape
        mask = sum(1 << k for k, name in enumerate(OPTIONAL) if part[name].any())
        coder = Coder(None, n_events, n_channels)
        _code(coder, part, mask, int(p), rate)
        payload = varint(int(p)) + varint(n_events) + varint(mask) + coder.finish()
        payload += bytes(max(0, BYTES_PER_EVENT * n_events - len(payload)))
        yield payload, _entry(part, int(p), rate), 0, part.get("sends")


def columns(found: Frame, header: Header) -> tuple[dict[str, np.ndarray], Entry, int]:
    """The columns of the splats in a packet, its entry and no windows; FormatError, which names the packet, where
    it makes no sense.
    """
    rate = header.sample_rate_hz
    reader = Reader(found.payload, found.name)
    samples = packet_samples(rate)
    number, n_events = reader.varint((1_000_000 * rate) // samples + 1), reader.varint(MAX_PAYLOAD)
    if not 0 < BYTES_PER_EVENT * n_events <= len(found.payload):
        raise FormatError(f"{found.name}: {n_events} events in {len(found.payload)} bytes cannot be")
    mask = reader.varint((1 << len(OPTIONAL)) - 1)
    rows: Rows = {name: np.zeros(n_events, np.int64) for name in FIELDS}
    rows["gain_db"] = np.zeros((n_events, header.n_channels), np.int64)
    try:
        _code(Coder(reader.rest(), n_events, header.n_channels), rows, mask, number, rate)
        made = from_integers(rows, rate)
        Splat(**made)
    except ParameterError as error:
        raise FormatError(f"{found.name}: {error}") from None
    if np.any(canonical(rows) != np.arange(n_events)) or np.any(
        np.maximum(rows["time_s"] // (samples * TIME_UNITS), 0) != number
    ):
        raise FormatError(f"{found.name}: its events are out of order")
    return made, _entry(rows, number, rate), 0


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
    first = np.where(gains[:, 0] == MUTED, 0, gains[:, 0] + _NO_LEVEL)
    first = coder.column(COLUMNS["gain_db"], first)
    gains[:, 0] = np.where(first == 0, MUTED, first - _NO_LEVEL)
    for channel in range(1, gains.shape[1]):
        other = np.where(gains[:, channel] == MUTED, 0, gains[:, channel] - gains[:, 0] + _OFF)
        other = coder.column(COLUMNS["other_gain_db"], other)
        gains[:, channel] = np.where(other == 0, MUTED, other - _OFF + gains[:, 0])


def _entry(rows: Rows, number: int, sample_rate_hz: int) -> Entry:
    length, events = packet_samples(sample_rate_hz), Splat(**from_integers(rows, sample_rate_hz))
    before = number * length - float(events.start_s.min()) * sample_rate_hz
    after = float(events.end_s.max()) * sample_rate_hz - (number + 1) * length
    reach = (int(np.ceil(samples / REACH_UNIT - 1e-6)) for samples in (before, after))
    return Entry(SPLAT, number, 0, 0, len(events), *(max(0, units) for units in reach))
