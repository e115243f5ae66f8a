"""Mutants of .mote files that get past checksums: packets are changed, moved and exchanged, and what guards them is
repaired, so that decoders meet what no writer writes.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from motes.codec.compact_header import unpack_compact
from motes.codec.file_id import file_id
from motes.codec.frames import Frame, Preamble, frame, read_frame, read_preamble
from motes.codec.header import Header
from motes.codec.index import Entry, Index, pack_end
from motes.codec.packets import CHIRPS, END, HEADER, INDEX, OPTIONAL, SENDS, SHARES, types
from motes.coding.varints import varint
from motes.errors import FormatError, MotesError

# Numbers at the edges of what is allowed.
NUMBERS = [0, 1, 2, 3, 7, 63, 64, 127, 128, 255, 256, 4095, 4096, 16383, 16384, 65535, 1 << 16, 1 << 20, 1 << 22]
NUMBERS += [768_000, 1 << 28, (1 << 31) - 1, 1 << 32, 1 << 40, 1 << 48, (1 << 56) + 1, (1 << 62) - 1, (1 << 63) - 1]
LONGEST = 1 << 16


@dataclass(frozen=True)
class Parts:
    """A file as packets: type and payload of each."""

    version: int
    packets: tuple[tuple[int, bytes], ...]


def parts_of(data: bytes) -> Parts:
    """Of a whole file."""
    start, found = read_preamble(data), []
    at = start.size
    while at < len(data):
        packet = read_frame(data, at, len(found), seed=start.seed)
        found.append((packet.kind, packet.payload))
        at += packet.size
    return Parts(start.version, tuple(found))


def mutant(rng: random.Random, corpus: list[Parts]) -> bytes:
    """A changed file: mostly with checksums, index, counts and id repaired."""
    parts = rng.choice(corpus)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 5))):
        parts = rng.choice(_CHANGES)(rng, parts, corpus)
    way = rng.random()
    if way < 0.5:
        return rebuilt(parts)
    data = framed(parts)
    return data if way < 0.9 else _damaged(rng, data)


def framed(parts: Parts) -> bytes:
    """The file of these packets with right checksums, and an id where it has one."""
    packets = list(parts.packets)
    start = Preamble(parts.version)
    if parts.version > 1:
        header = _header(parts)
        start = Preamble(parts.version, file_id(header, packets) if header else bytes(8))
        packets = [
            (kind, start.file_id + payload[8:] if kind in (HEADER.number, END.number) else payload)
            for kind, payload in packets
        ]
    return start.pack() + b"".join(frame(kind, payload, start.seed) for kind, payload in packets)


def rebuilt(parts: Parts) -> bytes:
    """The file of these packets with an index and an end that agree with them, as far as they make sense."""
    header, entries, windows = _header(parts), list[Entry](), 0
    body = [(kind, payload) for kind, payload in parts.packets if kind not in (INDEX.number, END.number)]
    for kind, payload in body if header else ():
        known, size = types().get(kind), len(frame(kind, payload))
        if known is not None and known.kind is not None:
            found = Frame(kind, payload, "x", size)
            try:
                read = known.codec.columns(found.reader(), header.sample_rate_hz, header.n_channels, header.quantiser)
            except MotesError:
                continue
            entries.append(Entry.of(kind, read.extent, size))
            windows |= read.windows
        elif entries and (kind in (SENDS.number, SHARES.number, CHIRPS.number) or kind & OPTIONAL):
            entries[-1] = replace(entries[-1], n_bytes=entries[-1].n_bytes + size)
    entries.sort(key=lambda entry: entry.place)  # an index cannot tell of another order
    index = Index.of(windows, entries).pack()
    end = pack_end(len(frame(INDEX.number, index)), len(body) + 2, bytes(8) if parts.version > 1 else b"")
    return framed(Parts(parts.version, (*body, (INDEX.number, index), (END.number, end))))


def _header(parts: Parts) -> Header | None:
    for kind, payload in parts.packets:
        if kind == HEADER.number:
            reader = Frame(kind, payload, "x", 0).reader()
            try:
                return unpack_compact(reader)[0] if parts.version > 1 else Header.unpack(reader)
            except FormatError:
                return None
    return None


def _with_payload(rng: random.Random, parts: Parts, change: object) -> Parts:
    packets = list(parts.packets)
    if packets:
        place = rng.randrange(len(packets))
        kind, payload = packets[place]
        packets[place] = kind, change(bytearray(payload))[:LONGEST]  # type: ignore[operator]
    return replace(parts, packets=tuple(packets))


def _bytes_set(rng: random.Random, parts: Parts, _: object) -> Parts:
    def change(payload: bytearray) -> bytes:
        for _ in range(rng.choice((1, 1, 2, 4, 16))):
            if payload:
                at = (
                    min(int(rng.expovariate(1 / 12)), len(payload) - 1)
                    if rng.random() < 0.5
                    else rng.randrange(len(payload))
                )
                payload[at] = rng.choice((rng.randrange(256), payload[at] ^ 1 << rng.randrange(8), 0, 255, 127, 128))
        return bytes(payload)

    return _with_payload(rng, parts, change)


def _number_set(rng: random.Random, parts: Parts, _: object) -> Parts:
    """A varint near the beginning becomes another number."""

    def change(payload: bytearray) -> bytes:
        first = 8 if parts.version > 1 and rng.random() < 0.5 else 0
        ends = [i + 1 for i in range(first, min(len(payload), first + 24)) if payload[i] < 128]
        if not ends:
            return bytes(payload)
        which = rng.randrange(len(ends))
        start = first if which == 0 else ends[which - 1]
        return bytes(payload[:start]) + varint(rng.choice(NUMBERS)) + bytes(payload[ends[which] :])

    return _with_payload(rng, parts, change)


def _bytes_moved(rng: random.Random, parts: Parts, _: object) -> Parts:
    def change(payload: bytearray) -> bytes:
        at, size = rng.randint(0, len(payload)), rng.choice((1, 2, 5, 40))
        way = rng.randrange(5)
        if way == 0:
            del payload[at : at + size]
        elif way == 1:
            payload[at:at] = rng.randbytes(size)
        elif way == 2:
            payload += bytes(size) if rng.random() < 0.5 else rng.randbytes(size)
        elif way == 3:
            payload[at:at] = payload[at : at + size]
        else:
            del payload[at:]
        return bytes(payload)

    return _with_payload(rng, parts, change)


def _packets_moved(rng: random.Random, parts: Parts, corpus: list[Parts]) -> Parts:
    packets = list(parts.packets)
    place, other = rng.randint(0, len(packets)), rng.choice(rng.choice(corpus).packets)
    way = rng.randrange(6)
    if way == 0:
        packets.insert(place, other)
    elif way == 1 and packets:
        packets.insert(place, packets[rng.randrange(len(packets))])
    elif way == 2 and packets:
        del packets[rng.randrange(len(packets))]
    elif way == 3 and packets:
        packets.insert(place, packets.pop(rng.randrange(len(packets))))
    elif way == 4:
        packets.insert(place, (OPTIONAL | rng.randrange(128), rng.randbytes(rng.randrange(20))))
    else:  # in place of one of its kind
        alike = [i for i, (kind, _) in enumerate(packets) if kind == other[0]]
        if alike:
            packets[rng.choice(alike)] = other
    return replace(parts, packets=tuple(packets))


def _type_set(rng: random.Random, parts: Parts, _: object) -> Parts:
    packets = list(parts.packets)
    if packets:
        place = rng.randrange(len(packets))
        packets[place] = rng.choice([*types(), rng.randrange(256)]), packets[place][1]
    return replace(parts, packets=tuple(packets))


def _noise(rng: random.Random, parts: Parts, _: object) -> Parts:
    """The coded bytes of a payload become noise; what stands before them is left."""

    def change(payload: bytearray) -> bytes:
        kept = rng.randint(0, min(len(payload), 40))
        return bytes(payload[:kept]) + rng.randbytes(max(0, len(payload) - kept))

    return _with_payload(rng, parts, change)


_CHANGES = (_bytes_set, _bytes_set, _number_set, _number_set, _bytes_moved, _packets_moved, _type_set, _noise)


def _damaged(rng: random.Random, data: bytes) -> bytes:
    """A file as a bad disk leaves it: nothing is repaired."""
    damaged = bytearray(data)
    for _ in range(rng.choice((1, 2, 8))):
        if damaged:
            damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
    return bytes(damaged[: rng.randint(0, len(damaged))] if rng.random() < 0.2 else damaged)
