"""One packet of gabor events: integers ◀▶ payload."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import IntFlag
from typing import Any

import numpy as np

from motes.coding.integers import padded
from motes.coding.tag_model import pack_tags, unpack_tags
from motes.coding.tags import Tags
from motes.coding.varints import Reader, varints, zigzag
from motes.errors import FormatError
from motes.events.chirps import chirps_of
from motes.events.event_table import Ints
from motes.events.packet import (
    MAX_LAYER,
    MAX_PAYLOAD,
    REACH_UNIT,
    Columns,
    EventPacket,
    Extent,
    ReadPacket,
    last_packet,
    packet_samples,
)
from motes.events.sends import sends_of
from motes.events.shares import parts as parts_of
from motes.events.shares import share_integers, shares_of, wholes
from motes.kinds.gabor.edit_tags import N_COLUMNS, edits_to_tags, tags_to_edits
from motes.kinds.gabor.edited import ALL_EDITS, apply_edits, apply_edits_alone, base_of
from motes.kinds.gabor.integers import (
    FREQUENCY_UNITS,
    TIME_UNITS,
    GaborIntegers,
    from_integers,
    integers_in_range,
    numbers_of_packets,
    sounding,
    to_integers,
    windows_of,
)
from motes.kinds.gabor.model import BASE, OffGrid, OnGrid, Packet, code_events
from motes.kinds.gabor.quantiser import SILENT, WINDOW_UNITS, GaborQuantiser, slope
from motes.kinds.gabor.table import Gabor
from motes.kinds.gabor.trained import trained

# Windows of the grid, in the order in which they are coded.
WINDOWS = np.array([64 << k for k in range(9, -1, -1)], np.int64)


class Flags(IntFlag):
    """What a packet holds beside its events, and whether all channels hold the same, so that the first alone is
    coded. The layer stands above these bits.
    """

    EDITS = 1
    GROUPS = 2
    ALIKE = 4


N_FLAGS = len(Flags)
# What stands before the events, in this order, where its flag is set.
TAGGED = (Flags.EDITS, Flags.GROUPS)


@dataclass(frozen=True)
class GridPlaces:
    """Events on the grid: which of WINDOWS, frame (from the packet's start, in hops of window/4) and bin."""

    which: Ints
    frame: Ints
    bin: Ints


def _models() -> tuple[Ints, Ints]:
    slots, weights = trained()
    return slots.copy(), weights.copy()


def _on_grid(events: GaborIntegers, origin: int) -> tuple[np.ndarray, GridPlaces]:
    """Which events lie on the grid and are the first in their place, and where each would be."""
    window = events.window // WINDOW_UNITS
    which = np.searchsorted(-WINDOWS, -window).clip(0, len(WINDOWS) - 1)
    regular = WINDOWS[which] * WINDOW_UNITS == events.window
    hop, bin_width = WINDOWS[which] * (TIME_UNITS // 4), FREQUENCY_UNITS // WINDOWS[which]
    later = events.time - origin
    regular &= (
        (later >= 0)
        & (later % hop == 0)
        & (events.frequency % bin_width == 0)
        & (events.frequency <= FREQUENCY_UNITS // 2)
    )
    repeated = np.zeros(len(events), bool)
    columns = (events.time, events.frequency, events.window)
    repeated[1:] = np.logical_and.reduce([column[1:] == column[:-1] for column in columns])
    return regular & ~repeated, GridPlaces(which, later // hop, events.frequency // bin_width)


def packet_numbers(
    events: GaborIntegers, number: int, sample_rate_hz: int, quantiser: GaborQuantiser
) -> tuple[Packet, OnGrid, OffGrid]:
    """What `code_events` encodes of the events of packet `number`, which are in canonical order."""
    samples = packet_samples(sample_rate_hz)
    origin = number * samples * TIME_UNITS
    regular, places = _on_grid(events, origin)
    order = np.flatnonzero(regular)
    order = order[np.lexsort((places.bin[order], places.frame[order], places.which[order]))]
    free = np.flatnonzero(~regular)
    base = events.amplitude[events.amplitude != SILENT].min()
    free_places = np.stack([events.time[free] - origin, events.frequency[free], events.window[free]], axis=1)
    return (
        _packet(int(base), samples, quantiser),
        OnGrid(
            places.which[order],
            places.frame[order],
            places.bin[order],
            np.ascontiguousarray(events.amplitude[order]),
            np.ascontiguousarray(events.phase[order]),
        ),
        OffGrid(
            np.ascontiguousarray(free_places),
            np.ascontiguousarray(events.amplitude[free]),
            np.ascontiguousarray(events.phase[free]),
        ),
    )


def _packet(base: int, samples: int, quantiser: GaborQuantiser) -> Packet:
    return Packet(WINDOWS, samples, np.array([base, slope(quantiser), quantiser.n_phases]))


def encode_packet(tagged: Tagged, number: int, sample_rate_hz: int, quantiser: GaborQuantiser) -> EventPacket:
    """The packet of at least one sounding event of packet `number`."""
    tagged = tagged.in_order()
    events = tagged.events
    alike = events.n_channels > 1 and events.are_alike
    packet, grid, free = packet_numbers(events.one_channel() if alike else events, number, sample_rate_hz, quantiser)
    size = 64 + 4 * events.amplitude.size + 16 * len(free.places)
    while True:
        slots, weights = _models()
        buffer = np.empty(size, np.uint8)
        n = code_events(0, 0, buffer, slots, weights, packet, grid, free)
        if n <= size:
            break
        size = n + 16
    tags = [pack_tags(tags, events.frequency) for tags in (tagged.edits, tagged.groups)]
    flags = Flags.ALIKE * alike | sum(flag for flag, part in zip(TAGGED, tags, strict=True) if part)
    sizes = (len(part) for part in tags if part)
    base = zigzag(int(packet.settings[BASE]))
    head = varints(number, len(grid.which), len(free.places), base, tagged.layer << N_FLAGS | flags, *sizes)
    payload = head + b"".join(tags) + buffer[:n].tobytes()
    payload += bytes(max(0, -(-len(events) // 8) - len(payload)))  # readers count on it: at most eight events per byte
    return EventPacket(
        payload,
        _extent(tagged, number, sample_rate_hz),
        tagged.sends,
        _windows(grid.which),
        tagged.shares,
        tagged.chirps,
    )


def _windows(which: Ints) -> int:
    """The mask of windows on the grid."""
    return sum(1 << int(len(WINDOWS) - 1 - w) for w in np.unique(which))


def _extent(tagged: Tagged, number: int, sample_rate_hz: int) -> Extent:
    """How far the events of a packet reach, as edits have left them."""
    events, samples, edits = tagged.events, packet_samples(sample_rate_hz), tags_to_edits(tagged.edits, "")
    centre = events.time / TIME_UNITS * edits["edit_factor"] + edits["edit_shift_s"] * sample_rate_hz
    half = events.window / WINDOW_UNITS / 2 * np.abs(edits["edit_factor"])
    before = math.ceil((number * samples - (centre - half).min()) / REACH_UNIT)
    after = math.ceil(((centre + half).max() - (number + 1) * samples) / REACH_UNIT)
    return Extent(number, tagged.layer, len(events), before, after)


def decode_packet(
    reader: Reader, sample_rate_hz: int, n_channels: int, quantiser: GaborQuantiser
) -> tuple[Tagged, Extent, int]:
    """The inverse of `encode_packet`, events in canonical order; FormatError (which names the packet) where it
    makes no sense.
    """
    name, samples = reader.name, packet_samples(sample_rate_hz)
    number = reader.varint(last_packet(sample_rate_hz))
    n_grid, n_free, base = reader.varint(8 * MAX_PAYLOAD), reader.varint(8 * MAX_PAYLOAD), reader.zigzag(1 << 48)
    n_events = n_grid + n_free
    if not 0 < n_events <= 8 * len(reader):
        raise FormatError(f"{name}: {n_events} events in {len(reader)} bytes cannot be")
    layer, bits = divmod(reader.varint((MAX_LAYER << N_FLAGS) + sum(Flags)), 1 << N_FLAGS)
    flags = Flags(bits)
    n_coded = 1 if flags & Flags.ALIKE else n_channels
    sizes = [reader.varint(len(reader)) if flags & flag else 0 for flag in TAGGED]
    tags = [reader.take(size) for size in sizes]
    packet = _packet(base, samples, quantiser)
    grid, free = _decoded(reader.rest(), packet, (n_grid, n_free), n_coded, name)
    events = _events(grid, free, number * samples * TIME_UNITS)
    if flags & Flags.ALIKE:
        if n_channels == 1:
            raise FormatError(f"{name}: one channel cannot be like others")
        events = events.in_channels(n_channels)
    if not integers_in_range(events, sample_rate_hz, quantiser):
        raise FormatError(f"{name}: an event is out of range")
    events = events.take(np.lexsort((events.window, events.frequency, events.time)))
    edits, groups = (unpack_tags(part, n, events.frequency, name) for part, n in zip(tags, (N_COLUMNS, 1), strict=True))
    tagged = Tagged(events, edits, groups, layer)
    tags_to_edits(edits, name)
    return tagged, _extent(tagged, number, sample_rate_hz), _windows(grid.which)


def _decoded(
    data: bytes, packet: Packet, counts: tuple[int, int], n_channels: int, name: str
) -> tuple[OnGrid, OffGrid]:
    """So many events on the grid and off it from coded bytes."""
    (n_grid, n_free), (slots, weights) = counts, _models()
    which, frame, bins = (np.full(n_grid, -1, np.int64) for _ in range(3))
    grid = OnGrid(which, frame, bins, *np.zeros((2, n_grid, n_channels), np.int64))
    free = OffGrid(np.zeros((n_free, 3), np.int64), *np.zeros((2, n_free, n_channels), np.int64))
    done = code_events(1, 0, padded(data), slots, weights, packet, grid, free)
    if done != n_grid:
        raise FormatError(f"{name}: {done} events where {n_grid} were announced")
    if n_free and np.abs(free.places).max() > 1 << 60:
        raise FormatError(f"{name}: an event is out of range")
    return grid, free


def _events(grid: OnGrid, free: OffGrid, origin: int) -> GaborIntegers:
    """All events, those on the grid first, of the packet that begins at this time."""
    window, time, frequency = WINDOWS[grid.which], free.places[:, 0], free.places[:, 1]
    return GaborIntegers(
        np.concatenate([origin + grid.frame * (window * (TIME_UNITS // 4)), origin + time]),
        np.concatenate([grid.bin * (FREQUENCY_UNITS // window), frequency]),
        np.concatenate([window * WINDOW_UNITS, free.places[:, 2]]),
        np.concatenate([grid.amplitude, free.amplitude]),
        np.concatenate([grid.phase, free.phase]),
    )


@dataclass(frozen=True, eq=False)
class Tagged:
    """Whole atoms of one layer as they were before edits, these edits, the ids of the groups that they are in (one
    column), and their sends, shares and chirps, if any.
    """

    events: GaborIntegers
    edits: Tags
    groups: Tags
    layer: int
    sends: Ints | None = None
    shares: Ints | None = None
    chirps: Ints | None = None

    def take(self, where: Any) -> Tagged:
        """Those at `where`, in that order."""
        more = (None if each is None else each[where] for each in (self.sends, self.shares, self.chirps))
        edits, groups = self.edits.take(where), self.groups.take(where)
        return Tagged(self.events.take(where), edits, groups, self.layer, *more)

    def in_order(self) -> Tagged:
        """By time, frequency, window, with only the tags that occur."""
        events = self.events
        found = self.take(np.lexsort((events.window, events.frequency, events.time)))
        edits, groups = found.edits.used(), found.groups.used()
        return replace(found, edits=edits, groups=groups)


def packets(
    events: Gabor,
    sample_rate_hz: int,
    quantiser: GaborQuantiser,
    mapped: Callable[..., Iterable[EventPacket | None]] = map,
) -> Iterator[EventPacket]:
    """Every packet of gabor events, in order; `mapped`, which is like `map`, may share them out among threads."""
    rate, base = sample_rate_hz, wholes(base_of(events))
    plain = events.at_default("group_id")
    edits, groups = edits_to_tags(events), Tags.none(len(events), 1) if plain else Tags.of(events.group_id[:, None])
    sends, shares = sends_of(events), shares_of(events)

    def packet_of(place: tuple[int, int, Any]) -> EventPacket | None:
        (number, layer, part), mine = place, base.take(place[2])
        integers = to_integers(mine, rate, quantiser)
        sent, shared = (None if each is None else each[part] for each in (sends, shares))
        chirps = chirps_of(mine, windows_of(integers.window, rate))
        tagged = Tagged(integers, edits.take(part), groups.take(part), layer, sent, shared, chirps)
        audible = sounding(tagged.events) & (events.edit_gain[part] > 0)
        tagged = tagged.take(audible if shared is None else audible & shared.any(axis=1))
        return encode_packet(tagged, number, rate, quantiser) if len(tagged.events) else None

    return (packet for packet in mapped(packet_of, _places(base, rate)) if packet is not None)


def _places(base: Gabor, sample_rate_hz: int) -> Iterator[tuple[int, int, Any]]:
    """The number and layer of each packet, in order, and which events it holds."""
    number = numbers_of_packets(base.time_s, sample_rate_hz)
    if base.at_default("edit_layer") and np.all(number[1:] >= number[:-1]):
        edges = np.flatnonzero(np.diff(number, prepend=-1, append=-1))
        yield from ((int(number[first]), 0, slice(first, last)) for first, last in itertools.pairwise(edges.tolist()))
        return
    layer = np.unique(base.edit_layer, return_inverse=True)[1].reshape(-1)
    order = np.lexsort((layer, number))
    edges = np.flatnonzero(np.diff(number[order], prepend=-1, append=-1) | np.diff(layer[order], prepend=-1, append=-1))
    for first, last in itertools.pairwise(edges.tolist()):
        yield int(number[order[first]]), int(layer[order[first]]), order[first:last]


def columns(reader: Reader, sample_rate_hz: int, n_channels: int, quantiser: GaborQuantiser) -> ReadPacket:
    """The events in a packet, with columns of edits and groups only where there are such."""
    tagged, extent, windows = decode_packet(reader, sample_rate_hz, n_channels, quantiser)
    made: Columns = dict(from_integers(tagged.events, sample_rate_hz, quantiser))
    if not tagged.edits.trivial:
        edits = tags_to_edits(tagged.edits, reader.name)
        apply_edits_alone(Gabor(**made), edits)  # which says so where they put an event out of range
        made |= edits
    if tagged.layer:
        made["edit_layer"] = np.full(len(tagged.events), tagged.layer)
    if not tagged.groups.trivial:
        made["group_id"] = tagged.groups.values[:, 0]
    return ReadPacket(made, extent, windows)


def table(parts: list[Columns], sample_rate_hz: int) -> Gabor:
    """All events of a file, from the columns of its packets, after their edits."""
    names, counts = {name for part in parts for name in part}, [len(part["time_s"]) for part in parts]
    defaults = {
        param.name: param.default for param in Gabor.PARAMS if param.default is not None and param.name in names
    }
    made = {}
    for name in names:  # each column's parts are let go as soon as they are joined
        made[name] = np.concatenate(
            [
                part.pop(name, None) if name in part else np.full(n, defaults[name])
                for part, n in zip(parts, counts, strict=True)
            ]
        )
    edits = {name: made.pop(name) for name in ALL_EDITS if name in made}
    shares = share_integers(made.pop("share_re", None), made.pop("share_im", None))
    base = parts_of(Gabor(**made), shares)
    return apply_edits(base, edits, sample_rate_hz) if edits else base
