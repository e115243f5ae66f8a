"""One packet of a room: its digest and name, or what a synthetic one is made from, or its response ◀▶ payload.
Needs no compiler.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace

import numpy as np

from motes.coding.varints import Reader, varints
from motes.errors import FormatError, ParameterError
from motes.events.event_table import MAX_ROOMS, Ints
from motes.events.limits import MAX_CHANNELS, MAX_SAMPLE_RATE_HZ
from motes.events.packet import MAX_PAYLOAD
from motes.events.room import LONGEST_S, MAX_NAME, MAX_SAMPLES, RT60_UNITS, Room, of_whole_numbers, whole_numbers

BY_DIGEST, SYNTHETIC, EMBEDDED = range(3)
# Readers count on it: a packet has no more samples for each of its bytes.
SAMPLES_PER_BYTE = 32
# What is written into the FLAC stream's own header, whatever the rate: it does not know all of them.
FLAC_RATE_HZ = 44100


@dataclass(frozen=True)
class ParsedRoom:
    """What a packet holds: the room's number, the room without its response, and how that is stored."""

    number: int
    room: Room
    n_channels: int = 0
    n_samples: int = 0
    coded: bytes = b""


def encode_room(room: Room, number: int) -> bytes:
    """The payload of a scene's room with this number, from 1."""
    if room.is_synthetic:
        return varints(number, SYNTHETIC, round(room.rt60_s * RT60_UNITS), room.seed)
    name = room.name.encode()
    head = varints(number, EMBEDDED if room.is_embedded else BY_DIGEST, len(name)) + name + bytes.fromhex(room.digest)
    if not room.is_embedded or room.response is None:
        return head
    numbers = whole_numbers(room.response)
    coded = _flac(numbers)
    payload = head + varints(room.sample_rate_hz, *numbers.shape, len(coded)) + coded
    return payload + bytes(max(0, -(-numbers.size // SAMPLES_PER_BYTE) - len(payload)))


def read_room(reader: Reader) -> ParsedRoom:
    """What a packet holds, its response not yet decoded; FormatError, which names the packet, where it makes no
    sense.
    """
    number, way = reader.varint(MAX_ROOMS), reader.varint(EMBEDDED)
    if not number:
        raise FormatError(f"{reader.name}: rooms are numbered from 1")
    try:
        if way == SYNTHETIC:
            room = Room.synthetic(reader.varint(1 << 20) / RT60_UNITS, reader.varint((1 << 32) - 1))
            reader.finish()
            return ParsedRoom(number, room)
        name = reader.take(reader.varint(MAX_NAME)).decode()
        room = Room(name, reader.take(32).hex())
    except (ParameterError, UnicodeDecodeError) as error:
        raise FormatError(f"{reader.name}: {error}") from None
    if way == BY_DIGEST:
        reader.finish()
        return ParsedRoom(number, room)
    rate, n_channels, n_samples = (
        reader.varint(MAX_SAMPLE_RATE_HZ),
        reader.varint(MAX_CHANNELS),
        reader.varint(MAX_SAMPLES),
    )
    coded = reader.take(reader.varint(MAX_PAYLOAD))
    size = n_channels * n_samples
    if not rate or not size or n_samples > LONGEST_S * rate or size > min(MAX_SAMPLES, SAMPLES_PER_BYTE * len(reader)):
        raise FormatError(
            f"{reader.name}: {n_channels} × {n_samples} samples at {rate} Hz in {len(reader)} bytes cannot be"
        )
    if any(reader.rest()):
        raise FormatError(f"{reader.name}: bytes follow its response")
    return ParsedRoom(number, replace(room, sample_rate_hz=rate, is_embedded=True), n_channels, n_samples, coded)


def decode_room(reader: Reader) -> tuple[int, Room]:
    """The inverse of `encode_room`: number and room."""
    parsed = read_room(reader)
    if not parsed.room.is_embedded:
        return parsed.number, parsed.room
    shape = parsed.n_channels, parsed.n_samples
    numbers = _samples(parsed.coded, shape[0] * shape[1], reader.name).reshape(shape)
    if not numbers[:, -1].any() or np.abs(numbers).max() == 0:
        raise FormatError(f"{reader.name}: its response ends in silence")
    response = of_whole_numbers(numbers)
    if not np.array_equal(whole_numbers(response), numbers):
        raise FormatError(f"{reader.name}: its response is not at full scale")
    return parsed.number, replace(parsed.room, response=response)


def _flac(numbers: Ints) -> bytes:
    """Channel after channel, as FLAC of one channel: that has no more than eight."""
    import soundfile

    buffer = io.BytesIO()
    soundfile.write(buffer, numbers.reshape(-1).astype(np.int16), FLAC_RATE_HZ, format="FLAC", subtype="PCM_16")
    return buffer.getvalue()


def _samples(coded: bytes, size: int, name: str) -> Ints:
    import soundfile

    try:
        with soundfile.SoundFile(io.BytesIO(coded)) as file:
            if (file.format, file.subtype, file.channels, file.frames) != ("FLAC", "PCM_16", 1, size):
                raise FormatError(f"{name}: its response is not stored as it should be")
            numbers = file.read(size, dtype="int16")
    except (soundfile.LibsndfileError, RuntimeError, TypeError) as error:
        raise FormatError(f"{name}: its response cannot be decoded ({error})") from None
    if len(numbers) != size:
        raise FormatError(f"{name}: its response is cut short")
    return np.asarray(numbers, np.int64)
