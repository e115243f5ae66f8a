"""Title, artist and other tags of recordings, by the names of Vorbis comments: read from files, given to those written.

Of FLAC, Ogg and MP3 every text is read, of other formats what soundfile (or, where it is installed, PyAV) tells.
Pictures are not tags.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO

from motes import places

Tags = dict[str, list[str]]

# What soundfile calls them.
_SNDFILE = {
    "TITLE": "title",
    "ARTIST": "artist",
    "ALBUM": "album",
    "DATE": "date",
    "GENRE": "genre",
    "TRACKNUMBER": "tracknumber",
    "COMMENT": "comment",
    "COPYRIGHT": "copyright",
    "LICENSE": "license",
}
# What ID3 calls them, in versions 2.2 and from 2.3 on.
_ID3 = {
    "TIT2": "TITLE",
    "TPE1": "ARTIST",
    "TALB": "ALBUM",
    "TDRC": "DATE",
    "TYER": "DATE",
    "TCON": "GENRE",
    "TRCK": "TRACKNUMBER",
    "TPOS": "DISCNUMBER",
    "TPE2": "ALBUMARTIST",
    "TCOM": "COMPOSER",
    "TCOP": "COPYRIGHT",
    "TSRC": "ISRC",
    "TBPM": "BPM",
    "TT2": "TITLE",
    "TP1": "ARTIST",
    "TAL": "ALBUM",
    "TYE": "DATE",
    "TCO": "GENRE",
    "TRK": "TRACKNUMBER",
}
# What PyAV calls them where it is not the same in capitals.
_LIBAV = {"TRACK": "TRACKNUMBER", "DISC": "DISCNUMBER", "ALBUM_ARTIST": "ALBUMARTIST"}
# What tells of the file rather than of the recording.
_NOT_KEPT = {
    *("ENCODER", "ENCODED_BY", "ENCODER_OPTIONS", "SOFTWARE", "METADATA_BLOCK_PICTURE", "COVERART", "COVERARTMIME"),
    *("MAJOR_BRAND", "MINOR_VERSION", "COMPATIBLE_BRANDS", "CREATION_TIME", "HANDLER_NAME", "VENDOR_ID", "LANGUAGE"),
}
_LONGEST, _ALL = 1 << 13, 1 << 15
# Comments are looked for so far into a file.
_BEGINNING = 1 << 20
_ENCODINGS = ("latin-1", "utf-16", "utf-16-be", "utf-8")


def read_tags(file: str | os.PathLike[str] | BinaryIO) -> Tags:
    """The tags of a recording, a path or a stream that can seek; none where it has none or they make no sense.

    Values above 8 KiB, and what goes beyond 32 KiB in all, are left out.
    """
    with contextlib.ExitStack() as opened:
        try:
            if isinstance(file, str | os.PathLike):
                stream = opened.enter_context(places.open_file(file))
            elif file.seekable():
                stream = file
                opened.callback(file.seek, file.tell())
            else:
                return {}
            return _kept(_found(stream))
        except (OSError, ValueError, struct.error, IndexError):
            return {}


def _found(stream: BinaryIO) -> list[tuple[str, str]]:
    start = stream.tell()
    head = stream.read(_BEGINNING)
    rest, found = head, list[tuple[str, str]]()
    if head.startswith(b"ID3"):
        size = 10 + _syncsafe(head[6:10])
        found, rest = list(_id3(head[:size])), head[size:]
    if rest.startswith(b"fLaC"):
        return list(_comments(_flac_block(rest))) or found
    if rest.startswith(b"OggS"):
        comments = next(
            (packet for packet in _ogg_packets(rest) if packet.startswith((b"\x03vorbis", b"OpusTags"))), b""
        )
        return list(_comments(comments[7 if comments.startswith(b"\x03") else 8 :]))
    stream.seek(start)
    return found or _of_sndfile(stream) or _of_libav(stream, start)


def _of_sndfile(stream: BinaryIO) -> list[tuple[str, str]]:
    import soundfile

    try:
        with soundfile.SoundFile(stream) as opened:
            metadata = opened.copy_metadata()
    except (soundfile.LibsndfileError, RuntimeError, TypeError):
        return []
    return [(name, metadata.get(word, "")) for name, word in _SNDFILE.items()]


def _of_libav(stream: BinaryIO, start: int) -> list[tuple[str, str]]:
    try:
        av = importlib.import_module("av")
    except ImportError:
        return []
    stream.seek(start)
    try:
        with av.open(stream) as opened:
            found = [opened.metadata, *(each.metadata for each in opened.streams.audio[:1])]
            return [(_LIBAV.get(name.upper(), name.upper()), text) for one in found for name, text in one.items()]
    except (av.error.FFmpegError, OSError, ValueError):
        return []


def _kept(found: Sequence[tuple[str, str]]) -> Tags:
    tags, n_bytes = Tags(), 0
    for name, text in found:
        name, text = name.upper(), text.strip().strip("\0")
        size = len(name) + len(text.encode(errors="replace")) + 8
        is_name = name and all(" " <= letter <= "}" and letter != "=" for letter in name)
        if not is_name or not text or "\0" in text or name in _NOT_KEPT or size > _LONGEST or n_bytes + size > _ALL:
            continue
        if text not in tags.setdefault(name, []):
            tags[name].append(text)
            n_bytes += size
    return tags


def _comments(data: bytes) -> Iterator[tuple[str, str]]:
    """Vorbis comments, without what stands before the vendor's name."""
    at = 4 + int.from_bytes(data[:4], "little")
    n_lines, at = int.from_bytes(data[at : at + 4], "little"), at + 4
    for _ in range(n_lines):
        if at + 4 > len(data):
            return
        size = int.from_bytes(data[at : at + 4], "little")
        name, _, text = data[at + 4 : at + 4 + size].partition(b"=")
        at += 4 + size
        yield name.decode("ascii", "replace"), text.decode("utf-8", "replace")


