"""A damaged file gives back its intact packets, and what was skipped is told."""

import time
from pathlib import Path

import numpy as np
import pytest
from codec_scenes import random_scene
from hypothesis import given, settings
from hypothesis import strategies as st

from motes.codec import dumps, loads
from motes.codec.frames import PREAMBLE_SIZE, read_frame
from motes.codec.salvage import salvage, salvage_file
from motes.errors import FormatError
from motes.scene.scene import Scene

DATA = dumps(random_scene(1, 300, 2, rate=8000, n_samples=60_000))


def frames():
    """Where each packet begins, and its size."""
    at, found = PREAMBLE_SIZE, []
    while at < len(DATA):
        packet = read_frame(DATA, at, len(found))
        found.append((at, packet))
        at += packet.size
    return found


GABOR_PACKETS = [(at, packet) for at, packet in frames() if packet.kind == ord("G")]


def test_a_whole_file_is_as_it_was():
    found = salvage(DATA)
    assert found.skipped == []
    assert found.n_packets == len(frames())
    assert found.scene.gabor.equals(loads(DATA).gabor)


def test_a_damaged_packet_is_skipped_and_told():
    assert len(GABOR_PACKETS) > 4
    at, packet = GABOR_PACKETS[2]
    damaged = bytearray(DATA)
    damaged[at + packet.size // 2] ^= 0x10
    with pytest.raises(FormatError):
        loads(damaged)
    found = salvage(damaged)
    whole, left = loads(DATA), found.scene
    assert 0 < left.n_events < whole.n_events
    assert left.n_samples == whole.n_samples
    assert np.isin(left.gabor.time_s, whole.gabor.time_s).all()
    assert len(found.skipped) == 2
    assert f"at byte {at}): damaged, its checksum does not match; skipped {packet.size} bytes" in found.skipped[0]
    assert f"{whole.n_events - left.n_events} gabor events from" in found.skipped[1]
    lost = np.setdiff1d(whole.gabor.time_s, left.gabor.time_s)
    start_s, end_s = (
        float(word) for word in found.skipped[1].split() if word.replace(".", "").isdigit() and "." in word
    )
    assert start_s - 0.01 <= lost.min()
    assert lost.max() <= end_s + 0.01


@pytest.mark.parametrize("part", range(1, 10))
def test_a_file_cut_short_gives_its_beginning(part):
    found = salvage(DATA[: len(DATA) * part // 10])
    assert any("cut short" in line for line in found.skipped)
    assert found.scene.n_events <= loads(DATA).n_events


def test_a_file_cut_short_keeps_events_of_every_kind_before_the_cut():
    """Packets stand kind by kind within each stretch of time, and go on so: none of them is out of order."""
    from kind_examples import RATE, example

    first, later = ([example("gabor"), example("texture"), example("detail")] for _ in range(2))
    late = Scene(RATE, 8 * RATE, 1, tables=first).join(Scene(RATE, 3 * RATE, 1, tables=later), at_s=4.0)
    data = dumps(late.quantise())
    found = salvage(data[: int(0.97 * len(data))])
    assert not any("out of order" in line for line in found.skipped)
    for kind in ("gabor", "texture", "detail"):
        assert found.scene.table(kind).time_s[0] == loads(data).table(kind).time_s[0]


def test_bytes_put_in_or_taken_out_cost_only_their_packet():
    at, packet = GABOR_PACKETS[1]
    for damaged in (
        DATA[: at + 5] + b"GHIE junk" + DATA[at + 5 :],
        DATA[: at + 5] + DATA[at + 9 :],
        DATA[:at] + DATA[at + packet.size :],
    ):
        found = salvage(damaged)
        assert "lost" in found.skipped[-1]
        assert found.n_packets == len(frames()) - 1
    whole = salvage(DATA[:at] + b"\0" * 50 + DATA[at:])
    assert whole.scene.gabor.equals(loads(DATA).gabor)
    assert len(whole.skipped) == 1


def test_damage_at_the_ends():
    assert salvage(b"XX" + DATA[2:]).scene.gabor.equals(loads(DATA).gabor)
    assert any("first bytes" in line for line in salvage(b"XX" + DATA[2:]).skipped)
    found = salvage(DATA[:-3])
    assert found.scene.gabor.equals(loads(DATA).gabor)
    assert found.skipped
    twice = salvage(DATA + DATA[GABOR_PACKETS[0][0] :])
    assert twice.scene.gabor.equals(loads(DATA).gabor)
    assert any("stands twice" in line for line in twice.skipped)


@pytest.mark.parametrize(
    "data", [b"", b"\x8fmote", b"not a file at all", DATA[: PREAMBLE_SIZE + 4], DATA[GABOR_PACKETS[0][0] :]]
)
def test_without_a_header_nothing_can_be_decoded(data):
    with pytest.raises(FormatError, match=r"nothing can be salvaged|empty"):
        salvage(data)


def test_a_file_is_named(tmp_path):
    (tmp_path / "a.mote").write_bytes(b"junk")
    with pytest.raises(FormatError, match=r"a\.mote: nothing can be salvaged"):
        salvage_file(tmp_path / "a.mote")
    with pytest.raises(FormatError, match=r"cannot read .*b\.mote"):
        salvage_file(tmp_path / "b.mote")


@given(st.lists(st.tuples(st.integers(0, len(DATA) - 1), st.integers(1, 255)), max_size=6), st.integers(0, len(DATA)))
@settings(max_examples=60)
def test_any_damage_is_a_scene_or_a_format_error(flips, end):
    damaged = bytearray(DATA)
    for at, bits in flips:
        damaged[at] ^= bits
    try:
        found = salvage(bytes(damaged[:end]))
    except FormatError:
        return
    assert found.skipped or bytes(damaged[:end]) == DATA
    assert found.scene.n_events <= loads(DATA).n_events


def test_hostile_bytes_take_no_forever():
    start = time.perf_counter()
    found = salvage(DATA[: GABOR_PACKETS[0][0]] + b"G\xff\xff\x0f" * 250_000)
    assert found.scene.n_events == 0
    assert time.perf_counter() - start < 20


def split(data):
    """The packets of a file."""
    at, found = PREAMBLE_SIZE, []
    while at < len(data):
        found.append(data[at : at + read_frame(data, at, 0).size])
        at += len(found[-1])
    return found


START, PACKETS = DATA[:PREAMBLE_SIZE], split(DATA)
OTHERS = split(dumps(random_scene(2, 300, 2, rate=8000, n_samples=60_000)))


def salvaged(packets):
    return salvage(START + b"".join(packets))


def test_a_packet_that_was_moved_is_used_and_told():
    found = salvaged([PACKETS[0], PACKETS[3], *PACKETS[1:3], *PACKETS[4:]])
    assert found.scene.gabor.equals(loads(DATA).gabor)
    assert sum("stands elsewhere than it was written" in line for line in found.skipped) in (1, 2)
    last = salvaged([PACKETS[0], PACKETS[-2], *PACKETS[1:-2], PACKETS[-1]])  # the index before all events
    assert last.scene.gabor.equals(loads(DATA).gabor)
    assert any("stands elsewhere than it was written" in line for line in last.skipped)


@pytest.mark.parametrize("which", range(len(PACKETS)))
def test_a_packet_that_stands_twice_is_told(which):
    for place in (which, len(PACKETS) - 1):
        found = salvaged([*PACKETS[:place], PACKETS[which], *PACKETS[place:]])
        assert found.scene.gabor.equals(loads(DATA).gabor)
        assert any("twice" in line for line in found.skipped)


def test_a_packet_of_another_file_is_left_out_and_told():
    for which in range(1, len(PACKETS) - 2):
        found = salvaged([*PACKETS[:which], OTHERS[which], *PACKETS[which + 1 :]])
        assert any("is it of another file?" in line for line in found.skipped)
        assert np.isin(found.scene.gabor.time_s, loads(DATA).gabor.time_s).all()
        both = salvaged([*PACKETS[:which], OTHERS[which], *PACKETS[which:]])
        assert both.scene.gabor.equals(loads(DATA).gabor)
        assert any("is it of another file?" in line for line in both.skipped)


def test_without_an_index_packets_out_of_order_are_left_out_and_told():
    found = salvaged([PACKETS[0], PACKETS[3], *PACKETS[1:3], PACKETS[-1]])
    assert sum("out of order, and no index tells of it" in line for line in found.skipped) == 2
    assert 0 < found.scene.n_events < loads(DATA).n_events


def test_what_loading_refuses_is_never_called_whole():
    for i in range(len(PACKETS)):
        for packets in ([*PACKETS[:i], *PACKETS[i + 1 :]], [*PACKETS[:i], OTHERS[i], *PACKETS[i + 1 :]]):
            try:
                found = salvaged(packets)
                is_whole = not found.skipped
            except FormatError:
                continue
            if is_whole:  # as with the header of another file, which version 1 does not notice
                loads(START + b"".join(packets))


def test_noise_of_which_is_not_known_what_is_subtracted_is_left_out():
    data = (Path(__file__).parents[1] / "vectors/v1/texture_subtracted.mote").read_bytes()
    at, n = PREAMBLE_SIZE, 0
    while (packet := read_frame(data, at, n)).kind != ord("A"):
        at, n = at + packet.size, n + 1
    damaged = bytearray(data)
    damaged[at + packet.size // 2] ^= 0x10
    with pytest.raises(FormatError, match=r"shares.*checksum"):
        loads(bytes(damaged))
    found = salvage(bytes(damaged))
    assert any("which parts" in line and "texture" in line for line in found.skipped)
    assert found.scene.texture.equals(loads(data).texture.take(slice(2, None)))
