"""Packets of events: which stretch of time each one holds, and what a kind's module `packet` writes and reads."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from motes.events.event_table import Ints

# By name; what a table is made from.
Columns = dict[str, np.ndarray]

MAX_PAYLOAD = 1 << 28
MAX_LAYER = 1 << 20
# Packets are a multiple of the largest hop, 32768/4 samples.
PACKET_GRAIN = 8192
# How far events reach out of their packet is stored in this many samples.
REACH_UNIT = 1024
# No event is later than this.
_LATEST_S = 1_000_000


def packet_samples(sample_rate_hz: int) -> int:
    """Length of a packet: the multiple of 8192 samples nearest to a second, at least one."""
    return PACKET_GRAIN * max(1, (2 * sample_rate_hz + PACKET_GRAIN) // (2 * PACKET_GRAIN))


def last_packet(sample_rate_hz: int) -> int:
    """The highest number that a packet can have."""
    return _LATEST_S * sample_rate_hz // packet_samples(sample_rate_hz) + 1


def joined(parts: list[Columns]) -> Columns:
    """The columns of all packets of a kind, from those of each."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


class Extent(NamedTuple):
    """What the index of a file says of a packet of events: its number, its layer (0 of all but gabor events), how many
    events it holds, and how far these reach before and after its stretch in REACH_UNIT, negative where they begin
    later or end sooner.
    """

    number: int
    layer: int
    n_events: int
    before: int
    after: int


class EventPacket(NamedTuple):
    """A packet as it is written: `windows` is the mask of the grid's windows that its events have (bit 0: 64 samples),
    `sends` the room and wetness of each event (`motes.events.sends`), None where none is in a room; `shares` which part
    of an atom each is (`motes.events.shares`), None where all are whole; `chirps` by how much the frequency of each
    rises (`motes.events.chirps`), None where none does.
    """

    payload: bytes
    extent: Extent
    sends: Ints | None
    windows: int = 0
    shares: Ints | None = None
    chirps: Ints | None = None


class ReadPacket(NamedTuple):
    """A packet as it is read: the columns of its events, what the index says of them, and the mask of windows."""

    columns: Columns
    extent: Extent
    windows: int = 0
