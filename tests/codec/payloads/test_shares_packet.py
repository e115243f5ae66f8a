"""Which parts of atoms events are, in files: round trips, what they cost, and payloads that make no sense."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from note_examples import shared_scene, some_shares

from motes.codec import dumps, loads
from motes.codec.contents import Contents
from motes.codec.frames import PREAMBLE_SIZE, Frame, frame, read_frame
from motes.codec.index import Entry, pack_end
from motes.codec.packets import END, SENDS, SHARES
from motes.codec.payloads.sends_packet import read_place
from motes.codec.payloads.shares_packet import pack_shares, unpack_shares
from motes.codec.salvage import salvage
from motes.coding.integers import encode_numbers, zigzags
from motes.coding.varints import Reader, varints
from motes.errors import FormatError
from motes.events.room import Room
from motes.events.shares import MAX_SHARE, SHARE_UNITS, WHOLE, share_columns

GABOR = b"G"[0]
ENTRY = Entry(GABOR, 3, 1, 0, 0, 0, 0)
LARGEST = MAX_SHARE * SHARE_UNITS


@given(
    st.lists(
        st.one_of(
            st.just(WHOLE),
            st.tuples(st.integers(-LARGEST, LARGEST), st.integers(-LARGEST, LARGEST)).filter(any),
            st.tuples(st.just(SHARE_UNITS), st.integers(-3, 3)),
        ),
        min_size=1,
        max_size=60,
    ).filter(lambda rows: any(row != WHOLE for row in rows))
)
def test_any_shares_come_back(rows):
    shares = np.array(rows, np.int64)
    reader = Reader(pack_shares(ENTRY, shares), "packet 5")
    assert read_place(reader) == (ENTRY.place, len(shares))
    found = unpack_shares(reader, len(shares))
    for name, column in share_columns(shares).items():
        np.testing.assert_array_equal(found[name], column)


def test_what_a_part_costs():
    some, whole = some_shares(1000), np.tile(WHOLE, (1000, 1))
    parts_alone, with_wholes = (8 * len(pack_shares(ENTRY, rows)) for rows in (some, np.concatenate([some, whole])))
    assert parts_alone / 1000 < 15
    assert with_wholes - parts_alone < 3.1 * 1000
    few = np.concatenate([some[:50], np.tile(WHOLE, (5000, 1))])
    assert 8 * len(pack_shares(ENTRY, few)) < 50 * 30


def coded(real, imaginary):
    """A payload of these numbers behind the place, real parts as they are and how much less than the whole they are."""
    real, imaginary = np.array(real), np.array(imaginary)
    first = encode_numbers(zigzags(SHARE_UNITS - real), np.zeros(len(real), np.int64))
    second = encode_numbers(zigzags(imaginary), (real != SHARE_UNITS).astype(np.int64))
    return varints(len(first)) + first + second


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        (b"", "cut short"),
        (varints(100) + b"abc", "past the limit"),
        (varints(5) + b"abcd", "past the limit|cut short"),
        (coded([64, 64, 64], [0, 0, 0]), "all atoms are whole"),
        (coded([64, 0, 64], [0, 0, 3]), "a part of an atom is out of range"),
        (coded([64, LARGEST + 1, 64], [0, 0, 3]), "a part of an atom is out of range"),
        (coded([64, -LARGEST - 1, 64], [0, 0, 3]), "a part of an atom is out of range"),
        (coded([64, 1, 64], [0, LARGEST + 1, 3]), "a part of an atom is out of range"),
        (coded([64, 1, 64], [0, 1 << 60, 3]), "a part of an atom is out of range"),
        (varints(9) + b"\xff" * 30, "a part of an atom is out of range|all atoms are whole"),
    ],
)
def test_payloads_that_cannot_be_are_refused(payload, says):
    with pytest.raises(FormatError, match=f"packet 5: .*({says})"):
        unpack_shares(Reader(payload, "packet 5"), 3)


# --- files


def packets(data):
    found, at = [], PREAMBLE_SIZE
    while at < len(data):
        packet = read_frame(data, at, len(found))
        found.append((packet.kind, packet.payload))
        at += packet.size
    return found


SCENE = shared_scene(1, layer=1)
DATA = dumps(SCENE)
PARTS = packets(DATA)
PLACES = [i for i, (kind, _) in enumerate(PARTS) if kind == SHARES.number]


def file_of(parts):
    body = [frame(kind, payload) for kind, payload in parts if kind != END.number]
    return DATA[:PREAMBLE_SIZE] + b"".join(body) + frame(END.number, pack_end(len(body[-1]), len(body) + 1))


def test_a_scene_of_whole_atoms_has_no_such_packets():
    whole = SCENE.replace(gabor=SCENE.gabor.replace(share_re=None, share_im=None))
    assert SHARES.number not in {kind for kind, _ in packets(dumps(whole))}
    assert len(PLACES) > 3
    assert file_of(PARTS) == DATA


def test_packets_of_shares_that_lie_are_refused():
    place = PLACES[1]
    payload = PARTS[place][1]
    reader = Reader(payload, "x")
    (number, _, layer), n_events = read_place(reader)
    rest = reader.rest()
    lies = [
        varints(b"T"[0], number, layer, n_events) + rest,
        varints(99, number, layer, n_events) + rest,
        varints(GABOR, number + 7, layer, n_events) + rest,
        varints(GABOR, number, layer + 1, n_events) + rest,
        varints(GABOR, number, layer, n_events + 1) + rest,
        varints(GABOR, number, layer, 1 << 30) + rest,
        varints(GABOR, number, layer, n_events),
        payload + b"\xff\xff",
        b"",
        PARTS[PLACES[2]][1],
    ]
    for lie in lies:
        with pytest.raises(FormatError):
            loads(file_of([*PARTS[:place], (SHARES.number, lie), *PARTS[place + 1 :]]))
    for moved in (
        [*PARTS[: place - 1], PARTS[place], PARTS[place - 1], *PARTS[place + 1 :]],
        [*PARTS[: place + 1], *PARTS[place:]],
        [part for i, part in enumerate(PARTS) if i != place],
    ):
        with pytest.raises(FormatError):
            loads(file_of(moved))


def test_sends_stand_before_shares():
    scene = SCENE.select().room(Room.synthetic(0.3), 0.5).quantise()
    found = packets(dumps(scene))
    place = next(i for i, (kind, _) in enumerate(found) if kind == SHARES.number)
    assert found[place - 1][0] == SENDS.number
    found[place - 1 : place + 1] = [found[place], found[place - 1]]
    with pytest.raises(FormatError, match="the events that it tells of are not there"):
        loads(file_of(found))


def test_a_share_too_large_for_its_atom_is_a_format_error():
    amplitude = SCENE.gabor.amplitude * (5e5 / SCENE.gabor.amplitude.max())
    found = packets(dumps(SCENE.replace(gabor=SCENE.gabor.replace(amplitude=amplitude))))
    contents = Contents(in_order=False)
    for place, (kind, payload) in enumerate(found):
        if kind == SHARES.number:
            (number, _, layer), n_events = read_place(Reader(payload, "x"))
            entry = Entry(GABOR, number, layer, 0, 0, 0, 0)
            found[place] = SHARES.number, pack_shares(entry, np.full((n_events, 2), LARGEST))
    for kind, payload in found[:-2]:
        contents.add(Frame(kind, payload, "packet", len(payload)))
    with pytest.raises(FormatError, match="amplitude must lie in"):
        contents.scene()


# --- what is lost


def without(which, parts=None):
    """The file with this packet damaged."""
    parts = PARTS if parts is None else parts
    data = bytearray(DATA[:PREAMBLE_SIZE])
    for i, (kind, payload) in enumerate(parts):
        framed = bytearray(frame(kind, payload))
        if i == which:
            framed[-1] ^= 1
        data += framed
    return bytes(data)


@pytest.mark.parametrize("place", PLACES)
def test_events_whose_shares_are_lost_are_left_out_and_told(place):
    found = salvage(without(place))
    n_events = read_place(Reader(PARTS[place][1], "x"))[1]
    assert found.scene.n_events == SCENE.n_events - n_events
    assert any(f"which parts of atoms {n_events} gabor event" in line for line in found.skipped)
    assert not any("rooms" in line for line in found.skipped)
    loads(dumps(found.scene))


def test_events_of_one_packet_alone_are_left_out_too():
    few = shared_scene(1).select(start_s=0.0, end_s=0.2).only()
    found = packets(dumps(few))
    place = next(i for i, (kind, _) in enumerate(found) if kind == SHARES.number)
    left = salvage(without(place, found))
    assert any("which parts of atoms" in line for line in left.skipped)
    lost = read_place(Reader(found[place][1], "x"))[1]
    assert left.scene.n_events == few.n_events - lost


def test_in_a_file_with_rooms_lost_shares_and_lost_sends_are_told_apart():
    scene = SCENE.select("time_s < 1.5").room(Room.synthetic(0.3), 0.5).quantise()
    found = packets(dumps(scene))
    for place, (kind, payload) in enumerate(found):
        if kind not in (SHARES.number, SENDS.number):
            continue
        left = salvage(without(place, found))
        if kind == SHARES.number:
            lost = read_place(Reader(payload, "x"))[1]
            assert left.scene.n_events == scene.n_events - lost
            assert any("which parts of atoms" in line for line in left.skipped)
        else:
            assert any("which rooms" in line or "which parts of atoms" in line for line in left.skipped)


def test_lost_events_leave_their_shares_unused():
    place = PLACES[0] - 1
    found = salvage(without(place))
    assert any("the events that it tells of are not there" in line for line in found.skipped)
    assert 0 < found.scene.n_events < SCENE.n_events


def test_optional_packets_behind_events_are_not_taken_for_lost_shares():
    """The index counts their bytes too."""
    grown = (Path(__file__).parents[2] / "vectors/v1/grown.mote").read_bytes()
    assert salvage(grown).skipped == []
    assert salvage(grown).scene.n_events == loads(grown).n_events
