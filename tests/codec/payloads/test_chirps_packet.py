"""By how much frequencies rise, in files: round trips, payloads that make no sense, salvage, seeks and layers."""

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from motes.codec import dumps, loads, quantise
from motes.codec.frames import frame, read_frame, read_preamble
from motes.codec.index import Entry, pack_end
from motes.codec.packets import CHIRPS, END, SENDS, SHARES
from motes.codec.payloads.chirps_packet import pack_chirps, unpack_chirps
from motes.codec.payloads.sends_packet import read_place
from motes.codec.salvage import salvage
from motes.codec.seeking import SeekableFile
from motes.coding.integers import encode_numbers, zigzags
from motes.coding.varints import Reader, varints
from motes.errors import FormatError, ParameterError
from motes.events.chirps import MAX_CHIRP, chirps_of
from motes.events.room import Room
from motes.kinds.gabor.table import Gabor
from motes.scene.scene import Scene

GABOR, RATE = b"G"[0], 8000
ENTRY = Entry(GABOR, 3, 1, 0, 0, 0, 0)


def scene(n: int = 60) -> Scene:
    """Three packets of atoms, two thirds of which rise or fall."""
    random = np.random.default_rng(11)
    time, window = np.sort(random.uniform(0.1, 2.9, n)), random.choice([256, 1024], n) / RATE
    steps = random.integers(-6, 7, n) * (np.arange(n) % 3 > 0)
    rest = random.uniform(500, 3000, n), random.uniform(0.01, 0.1, (n, 1)), random.uniform(-3, 3, (n, 1))
    return quantise(Scene(RATE, 3 * RATE, 1, Gabor(time, window, *rest, chirp_hz_per_s=2 * steps / window**2)))


SCENE = scene()
DATA = dumps(SCENE)
START = read_preamble(DATA)


def packets(data: bytes) -> list[tuple[int, bytes]]:
    found, start = [], read_preamble(data)
    at = len(start.pack())
    while at < len(data):
        packet = read_frame(data, at, len(found), seed=start.seed)
        found.append((packet.kind, bytes(packet.payload)))
        at += packet.size
    return found


PARTS = packets(DATA)
PLACES = [i for i, (kind, _) in enumerate(PARTS) if kind == CHIRPS.number]


def file_of(parts: list[tuple[int, bytes]], start=START, damaged: int | None = None) -> bytes:
    body = [frame(kind, payload, start.seed) for kind, payload in parts if kind != END.number]
    if damaged is not None:
        body[damaged] = body[damaged][:-1] + bytes([body[damaged][-1] ^ 1])
    end = pack_end(len(body[-1]), len(body) + 1, start.file_id)
    return start.pack() + b"".join(body) + frame(END.number, end, start.seed)


@given(st.lists(st.integers(-MAX_CHIRP, MAX_CHIRP), min_size=1, max_size=60).filter(any))
def test_any_chirps_come_back(steps):
    window_s = np.linspace(0.01, 0.2, len(steps))
    reader = Reader(pack_chirps(ENTRY, np.array(steps)), "packet 5")
    assert read_place(reader) == (ENTRY.place, len(steps))
    found = unpack_chirps(reader, window_s)["chirp_hz_per_s"]
    np.testing.assert_array_equal(np.rint(found * window_s**2 / 2), steps)


def coded(steps: list[int]) -> bytes:
    return encode_numbers(zigzags(np.array(steps)), np.zeros(len(steps), np.int64))


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        (b"", "a chirp is out of range"),
        (coded([0, 0, 0]), "no frequency rises"),
        (coded([0, MAX_CHIRP + 1, 0]), "a chirp is out of range"),
        (coded([-MAX_CHIRP - 1, 0, 0]), "a chirp is out of range"),
        (coded([0, 0, 1 << 60]), "a chirp is out of range"),
        (b"\xff" * 40, "a chirp is out of range|no frequency rises"),
    ],
)
def test_payloads_that_cannot_be_are_refused(payload, says):
    with pytest.raises(FormatError, match=f"packet 5: ({says})"):
        unpack_chirps(Reader(payload, "packet 5"), np.full(3, 0.1))


