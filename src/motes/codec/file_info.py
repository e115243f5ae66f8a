"""What a file says of itself, without decoding its events."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import BinaryIO

import msgspec

from motes import places
from motes.codec.default_tables import TABLES
from motes.codec.frames import Frame
from motes.codec.packets import INSTRUMENT, MODEL, NOTES, ROOM, WAVEFORMS
from motes.codec.payloads.model_packet import unpack_model
from motes.codec.payloads.notes_packet import unpack_notes
from motes.codec.payloads.room_packet import read_room
from motes.codec.reader import naming, read
from motes.codec.seeking import SeekableFile
from motes.events.model import MAX_MODELS, Model
from motes.kinds.gabor.quantiser import GaborQuantiser
from motes.kinds.vector.decoding import is_known
from motes.scene.metadata import Metadata


class FileInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says of itself, without decoding its events."""

    sample_rate_hz: int
    n_samples: int
    n_channels: int
    duration_s: float
    n_bytes: int
    kbps: float
    events: dict[str, int]
    windows: list[int]
    n_packets: int
    instruments: int
    rooms: list[str]
    models: list[str] = []
    # Of the notes that the file tells of, and of the parts that these are in.
    notes: int = 0
    parts: int = 0
    format_version: int
    # Of files in two layers: the bytes up to the end of the sparse layer, and of the whole; both 0 for others. Where
    # the file ends within its detail, up to when this is there.
    sparse_bytes: int = 0
    whole_bytes: int = 0
    detail_until_s: float | None = None
    # In hexadecimal; none in version 1.
    file_id: str = ""
    tags: dict[str, tuple[str, ...]] = {}
    encoder: str
    options: dict[str, object]
    stop_reason: str
    source_digest: str
    version: str
    quantiser: GaborQuantiser

    @property
    def is_cut(self) -> bool:
        """Whether it is a file in two layers that ends within the upper one."""
        return self.n_bytes < self.whole_bytes


@contextmanager
def _opened(given: str | os.PathLike[str] | BinaryIO) -> Iterator[BinaryIO]:
    """A handle that can seek, of a file, a pipe by its name, or what is open already."""
    if not isinstance(given, str | os.PathLike):
        yield given
        return
    with naming(given), places.open_file(given) as handle:
        yield handle if handle.seekable() else BytesIO(handle.read())


def info(given: str | os.PathLike[str] | BinaryIO) -> FileInfo:
    """What a file, or an open one that can seek, says of itself: reads all but its packets of events, and needs no
    compiler.
    """
    with _opened(given) as handle:
        found = SeekableFile(handle)
        rooms = [_in_words(packet) for packet in found.of_type(ROOM)]
        held = {packet.reader().varint(MAX_MODELS) for packet in found.of_type(WAVEFORMS)}
        known = [unpack_model(packet.reader()) for packet in found.of_type(MODEL)]
        models = [_model_in_words(model, number in held) for number, model in known]
        notes = [unpack_notes(packet.reader()) for packet in found.of_type(NOTES)]
    header, meta = found.header, found.header.metadata
    seconds = header.n_samples / header.sample_rate_hz
    return FileInfo(
        sample_rate_hz=header.sample_rate_hz,
        n_samples=header.n_samples,
        n_channels=header.n_channels,
        duration_s=seconds,
        n_bytes=found.n_bytes,
        kbps=found.n_bytes * 8 / seconds / 1000 if seconds else 0.0,
        events=found.index.n_events(),
        windows=list(found.index.windows),
        n_packets=found.n_packets,
        instruments=len(found.of_type(INSTRUMENT)),
        rooms=rooms,
        models=models,
        notes=sum(len(each.notes) for each in notes),
        parts=sum(len(each.parts) for each in notes),
        format_version=found.start.version,
        sparse_bytes=found.sparse_bytes,
        whole_bytes=found.front.n_bytes if found.front else 0,
        detail_until_s=found.prefix.until_s if found.prefix else None,
        file_id=found.start.file_id.hex(),
        tags=dict(found.tags()),
        encoder=meta.encoder,
        options=_options(meta),
        stop_reason=meta.stop_reason,
        source_digest=meta.source_digest,
        version=meta.version,
        quantiser=header.quantiser,
    )


def _options(meta: Metadata) -> dict[str, object]:
    """Those in force, where the file tells from which table of defaults its own differ."""
    table = TABLES.get(meta.defaults)
    return table.in_force(meta.encoder, meta.options) if table else meta.options


def _in_words(packet: Frame) -> str:
    """A room in a few words."""
    room = read_room(packet.reader()).room
    return (
        room.name
        if room.is_synthetic
        else f"{room.name} ({'in the file' if room.is_embedded else f'not in the file, {room.digest[:12]}'})"
    )


def _model_in_words(model: Model, is_held: bool) -> str:
    """A decoder or a dictionary in a few words."""
    if is_held:
        return f"{model.id} (a dictionary, its waveforms in the file)"
    if is_known(model):
        return model.id
    return f"{model.id} (not in this release of motes nor in the file, {model.digest[:12]}: its events are silent)"


def validate(given: str | os.PathLike[str] | BinaryIO) -> FileInfo:
    """Check every checksum and decode everything; FormatError, which names the packet, if anything is wrong. A file in
    two layers that ends within the upper one is right as far as it goes (`is_cut`).
    """
    with _opened(given) as handle:
        handle.seek(0)
        read(handle.read())
        return info(handle)
