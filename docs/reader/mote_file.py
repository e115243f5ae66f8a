"""A .mote file in plain Python: its packets, its header, and its gabor events as the whole numbers of docs/format.md.

from mote_file import read

header, events = read(open("a.mote", "rb").read())
"""

from __future__ import annotations

import cmath
import dataclasses
import hashlib
import json
import zlib
from dataclasses import dataclass, field
from typing import Any

import details
import gabor
import learned
import shares
import tags
from range_coder import Decoder, tables, unzigzag

import notes
import vectors

MAGIC = b"\x8fmote\r\n\x1a"
# The draft of version 2 that is read.
DRAFT = 4
# What headers of version 2 need not tell, by the number of the table: the four numbers of sound, encoder and stop
# reason, and the names that are told by their place.
TABLES = {
    1: (
        (44100, 1, 2, 8),
        ("pursuit", ("pursuit", "instrument", "splat", "gabor")),
        (
            "bitrate_reached",
            (
                "n_events_reached",
                "snr_reached",
                "bitrate_reached",
                "quality_reached",
                "iterations_reached",
                "nothing_audible_left",
                "stalled",
                "time_limit",
                "cancelled",
                "bitrate_unreachable",
                "quality_unreachable",
            ),
        ),
    )
}
SLOTS, WEIGHTS = tables("gabor", gabor.N_SLOTS, gabor.N_MIXERS)


