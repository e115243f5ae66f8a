"""One packet of texture events: integers ◀▶ payload."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from motes.coding.container import (
    MAX_PAYLOAD,
    REACH_UNIT,
    TEXTURE,
    Entry,
    Frame,
    Header,
    Reader,
    packet_samples,
    unzigzag,
    varint,
    zigzag,
)
from motes.coding.sends import sends_of
from motes.coding.trained import unpack
from motes.errors import FormatError, ParameterError
from motes.kinds.texture.integers import (
    BAND_UNITS,
    COHERENCE_UNITS,
    RATIO_UNITS,
    SILENT,
    TIME_UNITS,
    Columns,
    from_integers,
    quantised,
    to_integers,
)
from motes.kinds.texture.model import COHERENCE, N_MIXERS, N_SLOTS, TABLES, TILE, code_levels, code_numbers
from motes.kinds.texture.table import FADE_S, Texture, hop_samples
from motes.scene.scene import GaborQuantiser, Scene

Ints = NDArray[np.int64]
PATH = Path(__file__).with_name("tables.bin")
# Flags of an event that differs from what encoders make: in its times, in its bands, in its number of frames, in that
# it is in a group; and of one whose channels all have the same levels, so that those of the first are coded.
FREE_TIMES, FREE_LAYOUT, FREE_FRAMES, GROUPED, ALIKE = 1, 2, 4, 8, 16
# Readers count on it: a packet has no more levels for each of its bytes.
LEVELS_PER_BYTE = 256
DEFAULT_STEP = 16
GROUP_BANDS = 4


@cache
def trained() -> tuple[Ints, Ints]:
    """Slots and weights from which every packet starts; copy them before use."""
    return unpack(PATH.read_bytes(), N_SLOTS, N_MIXERS)


def group_edges(n_bands: int) -> Ints:
    """First band of each group that is cut alike, and n_bands: groups of four, the last of up to four."""
    return np.array([*range(0, n_bands, GROUP_BANDS), n_bands], np.int64)


def cuts_of(level: Ints, edges: Ints) -> Ints:
    """log₂ of how few parts each tile of frames and group of bands of `level` `(n_frames, n_bands, n_channels)`
    needs, `(n_tiles, n_groups)`.
    """
    n_frames, n_bands, _ = level.shape
    n_tiles = -(-n_frames // TILE)
    padded = np.concatenate([level, np.repeat(level[-1:], n_tiles * TILE - n_frames, axis=0)]).reshape(
        n_tiles, TILE, n_bands, -1
    )
    changes = np.any(padded[:, 1:] != padded[:, :-1], axis=3)  # at frames 1 … 7 of each tile
    cut = np.zeros((n_tiles, n_bands), np.int64)
    for frames, parts in (((4,), 1), ((2, 6), 2), ((1, 3, 5, 7), 3)):
        cut[changes[:, [f - 1 for f in frames]].any(axis=1)] = parts
    return np.maximum.reduceat(cut, edges[:-1], axis=1)


def packets(scene: Scene, quantiser: GaborQuantiser) -> Iterator[tuple[bytes, Entry, int, Ints | None]]:
    """Payload, entry in the index (its `n_bytes` still 0), mask of windows (none) and sends of every packet of
    texture events, in order.
    """
    rate = scene.sample_rate_hz
    told = np.isin(scene.texture.group_id, scene.groups.stored().id)
    number = np.maximum(
        np.rint(scene.texture.time_s * rate * TIME_UNITS).astype(np.int64) // (packet_samples(rate) * TIME_UNITS), 0
    )
    for place in np.unique(number):
        part = scene.texture.take(number == place)
        part = quantised(part.replace(group_id=np.where(told[number == place], part.group_id, 0)), rate)
        if not len(part):
            continue
        yield encode_packet(part, int(place), rate), _entry(part, int(place), rate), 0, sends_of(part)


def _entry(events: Texture, number: int, rate: int) -> Entry:
    length, fade = packet_samples(rate), math.ceil(FADE_S * rate)
    before = number * length - math.floor(float(events.time_s.min()) * rate) + fade
    after = math.ceil(float((events.time_s + events.duration_s).max()) * rate) + fade - (number + 1) * length
    return Entry(TEXTURE, number, 0, 0, len(events), max(0, -(-before // REACH_UNIT)), max(0, -(-after // REACH_UNIT)))


def encode_packet(events: Texture, number: int, rate: int) -> bytes:
    """The payload of rounded events."""
    slots, weights = (table.copy() for table in trained())
    columns, payload = to_integers(events, rate), varint(number) + varint(len(events))
    for i in range(len(events)):
        shape = int(events.n_frames[i]), int(events.n_bands[i]), events.n_channels
        levels = columns["level_db"][events.level_start[i] : events.level_start[i + 1]].reshape(shape)
        coherence = columns["coherence"][events.band_start[i] : events.band_start[i + 1]]
        alike = shape[2] > 1 and bool(np.all(levels == levels[:, :, :1]))
        payload += _head(
            {name: int(column[i]) for name, column in columns.items() if len(column) == len(events)},
            alike,
            number,
            rate,
        )
        payload += _levels(levels[:, :, :1] if alike else levels, coherence, slots, weights)
    return payload + bytes(max(0, -(-len(events.level_db) * events.n_channels // LEVELS_PER_BYTE) - len(payload)))


def table(parts: list[Columns], sample_rate_hz: int) -> Texture:
    """All events of a file, from the columns of its packets."""
    return Texture(**{name: np.concatenate([part[name] for part in parts]) for name in parts[0]})


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
        FREE_TIMES * free_times
        | FREE_LAYOUT * free_layout
        | FREE_FRAMES * free_frames
        | GROUPED * (event["group_id"] != 0)
        | ALIKE * alike
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
    return b"".join(map(varint, parts))


def _levels(levels: Ints, coherence: Ints, slots: Ints, weights: Ints) -> bytes:
    """Step, offset, level at the start, and the coded bytes of the levels and of the coherence, their lengths
    before them.
    """
    heard = levels[levels != SILENT]
    lowest = int(heard.min()) if len(heard) else 0
    step = int(np.gcd.reduce(heard - lowest)) if len(heard) else 0
    step = step or DEFAULT_STEP
    offset = lowest % step
    steps = np.where(levels == SILENT, SILENT, (levels - offset) // step)
    base = int(np.median(steps[steps != SILENT])) if len(heard) else 0
    coded = _coded(steps, base, slots, weights)
    parts = [varint(step), varint(offset), varint(zigzag(base)), varint(len(coded)), coded]
    if coherence.size:
        numbers = np.array([zigzag(int(v)) for v in np.diff(coherence, axis=0, prepend=0).T.reshape(-1)], np.int64)
        buffer = np.zeros(64 + 8 * len(numbers), np.uint8)
        n = code_numbers(0, buffer, slots, np.int64(COHERENCE), numbers)
        parts += [varint(n), buffer[:n].tobytes()]
    return b"".join(parts)


def _coded(steps: Ints, base: int, slots: Ints, weights: Ints) -> bytes:
    edges = group_edges(steps.shape[1])
    buffer = np.zeros(256 + 8 * steps.size, np.uint8)
    n = code_levels(0, 0, buffer, slots, weights, TABLES, steps.copy(), cuts_of(steps, edges), edges, np.int64(base))
    return buffer[:n].tobytes()


def columns(found: Frame, header: Header) -> tuple[Columns, Entry, int]:
    """The columns of the events in a packet, its entry and its mask of windows; FormatError, which names it, where
    it makes no sense.
    """
    rate, n_channels = header.sample_rate_hz, header.n_channels
    reader = Reader(found.payload, found.name)
    number, n_events = reader.varint((1_000_000 * rate) // packet_samples(rate) + 1), reader.varint(len(found.payload))
    if n_events == 0:
        raise FormatError(f"{found.name}: it holds no events")
    slots, weights = (table.copy() for table in trained())
    heads, levels, coherences, allowed = [], [], [], LEVELS_PER_BYTE * len(found.payload)
    for _ in range(n_events):
        head, alike = _read_head(reader, number, rate)
        if alike and n_channels == 1:
            raise FormatError(f"{found.name}: one channel cannot be like others")
        allowed -= head["n_frames"] * head["n_bands"] * n_channels
        if allowed < 0:
            raise FormatError(f"{found.name}: more levels than its {len(found.payload)} bytes can hold")
        n_coded = 1 if alike else n_channels
        level, coherence = _read_levels(
            reader, (head["n_frames"], head["n_bands"], n_coded), n_channels, slots, weights
        )
        level = np.repeat(level, n_channels // n_coded, axis=2)
        heads.append(head)
        levels.append(level.reshape(-1, n_channels))
        coherences.append(coherence)
    if any(reader.rest()):
        raise FormatError(f"{found.name}: bytes follow its events")
    integers = {name: np.array([head[name] for head in heads], np.int64) for name in heads[0]}
    made = from_integers(integers | {"level_db": np.concatenate(levels), "coherence": np.concatenate(coherences)}, rate)
    try:
        events = Texture(**made)
    except ParameterError as error:
        raise FormatError(f"{found.name}: {error}") from None
    again = to_integers(events, rate)
    if any(not np.array_equal(again[name], integers[name]) for name in integers) or len(quantised(events, rate)) != len(
        events
    ):
        raise FormatError(f"{found.name}: an event is out of range or silent")
    if np.any(np.maximum(integers["time_s"] // (packet_samples(rate) * TIME_UNITS), 0) != number):
        raise FormatError(f"{found.name}: an event belongs to another packet")
    return made, _entry(events, number, rate), 0


def _read_head(reader: Reader, number: int, rate: int) -> tuple[dict[str, int], bool]:
    flags = reader.varint(31)
    event = {
        "seed": reader.varint(2**32 - 1),
        "n_bands": reader.varint(256),
        "low_hz": reader.varint(1_000_000 * BAND_UNITS),
    }
    times: dict[str, int] = {}
    if flags & FREE_TIMES:
        limit = 2_000_000 * rate * TIME_UNITS
        start = number * packet_samples(rate) * TIME_UNITS + unzigzag(reader.varint(2 * limit))
        clock = start + unzigzag(reader.varint(2 * limit))
        times = {"time_s": start, "clock_s": clock} | {
            name: reader.varint(limit) for name in ("duration_s", "frame_s", "into_s")
        }
    layout = {"high_hz": rate * BAND_UNITS // 2, "frequency_ratio": RATIO_UNITS, "backward": 0}
    if flags & FREE_LAYOUT:
        layout = {
            "high_hz": reader.varint(1_000_000 * BAND_UNITS),
            "frequency_ratio": reader.varint(1000 * RATIO_UNITS),
            "backward": reader.varint(1),
        }
    n_frames = reader.varint(1 << 20) if flags & FREE_FRAMES else _usual_frames(rate)
    group = {"group_id": reader.varint(1 << 40) if flags & GROUPED else 0}
    event |= layout | group | {"n_frames": n_frames} | (times or _usual(number, n_frames, rate))
    if not event["n_bands"] or not n_frames:
        raise FormatError(f"{reader.name}: an event without bands or frames")
    return event, bool(flags & ALIKE)


def _read_levels(
    reader: Reader, shape: tuple[int, int, int], n_channels: int, slots: Ints, weights: Ints
) -> tuple[Ints, Ints]:
    step, offset, base = reader.varint(1 << 12), reader.varint(1 << 12), unzigzag(reader.varint(1 << 13))
    coded = _bytes(reader)
    n_frames, n_bands, _ = shape
    steps, edges = np.zeros(shape, np.int64), group_edges(n_bands)
    cut = np.zeros((-(-n_frames // TILE), len(edges) - 1), np.int64)
    code_levels(1, 0, coded, slots, weights, TABLES, steps, cut, edges, np.int64(base))
    levels = np.where(steps == SILENT, SILENT, steps * step + offset)
    numbers = np.zeros(n_bands * (n_channels - 1), np.int64)
    if len(numbers):
        code_numbers(1, _bytes(reader), slots, np.int64(COHERENCE), numbers)
    numbers = np.minimum(numbers, 8 * COHERENCE_UNITS)
    differences = np.where(numbers & 1, -(numbers >> 1) - 1, numbers >> 1).reshape(n_channels - 1, n_bands)
    return levels, np.cumsum(differences, axis=1).T.reshape(n_bands, n_channels - 1)


def _bytes(reader: Reader) -> NDArray[np.uint8]:
    data = reader.take(reader.varint(MAX_PAYLOAD))
    return np.frombuffer(bytearray(data + bytes(1)), np.uint8)  # zeros follow the end anyway
