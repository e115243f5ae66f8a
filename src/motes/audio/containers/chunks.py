"""Where the sound lies in WAV and its kin (RF64, Wave64, AIFF, AU, CAF), whatever their headers say of its size.

Programs that write to a pipe leave the size open, each in a way of its own; recorders that lose power leave it at
zero. libsndfile takes some of these for no sound, and refuses others."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from motes.audio.containers.mpeg import mpeg_spans
from motes.audio.streams import Span, View

_W64_DATA = b"data\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a"
# Programs that write WAV to a pipe promise 2 or 4 GiB.
_UNKNOWN_32 = 0x7FFF0000
_UNKNOWN_64 = 2**62
_MPEG_IN_WAV = 0x55
_MOST_CHUNKS = 10_000
# A header is copied to be completed, and none needs more.
_HEADER_BYTES = 2**24


@dataclass(frozen=True)
class Layout:
    """How a file is made of chunks: where the first begins, of how many bytes are its name and size, what it aligns to,
    whether its size counts name and size too, and what the chunk of sound is called and has before its sound.
    """

    first: int
    name_bytes: int
    size_bytes: int
    order: str
    align: int
    counts_itself: bool
    sound: bytes
    before_sound: int

    @property
    def head_bytes(self) -> int:
        return self.name_bytes + self.size_bytes


_WAV = Layout(12, 4, 4, "little", 2, False, b"data", 0)
_LAYOUTS = (
    (b"RIFF", b"WAVE", _WAV),
    (b"RF64", b"WAVE", _WAV),
    (b"BW64", b"WAVE", _WAV),
    (b"RIFX", b"WAVE", Layout(12, 4, 4, "big", 2, False, b"data", 0)),
    (b"FORM", b"AIF", Layout(12, 4, 4, "big", 2, False, b"SSND", 8)),
    (b"caff", b"", Layout(8, 4, 8, "big", 1, False, b"data", 4)),
    (b"riff", b"", Layout(40, 16, 8, "little", 8, True, _W64_DATA, 0)),
)


@dataclass(frozen=True)
class Chunk:
    """A chunk: its name, where its contents begin, and how many bytes its header says that they have."""

    name: bytes
    start: int
    n_bytes: int


def layout_of(start: bytes) -> Layout | None:
    """How a file is laid out that begins with these bytes; None for one that is not made of chunks."""
    for magic, form, layout in _LAYOUTS:
        if start[:4] == magic and start[8 : 8 + len(form)] == form:
            return layout
    return None


def sound_spans(view: View, at: int = 0) -> list[Span]:
    """The recordings in a file of chunks, or an AU file, one after another, each with a header that says how much sound
    there is.
    """
    spans: list[Span] = []
    end = view.seek(0, os.SEEK_END)
    while at < end:
        view.seek(at)
        start = view.read(16)
        layout = layout_of(start)
        if layout is None:
            return spans or ([_au_span(view, end)] if start[:4] == b".snd" else [Span(at)])
        span, following = _span(view, layout, at, end)
        spans.append(span)
        if following is None:
            break
        at = following
    return spans


def _span(view: View, layout: Layout, at: int, end: int) -> tuple[Span, int | None]:
    """The recording that begins at a byte, and where another one follows it."""
    chunks = _chunks(view, layout, at + layout.first, end)
    passed: list[Chunk] = []
    sound = None
    for chunk in chunks:
        if chunk.name == layout.sound:
            sound = chunk
            break
        passed.append(chunk)
    whole = Span(at)
    if sound is None:
        return whole, None
    promised = _promised_by_ds64(view, passed) if sound.n_bytes == 0xFFFFFFFF else None
    promised = sound.n_bytes if promised is None else promised
    there = end - sound.start
    unknown = _UNKNOWN_64 if layout.size_bytes == 8 or sound.n_bytes == 0xFFFFFFFF else _UNKNOWN_32
    rest = _rest(view, layout, sound.start + promised, end) if promised <= there else _Rest()
    is_zero = promised <= layout.before_sound and there > layout.before_sound and not rest.is_chunks
    is_wrapped = sound.n_bytes == promised and layout.size_bytes == 4 and there - promised >= 2**32
    is_open = is_zero or is_wrapped or promised >= unknown or promised < 0 or (promised > there and there >= 2**32)
    if _is_mpeg(view, passed):
        spans = mpeg_spans(view, sound.start, end if is_open else sound.start + min(promised, there))
        return (spans[0] if spans else whole), None
    if is_open:
        return _to_the_end(view, layout, at, sound, end), None
    if rest.following is not None:
        return Span(at, rest.following), rest.following
    return Span(at, warning=rest.warning), None


@dataclass(frozen=True)
class _Rest:
    """What comes after the sound: chunks, another recording, or something else."""

    is_chunks: bool = True
    following: int | None = None
    warning: str = ""


def _rest(view: View, layout: Layout, at: int, end: int) -> _Rest:
    best = at
    for start in dict.fromkeys((at + -at % layout.align, at)):  # not all writers pad
        here = start
        while end - here >= layout.head_bytes:
            view.seek(here)
            if layout_of(view.read(16)):
                return _Rest(following=here)
            chunk = _chunk(view, layout, here)
            if chunk is None or chunk.start + chunk.n_bytes > end:
                break
            here = chunk.start + chunk.n_bytes
            here = min(end, here + -here % layout.align)
        best = max(best, here)
    left = end - best
    if left < 2 * layout.head_bytes:
        return _Rest(is_chunks=best > at or left < layout.head_bytes)
    return _Rest(False, None, f"goes on for {left} bytes after the sound that its header tells of: they are left out")


def _chunks(view: View, layout: Layout, at: int, end: int) -> Iterator[Chunk]:
    for _ in range(_MOST_CHUNKS):
        if end - at < layout.head_bytes or (chunk := _chunk(view, layout, at)) is None:
            return
        yield chunk
        at = chunk.start + max(0, chunk.n_bytes)
        at += -at % layout.align


def _chunk(view: View, layout: Layout, at: int) -> Chunk | None:
    """The chunk at a byte; None where its name is none."""
    view.seek(at)
    head = view.read(layout.head_bytes)
    name, size = head[: layout.name_bytes], head[layout.name_bytes :]
    if len(size) < layout.size_bytes or not all(32 <= byte < 127 for byte in name[:4]):
        return None
    order = "little" if layout.order == "little" else "big"
    n_bytes = int.from_bytes(size, order, signed=layout.size_bytes == 8)  # type: ignore[arg-type]
    if layout.counts_itself:
        n_bytes = max(0, n_bytes - layout.head_bytes) if n_bytes >= 0 else n_bytes
    return Chunk(name, at + layout.head_bytes, n_bytes)


def _promised_by_ds64(view: View, chunks: list[Chunk]) -> int | None:
    for chunk in chunks:
        if chunk.name == b"ds64":
            view.seek(chunk.start + 8)
            return int.from_bytes(view.read(8), "little", signed=True)
    return None


def _is_mpeg(view: View, chunks: list[Chunk]) -> bool:
    for chunk in chunks:
        if chunk.name == b"fmt ":
            view.seek(chunk.start)
            return int.from_bytes(view.read(2), "little") == _MPEG_IN_WAV
    return False


def _to_the_end(view: View, layout: Layout, at: int, sound: Chunk, end: int) -> Span:
    """The recording with a header that says that its sound goes to the end of the file."""
    header_bytes = sound.start - at
    if header_bytes > _HEADER_BYTES:
        return Span(at)
    view.seek(at)
    header = bytearray(view.read(header_bytes))
    n_bytes = end - sound.start
    if layout is _WAV:
        return Span(sound.start, prefix=wav_header(_without_sizes(bytes(header)), n_bytes))
    if layout.size_bytes == 4:
        n_bytes = min(n_bytes, 0xFFFFFFFF)
    size = n_bytes + (layout.head_bytes if layout.counts_itself else 0)
    order = "little" if layout.order == "little" else "big"
    header[-layout.size_bytes :] = size.to_bytes(layout.size_bytes, order)  # type: ignore[arg-type]
    return Span(sound.start, prefix=bytes(header))


def wav_header(chunks: bytes, n_bytes: int) -> bytes:
    """The header of a WAV file with these chunks before its sound; of RF64 where the sound is too large for WAV."""
    if n_bytes + len(chunks) + 12 < 2**32 - 1:
        n_riff = 4 + len(chunks) + 8 + n_bytes
        return b"RIFF" + n_riff.to_bytes(4, "little") + b"WAVE" + chunks + b"data" + n_bytes.to_bytes(4, "little")
    sizes = (4 + 36 + len(chunks) + 8 + n_bytes).to_bytes(8, "little") + n_bytes.to_bytes(8, "little") + bytes(12)
    unknown = b"\xff\xff\xff\xff"
    return b"RF64" + unknown + b"WAVEds64" + (28).to_bytes(4, "little") + sizes + chunks + b"data" + unknown


def _without_sizes(header: bytes) -> bytes:
    """The chunks of a WAV or RF64 header but for those that tell sizes."""
    chunks, at = b"", 12
    while at + 16 <= len(header):
        size = int.from_bytes(header[at + 4 : at + 8], "little")
        if header[at : at + 4] != b"ds64":
            chunks += header[at : at + 8 + size + size % 2]
        at += 8 + size + size % 2
    return chunks


def _au_span(view: View, end: int) -> Span:
    view.seek(0)
    header = view.read(12)
    start, promised = int.from_bytes(header[4:8], "big"), int.from_bytes(header[8:12], "big")
    is_open = promised == 0 or promised >= _UNKNOWN_32
    if len(header) < 12 or not 24 <= start < min(end, _HEADER_BYTES) or not is_open:
        left = end - start - promised
        warning = f"goes on for {left} bytes after the sound that its header tells of: they are left out"
        return Span(warning=warning if not is_open and start >= 24 and left > 16 else "")
    view.seek(0)
    header = view.read(start)
    size = min(end - start, 0xFFFFFFFF)
    return Span(start, prefix=header[:8] + size.to_bytes(4, "big") + header[12:])
