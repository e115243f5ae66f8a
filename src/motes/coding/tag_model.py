"""Tags of the events of a packet as bits, each one of a few, with a table of what each tag means (`motes.coding.tags`).

Most events have the tag of the event before, or of the one before in the same zone of frequency; where only few events
differ from the rest, their places are coded instead. The same function encodes and decodes; docs/format.md specifies
it, docs/reader/tags.py is the same in plain Python.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motes.coding.classes import ZONE
from motes.coding.integers import EVEN, code_signed, padded
from motes.coding.range_coder import DECODING, N_STATE, code_adaptive, code_number, code_uniform, finish, start
from motes.coding.tags import Tags
from motes.errors import FormatError
from motes.kernels._jit import inner, jit

Ints = NDArray[np.int64]

N_ZONES = 32
# Slots: the number of tags, the number of places, is it the zone's tag (where that is the last one's, or not), is it
# the last one's; the table.
COUNT, PLACES, SAME_ALL, SAME_APART, BEFORE, CELLS = 0, 64, 128, 129, 130, 131
MAX_COLUMNS = 16
N_SLOTS = CELLS + 64 * MAX_COLUMNS


def first_slots() -> np.ndarray:
    """The slots that every packet starts from: tags last, there are few, and most cells are 0."""
    slots = np.full(N_SLOTS, EVEN, np.int64)
    slots[SAME_ALL] = 65000 << 16 | 4
    slots[COUNT] = slots[PLACES] = 16384 << 16
    slots[CELLS::64] = 8192 << 16
    return slots


@inner
def zone_of(frequency):
    """Zone of a frequency in 2⁻²⁰ cycles per sample, as that of a bin."""
    return ZONE[min(frequency >> 9, 1024)]


@inner
def code_each(rc, buffer, slots, n_tags, frequency, tags):
    """Each event's tag, by those before it."""
    zones, last = np.zeros(N_ZONES, np.int64), np.int64(0)
    for i in range(len(tags)):
        zone = zone_of(frequency[i])
        near = zones[zone]
        if code_adaptive(
            rc, buffer, slots, np.int64(SAME_ALL) if near == last else np.int64(SAME_APART), np.int64(tags[i] == near)
        ):
            tag = near
        elif near != last and (
            n_tags == 2 or code_adaptive(rc, buffer, slots, np.int64(BEFORE), np.int64(tags[i] == last))
        ):
            tag = last
        else:
            tag = (near + 1 + code_uniform(rc, buffer, n_tags - 1, (tags[i] - near - 1) % n_tags)) % n_tags
        tags[i], zones[zone], last = tag, tag, tag


@inner
def code_places(rc, buffer, slots, n_tags, tags):
    """The tag that most have, and the places and tags of the others; returns whether that can be."""
    n_events, most, n_others = len(tags), np.int64(0), np.int64(0)
    if not rc[DECODING]:
        counts = np.zeros(n_tags, np.int64)
        for tag in tags:
            counts[tag] += 1
        most = np.int64(np.argmax(counts))
        n_others = n_events - counts[most]
    most = code_uniform(rc, buffer, n_tags, most)
    n_others = code_number(rc, buffer, slots, np.int64(PLACES), n_others)
    if n_others > n_events:
        return False
    at = np.int64(0)
    for left in range(n_others, 0, -1):
        if at > n_events - left:
            return False
        place = at
        while not rc[DECODING] and tags[place] == most:
            place += 1
        place = at + code_uniform(rc, buffer, n_events - left + 1 - at, place - at)
        tag = (most + 1 + code_uniform(rc, buffer, n_tags - 1, (tags[place] - most - 1) % n_tags)) % n_tags
        if rc[DECODING]:
            tags[at:place] = most
        tags[place] = tag
        at = place + 1
    if rc[DECODING]:
        tags[at:] = most
    return True


@jit
def code_tags(decoding, by_place, buffer, slots, frequency, tags, table):
    """Tags `(n_events,)` and their table `(n_tags, n_columns)` to `buffer`, or back: `tags` is filled and the table
    returned.

    Returns the number of bytes (more than `buffer` holds: call again with a larger one) and the table; 0 bytes where
    what is decoded cannot be.
    """
    rc = np.zeros(N_STATE, np.int64)
    start(rc, buffer, decoding)
    n_tags, n_columns = 2 + code_number(rc, buffer, slots, np.int64(COUNT), np.int64(len(table) - 2)), table.shape[1]
    if n_tags > len(tags) + 1:
        return np.int64(0), table
    found = np.zeros((n_tags, n_columns), np.int64)
    for i in range(1, n_tags):
        for j in range(n_columns):
            found[i, j] = code_signed(
                rc, buffer, slots, np.int64(CELLS + 64 * j), table[i, j] if not decoding else np.int64(0)
            )
    if code_uniform(rc, buffer, np.int64(2), np.int64(by_place)):
        if not code_places(rc, buffer, slots, n_tags, tags):
            return np.int64(0), table
    else:
        code_each(rc, buffer, slots, n_tags, frequency, tags)
    return (np.int64(1) if decoding else finish(rc, buffer)), found


def pack_tags(tags: Tags, frequency: Ints) -> bytes:
    """Tags as bytes, none where all are the first: the shorter of the two ways."""
    if tags.trivial:
        return b""
    ways = []
    for by_place in (0, 1):
        buffer = np.empty(64 + 16 * len(tags.index) + 16 * tags.rows.size, np.uint8)
        n, _ = code_tags(0, by_place, buffer, first_slots(), frequency, tags.index.copy(), tags.rows)
        assert n <= len(buffer), "no tag and no cell needs more"
        ways.append(buffer[: max(1, n)].tobytes())
    return min(ways, key=len)


def unpack_tags(data: bytes, n_columns: int, frequency: Ints, name: str) -> Tags:
    """The inverse; FormatError, which names the packet, where that cannot be."""
    tags = Tags.none(len(frequency), n_columns)
    if not data:
        return tags
    index = tags.index
    right, rows = code_tags(1, 0, padded(data), first_slots(), frequency, index, tags.rows)
    if not right:
        raise FormatError(f"{name}: its edits or groups cannot be")
    found = Tags(rows, index).used()
    if len(found.rows) != len(rows) or np.any(found.rows != rows) or found.trivial:
        raise FormatError(f"{name}: its edits or groups are not in the form that they have to have")
    return found