class Bytes:
    """Takes numbers and bytes from a payload, one after the other."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def varint(self) -> int:
        """Groups of seven bits, lowest first."""
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def signed(self) -> int:
        """A zigzag."""
        return unzigzag(self.varint())

    def take(self, n: int) -> bytes:
        """The next bytes."""
        self.at += n
        assert self.at <= len(self.data), "cut short"
        return self.data[self.at - n : self.at]

    def text(self) -> str:
        """A length and so many bytes of UTF-8."""
        return self.take(self.varint()).decode()

    def name(self, known: tuple[str, ...]) -> str:
        """A place in a list from 1, or 0 and a text."""
        place = self.varint()
        return known[place - 1] if place else self.text()

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(len(self.data) - self.at)


@dataclass
class Header:
    """What holds for the whole file."""

    sample_rate_hz: int
    n_samples: int
    n_channels: int
    steps_per_doubling: int
    n_phases: int
    knee: int
    metadata: dict[str, Any] = field(default_factory=dict)
    layered: bool = False

    @property
    def numbers(self) -> tuple[int, ...]:
        """Without which events would sound otherwise, as version 1 stores them."""
        knee = 2 * self.knee if self.knee >= 0 else -2 * self.knee - 1
        channels = self.n_channels, self.steps_per_doubling, self.n_phases, knee
        return self.sample_rate_hz, self.n_samples, *channels

    @property
    def packet_samples(self) -> int:
        """The length of a packet of events."""
        return 8192 * max(1, (2 * self.sample_rate_hz + 8192) // 16384)

    @property
    def slope(self) -> int:
        """The step of amplitudes above the knee over the amplitude there, in 1/65536."""
        return round(65536 * (2 ** (1 / self.steps_per_doubling) - 1))


@dataclass
class GaborEvent:
    """Whole numbers before edits: per channel amplitude index (None: silent) and phase index; the rows of its tags;
    which part of the atom it is, in 1/64; by how many steps its frequency rises.
    """

    time: int
    frequency: int
    window: int
    sound: list[tuple[int | None, int]]
    layer: int = 0
    edits: list[int] = field(default_factory=lambda: [0] * 8)
    group: int = 0
    share: tuple[int, int] = shares.WHOLE
    chirp: int = 0

    def chirp_hz_per_s(self, header: Header) -> float:
        """By how much its frequency rises, before edits."""
        seconds = self.window / 16 / header.sample_rate_hz
        return 2 * self.chirp / (seconds * seconds)

    def waves(self, header: Header) -> list[complex]:
        """Amplitude and phase in each channel, before edits, as a complex number."""
        return [self._wave(index, phase, header) for index, phase in self.sound]

    def _wave(self, index: int | None, phase: int, header: Header) -> complex:
        if index is None:
            return 0j
        knee = header.knee - 4 * (self.window.bit_length() - 11)
        positive = max(index, 0)
        levels = min(header.n_phases + (header.n_phases * header.slope * min(positive, 1 << 30) >> 16), 65536)
        geometric = 2 ** (min(index, 0) / header.steps_per_doubling + knee / 8)
        amplitude = geometric * (65536 + positive * header.slope) / 65536
        return cmath.rect(amplitude, 2 * cmath.pi * phase / levels) * complex(*self.share) / shares.UNITS


def packets(data: bytes) -> tuple[int, list[tuple[str, bytes]]]:
    """The version, and type and payload of each packet, checksums compared; payloads of version 2 without the id."""
    assert data.startswith(MAGIC), "not a .mote file"
    reader, found, file_id = Bytes(data), [], b""
    reader.take(len(MAGIC))
    version = reader.take(1)[0]
    assert version in (1, 2), "not a version of the format"
    if version == 2:
        assert reader.take(1)[0] == DRAFT, "another draft"
        file_id = reader.take(8)
    held = hashlib.sha256()
    while reader.at < len(data):
        first = reader.at
        letter, n = reader.take(1), reader.varint()
        head = data[first : reader.at]
        checksum, payload = reader.take(4), reader.take(n)
        assert zlib.crc32(file_id + head + payload) == int.from_bytes(checksum, "little"), f"damaged at byte {first}"
        if letter in (b"H", b"E"):
            assert payload.startswith(file_id), "of another file"
            payload = payload[len(file_id) :]
        if letter == b"H":
            header = read_header(payload, version)
            held.update(b"".join(map(varint, header.numbers)))
        elif letter not in (b"I", b"E") and letter[0] < 128:
            held.update(head + payload)
        found.append((letter.decode("latin-1"), payload))
    assert held.digest().startswith(file_id), "not what the id was made from"
    return version, found


def varint(value: int) -> bytes:
    """Groups of seven bits, lowest first."""
    return bytes([value]) if value < 128 else bytes([value & 127 | 128]) + varint(value >> 7)


def read_header(payload: bytes, version: int) -> Header:
    """The first packet, in version 2 without the id that it begins with."""
    reader = Bytes(payload)
    if version == 1:
        numbers = [reader.varint() for _ in range(5)]
        return Header(*numbers, knee=reader.signed(), metadata=json.loads(reader.rest()))
    layout = reader.varint()
    assert layout in (0, 1), "packets in another order"
    (rate, channels, steps, phases), *names = TABLES[reader.varint()]
    told, samples, knee = reader.varint(), reader.varint(), reader.signed()
    rate, channels, steps, phases = (
        reader.varint() if told >> bit & 1 else usual for bit, usual in enumerate((rate, channels, steps, phases))
    )
    about: dict[str, Any] = {"encoder": reader.name(names[0][1]) if told >> 4 & 1 else names[0][0]}
    if told >> 5 & 1:
        about["options"] = json.loads(reader.text())
    about["stop_reason"] = reader.name(names[1][1]) if told >> 6 & 1 else names[1][0]
    if told >> 7 & 1:
        size, is_text = divmod(reader.varint(), 2)
        digest = reader.take(size)
        about["source_digest"] = digest.decode() if is_text else digest.hex()
    if told >> 8 & 1:
        about["version"] = reader.text()
    assert not reader.rest()
    about = {name: value for name, value in about.items() if value}
    return Header(rate, samples, channels, steps, phases, knee, about, layered=layout == 1)


def read_comments(payload: bytes) -> list[str]:
    """The lines `NAME=value` of a packet of tags (its type is `t` with bit 7 set)."""
    reader = Bytes(payload)
    return [reader.text() for _ in range(reader.varint())]


def read_gabor(payload: bytes, header: Header) -> list[GaborEvent]:
    """The events of a packet, in canonical order."""
    reader = Bytes(payload)
    number, n_grid, n_free, base = reader.varint(), reader.varint(), reader.varint(), reader.signed()
    layer, flags = divmod(reader.varint(), 8)
    sizes = [reader.varint() if flags >> bit & 1 else 0 for bit in (0, 1)]
    edits, groups = (reader.take(size) for size in sizes)
    n_coded = 1 if flags & 4 else header.n_channels
    packet = gabor.Packet(base, header.slope, header.n_phases, header.packet_samples, n_coded, gabor.WINDOWS)
    on_grid, free = gabor.decode(reader.rest(), packet, n_grid, n_free, SLOTS, WEIGHTS)
    origin, events = number * header.packet_samples * 64, []
    for atom in on_grid:
        window = gabor.WINDOWS[atom.place[0]]
        place = origin + atom.place[1] * window * 16, atom.place[2] * ((1 << 20) // window), window * 16
        events.append(GaborEvent(*place, atom.sound, layer))
    events += [GaborEvent(origin + atom.place[0], *atom.place[1:], atom.sound, layer) for atom in free]
    events.sort(key=lambda event: (event.time, event.frequency, event.window))
    for event in events:
        event.sound = event.sound * (header.n_channels // n_coded)
    for event, row in zip(events, read_tags(edits, 8, [event.frequency for event in events]), strict=True):
        event.edits = row
    for event, (group,) in zip(events, read_tags(groups, 1, [event.frequency for event in events]), strict=True):
        event.group = group
    return events


def read_details(payload: bytes, header: Header) -> list[details.Event]:
    """The detail events of a packet, each with its head as whole numbers."""
    reader, (slots, weights) = Bytes(payload), details.first_tables()
    rate, unit, events = header.sample_rate_hz, header.sample_rate_hz * 64, []
    number, frame = reader.varint(), details.usual_frame(header.sample_rate_hz)
    usual = {"n_frames": header.packet_samples // frame, "n_bands": len(details.band_edges(rate, frame)) - 1}
    for _ in range(reader.varint()):
        flags = reader.varint()
        head = {"time": number * header.packet_samples * 64 + (reader.signed() if flags & 1 else 0), "frame": frame}
        head |= {"frame": 1 << reader.varint()} if flags & 2 else {}
        head |= {name: reader.varint() if flags & 2 else value for name, value in usual.items()}
        edits = {"gain": 1 << 16, "low": 0, "high": 16_000_000, "from": 0, "until": 10_000 * unit}
        edits |= {"frequency_ratio": 1 << 20, "time_ratio": 1 << 20, "backward": 0}
        head |= {name: reader.varint() if flags & 4 else value for name, value in edits.items()}
        head["group"] = reader.varint() if flags & 8 else 0
        copied = events[-reader.varint()] if flags & 32 else None
        if copied:
            layout = ("frame", "n_frames", "n_bands", "rise", "fall")
            head |= {name: copied.head[name] for name in layout}
        else:
            head |= {name: 1 << reader.varint() >> 1 for name in ("rise", "fall")}
        shape = (reader.varint(), reader.varint()) if flags & 16 else (0, 0)
        mask = details.read_mask(reader.take(reader.varint()), *shape) if flags & 16 else []
        if copied:
            event = dataclasses.replace(copied, head=head, mask=mask)
        else:
            base, coded = reader.signed(), reader.take(reader.varint())
            event = details.Event.blank(
                rate, head["frame"], base, (head["n_frames"], head["n_bands"], header.n_channels)
            )
            event.head, event.mask = head, mask
            slots, weights = details.decode(coded, event, slots, weights)
        events.append(event)
    assert not any(reader.rest())
    return events


def read_waveforms(payload: bytes) -> tuple[int, int, dict[int, list[int]]]:
    """Of a packet of waveforms the number of the model, the sample rate, and samples by the number of the waveform."""
    reader = Bytes(payload)
    return learned.read_waveforms(reader.varint, reader.rest)


def read_learned(payload: bytes, header: Header) -> list[dict[str, object]]:
    """The learned events of a packet as whole numbers, by name."""
    reader = Bytes(payload)
    return learned.read_events(reader.varint, reader.rest, header.packet_samples, header.n_channels)


def read_front(payload: bytes) -> tuple[int, int, list[tuple[str, int, int]]]:
    """The front index of a file in two layers: the bytes of the whole file, how many packets of events the sparse layer
    has, and of all in the order of the file the type, number and bytes.
    """
    reader = Bytes(payload)
    whole, _, number = reader.varint(), reader.varint(), 0
    entries = []
    for _ in range(reader.varint()):
        letter, number = chr(reader.varint()), number + reader.varint()
        _, n_bytes, _, _, _ = (reader.varint() for _ in range(5))
        entries.append((letter, number, n_bytes))
    entries.sort(key=lambda entry: entry[0] == "D")
    return whole, sum(letter != "D" for letter, _, _ in entries), entries


def read_powers(payload: bytes, header: Header) -> list[list[list[int]]]:
    """How strong detail is, in steps by block, band and channel."""
    reader = Bytes(payload)
    n_blocks, rate = reader.varint(), header.sample_rate_hz
    n_bands = sum(2 * hz < rate for hz in details.EDGES_HZ)
    coder = Decoder(reader.rest(), [1 << 31] * (64 * n_bands), [])
    found = [[[0] * header.n_channels for _ in range(n_bands)]]
    for _ in range(n_blocks):
        row: list[list[int]] = []
        for band in range(n_bands):
            row.append([])
            for channel in range(header.n_channels):
                below = row[band - 1][channel] - found[-1][band - 1][channel] if band else 0
                error = coder.signed(64 * (band // 6), 0)
                row[band].append(found[-1][band][channel] + below + error)
        found.append(row)
    return found[1:]


def read_tags(data: bytes, n_columns: int, frequency: list[int]) -> list[list[int]]:
    """The row of each event, all 0 where there are no bytes."""
    if not data:
        return [[0] * n_columns for _ in frequency]
    index = [0] * len(frequency)
    rows = tags.code_tags(Decoder(data, tags.first_slots(), []), 0, frequency, index, [], n_columns)
    return [rows[i] for i in index]


def read(data: bytes) -> tuple[Header, list[GaborEvent]]:
    """The header and the gabor events of a file."""
    version, ((letter, first), *rest) = packets(data)
    assert letter == "H"
    header = read_header(first, version)
    events: list[GaborEvent] = []
    found: list[GaborEvent] = []
    for letter, payload in rest:
        if letter == "G":
            found = read_gabor(payload, header)
            events += found
        elif letter == "A" and Bytes(payload).varint() == ord("G"):
            set_shares(payload, found)
        elif letter == "C":
            set_chirps(payload, found)
    return header, events


def read_subtracted(data: bytes) -> list[bool]:
    """Of the texture events of a file, in their order, which are subtracted."""
    found: list[bool] = []
    n_last = 0
    for letter, payload in packets(data)[1]:
        reader = Bytes(payload)
        if letter == "T":
            _, n_last = reader.varint(), reader.varint()
            found += [False] * n_last
        elif letter == "A" and reader.varint() == ord("T"):
            _, _, n_events, n_real = (reader.varint() for _ in range(4))
            assert n_events == n_last, "shares of other events"
            parts = shares.read_shares(reader.rest(), n_events, n_real)
            assert {abs(a) for a, b in parts} == {shares.UNITS}, "parts of noise"
            found[-n_events:] = [a < 0 for a, b in parts]
    return found


def set_shares(payload: bytes, events: list[GaborEvent]) -> None:
    """Which parts of atoms the events of the packet before are."""
    reader = Bytes(payload)
    assert chr(reader.varint()) == "G", "shares of other events"
    _, layer, n_events, n_real = (reader.varint() for _ in range(4))
    assert n_events == len(events), "shares of other events"
    assert layer == events[0].layer, "shares of other events"
    for event, share in zip(events, shares.read_shares(reader.rest(), n_events, n_real), strict=True):
        event.share = share


def set_chirps(payload: bytes, events: list[GaborEvent]) -> None:
    """By how much the frequencies of the events of the packet before rise."""
    reader = Bytes(payload)
    kind, _, layer, n_events = (reader.varint() for _ in range(4))
    assert (chr(kind), layer, n_events) == ("G", events[0].layer, len(events)), "chirps of other events"
    for event, steps in zip(events, shares.read_chirps(reader.rest(), n_events), strict=True):
        event.chirp = steps


def read_notes(data: bytes) -> tuple[list[int], list[notes.Note]]:
    """The ids of parts, and the notes of a file (their packet is `n` with bit 7 set)."""
    payload = next((payload for letter, payload in packets(data)[1] if letter == "\xee"), b"\0\0")
    reader = Bytes(payload)
    found = notes.read_notes(reader.varint)
    assert not reader.rest(), "bytes too many"
    return found


def read_note_vectors(data: bytes) -> dict[int, dict[str, int]]:
    """Of the notes of a file that have a vector, by their ids, the numbers beside pitch, level and length, in whole
    steps, by name.
    """
    payload = next((payload for letter, payload in packets(data)[1] if letter == "\xf6"), None)
    if payload is None:
        return {}
    known = read_notes(data)[1]
    reader = Bytes(payload)
    n = reader.varint()
    steps = [reader.varint() for _ in range(n)] if n < len(known) else [1] * n
    chosen = [known[sum(steps[: i + 1]) - 1] for i in range(n)]
    cents = [0 if note.pitch is None else round(100 * (note.pitch + 60)) + 1 for note in chosen]
    columns = vectors.read_note_vectors(reader.rest(), cents)
    return {note.id: {name: values[i] for name, values in columns.items()} for i, note in enumerate(chosen)}