def _flac_block(data: bytes) -> bytes:
    """The block of comments of a FLAC stream."""
    at, is_last = 4, False
    while not is_last and at + 4 <= len(data):
        is_last, kind, size = data[at] >= 128, data[at] & 127, int.from_bytes(data[at + 1 : at + 4], "big")
        if kind == 4:
            return data[at + 4 : at + 4 + size]
        at += 4 + size
    return b""


def _ogg_packets(data: bytes) -> Iterator[bytes]:
    """The packets of the first stream in an Ogg file."""
    at, serial, packet = 0, data[14:18], b""
    while data[at : at + 4] == b"OggS" and at + 27 <= len(data):
        lengths = data[at + 27 : at + 27 + data[at + 26]]
        body = at + 27 + len(lengths)
        for length in lengths:
            if data[at + 14 : at + 18] == serial:
                packet += data[body : body + length]
                if length < 255:
                    yield packet
                    packet = b""
            body += length
        at = body


def _id3(data: bytes) -> Iterator[tuple[str, str]]:
    """The texts of an ID3 tag of version 2."""
    version, at = data[3], 10
    if data[5] & 0x80 and version < 4:
        data = data[:10] + data[10:].replace(b"\xff\x00", b"\xff")
    if data[5] & 0x40 and version > 2:
        size = _syncsafe(data[10:14]) if version > 3 else 4 + int.from_bytes(data[10:14], "big")
        at += size
    name_size, head = (3, 6) if version == 2 else (4, 10)
    while at + head <= len(data) and data[at]:
        name = data[at : at + name_size].decode("ascii", "replace")
        sizes = data[at + name_size : at + 2 * name_size]
        size = _syncsafe(sizes) if version > 3 else int.from_bytes(sizes, "big")
        yield from _id3_frame(name, data[at + head : at + head + size])
        at += head + size


def _id3_frame(name: str, body: bytes) -> Iterator[tuple[str, str]]:
    if len(body) < 2 or body[0] >= len(_ENCODINGS):
        return
    text = body[1:]
    is_comment = name in ("COMM", "COM")
    if not (name in _ID3 or is_comment or name in ("TXXX", "TXX")):
        return
    if is_comment:
        text = text[3:]  # the language
    parts = text.decode(_ENCODINGS[body[0]], "replace").split("\0")
    parts = [part.lstrip("\ufeff") for part in parts]
    if name in _ID3:
        yield from ((_ID3[name], part) for part in parts)
    elif is_comment:
        yield from (("COMMENT", part) for part in parts[1:] if not parts[0])
    else:
        yield from ((parts[0], part) for part in parts[1:])


def _syncsafe(data: bytes) -> int:
    return sum((byte & 127) << shift for byte, shift in zip(data, (21, 14, 7, 0), strict=True))


def sndfile_strings(tags: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """What to set of an open file of soundfile: those tags that it has, several values joined by `; `."""
    return {word: "; ".join(tags[name]) for name, word in _SNDFILE.items() if tags.get(name)}


def give_tags(file: Any, tags: Mapping[str, Sequence[str]]) -> None:
    """Set the tags of a file that is open to be written; formats without tags, or without some, go on without them."""
    for word, text in sndfile_strings(tags).items():
        with contextlib.suppress(Exception):  # soundfile's own errors: what cannot be told is left out
            setattr(file, word, text)


def id3_tag(tags: Mapping[str, Sequence[str]]) -> bytes:
    """An ID3 tag of version 2.4 in UTF-8, for MP3, whose tags libsndfile writes in bytes that mean something else."""
    names = {name: key for key, name in reversed(_ID3.items()) if len(key) == 4 and key != "TYER"}
    frames = b""
    for name, texts in tags.items():
        body = "\0".join(texts).encode()
        if name == "COMMENT":
            key, body = "COMM", b"XXX\0" + body
        elif name in names:
            key = names[name]
        else:
            key, body = "TXXX", name.encode() + b"\0" + body
        frames += key.encode() + _as_syncsafe(1 + len(body)) + b"\0\0\x03" + body
    return b"ID3\x04\0\0" + _as_syncsafe(len(frames)) + frames if frames else b""


def _as_syncsafe(size: int) -> bytes:
    return bytes(size >> shift & 127 for shift in (21, 14, 7, 0))
