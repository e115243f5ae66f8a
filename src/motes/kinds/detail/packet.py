"""One packet of detail events: integers ◀▶ payload."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator
from enum import IntFlag
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from motes.coding.integers import padded
from motes.coding.trained import unpack, untrained
from motes.coding.varints import Reader, varints, zigzag
from motes.errors import FormatError, ParameterError
from motes.events.event_table import Ints
from motes.events.packet import (
    MAX_PAYLOAD,
    REACH_UNIT,
    EventPacket,
    Extent,
    ReadPacket,
    joined,
    last_packet,
    packet_samples,
)
from motes.events.sends import sends_of
from motes.kinds.detail.grid import LONGEST_FRAME, MOST_HALVINGS, band_edges, event_edges, frame_samples, places
from motes.kinds.detail.integers import (
    BAND_UNITS,
    GAIN_UNITS,
    RATIO_UNITS,
    TIME_UNITS,
    WHOLE,
    Columns,
    base_of,
    coded_bands,
    from_integers,
    rounded,
    to_integers,
)
from motes.kinds.detail.mask_model import decode_mask, encode_mask
from motes.kinds.detail.model import N_MIXERS, N_SLOTS, Arrays, code_event
from motes.kinds.detail.table import (
    HIGHEST_HZ,
    LARGEST_STEP,
    LONGEST_S,
    MOST_MASK_BANDS,
    MOST_MASK_FRAMES,
    Detail,
    rows_of,
)

TABLES = Path(__file__).with_name("tables.bin")


@cache
def trained() -> tuple[Ints, Ints]:
    """Slots and weights from which every packet starts, part of the format; copy them before use."""
    if not TABLES.exists():
        return untrained(N_SLOTS, N_MIXERS)
    return unpack(TABLES.read_bytes(), N_SLOTS, N_MIXERS)


class Flags(IntFlag):
    """In what an event differs from those that encoders make: when it begins; its frame, bands or number of frames;
    how edits changed it; whether it is in a group, is what its mask lets through, and has the coefficients of another.
    """

    FREE_TIME = 1
    FREE_LAYOUT = 2
    EDITED = 4
    GROUPED = 8
    MASKED = 16
    COPIED = 32


# Readers count on it: a packet has no more coefficients for each of its bytes.
COEFFICIENTS_PER_BYTE = 1024
N_PARTS = 1 << MOST_HALVINGS
_LAYOUT = ("frame_samples", "n_frames", "n_bands", "rise", "fall")
_EDITS = ("gain", "low_hz", "high_hz", "from_s", "until_s", "frequency_ratio", "time_ratio", "backward")


def packets(
    events: Detail, sample_rate_hz: int, quantiser: object, mapped: Callable[..., Iterable[EventPacket]] = map
) -> Iterator[EventPacket]:
    """Every packet of detail events, in order; parts of one event stand in one, wherever edits moved them. `mapped`,
    which is like `map`, may share them out among threads.
    """
    rate, events = sample_rate_hz, rounded(events, sample_rate_hz)
    time = np.rint(events.time_s * rate * TIME_UNITS).astype(np.int64)
    number = np.maximum(time // (packet_samples(rate) * TIME_UNITS), 0)[originals(events)]

    def packet_of(place: int) -> EventPacket:
        part = events.take(number == place)
        return EventPacket(encode_packet(part, place, rate), _extent(part, place, rate), sends_of(part))

    yield from mapped(packet_of, np.unique(number).tolist())


def _extent(events: Detail, number: int, rate: int) -> Extent:
    length = packet_samples(rate)
    before = number * length - math.floor(float(events.start_s.min()) * rate)
    after = math.ceil(float(events.end_s.max()) * rate) - (number + 1) * length
    return Extent(number, 0, len(events), max(0, -(-before // REACH_UNIT)), max(0, -(-after // REACH_UNIT)))


def originals(events: Detail) -> Ints:
    """For each event the first that has its coefficients, blocks, steps and fades, `(n_events,)`."""
    seen: dict[bytes, int] = {}
    found = np.empty(len(events), np.int64)
    starts = {name: rows_of(events, name) for name in ("sizes", "steps", "mid_side", "coefficients")}
    for i in range(len(events)):
        digest = hashlib.blake2b(np.array([events.column(name)[i] for name in _LAYOUT]).tobytes())
        for name, start in starts.items():
            digest.update(events.column(name)[start[i] : start[i + 1]].tobytes())
        found[i] = seen.setdefault(digest.digest(), i)
    return found


def encode_packet(events: Detail, number: int, rate: int) -> bytes:
    """The payload of rounded events."""
    tables = trained()
    columns, payload = to_integers(events, rate), varints(number, len(events))
    for i, first in enumerate(originals(events).tolist()):
        payload += _head({name: int(column[i]) for name, column in columns.items()}, number, rate, i - first)
        if (mask := events.mask_of(i)) is not None:
            coded = encode_mask(mask)
            payload += varints(*mask.shape, len(coded)) + coded
        if first == i:
            coded, tables = _coded(events, i, rate, tables)
            payload += coded
    n_values = events.coefficients.size + events.mask.size
    return payload + bytes(max(0, -(-n_values // COEFFICIENTS_PER_BYTE) - len(payload)))


def table(parts: list[Columns], sample_rate_hz: int) -> Detail:
    """All events of a file, from the columns of its packets."""
    return Detail(**joined(parts))


def _usual(number: int, rate: int) -> dict[str, int]:
    """What encoders make: a packet's stretch in frames of the usual length, as it was encoded."""
    frame, unedited = frame_samples(rate), _unedited(rate)
    layout = {"frame_samples": frame, "n_frames": packet_samples(rate) // frame}
    return (
        {"time_s": number * packet_samples(rate) * TIME_UNITS, "n_bands": len(band_edges(rate, frame)) - 1}
        | layout
        | unedited
    )


def _unedited(rate: int) -> dict[str, int]:
    ratios = {"frequency_ratio": RATIO_UNITS, "time_ratio": RATIO_UNITS, "backward": 0, "gain": GAIN_UNITS}
    until = round(LONGEST_S * rate * TIME_UNITS)
    return ratios | {"low_hz": 0, "high_hz": round(HIGHEST_HZ) * BAND_UNITS, "from_s": 0, "until_s": until}


def _head(event: dict[str, int], number: int, rate: int, copied: int) -> bytes:
    """All but mask and coefficients; those are of the event `copied` before this one, where that is not 0."""
    usual = _usual(number, rate)

    def differs(*names: str) -> bool:
        return any(event[name] != usual[name] for name in names)

    flags = (
        Flags.FREE_TIME * differs("time_s")
        | Flags.FREE_LAYOUT * (differs("frame_samples", "n_frames", "n_bands") and not copied)
        | Flags.EDITED * differs(*_EDITS)
        | Flags.GROUPED * (event["group_id"] != 0)
        | Flags.MASKED * (event["mask_frames"] != 0)
        | Flags.COPIED * (copied != 0)
    )
    parts = [int(flags)]
    if flags & Flags.FREE_TIME:
        parts.append(zigzag(event["time_s"] - usual["time_s"]))
    if flags & Flags.FREE_LAYOUT:
        parts += [event["frame_samples"].bit_length() - 1, event["n_frames"], event["n_bands"]]
    if flags & Flags.EDITED:
        parts += [event[name] for name in _EDITS]
    if flags & Flags.GROUPED:
        parts.append(event["group_id"])
    return varints(*parts, *([copied] if copied else [_exponent(event["rise"]), _exponent(event["fall"])]))


def _exponent(fade: int) -> int:
    """0 for no fade, else log₂ of its length and 1."""
    return fade.bit_length()


def _coded(events: Detail, i: int, rate: int, tables: tuple[Ints, Ints]) -> tuple[bytes, tuple[Ints, Ints]]:
    """The base of the steps and the coded bytes, their length before them; and what slots and weights have learnt."""
    arrays = arrays_of(events, i, rate)
    buffer = np.zeros(1024 + events.n_channels * len(arrays.coefficients), np.uint8)
    while True:
        slots, weights = tables[0].copy(), tables[1].copy()
        n = code_event(0, 0, buffer, slots, weights, arrays)
        if n <= len(buffer):
            break
        buffer = np.zeros(n + 64, np.uint8)
    return varints(zigzag(int(arrays.base)), n) + buffer[:n].tobytes(), (slots, weights)


def arrays_of(events: Detail, i: int, rate: int) -> Arrays:
    """What of event i is coded."""
    frame, shape = int(events.frame_samples[i]), (int(events.n_frames[i]), int(events.n_bands[i]))
    sizes = events.sizes[events.block_start[i] : events.block_start[i + 1]]
    rows = slice(events.step_start[i], events.step_start[i + 1])
    values = events.coefficients[events.coefficient_start[i] : events.coefficient_start[i + 1]]
    steps = events.steps[rows].reshape(*shape, -1).astype(np.int64)
    base = base_of(steps, coded_bands(values, places(sizes, frame, shape[1], rate), shape))
    size_at = np.zeros(shape[0] * N_PARTS, np.int64)
    size_at[(np.cumsum(sizes) - sizes) * N_PARTS // frame] = sizes
    mid_side = events.mid_side[rows].reshape(shape).astype(np.int64)
    edges = event_edges(rate, frame, shape[1])
    return Arrays(values.astype(np.int64), steps, mid_side, size_at, edges, np.int64(frame), np.int64(base))  # type: ignore[arg-type]


def columns(reader: Reader, sample_rate_hz: int, n_channels: int, quantiser: object) -> ReadPacket:
    """The events in a packet; FormatError, which names it, where it makes no sense."""
    rate = sample_rate_hz
    number, n_events = reader.varint(last_packet(rate)), reader.varint(len(reader))
    if n_events == 0:
        raise FormatError(f"{reader.name}: it holds no events")
    slots, weights = (found.copy() for found in trained())
    heads: list[dict[str, int]] = []
    values: list[Columns] = []
    allowed = COEFFICIENTS_PER_BYTE * len(reader)
    for _ in range(n_events):
        head, copied = _read_head(reader, number, rate, heads)
        allowed -= head["n_frames"] * head["frame_samples"] * n_channels + head["mask_frames"] * head["mask_bands"]
        if allowed < 0:
            raise FormatError(f"{reader.name}: more coefficients than its {len(reader)} bytes can hold")
        mask = _mask(reader, head)
        found = dict(values[-copied]) if copied else _decoded(reader, head, (rate, n_channels), slots, weights)
        head["n_blocks"] = len(found["sizes"])
        heads.append(head)
        values.append(found | {"mask": mask})
    if any(reader.rest()):
        raise FormatError(f"{reader.name}: bytes follow its events")
    integers = {name: np.array([head[name] for head in heads], np.int64) for name in heads[0]}
    made = from_integers(integers, rate) | {name: np.concatenate([v[name] for v in values]) for name in values[0]}
    try:
        events = Detail(**made)
    except ParameterError as error:
        raise FormatError(f"{reader.name}: {error}") from None
    again = to_integers(events, rate)
    if any(not np.array_equal(again[name], integers[name]) for name in again) or not rounded(events, rate).equals(
        events
    ):
        raise FormatError(f"{reader.name}: an event is out of range, silent or not as files hold it")
    of_time = np.maximum(integers["time_s"] // (packet_samples(rate) * TIME_UNITS), 0)
    if np.any(of_time[originals(events)] != number):
        raise FormatError(f"{reader.name}: an event belongs to another packet")
    return ReadPacket(made, _extent(events, number, rate))


def _read_head(reader: Reader, number: int, rate: int, before: list[dict[str, int]]) -> tuple[dict[str, int], int]:
    """An event but for its mask and coefficients, and how many events before it the one is that has those; 0 if it
    has its own.
    """
    flags = Flags(reader.varint(sum(Flags)))
    event = _usual(number, rate) | dict.fromkeys(set(WHOLE) - {"n_blocks"}, 0) | _usual(number, rate)
    limit = 2_000_000 * rate * TIME_UNITS
    if flags & Flags.FREE_TIME:
        event["time_s"] += reader.zigzag(2 * limit)
    if flags & Flags.FREE_LAYOUT:
        event["frame_samples"] = 1 << reader.varint(LONGEST_FRAME.bit_length() - 1)
        event["n_frames"], event["n_bands"] = reader.varint(1024), reader.varint(64)
    if flags & Flags.EDITED:
        event |= {name: reader.varint(limit if name.endswith("_s") else 1 << 40) for name in _EDITS}
    if flags & Flags.GROUPED:
        event["group_id"] = reader.varint(1 << 40)
    copied = reader.varint(len(before)) if flags & Flags.COPIED else 0
    if flags & Flags.COPIED and (not copied or flags & Flags.FREE_LAYOUT):
        raise FormatError(f"{reader.name}: an event has the coefficients of none")
    if copied:
        event |= {name: before[-copied][name] for name in _LAYOUT}
    for name in () if copied else ("rise", "fall"):
        length = reader.varint(LONGEST_FRAME.bit_length())
        event[name] = 1 << length - 1 if length else 0
    if flags & Flags.MASKED:
        event["mask_frames"], event["mask_bands"] = reader.varint(MOST_MASK_FRAMES), reader.varint(MOST_MASK_BANDS)
    if not event["n_frames"] or not event["n_bands"]:
        raise FormatError(f"{reader.name}: an event without frames or bands")
    return event, copied


def _mask(reader: Reader, head: dict[str, int]) -> NDArray[np.int8]:
    """The mask of an event, after the numbers of its frames and bands; none for none."""
    shape = head["mask_frames"], head["mask_bands"]
    if shape == (0, 0):
        return np.empty(0, np.int8)
    return decode_mask(reader.take(reader.varint(MAX_PAYLOAD)), shape, reader.name).reshape(-1)


def _decoded(reader: Reader, head: dict[str, int], about: tuple[int, int], slots: Ints, weights: Ints) -> Columns:
    rate, n_channels = about
    base, coded = reader.zigzag(2 * LARGEST_STEP), padded(reader.take(reader.varint(MAX_PAYLOAD)))
    frame, shape = head["frame_samples"], (head["n_frames"], head["n_bands"])
    arrays = Arrays(
        np.zeros((shape[0] * frame, n_channels), np.int64),
        np.zeros((*shape, n_channels), np.int64),
        np.zeros(shape, np.int64),
        np.zeros(shape[0] * N_PARTS, np.int64),
        event_edges(rate, frame, shape[1]),
        np.int64(frame),  # type: ignore[arg-type]
        np.int64(base),  # type: ignore[arg-type]
    )
    code_event(1, 0, coded, slots, weights, arrays)
    return {
        "coefficients": arrays.coefficients.astype(np.int16),
        "steps": arrays.steps.reshape(-1, n_channels).astype(np.int16),
        "mid_side": arrays.mid_side.reshape(-1).astype(np.int8),
        "sizes": arrays.size_at[arrays.size_at > 0],
    }
