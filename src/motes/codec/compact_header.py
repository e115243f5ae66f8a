"""The header of version 2: a file's id, and what differs from a numbered table of defaults."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag
from typing import Any

import msgspec

from motes.codec.default_tables import NEWEST, TABLES, Defaults
from motes.codec.header import MAX_METADATA, Header
from motes.coding.varints import Reader, varint, varints, zigzag
from motes.errors import FormatError, ParameterError
from motes.events.limits import MAX_CHANNELS, MAX_SAMPLE_RATE_HZ, MAX_SAMPLES
from motes.kinds.gabor.quantiser import GaborQuantiser, check_quantiser
from motes.scene.metadata import Marker, Metadata

FILE_ID_SIZE = 8
_MAX_NUMBER = 1 << 20


class Layout(IntFlag):
    """In what order packets stand: LAYERED is detail after everything else, with an index before both."""

    LAYERED = 1


class Differs(IntFlag):
    """What stands in a header because it is not as in its table."""

    RATE = 1
    CHANNELS = 2
    STEPS = 4
    PHASES = 8
    ENCODER = 16
    OPTIONS = 32
    STOP_REASON = 64
    DIGEST = 128
    VERSION = 256
    NAMES = 512


def sound_numbers(header: Header) -> bytes:
    """The numbers of a header without which its events would sound otherwise."""
    q = header.quantiser
    return varints(
        header.sample_rate_hz, header.n_samples, header.n_channels, q.steps_per_doubling, q.n_phases, zigzag(q.knee)
    )


def pack_compact(header: Header, file_id: bytes) -> bytes:
    """The header as a payload."""
    number = header.metadata.defaults or NEWEST
    if number not in TABLES:
        raise ParameterError(f"there is no table of defaults {number}, only {', '.join(map(str, TABLES))}")
    table, parts, body = TABLES[number], Differs(0), b""
    for part, coded in _parts(header, table):
        if coded:
            parts |= part
            body += coded
    n_samples, knee = header.n_samples, zigzag(header.quantiser.knee)
    payload = file_id + varints(Layout(Layout.LAYERED * header.layered), number, parts, n_samples, knee) + body
    if len(body) > MAX_METADATA:
        raise ParameterError(f"the metadata takes {len(body)} bytes, more than {MAX_METADATA}")
    return payload


def _parts(header: Header, table: Defaults) -> list[tuple[Differs, bytes]]:
    """Each part as bytes, none where it is as in the table."""
    about, quantiser = header.metadata, header.quantiser
    numbers = (
        (Differs.RATE, header.sample_rate_hz, table.sample_rate_hz),
        (Differs.CHANNELS, header.n_channels, table.n_channels),
        (Differs.STEPS, quantiser.steps_per_doubling, table.steps_per_doubling),
        (Differs.PHASES, quantiser.n_phases, table.n_phases),
    )
    options = table.differing(about.encoder, about.options)
    digest = _bytes_of(about.source_digest)
    return [
        *((part, varint(value) if value != usual else b"") for part, value, usual in numbers),
        (Differs.ENCODER, _name(about.encoder, table.encoders) if about.encoder != table.encoder else b""),
        (Differs.OPTIONS, _text(msgspec.json.encode(options)) if options else b""),
        (
            Differs.STOP_REASON,
            _name(about.stop_reason, table.stop_reasons) if about.stop_reason != table.stop_reason else b"",
        ),
        (Differs.DIGEST, digest),
        (Differs.VERSION, _text(about.version.encode()) if about.version else b""),
        (Differs.NAMES, _text(msgspec.json.encode(_Names.of(about))) if about.markers or about.group_names else b""),
    ]


def _text(text: bytes) -> bytes:
    return varint(len(text)) + text


def _name(name: str, known: tuple[str, ...]) -> bytes:
    return varint(known.index(name) + 1) if name in known else varint(0) + _text(name.encode())


def _bytes_of(digest: str) -> bytes:
    """Twice the number of bytes, plus 1 where they are text rather than what hexadecimal digits stand for."""
    if not digest:
        return b""
    if len(digest) % 2 == 0 and set(digest) <= set("0123456789abcdef"):
        return varint(len(digest)) + bytes.fromhex(digest)
    text = digest.encode()
    return varint(2 * len(text) + 1) + text


class _Names(msgspec.Struct, frozen=True, omit_defaults=True):
    """What users named, as JSON."""

    markers: tuple[Marker, ...] = ()
    group_names: dict[str, str] = {}

    @classmethod
    def of(cls, about: Metadata) -> _Names:
        return cls(about.markers, about.group_names)


@dataclass
class _PartReader:
    """Reads the parts that stand in a header, and takes the others from its table."""

    reader: Reader
    table: Defaults
    parts: Differs

    def number(self, part: Differs, usual: int, limit: int) -> int:
        return self.reader.varint(limit) if self.parts & part else usual

    def text(self) -> str:
        return self.reader.take(self.reader.varint(MAX_METADATA)).decode()

    def name(self, part: Differs, usual: str, known: tuple[str, ...]) -> str:
        if not self.parts & part:
            return usual
        place = self.reader.varint(len(known))
        return known[place - 1] if place else self.text()

    def options(self) -> dict[str, Any]:
        if not self.parts & Differs.OPTIONS:
            return {}
        return msgspec.json.decode(self.text().encode(), type=dict[str, Any])

    def names(self) -> _Names:
        return msgspec.json.decode(self.text().encode(), type=_Names) if self.parts & Differs.NAMES else _Names()

    def digest(self) -> str:
        if not self.parts & Differs.DIGEST:
            return ""
        size, is_text = divmod(self.reader.varint(2 * MAX_METADATA), 2)
        data = self.reader.take(size)
        return data.decode() if is_text else data.hex()


def unpack_compact(reader: Reader) -> tuple[Header, bytes]:
    """Header and file id from a payload; FormatError, which names the packet, where it makes no sense."""
    file_id = reader.take(FILE_ID_SIZE)
    if (layout := reader.varint(_MAX_NUMBER)) > Layout.LAYERED:
        raise FormatError(f"{reader.name}: its packets stand in an order that this motes does not know: update motes")
    number = reader.varint(_MAX_NUMBER)
    if number not in TABLES:
        raise FormatError(
            f"{reader.name}: it differs from a table of defaults, {number}, that is not known: update motes"
        )
    table, parts = TABLES[number], reader.varint(sum(Differs))
    stored = _PartReader(reader, table, Differs(parts))
    n_samples, knee = reader.varint(MAX_SAMPLES), reader.zigzag(_MAX_NUMBER)
    try:
        rate = stored.number(Differs.RATE, table.sample_rate_hz, MAX_SAMPLE_RATE_HZ)
        n_channels = stored.number(Differs.CHANNELS, table.n_channels, MAX_CHANNELS)
        steps = stored.number(Differs.STEPS, table.steps_per_doubling, _MAX_NUMBER)
        n_phases = stored.number(Differs.PHASES, table.n_phases, _MAX_NUMBER)
        metadata = Metadata(
            encoder=stored.name(Differs.ENCODER, table.encoder, table.encoders),
            options=stored.options(),
            stop_reason=stored.name(Differs.STOP_REASON, table.stop_reason, table.stop_reasons),
            source_digest=stored.digest(),
            version=stored.text() if stored.parts & Differs.VERSION else "",
            defaults=number,
        )
        names = stored.names()
        metadata = msgspec.structs.replace(metadata, markers=names.markers, group_names=names.group_names)
        reader.finish()
        quantiser = check_quantiser(GaborQuantiser(steps, n_phases, knee))
    except (ParameterError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise FormatError(f"{reader.name}: {error}") from None
    if not rate or not n_channels:
        raise FormatError(f"{reader.name}: no sample rate or no channels")
    header = Header(rate, n_samples, n_channels, quantiser, metadata, layout == Layout.LAYERED)
    if Differs(sum(part for part, coded in _parts(header, table) if coded)) != stored.parts:
        raise FormatError(f"{reader.name}: it tells what its table of defaults tells already")
    return header, file_id
