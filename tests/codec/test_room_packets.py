"""Rooms and sends in files: sizes, damage, and contents that lie."""

import io

import numpy as np
import pytest
import soundfile

from motes.codec import dumps, info, load, loads
from motes.codec.frames import PREAMBLE_SIZE, frame, read_frame
from motes.codec.index import pack_end
from motes.codec.payloads.room_packet import BY_DIGEST, EMBEDDED, SYNTHETIC, decode_room, encode_room
from motes.codec.salvage import salvage
from motes.coding.varints import Reader, varint
from motes.errors import FormatError
from motes.events.room import Room
from motes.kinds.gabor.table import Gabor
from motes.scene.rooms import dry
from motes.scene.scene import Scene

RATE = 8000
END, GABOR, ROOM, SENDS = b"EGMW"


def end_frame(index_size, n_packets):
    """The last packet of a file."""
    return frame(END, pack_end(index_size, n_packets))


def hall(n_channels=2, n=3000, name="hall.wav"):
    random = np.random.default_rng(n)
    return Room.of(random.standard_normal((n_channels, n)) * np.exp(-np.arange(n) / 500), RATE, name)


def scene(n=60, seconds=8.0, embedded=True):
    random = np.random.default_rng(1)
    time_s = np.sort(random.uniform(0.1, seconds - 0.5, n))
    gabor = Gabor(
        time_s,
        np.full(n, 0.064),
        random.uniform(200, 3000, n),
        random.uniform(0.1, 0.3, (n, 1)),
        random.uniform(-3, 3, (n, 1)),
    )
    made = Scene(RATE, round(seconds * RATE), 1, gabor)
    made = (
        made.select("time_s > 2")
        .room(hall().embedded(RATE) if embedded else hall(), 0.25)
        .select("time_s > 5")
        .room(Room.synthetic(0.5), 0.8)
    )
    return made.quantise()


WHOLE = scene()
DATA = dumps(WHOLE)


def packets(data=DATA):
    found, at = [], PREAMBLE_SIZE
    while at < len(data):
        packet = read_frame(data, at, len(found))
        found.append((packet.kind, packet.payload))
        at += packet.size
    return found


def file_of(parts):
    """A file of these packets, the last two of which are made anew where the index is left as it was."""
    body = [frame(kind, payload) for kind, payload in parts if kind != END]
    return DATA[:PREAMBLE_SIZE] + b"".join(body) + end_frame(len(body[-1]), len(body) + 1)


def test_files_with_rooms_come_back_the_same(tmp_path):
    (tmp_path / "a.mote").write_bytes(DATA)
    loaded = loads(DATA)
    assert dumps(loaded) == DATA == file_of(packets())
    assert all(mine.equals(theirs) for mine, theirs in zip(loaded.rooms, WHOLE.rooms, strict=True))
    assert np.array_equal(loaded.render(), WHOLE.render())
    assert info(tmp_path / "a.mote").rooms == ["hall.wav (in the file)", "synthetic:0.5"]
    for start_s, end_s in ((0, 1), (3.1, 3.2), (7.9, 8.0)):
        part = load(tmp_path / "a.mote", start_s, end_s)
        assert np.abs(part.render(start_s, end_s) - WHOLE.render(start_s, end_s)).max() < 1e-5
    assert load(tmp_path / "a.mote", 7.9, 8.0).n_events < WHOLE.n_events


def test_what_rooms_cost():
    plain, named = len(dumps(dry(WHOLE))), len(dumps(scene(embedded=False)))
    stretches = sum(kind == SENDS for kind, _ in packets())
    assert 0 < stretches < sum(kind == GABOR for kind, _ in packets())  # those with events in rooms
    assert named - plain < 60 + stretches * 25
    one = WHOLE.select().room(Room.synthetic(1.0), 0.25)
    assert len(dumps(one)) - plain < 20 + 8 * 20
    assert len(encode_room(hall().embedded(RATE), 1)) < 2 * 2 * 3000


@pytest.mark.parametrize("n_channels", [1, 2, 9, 64])
def test_rooms_of_any_number_of_channels_are_packed(n_channels):
    room = hall(n_channels, 500).embedded(RATE)
    payload = encode_room(room, 3)
    number, again = decode_room(Reader(payload, "packet"))
    assert number == 3
    assert again.equals(room)
    assert encode_room(again, 3) == payload


def test_long_silence_within_a_response_is_packed():
    sound = np.zeros((1, 20 * RATE))
    sound[0, 0] = sound[0, -1] = 1
    room = Room.of(sound, RATE, "echo").embedded(RATE)
    assert decode_room(Reader(encode_room(room, 1), "packet"))[1].equals(room)


def test_each_flipped_bit_is_noticed():
    short = dumps(scene(8, 3.0, embedded=False))
    loads(short)
    for position in range(8 * PREAMBLE_SIZE, 8 * len(short)):
        damaged = bytearray(short)
        damaged[position // 8] ^= 1 << position % 8
        with pytest.raises(FormatError):
            loads(bytes(damaged))


def of(kind, *numbers, rest=b""):
    return kind, b"".join(map(varint, numbers)) + rest


NAME = varint(4) + b"hall" + bytes(32)


def flac(samples, **options):
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, 44100, format="FLAC", **({"subtype": "PCM_16"} | options))
    return buffer.getvalue()


GOOD = np.array([32767, 100, -50, 7], np.int16)


