"""The recordings in a file: mostly one, which is the file as it stands."""

from __future__ import annotations

from motes.audio.containers.chunks import layout_of, sound_spans
from motes.audio.containers.flac import flac_spans
from motes.audio.containers.mpeg import is_mpeg, mpeg_spans
from motes.audio.containers.ogg import ogg_spans
from motes.audio.formats import foreign
from motes.audio.streams import Bytes, Span
from motes.errors import AudioError


def spans_of(data: Bytes) -> list[Span]:
    """The recordings in a file, one after another, each with what its header should have said; AudioError where it
    holds tags and no sound.
    """
    with data.open() as view:
        start = view.read(16)
        if start[:4] == b"OggS":
            return ogg_spans(view)
        begins = after_tag(data)
        if begins[:4] == b"fLaC":
            return flac_spans(view)
        if layout_of(start) or start[:4] == b".snd":
            return sound_spans(view)
        if foreign(begins):
            return [Span()]
        if is_mpeg(begins) or start[:3] in (b"ID3", b"TAG"):
            spans = mpeg_spans(view)
            if spans is None and not is_mpeg(begins):
                raise AudioError(f"{data.name} holds tags and no sound")
            return spans or [Span()]
    return [Span()]


def after_tag(data: Bytes, span: Span | None = None) -> bytes:
    """The first bytes of a span; of those that begin with an ID3 tag, the first after it."""
    with data.open(span) as view:
        start = view.read(512)
        if start[:3] == b"ID3" and len(start) >= 10:
            view.seek(10 + (start[6] << 21 | start[7] << 14 | start[8] << 7 | start[9]))
            return view.read(512)
    return start
