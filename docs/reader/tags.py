"""Tags of events, their edits, groups and sends, in plain Python, the oracle of the compiled ones."""

from __future__ import annotations

from gabor import class_of
from range_coder import Coder

COUNT, PLACES, SAME_ALL, SAME_APART, BEFORE, CELLS = 0, 64, 128, 129, 130, 131
MAX_COLUMNS, N_ZONES = 16, 32


def first_slots() -> list[int]:
    """The slots from which every table of tags starts."""
    slots = [1 << 31] * (CELLS + 64 * MAX_COLUMNS)
    slots[SAME_ALL] = 65000 << 16 | 4
    slots[COUNT] = slots[PLACES] = 1 << 30
    slots[CELLS::64] = [1 << 29] * MAX_COLUMNS
    return slots


def code_tags(
    coder: Coder, by_place: int, frequency: list[int], tags: list[int], table: list[list[int]], n_columns: int
) -> list[list[int]]:
    """Tags and their table; when decoding, fills `tags` and returns the table."""
    n_tags = 2 + coder.number(COUNT, len(table) - 2)
    found = [[0] * n_columns]
    for i in range(1, n_tags):
        row = [0] * n_columns if coder.decoding else table[i]
        found.append([coder.signed(CELLS + 64 * j, v) for j, v in enumerate(row)])
    if coder.uniform(2, by_place):
        code_places(coder, n_tags, tags)
    else:
        code_each(coder, n_tags, frequency, tags)
    return found


def code_places(coder: Coder, n_tags: int, tags: list[int]) -> None:
    """The tag that most have, then place and tag of each of the others."""
    most = coder.uniform(n_tags, max(range(n_tags), key=tags.count))
    others = [i for i, tag in enumerate(tags) if tag != most]
    n_others, at = coder.number(PLACES, len(others)), 0
    for left in range(n_others, 0, -1):
        place = at + coder.uniform(len(tags) - left + 1 - at, 0 if coder.decoding else others[-left] - at)
        step = coder.uniform(n_tags - 1, (tags[place] - most - 1) % n_tags)
        if coder.decoding:
            tags[at:place] = [most] * (place - at)
            tags[place] = (most + 1 + step) % n_tags
        at = place + 1
    if coder.decoding:
        tags[at:] = [most] * (len(tags) - at)


def code_each(coder: Coder, n_tags: int, frequency: list[int], tags: list[int]) -> None:
    """Each event's tag: that of its zone, else the last one's, else any other."""
    zones, last = [0] * N_ZONES, 0
    for i, own in enumerate(frequency):
        zone = min(class_of(max(min(own >> 9, 1024), 1)), N_ZONES - 1)
        near = zones[zone]
        if coder.adaptive(SAME_ALL if near == last else SAME_APART, int(tags[i] == near)):
            tag = near
        elif near != last and (n_tags == 2 or coder.adaptive(BEFORE, int(tags[i] == last))):
            tag = last
        else:
            tag = (near + 1 + coder.uniform(n_tags - 1, (tags[i] - near - 1) % n_tags)) % n_tags
        tags[i] = zones[zone] = last = tag