def packed(rate, n_channels, n, coded, after=b""):
    return NAME + b"".join(map(varint, (rate, n_channels, n, len(coded)))) + coded + after


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        varint(0) + varint(SYNTHETIC) + varint(500) + varint(0),
        varint(1) + varint(3),
        varint(1) + varint(SYNTHETIC) + varint(10) + varint(0),
        varint(1) + varint(SYNTHETIC) + varint(500) + varint(1 << 32),
        varint(1) + varint(SYNTHETIC) + varint(500) + varint(0) + b"x",
        varint(5000) + varint(SYNTHETIC) + varint(500) + varint(0),
        varint(1) + varint(BY_DIGEST) + varint(3) + b"a\x1bb" + bytes(32),
        varint(1) + varint(BY_DIGEST) + varint(2) + b"\xff\xfe" + bytes(32),
        varint(1) + varint(BY_DIGEST) + varint(0) + bytes(32),
        varint(1) + varint(BY_DIGEST) + varint(300) + b"a" * 300 + bytes(32),
        varint(1) + varint(BY_DIGEST) + NAME + b"x",
        varint(1) + varint(BY_DIGEST) + NAME[:-1],
        *(
            varint(1) + varint(EMBEDDED) + rest
            for rest in (
                packed(0, 1, 4, flac(GOOD)),
                packed(RATE, 0, 4, flac(GOOD)),
                packed(RATE, 65, 4, flac(np.tile(GOOD, 65))),
                packed(RATE, 1, 5, flac(GOOD)),
                packed(RATE, 1, 3, flac(GOOD)),
                packed(RATE, 2, 2, flac(GOOD.reshape(2, 2))),
                packed(RATE, 1, 4, flac(GOOD // 2)),
                packed(RATE, 1, 5, flac(np.append(GOOD, 0).astype(np.int16))),
                packed(RATE, 1, 4, flac(np.zeros(4, np.int16))),
                packed(RATE, 1, 4, flac(GOOD, subtype="PCM_24")),
                packed(RATE, 1, 4, b"fLaC" + bytes(90)),
                packed(RATE, 1, 4, b""),
                packed(RATE, 1, 4, flac(GOOD), after=b"x"),
                packed(10, 1, 400, flac(np.resize(GOOD, 400))),
                packed(RATE, 1, 1 << 40, flac(GOOD)),
                packed(RATE, 1, 30 * RATE, flac(np.resize(GOOD, 30 * RATE) // GOOD.max())),
            )
        ),
    ],
)
def test_rooms_that_lie_are_refused(payload):
    with pytest.raises(FormatError):
        decode_room(Reader(payload, "packet 7"))


def test_junk_is_refused_or_a_room():
    random = np.random.default_rng(0)
    payload = encode_room(hall(1, 300).embedded(RATE), 1)
    for _ in range(300):
        damaged = bytearray(payload)
        for _ in range(random.integers(1, 5)):
            damaged[random.integers(len(damaged))] = random.integers(256)
        try:
            room = decode_room(Reader(bytes(damaged), "packet"))[1]
        except FormatError:
            continue
        assert room.duration_s <= 30


def test_sends_that_lie_are_refused():
    parts = packets()
    place = next(i for i, (kind, _) in enumerate(parts) if kind == SENDS)
    head = [GABOR, 2, 0, 5]
    lies = [
        of(SENDS, 99, *head[1:]),
        of(SENDS, GABOR, 7, 0, 5),
        of(SENDS, GABOR, 2, 1, 5),
        of(SENDS, GABOR, 2, 0, 1 << 30),
        of(SENDS, *head),
        of(SENDS, *head, rest=b"\xff" * 20),
        (SENDS, b""),
        (SENDS, parts[place][1] + b"\xff\xff\xff"),
        parts[place + 2],
    ]
    for lie in lies:
        with pytest.raises(FormatError):
            loads(file_of([*parts[:place], lie, *parts[place + 1 :]]))
    for moved in (
        [*parts[: place - 1], parts[place], parts[place - 1], *parts[place + 1 :]],
        [*parts[: place + 1], *parts[place:]],
    ):
        with pytest.raises(FormatError):
            loads(file_of(moved))
    with pytest.raises(FormatError):  # no such room
        loads(file_of([part for part in parts if part[0] != ROOM]))
    with pytest.raises(FormatError, match="stands twice"):
        loads(file_of([parts[0], parts[1], *parts[1:]]))
    with pytest.raises(FormatError, match="room 2 stands where 1 should"):
        loads(file_of([parts[0], *parts[2:]]))
    with pytest.raises(FormatError):  # the index counts the bytes of sends
        loads(file_of([part for i, part in enumerate(parts) if i != place]))


def damaged_at(kind, which=0):
    at, seen = PREAMBLE_SIZE, 0
    while True:
        packet = read_frame(DATA, at, 0)
        if packet.kind == kind:
            if seen == which:
                break
            seen += 1
        at += packet.size
    data = bytearray(DATA)
    data[at + packet.size - 1] ^= 1
    return bytes(data)


def test_salvage_tells_of_lost_rooms_and_sends():
    assert salvage(DATA).skipped == []
    found = salvage(damaged_at(ROOM))
    assert [room.name for room in found.scene.rooms] == ["synthetic:0.5"]
    n_lost = int(np.sum(WHOLE.gabor.room_id == 1))
    assert any(f"the room of {n_lost} events is lost" in line for line in found.skipped)
    assert set(found.scene.gabor.room_id) == {0, 1}
    found = salvage(damaged_at(SENDS, 1))
    assert any("which rooms" in line for line in found.skipped)
    assert found.scene.n_events == WHOLE.n_events
    assert 0 < np.sum(found.scene.gabor.room_id > 0) < np.sum(WHOLE.gabor.room_id > 0)
    found = salvage(damaged_at(GABOR, 3))
    assert any("the events that it tells of are not there" in line for line in found.skipped)
    assert found.scene.n_events < WHOLE.n_events
