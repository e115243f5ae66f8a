"""One packet of gabor events: integers ◀▶ payload."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from motes.codec.container import GABOR, MAX_PAYLOAD, REACH_UNIT, Entry, Frame, Header, Reader, packet_samples, unzigzag, varint, zigzag
from motes.codec.gabor_model import code_events
from motes.codec.quantise import (
    FREQUENCY_UNITS,
    SILENT,
    TIME_UNITS,
    WINDOW_UNITS,
    GaborIntegers,
    Ints,
    from_integers,
    integers_in_range,
    slope,
    sounding,
    to_integers,
)
from motes.codec.tables import trained
from motes.errors import FormatError
from motes.scene.gabor import Gabor
from motes.scene.scene import GaborQuantiser, Scene

WINDOWS = np.array([64 << k for k in range(9, -1, -1)], np.int64)
"""Windows of the grid, in the order in which they are coded."""


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
    regular &= (later >= 0) & (later % hop == 0) & (events.frequency % bin_width == 0) & (events.frequency <= FREQUENCY_UNITS // 2)
    repeated = np.zeros(len(events), bool)
    columns = (events.time, events.frequency, events.window)
    repeated[1:] = np.logical_and.reduce([column[1:] == column[:-1] for column in columns])
    return regular & ~repeated, GridPlaces(which, later // hop, events.frequency // bin_width)


def packet_arguments(events: GaborIntegers, number: int, sample_rate_hz: int, quantiser: GaborQuantiser) -> tuple[Any, ...]:
    """The last arguments of `code_events`, from `packet_samples` on, for the events of packet `number`."""
    samples = packet_samples(sample_rate_hz)
    origin = number * samples * TIME_UNITS
    events = events.take(np.lexsort((events.window, events.frequency, events.time)))
    regular, places = _on_grid(events, origin)
    order = np.flatnonzero(regular)
    order = order[np.lexsort((places.bin[order], places.frame[order], places.which[order]))]
    free = np.flatnonzero(~regular)
    base = events.amplitude[events.amplitude != SILENT].min()
    free_places = np.stack([events.time[free] - origin, events.frequency[free], events.window[free]], axis=1)
    free_sound = np.stack([events.amplitude[free], events.phase[free]])
    settings = np.array([base, slope(quantiser), quantiser.n_phases])
    grid = (places.which[order], places.frame[order], places.bin[order], events.amplitude[order], events.phase[order])
    return samples, settings, *grid, free_places, free_sound


def encode_packet(events: GaborIntegers, number: int, sample_rate_hz: int, quantiser: GaborQuantiser) -> tuple[bytes, Entry, int]:
    """Payload, index entry (its `n_bytes` still 0) and mask of windows on the grid, of at least one sounding event of packet `number`."""
    arguments = packet_arguments(events, number, sample_rate_hz, quantiser)
    samples, settings, which, *_, free_places, _ = arguments
    size = 64 + 4 * len(events) * events.amplitude.shape[1] + 16 * len(free_places)
    while True:
        slots, weights = _models()
        buffer = np.empty(size, np.uint8)
        n = code_events(0, 0, buffer, slots, weights, WINDOWS, *arguments)
        if n <= size:
            break
        size = n + 16
    head = b"".join(map(varint, (number, len(which), len(free_places), zigzag(int(settings[0])))))
    payload = head + buffer[:n].tobytes()
    payload += bytes(max(0, -(-len(events) // 8) - len(payload)))  # readers count on it: at most eight events per byte
    mask = sum(1 << int(9 - w) for w in np.unique(which))
    return payload, _entry(events, number, samples), mask


def _entry(events: GaborIntegers, number: int, samples: int) -> Entry:
    half = TIME_UNITS // WINDOW_UNITS // 2 * events.window
    unit = REACH_UNIT * TIME_UNITS
    before = number * samples * TIME_UNITS - int((events.time - half).min())
    after = int((events.time + half).max()) - (number + 1) * samples * TIME_UNITS
    return Entry(GABOR, number, 0, len(events), max(0, -(-before // unit)), max(0, -(-after // unit)))


def decode_packet(payload: bytes, name: str, sample_rate_hz: int, n_channels: int, quantiser: GaborQuantiser) -> tuple[GaborIntegers, Entry, int]:
    """The inverse of `encode_packet`, events in canonical order; FormatError (which names the packet) where it makes no sense."""
    samples = packet_samples(sample_rate_hz)
    reader = Reader(payload, name)
    number = reader.varint((1_000_000 * sample_rate_hz) // samples + 1)
    n_grid, n_free, base = reader.varint(8 * MAX_PAYLOAD), reader.varint(8 * MAX_PAYLOAD), unzigzag(reader.varint(1 << 48))
    n_events = n_grid + n_free
    if not 0 < n_events <= 8 * len(payload):
        raise FormatError(f"{name}: {n_events} events in {len(payload)} bytes cannot be")
    which, frame, bins = (np.full(n_grid, -1, np.int64) for _ in range(3))
    amplitude, phase = np.zeros((n_grid, n_channels), np.int64), np.zeros((n_grid, n_channels), np.int64)
    free = np.zeros((n_free, 3), np.int64)
    free_sound = np.zeros((2, n_free, n_channels), np.int64)
    coded = np.frombuffer(bytearray(reader.rest() + bytes(1)), np.uint8)  # a zero more changes nothing: zeros follow the end anyway
    slots, weights = _models()
    done = code_events(
        1, 0, coded, slots, weights, WINDOWS, samples, np.array([base, slope(quantiser), quantiser.n_phases]), which, frame, bins, amplitude,
        phase, free, free_sound,
    )  # fmt: skip
    if done != n_grid:
        raise FormatError(f"{name}: {done} events where {n_grid} were announced")
    origin = number * samples * TIME_UNITS
    if n_free and np.abs(free).max() > 1 << 60:
        raise FormatError(f"{name}: an event is out of range")
    window = WINDOWS[which]
    events = GaborIntegers(
        np.concatenate([origin + frame * (window * (TIME_UNITS // 4)), origin + free[:, 0]]),
        np.concatenate([bins * (FREQUENCY_UNITS // window), free[:, 1]]),
        np.concatenate([window * WINDOW_UNITS, free[:, 2]]),
        np.concatenate([amplitude, free_sound[0]]),
        np.concatenate([phase, free_sound[1]]),
    )
    if not integers_in_range(events, sample_rate_hz, quantiser):
        raise FormatError(f"{name}: an event is out of range")
    events = events.take(np.lexsort((events.window, events.frequency, events.time)))
    mask = sum(1 << int(9 - w) for w in np.unique(which))
    return events, _entry(events, number, samples), mask


def packets(scene: Scene, quantiser: GaborQuantiser) -> Iterator[tuple[bytes, Entry, int]]:
    """Payload, entry in the index (its `n_bytes` still 0) and mask of windows of every packet of gabor events, in order."""
    rate = scene.sample_rate_hz
    for number, part in _split(scene):
        events = to_integers(part, rate, quantiser)
        events = events.take(sounding(events))
        if len(events):
            yield encode_packet(events, number, rate, quantiser)


def columns(found: Frame, header: Header) -> tuple[dict[str, np.ndarray], Entry, int]:
    """The columns of the events in a packet, its entry and its mask of windows."""
    events, entry, mask = decode_packet(found.payload, found.name, header.sample_rate_hz, header.n_channels, header.quantiser)
    return from_integers(events, header.sample_rate_hz, header.quantiser), entry, mask


def _split(scene: Scene) -> Iterator[tuple[int, Gabor]]:
    """Events by packet: those whose centre, as rounded, lies in it (before 0: in the first)."""
    length = packet_samples(scene.sample_rate_hz) * TIME_UNITS
    number = np.maximum(np.rint(scene.gabor.time_s * scene.sample_rate_hz * TIME_UNITS).astype(np.int64) // length, 0)
    edges = np.flatnonzero(np.diff(number, prepend=-1, append=-1)) if len(number) else np.empty(0, np.intp)
    for first, last in itertools.pairwise(edges):
        yield int(number[first]), scene.gabor.take(slice(first, last))
