"""One packet of strike events: a table of whole numbers ◀▶ payload. The only place where strikes are rounded."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from motes.coding.container import MAX_PAYLOAD, REACH_UNIT, STRIKE, Entry, Frame, Header, Reader, packet_samples, varint
from motes.coding.integers import decode_numbers, encode_numbers, unzigzags, zigzags
from motes.coding.sends import send_columns, sends_of
from motes.errors import FormatError
from motes.kinds.strike.table import Strike
from motes.scene.scene import GaborQuantiser, Scene
from motes.units import HIGHEST_HZ

Ints = NDArray[np.int64]
# Units of time per sample.
TIME_UNITS = 64
# Amplitudes per doubling: 0.02 dB.
AMPLITUDE_STEPS = 256
LOWEST_AMPLITUDE = -40 * AMPLITUDE_STEPS
# Frequency ratios per octave.
RATIO_STEPS = 1 << 22
# Units of the edges of a band, per Hz.
BAND_UNITS = 16
# Columns of the table, in the order in which they are coded; time as the difference to the strike before.
FIELDS = ("time", "instrument", "control", "amplitude", "ratio", "ring", "since", "turn", "low", "high", "group")
TIME, INSTRUMENT, CONTROL, AMPLITUDE, RATIO, RING, SINCE, TURN, LOW, HIGH, GROUP = range(11)


def to_integers(strikes: Strike, sample_rate_hz: int) -> Ints:
    """Strikes as rows of whole numbers, `(n, 11)`, with room and wetness `(n, 13)`, those too weak to be heard left
    out, in canonical order.
    """
    heard = strikes.take(strikes.amplitude >= 2.0 ** (LOWEST_AMPLITUDE / AMPLITUDE_STEPS - 1))
    units = sample_rate_hz * TIME_UNITS
    limit = int(next(p for p in Strike.PARAMS if p.name == "amplitude").high)
    rows = np.stack(
        [
            np.rint(heard.time_s * units),
            heard.instrument_id,
            heard.control,
            np.minimum(
                np.rint(np.log2(np.maximum(heard.amplitude, 1e-300)) * AMPLITUDE_STEPS),
                np.floor(np.log2(limit) * AMPLITUDE_STEPS),
            ),
            np.rint(np.log2(heard.frequency_ratio) * RATIO_STEPS),
            np.ceil(heard.ring_s * sample_rate_hz / REACH_UNIT - 1e-9),
            np.rint(heard.since_s * units),
            np.rint(heard.turn_s * units),
            np.rint(heard.low_hz * BAND_UNITS),
            np.where(heard.high_hz >= HIGHEST_HZ, 0, 1 + np.rint(np.maximum(heard.high_hz, heard.low_hz) * BAND_UNITS)),
            heard.group_id,
        ],
        axis=1,
    ).astype(np.int64)
    sends = sends_of(heard)
    rows = rows if sends is None else np.concatenate([rows, sends], axis=1)
    ratio = int(np.log2(1e3) * RATIO_STEPS)
    rows[:, RATIO] = np.clip(rows[:, RATIO], -ratio, ratio)
    return rows[np.lexsort((rows[:, RATIO], rows[:, CONTROL], rows[:, INSTRUMENT], rows[:, TIME]))]


def from_integers(rows: Ints, sample_rate_hz: int) -> dict[str, NDArray[np.float64]]:
    """The columns of a Strike table, by name."""
    high = rows[:, HIGH]
    return {
        "time_s": rows[:, TIME] / TIME_UNITS / sample_rate_hz,
        "control": rows[:, CONTROL],
        "amplitude": np.exp2(rows[:, AMPLITUDE] / AMPLITUDE_STEPS),
        "ring_s": rows[:, RING] * REACH_UNIT / sample_rate_hz,
        "instrument_id": rows[:, INSTRUMENT],
        "frequency_ratio": np.exp2(rows[:, RATIO] / RATIO_STEPS),
        "since_s": rows[:, SINCE] / TIME_UNITS / sample_rate_hz,
        "turn_s": rows[:, TURN] / TIME_UNITS / sample_rate_hz,
        "low_hz": rows[:, LOW] / BAND_UNITS,
        "high_hz": np.where(high == 0, HIGHEST_HZ, (high - 1) / BAND_UNITS),
        "group_id": rows[:, GROUP],
        **(send_columns(rows[:, len(FIELDS) :]) if rows.shape[1] > len(FIELDS) else {}),
    }


def rounded(strikes: Strike, sample_rate_hz: int) -> Strike:
    """Strikes as a file holds them."""
    return Strike(**from_integers(to_integers(strikes, sample_rate_hz), sample_rate_hz))  # type: ignore[arg-type]


def table(parts: list[dict[str, np.ndarray]], sample_rate_hz: int) -> Strike:
    """All events of a file, from the columns of its packets."""
    return Strike(**{name: np.concatenate([part[name] for part in parts]) for name in parts[0]})


def packets(scene: Scene, quantiser: GaborQuantiser) -> Iterator[tuple[bytes, Entry, int, Ints | None]]:
    """Payload, entry in the index (its `n_bytes` still 0), no windows, and sends, of every packet of strikes, in
    order.
    """
    rate = scene.sample_rate_hz
    told = np.isin(scene.strike.group_id, scene.groups.stored().id)
    rows = to_integers(scene.strike.replace(group_id=np.where(told, scene.strike.group_id, 0)), rate)
    number = np.maximum(rows[:, TIME] // (packet_samples(rate) * TIME_UNITS), 0)
    for p in np.unique(number):
        part = rows[number == p]
        coded = part[:, : len(FIELDS)].copy()
        coded[:, TIME] = np.diff(part[:, TIME], prepend=int(p) * packet_samples(rate) * TIME_UNITS)
        for column in (TIME, AMPLITUDE, RATIO, TURN):
            coded[:, column] = zigzags(coded[:, column])
        payload = varint(int(p)) + varint(len(part)) + encode_numbers(coded.reshape(-1), _columns(len(part)))
        payload += bytes(max(0, -(-len(part) // 8) - len(payload)))
        yield payload, _entry(part, int(p), rate), 0, part[:, len(FIELDS) :] if part.shape[1] > len(FIELDS) else None


def columns(found: Frame, header: Header) -> tuple[dict[str, np.ndarray], Entry, int]:
    """The columns of the strikes in a packet, its entry and no windows; FormatError, which names the packet, where
    it makes no sense.
    """
    rate = header.sample_rate_hz
    reader = Reader(found.payload, found.name)
    samples = packet_samples(rate)
    number, n_events = reader.varint((1_000_000 * rate) // samples + 1), reader.varint(8 * MAX_PAYLOAD)
    if not 0 < n_events <= 8 * len(found.payload):
        raise FormatError(f"{found.name}: {n_events} events in {len(found.payload)} bytes cannot be")
    rows = decode_numbers(reader.rest(), _columns(n_events)).reshape(n_events, len(FIELDS))
    if rows.max() > 1 << 56:
        raise FormatError(f"{found.name}: an event is out of range")
    for column in (TIME, AMPLITUDE, RATIO, TURN):
        rows[:, column] = unzigzags(rows[:, column])
    if np.abs(rows[:, TIME]).max() > (1 << 61) // n_events:
        raise FormatError(f"{found.name}: an event is out of range")
    rows[:, TIME] = number * samples * TIME_UNITS + np.cumsum(rows[:, TIME])
    limits = {p.name: (p.low, p.high) for p in Strike.PARAMS}
    made = from_integers(rows, rate)
    if any(not (limits[name][0] <= values.min() and values.max() <= limits[name][1]) for name, values in made.items()):
        raise FormatError(f"{found.name}: an event is out of range")
    order = np.lexsort((rows[:, RATIO], rows[:, CONTROL], rows[:, INSTRUMENT], rows[:, TIME]))
    if np.any(order != np.arange(n_events)) or np.any(np.maximum(rows[:, TIME] // (samples * TIME_UNITS), 0) != number):
        raise FormatError(f"{found.name}: its events are out of order")
    return made, _entry(rows, number, rate), 0


def _columns(n_events: int) -> Ints:
    return np.tile(np.arange(len(FIELDS)), n_events)


def _entry(rows: Ints, number: int, sample_rate_hz: int) -> Entry:
    length, unit = packet_samples(sample_rate_hz) * TIME_UNITS, REACH_UNIT * TIME_UNITS
    before = number * length - int(rows[:, TIME].min())
    after = int((rows[:, TIME] + rows[:, RING] * unit).max()) - (number + 1) * length
    return Entry(STRIKE, number, 0, 0, len(rows), max(0, -(-before // unit)), max(0, -(-after // unit)))