def test_a_scene_without_has_no_such_packets_and_version_1_holds_none():
    steady = SCENE.replace(gabor=SCENE.gabor.replace(chirp_hz_per_s=None))
    assert CHIRPS.number not in {kind for kind, _ in packets(dumps(steady, version=2))}
    assert dumps(steady)[8] == 1
    assert len(PLACES) == 3
    assert file_of(PARTS) == DATA
    with pytest.raises(ParameterError, match="version 1 have no chirped gabor events, only those of version 2"):
        dumps(SCENE, version=1)


def test_packets_of_chirps_that_lie_are_refused():
    place = PLACES[1]
    payload = PARTS[place][1]
    reader = Reader(payload, "x")
    (number, _, layer), n_events = read_place(reader)
    rest = reader.rest()
    lies = [
        varints(b"T"[0], number, layer, n_events) + rest,
        varints(GABOR, number + 7, layer, n_events) + rest,
        varints(GABOR, number, layer + 1, n_events) + rest,
        varints(GABOR, number, layer, n_events + 1) + rest,
        varints(GABOR, number, layer, 1 << 30) + rest,
        b"",
        PARTS[PLACES[2]][1],
    ]
    for lie in lies:
        with pytest.raises(FormatError):
            loads(file_of([*PARTS[:place], (CHIRPS.number, lie), *PARTS[place + 1 :]]))
    for moved in (
        [*PARTS[: place - 1], PARTS[place], PARTS[place - 1], *PARTS[place + 1 :]],
        [*PARTS[: place + 1], *PARTS[place:]],
        [part for i, part in enumerate(PARTS) if i != place],
    ):
        with pytest.raises(FormatError):
            loads(file_of(moved))


def test_sends_and_shares_stand_before_chirps():
    gabor = SCENE.gabor.replace(share_re=np.where(np.arange(len(SCENE.gabor)) % 2, 0.5, 1.0))
    made = SCENE.replace(gabor=gabor).select().room(Room.synthetic(0.3), 0.5).quantise()
    data = dumps(made)
    found, start = packets(data), read_preamble(data)
    place = next(i for i, (kind, _) in enumerate(found) if kind == CHIRPS.number)
    assert [kind for kind, _ in found[place - 3 : place + 1]] == [GABOR, SENDS.number, SHARES.number, CHIRPS.number]
    assert loads(data).gabor.equals(made.gabor)
    for other in (place - 1, place - 2):
        swapped = list(found)
        swapped[other], swapped[place] = found[place], found[other]
        with pytest.raises(FormatError, match="the events that it tells of are not there"):
            loads(file_of(swapped, start))


@pytest.mark.parametrize("place", PLACES)
def test_events_whose_chirps_are_lost_are_steady_and_reported(place):
    found = salvage(file_of(PARTS, damaged=place))
    n_events = read_place(Reader(PARTS[place][1], "x"))[1]
    assert any(f"by how much the frequencies of {n_events} gabor event" in line for line in found.skipped)
    assert not any("rooms" in line or "parts of atoms" in line for line in found.skipped)
    assert found.scene.n_events == SCENE.n_events
    before, after = SCENE.gabor.chirp_hz_per_s, found.scene.gabor.chirp_hz_per_s
    differ = np.flatnonzero(before != after)
    assert len(differ) > 0
    assert not after[differ].any()
    loads(dumps(found.scene))


def test_a_stretch_of_a_file_has_the_chirps_of_its_events():
    part = SeekableFile(BytesIO(DATA)).scene(1.2 * RATE, 1.4 * RATE)
    near = np.isin(SCENE.gabor.time_s, part.gabor.time_s)
    assert 0 < len(part.gabor) < SCENE.n_events
    np.testing.assert_array_equal(part.gabor.chirp_hz_per_s, SCENE.gabor.chirp_hz_per_s[near])


def test_an_edit_may_not_make_a_chirp_without_limits():
    assert chirps_of(SCENE.gabor, SCENE.gabor.window_s * 1e3).max() == MAX_CHIRP
    with pytest.raises(ParameterError):
        SCENE.gabor.replace(chirp_hz_per_s=np.full(len(SCENE.gabor), 1e19))
