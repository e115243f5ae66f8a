"""One packet of texture events: integers ◀▶ payload."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from enum import IntFlag

import numpy as np
from numpy.typing import NDArray

from motes.coding.integers import code_numbers, padded, unzigzags, zigzags
from motes.coding.varints import Reader, varint, varints, zigzag
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
from motes.events.shares import WHOLE
from motes.kinds.texture.integers import (
    BAND_UNITS,
    COHERENCE_UNITS,
    LEVEL_UNITS,
    RATIO_UNITS,
    SILENT,
    TIME_UNITS,
    Columns,
    from_integers,
    rounded,
    to_integers,
)
from motes.kinds.texture.model import COHERENCE, TILE, Levels, code_levels
from motes.kinds.texture.table import FADE_S, LOWEST_LEVEL_DB, Texture, hop_samples
from motes.kinds.texture.trained import trained


class Flags(IntFlag):
    """In what an event differs from those that encoders make (its times, its bands, its number of frames), whether it
    is in a group, and whether all its channels have the levels of the first, which alone are coded.
    """

    FREE_TIMES = 1
    FREE_LAYOUT = 2
    FREE_FRAMES = 4
    GROUPED = 8
    ALIKE = 16


# Readers count on it: a packet has no more levels for each of its bytes.
LEVELS_PER_BYTE = 256
DEFAULT_STEP = 16
# Bytes before the levels of a packet of one event at most, as encoders make them.
LONGEST_HEAD = 16
GROUP_BANDS = 4


def group_edges(n_bands: int) -> Ints:
    """First band of each group that is cut alike, and n_bands: groups of four, the last of up to four."""
    return np.array([*range(0, n_bands, GROUP_BANDS), n_bands], np.int64)


def cuts_of(level: Ints, edges: Ints) -> Ints:
    """log₂ of how few parts each tile of frames and group of bands of `level` `(n_frames, n_bands, n_channels)`
    needs, `(n_tiles, n_groups)`.
    """
    n_frames, n_bands, _ = level.shape
    n_tiles = -(-n_frames // TILE)
    tiles = np.concatenate([level, np.repeat(level[-1:], n_tiles * TILE - n_frames, axis=0)]).reshape(
        n_tiles, TILE, n_bands, -1
    )
    changes = np.any(tiles[:, 1:] != tiles[:, :-1], axis=3)  # at frames 1 … 7 of each tile
    cut = np.zeros((n_tiles, n_bands), np.int64)
    for frames, parts in (((4,), 1), ((2, 6), 2), ((1, 3, 5, 7), 3)):
        cut[changes[:, [f - 1 for f in frames]].any(axis=1)] = parts
    return np.maximum.reduceat(cut, edges[:-1], axis=1)


def packets(
    events: Texture, sample_rate_hz: int, quantiser: object, mapped: Callable[..., Iterable[EventPacket]] = map
) -> Iterator[EventPacket]:
    """Every packet of texture events, in order; `mapped`, which is like `map`, may share them out among threads."""
    rate = sample_rate_hz
    events = rounded(events, rate)
    time = np.rint(events.time_s * rate * TIME_UNITS).astype(np.int64)
    number = np.maximum(time // (packet_samples(rate) * TIME_UNITS), 0)

    def packet_of(place: int) -> EventPacket:
        part = events.take(np.flatnonzero(number == place))
        payload = encode_packet(part, place, rate)
        return EventPacket(payload, _extent(part, place, rate), sends_of(part), shares=_shares(part))

    yield from mapped(packet_of, np.unique(number).tolist())


def _extent(events: Texture, number: int, rate: int) -> Extent:
    length, fade = packet_samples(rate), math.ceil(FADE_S * rate)
    before = number * length - math.floor(float(events.time_s.min()) * rate) + fade
    after = math.ceil(float((events.time_s + events.duration_s).max()) * rate) + fade - (number + 1) * length
    return Extent(number, 0, len(events), max(0, -(-before // REACH_UNIT)), max(0, -(-after // REACH_UNIT)))


def encode_packet(events: Texture, number: int, rate: int) -> bytes:
    """The payload of rounded events."""
    slots, weights = (table.copy() for table in trained())
    columns, payload = to_integers(events, rate), varints(number, len(events))
    for i in range(len(events)):
        shape = int(events.n_frames[i]), int(events.n_bands[i]), events.n_channels
        levels = columns["level_db"][events.level_start[i] : events.level_start[i + 1]].reshape(shape)
        coherence = columns["coherence"][events.band_start[i] : events.band_start[i + 1]]
        alike = shape[2] > 1 and bool(np.all(levels == levels[:, :, :1]))
        payload += _head(
            {name: int(column[i]) for name, column in columns.items() if name not in Texture.RAGGED},
            alike,
            number,
            rate,
        )
        payload += _levels(levels[:, :, :1] if alike else levels, coherence, slots, weights)
    return payload + bytes(max(0, -(-len(events.level_db) * events.n_channels // LEVELS_PER_BYTE) - len(payload)))


def _shares(events: Texture) -> Ints | None:
    """What the packet of shares says of them: that what is subtracted is −1 times a noise; None where nothing is."""
    if not events.subtracted.any():
        return None
    return np.where(events.subtracted[:, None] == 1, -1, 1) * np.array(WHOLE, np.int64)


def _subtracted(part: Columns) -> Columns:
    """The columns of a packet with shares as what they mean; ParameterError where they mean nothing."""
    part = dict(part)
    real, imaginary = part.pop("share_re", np.ones(len(part["time_s"]))), part.pop("share_im", 0)
    if np.any(np.abs(real) != 1) or np.any(imaginary):
        raise ParameterError("a part of a noise is neither all of it nor all of it taken away")
    return part | {"subtracted": (real < 0).astype(np.int64)}


def event_bytes(level_db: NDArray[np.float64], coherence: NDArray[np.float64]) -> int:
    """What a packet takes of one event as encoders make them, with levels `(n_channels, n_frames, n_bands)` in steps,
    0 where all are silent; its head is taken for as long as it is at most.
    """
    slots, weights = (model.copy() for model in trained())
    level = np.moveaxis(np.rint(level_db * LEVEL_UNITS).astype(np.int64), 0, -1)
    level = np.where(level <= LOWEST_LEVEL_DB * LEVEL_UNITS, SILENT, level)
    if np.all(level == SILENT):
        return 0
    alike = level.shape[2] > 1 and bool(np.all(level == level[:, :, :1]))
    near = np.rint(coherence * COHERENCE_UNITS).astype(np.int64)
    return LONGEST_HEAD + len(_levels(np.ascontiguousarray(level[:, :, :1] if alike else level), near, slots, weights))


def table(parts: list[Columns], sample_rate_hz: int) -> Texture:
    """All events of a file, from the columns of its packets."""
    if any("share_re" in part for part in parts):
        parts = [_subtracted(part) for part in parts]
    return Texture(**joined(parts))


def _usual(number: int, n_frames: int, rate: int) -> dict[str, int]:
    """The times of an event as encoders make them: it begins with its packet, as its clock does, and has a level
    for each rendering frame.
    """
    frame, start = hop_samples(rate) * TIME_UNITS, number * packet_samples(rate) * TIME_UNITS
    return {"time_s": start, "clock_s": start, "duration_s": n_frames * frame, "frame_s": frame, "into_s": 0}


def _usual_frames(rate: int) -> int:
    return packet_samples(rate) // hop_samples(rate)


def _head(event: dict[str, int], alike: bool, number: int, rate: int) -> bytes:
    usual = _usual(number, event["n_frames"], rate)
    free_times = any(event[name] != value for name, value in usual.items())
    free_layout = (
        event["high_hz"] != rate * BAND_UNITS // 2 or event["frequency_ratio"] != RATIO_UNITS or event["backward"] != 0
    )
    free_frames = event["n_frames"] != _usual_frames(rate)
    flags = (
        Flags.FREE_TIMES * free_times
        | Flags.FREE_LAYOUT * free_layout
        | Flags.FREE_FRAMES * free_frames
        | Flags.GROUPED * (event["group_id"] != 0)
        | Flags.ALIKE * alike
    )
    parts = [flags, event["seed"], event["n_bands"], event["low_hz"]]
    if free_times:
        parts += [zigzag(event["time_s"] - usual["time_s"]), zigzag(event["clock_s"] - event["time_s"])]
        parts += [event["duration_s"], event["frame_s"], event["into_s"]]
    if free_layout:
        parts += [event["high_hz"], event["frequency_ratio"], event["backward"]]
    if free_frames:
        parts.append(event["n_frames"])
    if event["group_id"]:
        parts.append(event["group_id"])
    return varints(*parts)


def _levels(levels: Ints, coherence: Ints, slots: Ints, weights: Ints) -> bytes:
    """Step, offset, level at the start, and the coded bytes of the levels and of the coherence, their lengths
    before them.
    """
    audible = levels[levels != SILENT]
    lowest = int(audible.min()) if len(audible) else 0
    step = int(np.gcd.reduce(audible - lowest)) if len(audible) else 0
    step = step or DEFAULT_STEP
    offset = lowest % step
    steps = np.where(levels == SILENT, SILENT, (levels - offset) // step)
    base = int(np.median(steps[steps != SILENT])) if len(audible) else 0
    coded = _coded(steps, base, slots, weights)
    parts = [varints(step, offset, zigzag(base), len(coded)), coded]
    if coherence.size:
        numbers = zigzags(np.diff(coherence, axis=0, prepend=0).T.reshape(-1))
        buffer = np.zeros(64 + 8 * len(numbers), np.uint8)
        n = code_numbers(0, buffer, slots, np.full(len(numbers), COHERENCE), numbers)
        parts += [varint(n), buffer[:n].tobytes()]
    return b"".join(parts)


def _coded(steps: Ints, base: int, slots: Ints, weights: Ints) -> bytes:
    edges = group_edges(steps.shape[1])
    buffer = np.zeros(256 + 8 * steps.size, np.uint8)
    levels = Levels(steps.copy(), cuts_of(steps, edges), edges, base)
    n = code_levels(0, 0, buffer, slots, weights, levels)
    return buffer[:n].tobytes()


def columns(reader: Reader, sample_rate_hz: int, n_channels: int, quantiser: object) -> ReadPacket:
    """The events in a packet; FormatError, which names it, where it makes no sense."""
    rate = sample_rate_hz
    number, n_events = reader.varint(last_packet(rate)), reader.varint(len(reader))
    if n_events == 0:
        raise FormatError(f"{reader.name}: it holds no events")
    slots, weights = (table.copy() for table in trained())
    heads, levels, coherences, allowed = [], [], [], LEVELS_PER_BYTE * len(reader)
    for _ in range(n_events):
        head, alike = _read_head(reader, number, rate)
        if alike and n_channels == 1:
            raise FormatError(f"{reader.name}: one channel cannot be like others")
        allowed -= head["n_frames"] * head["n_bands"] * n_channels
        if allowed < 0:
            raise FormatError(f"{reader.name}: more levels than its {len(reader)} bytes can hold")
        n_coded = 1 if alike else n_channels
        level, coherence = _read_levels(
            reader, (head["n_frames"], head["n_bands"], n_coded), n_channels, slots, weights
        )
        level = np.repeat(level, n_channels // n_coded, axis=2)
        heads.append(head)
        levels.append(level.reshape(-1, n_channels))
        coherences.append(coherence)
    if any(reader.rest()):
        raise FormatError(f"{reader.name}: bytes follow its events")
    integers = {name: np.array([head[name] for head in heads], np.int64) for name in heads[0]}
    made = from_integers(integers | {"level_db": np.concatenate(levels), "coherence": np.concatenate(coherences)}, rate)
    try:
        events = Texture(**made)
    except ParameterError as error:
        raise FormatError(f"{reader.name}: {error}") from None
    again = to_integers(events, rate)
    if any(not np.array_equal(again[name], integers[name]) for name in integers) or len(rounded(events, rate)) != len(
        events
    ):
        raise FormatError(f"{reader.name}: an event is out of range or silent")
    if np.any(np.maximum(integers["time_s"] // (packet_samples(rate) * TIME_UNITS), 0) != number):
        raise FormatError(f"{reader.name}: an event belongs to another packet")
    return ReadPacket(made, _extent(events, number, rate))


def _read_head(reader: Reader, number: int, rate: int) -> tuple[dict[str, int], bool]:
    flags = Flags(reader.varint(sum(Flags)))
    event = {
        "seed": reader.varint(2**32 - 1),
        "n_bands": reader.varint(256),
        "low_hz": reader.varint(1_000_000 * BAND_UNITS),
    }
    times: dict[str, int] = {}
    if flags & Flags.FREE_TIMES:
        limit = 2_000_000 * rate * TIME_UNITS
        start = number * packet_samples(rate) * TIME_UNITS + reader.zigzag(2 * limit)
        clock = start + reader.zigzag(2 * limit)
        times = {"time_s": start, "clock_s": clock} | {
            name: reader.varint(limit) for name in ("duration_s", "frame_s", "into_s")
        }
    layout = {"high_hz": rate * BAND_UNITS // 2, "frequency_ratio": RATIO_UNITS, "backward": 0}
    if flags & Flags.FREE_LAYOUT:
        layout = {
            "high_hz": reader.varint(1_000_000 * BAND_UNITS),
            "frequency_ratio": reader.varint(1000 * RATIO_UNITS),
            "backward": reader.varint(1),
        }
    n_frames = reader.varint(1 << 20) if flags & Flags.FREE_FRAMES else _usual_frames(rate)
    group = {"group_id": reader.varint(1 << 40) if flags & Flags.GROUPED else 0}
    event |= layout | group | {"n_frames": n_frames} | (times or _usual(number, n_frames, rate))
    if not event["n_bands"] or not n_frames:
        raise FormatError(f"{reader.name}: an event without bands or frames")
    return event, bool(flags & Flags.ALIKE)


def _read_levels(
    reader: Reader, shape: tuple[int, int, int], n_channels: int, slots: Ints, weights: Ints
) -> tuple[Ints, Ints]:
    step, offset, base = reader.varint(1 << 12), reader.varint(1 << 12), reader.zigzag(1 << 13)
    coded = _bytes(reader)
    n_frames, n_bands, _ = shape
    steps, edges = np.zeros(shape, np.int64), group_edges(n_bands)
    cut = np.zeros((-(-n_frames // TILE), len(edges) - 1), np.int64)
    code_levels(1, 0, coded, slots, weights, Levels(steps, cut, edges, base))
    levels = np.where(steps == SILENT, SILENT, steps * step + offset)
    numbers = np.zeros(n_bands * (n_channels - 1), np.int64)
    if len(numbers):
        code_numbers(1, _bytes(reader), slots, np.full(len(numbers), COHERENCE), numbers)
    numbers = np.minimum(numbers, 8 * COHERENCE_UNITS)
    differences = unzigzags(numbers).reshape(n_channels - 1, n_bands)
    return levels, np.cumsum(differences, axis=1).T.reshape(n_bands, n_channels - 1)


def _bytes(reader: Reader) -> NDArray[np.uint8]:
    return padded(reader.take(reader.varint(MAX_PAYLOAD)))
