"""MPEG audio (MP3, MP2, MP1) from its frames: several files in one, and tags that promise less than follows.

libsndfile stops where the tag of the first frame (Xing, Info) says, and guesses the length without one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from motes.audio.streams import Span, View

_KBPS = {  # by version 1 or not, and layer
    (True, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES_HZ = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}  # by the bits of the version
# Beyond so many bytes that are neither frames nor tags nothing more is looked for.
_LOST_BYTES = 2**20
_BUFFER_BYTES = 2**18
# Encoders differ by one in whether the frame of the tag counts.
_FRAMES_OFF = 2


@dataclass(frozen=True)
class Frame:
    """The header of a frame. `kind` is what frames of one recording have in common."""

    n_bytes: int
    rate_hz: int
    n_channels: int
    layer: int
    version: int

    @property
    def kind(self) -> tuple[int, int, int]:
        return self.rate_hz, self.n_channels, self.layer


@dataclass
class _Link:
    """Frames that belong together, after a tag or without one."""

    start: int
    kind: tuple[int, int, int]
    promised: int | None
    after_tag: int
    n_frames: int = 0
    end: int = field(default=0)


def frame_of(head: bytes) -> Frame | None:
    """The frame that begins with these four bytes; None where they are no header, or one of a size of its own."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    bitrate, rate = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer == 4 or bitrate in (0, 15) or rate == 3:
        return None
    rate_hz, padding = _RATES_HZ[version][rate], head[2] >> 1 & 1
    bits = _KBPS[version == 3, layer][bitrate] * 1000
    if layer == 1:
        n_bytes = (12 * bits // rate_hz + padding) * 4
    else:
        n_bytes = (72 if layer == 3 and version != 3 else 144) * bits // rate_hz + padding
    return Frame(n_bytes, rate_hz, 1 if head[3] >> 6 == 3 else 2, layer, version)


def is_mpeg(start: bytes) -> bool:
    """Whether a file begins as MPEG audio does, or with the tag that stands before it."""
    return start[:3] == b"ID3" or (len(start) > 1 and start[0] == 0xFF and start[1] & 0xE0 == 0xE0)


def mpeg_spans(view: View, first: int = 0, last: int | None = None) -> list[Span] | None:
    """The recordings in a file of frames, each to be read to its end; None where there is no frame at all."""
    end = view.seek(0, os.SEEK_END) if last is None else last
    links = _links(view, first, end)
    if not links:
        return None
    spans = []
    for number, link in enumerate(links):
        start = first if number == 0 else link.start
        reaches_end = number == len(links) - 1 and last is None
        if link.promised is None or link.n_frames > link.promised + _FRAMES_OFF:
            start = start if link.promised is None else link.after_tag
            spans.append(Span(start, link.end, is_open=True))
        else:
            spans.append(Span(start, None if reaches_end else link.end, warning=_what_is_missing(link)))
    return spans


def _what_is_missing(link: _Link) -> str:
    promised = link.promised or 0
    if link.n_frames >= promised - _FRAMES_OFF:
        return ""
    return f"is cut short: only {100 * link.n_frames / promised:.0f} % of what its header promises is there"


def _links(view: View, first: int, end: int) -> list[_Link]:
    links: list[_Link] = []
    for at, frame, body in _frames(_Window(view, end), first, end):
        tag = _promised_frames(frame, body)
        if tag is not None or not links or links[-1].kind != frame.kind:
            links.append(_Link(at, frame.kind, None if tag is None else tag[0], at + frame.n_bytes, end=at))
        if tag is None:
            links[-1].n_frames += 1
        links[-1].end = at + frame.n_bytes
    return [link for link in links if link.n_frames]


def _promised_frames(frame: Frame, body: bytes) -> tuple[int | None] | None:
    """What the tag in a frame promises, nothing where it does not say; None where the frame is none of a tag."""
    if frame.layer != 3:
        return None
    at = 4 + ((32 if frame.n_channels == 2 else 17) if frame.version == 3 else (17 if frame.n_channels == 2 else 9))
    if body[at : at + 4] not in (b"Xing", b"Info") or any(body[6:at]):
        return None
    has_frames = len(body) >= at + 12 and body[at + 7] & 1
    return (int.from_bytes(body[at + 8 : at + 12], "big") if has_frames else None,)


class _Window:
    """Some bytes of a file at a time, for reading on."""

    def __init__(self, view: View, end: int) -> None:
        self._view, self._end, self._at, self._held = view, end, 0, b""

    def bytes(self, at: int, n_bytes: int) -> bytes:
        """The bytes from a place on, fewer at the end."""
        first = at - self._at
        if first < 0 or first + n_bytes > len(self._held):
            self._view.seek(at)
            self._held = self._view.read(min(max(_BUFFER_BYTES, n_bytes), max(0, self._end - at)))
            self._at, first = at, 0
        return self._held[first : first + n_bytes]


def _frames(window: _Window, at: int, end: int) -> Iterator[tuple[int, Frame, bytes]]:
    """The frames, each with where it begins and its first bytes; tags and what is no frame are passed over."""
    is_lost = True
    while at < end:
        head = window.bytes(at, 64)
        if tag := _tag_bytes(head):
            at += tag
            continue
        frame = frame_of(head)
        if frame and at + frame.n_bytes <= end and (not is_lost or _is_followed(window, at, frame, end)):
            yield at, frame, head
            at, is_lost = at + frame.n_bytes, False
            continue
        found = _next_frame(window, at + 1, end)
        if found is None:
            return
        at, is_lost = found, False


def _is_followed(window: _Window, at: int, frame: Frame, end: int) -> bool:
    """Whether another frame of its kind, a tag or the end follows a frame: chance makes one header, seldom two."""
    after = at + frame.n_bytes
    head = window.bytes(after, 16)
    follower = frame_of(head)
    return after == end or (follower is not None and follower.rate_hz == frame.rate_hz) or _tag_bytes(head) > 0


def _next_frame(window: _Window, at: int, end: int) -> int | None:
    last = min(end, at + _LOST_BYTES)
    while at < last:
        piece = window.bytes(at, 4096)
        where = piece.find(b"\xff")
        if where < 0:
            at += len(piece)
            continue
        at += where
        frame = frame_of(window.bytes(at, 4))
        if frame and at + frame.n_bytes <= end and _is_followed(window, at, frame, end):
            return at
        at += 1
    return None


def _tag_bytes(head: bytes) -> int:
    """How long a tag is that begins here; 0 where none does."""
    if head[:3] == b"ID3" and len(head) >= 10:
        size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
        return 10 + size + (10 if head[5] & 0x10 else 0)
    if head[:8] == b"APETAGEX" and len(head) >= 24:
        return 32 + int.from_bytes(head[12:16], "little") if head[23] & 0x20 else 32
    return 128 if head[:3] == b"TAG" else 0
