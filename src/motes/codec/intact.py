"""Which packets of a damaged .mote file are intact, wherever they lie, and of which file they are."""

from __future__ import annotations

import itertools
import zlib

import numpy as np

from motes.codec.compact_header import FILE_ID_SIZE
from motes.codec.frames import HEAD_SIZE, READABLE, Frame, Preamble, frame_size, read_frame, read_preamble
from motes.codec.packets import END, HEADER, types
from motes.coding.varints import Reader
from motes.errors import FormatError
from motes.events.packet import MAX_PAYLOAD

# Looking for the next packet reads at most this many times the file.
_EFFORT = 64
# No header or end is longer than this.
_LONGEST_WITH_ID = 1 << 17
# So many ids of files are tried.
_MOST_IDS = 8


def beginning(data: memoryview, skipped: list[str]) -> Preamble:
    """How the file begins: as its first bytes say, a header in it or an end, whichever most packets agree with.

    What is wrong with the first bytes is added to `skipped`.
    """
    found: list[Preamble] = []
    try:
        found.append(read_preamble(data))
    except FormatError as error:
        skipped.append(f"the first bytes: {error}")
    if found and found[0].version == 1:
        return found[0]
    others = [Preamble(READABLE[-1], file_id) for file_id in _ids(data)]
    others += [] if found else [Preamble(1)]
    candidates = list(dict.fromkeys(found + others))
    if len(candidates) == 1:
        return candidates[0]
    chosen = max(candidates, key=lambda start: len(intact(data, start, [])))  # of several alike the first
    if found and chosen != found[0]:
        skipped.append("the first bytes: the file's id there is not that of its packets")
    return chosen


def _ids(data: memoryview) -> list[bytes]:
    """The ids that headers and ends in the data tell, where a packet's own checksum agrees with it."""
    found: dict[bytes, None] = {}
    octets = np.frombuffer(data, np.uint8)
    for place in itertools.chain(*(np.flatnonzero(octets == packet.number).tolist() for packet in (HEADER, END))):
        if not HEAD_SIZE <= _claimed(data, place) <= _LONGEST_WITH_ID:
            continue
        head = Reader(data[place + 1 : place + HEAD_SIZE], "")
        head.varint(MAX_PAYLOAD)
        first = place + 1 + head.position + 4
        file_id = bytes(data[first : first + FILE_ID_SIZE])
        try:
            read_frame(data, place, 0, seed=zlib.crc32(file_id))
        except FormatError:
            continue
        found[file_id] = None
        if len(found) == _MOST_IDS:
            break
    return list(found)


def intact(data: memoryview, start: Preamble, skipped: list[str]) -> list[Frame]:
    """All packets whose checksum is right, wherever they lie."""
    frames: list[Frame] = []
    at, effort = start.size, _EFFORT * (len(data) + 4096)
    while at < len(data):
        try:
            found = read_frame(data, at, len(frames), seed=start.seed)
        except FormatError as error:
            reason = str(error)
        else:
            frames.append(found)
            at += found.size
            continue
        begins = at
        at, effort = _next_packet(data, at + 1, effort, start.seed)
        gap = "to its end" if at == len(data) else f"{at - begins} bytes"
        skipped.append(f"{reason}; skipped {gap}")
    return frames


def _next_packet(data: memoryview, at: int, effort: int, seed: int) -> tuple[int, int]:
    """Where the next intact packet begins, or the end; and what is left of the effort."""
    known = types()
    for place in range(at, len(data)):
        if data[place] not in known:
            continue
        effort -= min(_claimed(data, place), len(data) - place) + HEAD_SIZE
        if effort < 0:
            break
        try:
            read_frame(data, place, 0, seed=seed)
        except FormatError:
            continue
        return place, effort
    return len(data), effort


def _claimed(data: memoryview, at: int) -> int:
    """The bytes that a packet here would have, 0 where they are more than there are."""
    try:
        size = frame_size(data[at : at + HEAD_SIZE], 0, at)
    except FormatError:
        return 0
    return size if size <= len(data) - at else 0
