"""FLAC files that say too little of themselves: several in one, and headers that promise fewer samples than follow."""

from __future__ import annotations

import os

from motes.audio.streams import Span, View

# "fLaC" and the header of STREAMINFO, which comes first: of 34 bytes, and as the last block or not.
_STARTS = (b"fLaC\x00\x00\x00\x22", b"fLaC\x80\x00\x00\x22")
_PIECE_BYTES = 2**20
_STREAMINFO_END = 42
# A last frame is looked for in so many bytes: 65535 samples of 8 channels, stored as they are.
_TAIL_BYTES = 2**21


def flac_spans(view: View) -> list[Span]:
    """The FLAC files in a file, each read to its end where it holds more than it promises."""
    starts = _starts(view)
    ends = [*starts[1:], None]
    return [_to_the_end(view, Span(start, end)) for start, end in zip(starts, ends, strict=True)]


def n_bytes_of_header(view: View) -> int:
    """Where the first frame of a FLAC file begins."""
    at, last = 4, False
    while not last:
        view.seek(at)
        head = view.read(4)
        if len(head) < 4:
            break
        last, at = bool(head[0] & 0x80), at + 4 + int.from_bytes(head[1:], "big")
    return at


def _starts(view: View) -> list[int]:
    found, at, before = {0}, 0, b""
    view.seek(0)
    while piece := view.read(_PIECE_BYTES):
        text = before + piece
        for magic in _STARTS:
            where = text.find(magic)
            while where >= 0:
                found.add(at - len(before) + where)
                where = text.find(magic, where + 1)
        before, at = text[-len(_STARTS[0]) + 1 :], at + len(piece)
    if found - {0}:
        view.seek(0)
        if view.read(3) == b"ID3":  # a tag before the first
            found.discard(min(found - {0}))
    return sorted(found)


def _to_the_end(view: View, span: Span) -> Span:
    view.seek(span.start)
    header = view.read(_STREAMINFO_END)
    if len(header) < _STREAMINFO_END or header[:4] != b"fLaC":
        return span
    promised = int.from_bytes(header[21:26], "big") & (2**36 - 1)
    end = view.seek(0, os.SEEK_END) if span.end is None else span.end
    if promised == 0 or n_samples_by_last_frame(view, span.start + _STREAMINFO_END, end, header) <= promised:
        return span
    unknown = header[:21] + bytes([header[21] & 0xF0]) + bytes(4) + header[26:]
    return Span(span.start + _STREAMINFO_END, span.end, prefix=unknown)


def n_samples_by_last_frame(view: View, start: int, end: int, header: bytes) -> int:
    """How many samples end with the last frame, by its number; 0 where none is found."""
    first = max(start, end - _TAIL_BYTES)
    view.seek(first)
    tail = view.read(end - first)
    block = int.from_bytes(header[10:12], "big")  # the largest: frames of a fixed size have just that
    at = len(tail)
    while (at := tail.rfind(b"\xff", 0, at)) >= 0:
        n_samples = _end_of_frame(tail[at : at + 16], block)
        if n_samples:
            return n_samples
    return 0


def _end_of_frame(head: bytes, block: int) -> int:
    """The samples up to the end of a frame, by its header; 0 where this is none."""
    if len(head) < 16 or head[1] & 0xFE != 0xF8:
        return 0
    size_code, rate_code = head[2] >> 4, head[2] & 15
    number, at = _coded_number(head, 4)
    if number < 0 or size_code == 0 or rate_code == 15:
        return 0
    if size_code == 6:
        size, at = head[at] + 1, at + 1
    elif size_code == 7:
        size, at = int.from_bytes(head[at : at + 2], "big") + 1, at + 2
    else:
        size = 192 if size_code == 1 else 576 << (size_code - 2) if size_code <= 5 else 256 << (size_code - 8)
    at += {12: 1, 13: 2, 14: 2}.get(rate_code, 0)
    if at >= len(head) or _crc8(head[:at]) != head[at]:
        return 0
    return number + size if head[1] & 1 else number * block + size


def _coded_number(head: bytes, at: int) -> tuple[int, int]:
    """A number in the manner of UTF-8, and where it ends; −1 where it is none."""
    lead = head[at]
    if lead < 0x80:
        return lead, at + 1
    n_more = 7 - (lead ^ 0xFF).bit_length()
    if not 1 <= n_more <= 6:
        return -1, at
    number = lead & (0x3F >> n_more)
    for byte in head[at + 1 : at + 1 + n_more]:
        if byte & 0xC0 != 0x80:
            return -1, at
        number = number << 6 | byte & 0x3F
    return number, at + 1 + n_more


def _crc8(data: bytes) -> int:
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x07 if crc & 0x80 else crc << 1) & 0xFF
    return crc
