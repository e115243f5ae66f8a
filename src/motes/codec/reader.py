"""Bytes of a .mote file ▶ scene, whole or by the packets that sound in a stretch of time."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from motes import places
from motes.codec.contents import Contents, FindRoom
from motes.codec.file_id import FileId
from motes.codec.frames import HEAD_SIZE, Frame, frame_size, read_frame, read_preamble
from motes.codec.packets import HEADER, INDEX, Often, PacketType, Stage
from motes.codec.payloads.front_packet import Prefix
from motes.codec.seeking import SeekableFile
from motes.errors import FormatError, MotesWarning, ParameterError
from motes.scene.scene import Scene


class Grammar:
    """Which packets may follow one another: stages ascend, and the types of a stage come as often as PACKETS says."""

    def __init__(self) -> None:
        self._last: PacketType | None = None

    def check(self, found: Frame) -> None:
        """FormatError, which names the packet, where it may not come next."""
        new, last = found.type, self._last
        if (new is HEADER) != (last is None):
            raise FormatError(f"{found.name}: {HEADER.rule}")
        if last is not None:
            once = new.often is not Often.MANY
            if new.is_optional and last.stage is Stage.EVENTS:  # after another optional packet, or passed over
                return
            if new.stage < last.stage or (new.stage == last.stage and once):
                raise FormatError(f"{found.name}: {INDEX.rule if last is INDEX else new.rule}")
        self._last = new


def loads(data: bytes | memoryview, find_room: FindRoom | None = None) -> Scene:
    """The scene in the bytes of a .mote file; FormatError, which names the packet, if anything in them is wrong.

    Rooms that the file holds by their digest alone are asked of `find_room`; without it they are missing. Of a file in
    two layers that ends within the upper one, MotesWarning says what is there.
    """
    return _warned(*read(data, find_room), "the file")


def _warned(scene: Scene, prefix: Prefix | None, name: str) -> Scene:
    """The scene, with a warning where it is not all of its file."""
    if prefix is not None:
        warnings.warn(MotesWarning(f"{name} ends early, and is played as {prefix}"), stacklevel=4)
    return scene


def read(data: bytes | memoryview, find_room: FindRoom | None = None) -> tuple[Scene, Prefix | None]:
    """As `loads`, and what is there of a file in two layers that ends within the upper one."""
    start, data = read_preamble(data), memoryview(data)
    at, grammar = start.size, Grammar()
    contents = Contents(find_room, version=start.version, file_id=start.file_id)
    held: FileId | None = None
    while at < len(data):
        if contents.is_ended:
            raise FormatError(f"{len(data) - at} bytes follow the end of the file")
        if contents.front is not None and is_cut(data, at):
            break
        found = read_frame(data, at, contents.n_packets, seed=start.seed)
        grammar.check(found)
        contents.add(found)
        held = held or FileId(contents.header)
        held.add(found.kind, found.payload)
        at += found.size
        contents.n_packets += 1
    if (prefix := contents.end_early(len(data))) is not None:
        return contents.scene(), prefix
    if not contents.is_ended:
        raise FormatError(f"the file is cut short: it ends after packet {contents.n_packets - 1}, with no end packet")
    if held is not None and start.file_id not in (b"", held.digest()):
        raise FormatError("its packets are not those that its id was made from")
    if contents.front is not None and contents.front.n_bytes != len(data):
        raise FormatError(f"the front index tells of {contents.front.n_bytes} bytes, and there are {len(data)}")
    return contents.scene(), None


def is_cut(data: memoryview, at: int) -> bool:
    """Whether the packet that begins there is longer than what is left."""
    try:
        return frame_size(data[at : at + HEAD_SIZE], 0, at) > len(data) - at
    except FormatError:
        return len(data) - at < HEAD_SIZE


def load(
    path: str | os.PathLike[str],
    start_s: float | None = None,
    end_s: float | None = None,
    find_room: FindRoom | None = None,
) -> Scene:
    """The scene in a .mote file, or with a time range only its packets that sound there (the scene keeps its whole
    length).

    Rooms that the file holds by their digest alone are asked of `find_room`; without it they are missing. Raises
    FormatError, which names the file and the packet, where anything is wrong.
    """
    for name, value in (("start_s", start_s), ("end_s", end_s)):
        if value is not None and math.isnan(value):
            raise ParameterError(f"{name} must be finite, not {value}")
    if start_s is not None and end_s is not None and start_s > end_s:
        raise ParameterError(f"start_s, {start_s:g}, is after end_s, {end_s:g}")
    with naming(path), places.open_file(path) as handle:
        if (start_s is None and end_s is None) or not handle.seekable():
            return _warned(*read(handle.read(), find_room), os.fspath(path))
        found = SeekableFile(handle, find_room)
        rate = found.header.sample_rate_hz
        scene = found.scene(-np.inf if start_s is None else start_s * rate, np.inf if end_s is None else end_s * rate)
        return _warned(scene, found.prefix, os.fspath(path))


@contextmanager
def naming(path: str | os.PathLike[str]) -> Iterator[None]:
    """Put the path before the message of what goes wrong inside."""
    name = places.text(path)
    try:
        yield
    except FormatError as error:
        raise FormatError(f"{name}: {error}") from None
    except OSError as error:
        raise FormatError(f"cannot read {name}: {error.strerror or error}") from None
