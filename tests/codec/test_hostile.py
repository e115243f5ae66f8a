"""Damaged and hostile files: every flipped bit is noticed, and nothing crashes, hangs or takes more memory than the
file accounts for.
"""

import struct
import tracemalloc
import zlib
from dataclasses import replace

import pytest
from codec_scenes import random_scene, small_scene
from hypothesis import given, settings
from hypothesis import strategies as st

from motes.codec import dumps, frames, info, load, loads, quantise
from motes.codec.frames import PREAMBLE_SIZE, frame, read_frame
from motes.codec.header import Header
from motes.codec.index import Index, pack_end
from motes.coding.varints import Reader, unzigzag, varint, zigzag
from motes.errors import FormatError
from motes.events.packet import packet_samples

END, GABOR, HEADER, INDEX = b"EGHI"
SMALL = dumps(small_scene())
LONG = dumps(quantise(random_scene(7, 120, n_samples=300_000)))


def end_frame(index_size, n_packets):
    """The last packet of a file."""
    return frame(END, pack_end(index_size, n_packets))


def split(data: bytes) -> list[bytes]:
    """The packets of a file."""
    packets, at = [], PREAMBLE_SIZE
    while at < len(data):
        size = read_frame(data, at, 0).size
        packets.append(data[at : at + size])
        at += size
    return packets


def joined(packets: list[bytes]) -> bytes:
    return SMALL[:PREAMBLE_SIZE] + b"".join(packets)


def payload_of(packet: bytes) -> bytes:
    return read_frame(packet, 0, 0).payload


def rebuilt(payloads: list[bytes], samples_after: int = 0) -> bytes:
    """A file with right checksums, index sizes and counts around these (hostile) payloads; the index is left as it
    was.
    """
    packets = split(SMALL)
    index = packets[-2]
    body = [packets[0], *[frame(GABOR, p) for p in payloads], index]
    return joined([*body, end_frame(len(index), len(body) + 1)])


def test_each_flipped_bit_is_noticed(tmp_path):
    path = tmp_path / "x.mote"
    loads(SMALL)
    for position in range(len(SMALL) * 8):
        damaged = bytearray(SMALL)
        damaged[position // 8] ^= 1 << position % 8
        with pytest.raises(FormatError):
            loads(bytes(damaged))
        if position % 7 == 0:  # seeking reads sees what it reads
            path.write_bytes(damaged)
            with pytest.raises(FormatError):
                load(path, -1e6, 1e6)


def test_each_cut_and_each_addition_is_noticed(tmp_path):
    path = tmp_path / "x.mote"
    for size in range(len(SMALL)):
        with pytest.raises(FormatError):
            loads(SMALL[:size])
        path.write_bytes(SMALL[:size])
        with pytest.raises(FormatError):
            info(path)
    for more in (b"\0", b"\n", b"x" * 100, SMALL[PREAMBLE_SIZE:], split(SMALL)[-1]):
        path.write_bytes(SMALL + more)
        for read in (lambda: loads(SMALL + more), lambda: info(path)):  # noqa: B023
            with pytest.raises(FormatError):
                read()


def test_packets_left_out_doubled_or_swapped_are_noticed():
    packets = split(LONG)
    assert len(packets) > 6
    for i in range(len(packets)):
        for j in range(len(packets) + 1):
            moved = packets[:i] + packets[i + 1 :]
            for other in (moved, [*moved[:j], packets[i], *moved[j:]], [*packets[:j], packets[i], *packets[j:]]):
                if other != packets:
                    with pytest.raises(FormatError):
                        loads(joined(other))


def test_the_packet_at_fault_is_named():
    packets = split(LONG)
    damaged = bytearray(LONG)
    at = PREAMBLE_SIZE + len(packets[0]) + len(packets[1])
    damaged[at + 20] ^= 4
    with pytest.raises(FormatError, match=rf"packet 2 \(gabor, at byte {at}\): damaged"):
        loads(bytes(damaged))


def grown(kind, before=b"", after=b"", counted=True, last=b""):
    """SMALL with packets of a type that is not known before and after its events, the latter counted by the index
    or not.
    """
    header, *events, index, _ = split(SMALL)
    new = [frame(kind, before)] if before else []
    if after:
        events[-1] += frame(kind, after)
    told = Index.unpack(read_frame(index, 0, 0).reader())
    entries = (
        *told.entries[:-1],
        replace(told.entries[-1], n_bytes=len(events[-1]) if counted else told.entries[-1].n_bytes),
    )
    listed = frame(INDEX, Index(told.windows, entries).pack())
    n_packets = 3 + len(told.entries) + bool(before) + bool(after) + bool(last)
    return joined(
        [header, *new, *events, listed, *([frame(kind, last)] if last else []), end_frame(len(listed), n_packets)]
    )


def readers(tmp_path, data):
    """The scene of a file in each way that it can be read."""
    path = tmp_path / "x.mote"
    path.write_bytes(data)
    info(path)
    return loads(data), load(path), load(path, 0.0, 1e3)


@pytest.mark.parametrize("packets", [{"before": b"new"}, {"after": b"new"}, {"before": b"a", "after": b"b" * 200}])
def test_optional_packets_are_passed_over_however_a_file_is_read(packets, tmp_path):
    for scene in readers(tmp_path, grown(0xF0, **packets)):
        assert scene.gabor.equals(loads(SMALL).gabor)
    with pytest.raises(FormatError, match=r"type 88.*update motes"):
        loads(grown(0x58, **packets))


def test_optional_packets_stand_where_seeking_finds_them():
    for data in (grown(0xF0, after=b"new", counted=False), grown(0xF0, last=b"new")):
        with pytest.raises(FormatError):
            loads(data)


def test_header_members_that_are_not_known_are_ignored():
    header, *rest = split(SMALL)
    numbers = payload_of(header).split(b"{")[0]
    assert loads(joined([frame(HEADER, numbers + b'{"encoder":"x","mood":["calm"]}'), *rest])).metadata.encoder == "x"


def test_a_later_version_is_refused_by_its_number():
    with pytest.raises(FormatError, match=r"version 9, .*update motes"):
        loads(SMALL[: PREAMBLE_SIZE - 1] + b"\x09" + SMALL[PREAMBLE_SIZE:])


def test_drafts_are_refused_once_a_version_is_released(monkeypatch):
    monkeypatch.setattr(frames, "VERSION", 1)
    monkeypatch.setattr(frames, "READABLE", (1,))
    with pytest.raises(FormatError, match=r"version 0, a draft .* encode the recording again"):
        loads(SMALL[: PREAMBLE_SIZE - 1] + b"\x00" + SMALL[PREAMBLE_SIZE:])


@settings(max_examples=1500)
@given(st.data())
def test_random_damage_never_crashes(data):
    source = data.draw(st.sampled_from([SMALL, LONG]))
    damaged = bytearray(source)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, max(len(damaged) - 1, 0)))
        action = data.draw(st.sampled_from(["set", "insert", "delete", "copy", "cut"]))
        if action == "set" and damaged:
            damaged[at] = data.draw(st.integers(0, 255))
        elif action == "insert":
            damaged[at:at] = data.draw(st.binary(max_size=9))
        elif action == "delete":
            del damaged[at : at + data.draw(st.integers(1, 20))]
        elif action == "copy":
            damaged[at:at] = damaged[: data.draw(st.integers(0, 50))]
        else:
            del damaged[at:]
    if bytes(damaged) != source:
        with pytest.raises(FormatError):
            loads(bytes(damaged))


@settings(max_examples=1500)
@given(st.data())
def test_hostile_payloads_with_right_checksums_never_crash(data):
    """Whatever the entropy coder is fed, it ends in a scene or a FormatError, with memory in proportion to the file."""
    original = payload_of(split(SMALL)[1])
    if data.draw(st.booleans()):
        damaged = bytearray(original)
        for _ in range(data.draw(st.integers(1, 6))):
            damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
        payload = bytes(damaged)
    else:
        numbers = [
            data.draw(st.integers(0, 3)),
            data.draw(st.integers(0, 300)),
            data.draw(st.integers(0, 300)),
            zigzag(data.draw(st.integers(-(1 << 40), 1 << 40))),
        ]
        payload = b"".join(map(varint, numbers)) + data.draw(st.binary(max_size=80))
    with pytest.raises(FormatError):  # at the latest because the index tells otherwise
        loads(rebuilt([payload] if payload != original else [payload, payload]))


def test_memory_is_bounded_by_the_size_of_the_file():
    """A file that announces as much as it can takes at most MEMORY_PER_BYTE · (3 + 2 · channels) for each of its
    bytes.
    """
    index = split(SMALL)[-2]
    for n_channels in (1, 64):
        claim = Header(768_000, 2**48, n_channels, loads(SMALL).quantiser, loads(SMALL).metadata).pack()
        for n_grid, n_free in ((10**6 * 8, 0), (0, 10**6 * 8), (2**30, 0), (799_000, 0), (0, 79_900)):
            size = 100_000 if n_grid + n_free < 10**6 else 20_000
            payload = b"".join(map(varint, (0, n_grid, n_free, 0))) + b"\xff" * size
            packets = [frame(HEADER, claim), frame(GABOR, payload), index]
            data = joined([*packets, end_frame(len(index), 4)])
            loads(SMALL)
            tracemalloc.start()
            with pytest.raises(FormatError):
                loads(data)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert peak < 64e6 + 8 * 48 * (3 + 2 * n_channels) * len(data)


def test_a_hostile_index_or_end_is_refused(tmp_path):
    header, *events, index, _ = split(SMALL)
    path = tmp_path / "x.mote"
    many = b"".join(map(varint, (3, 2**40)))
    huge = b"".join(map(varint, (3, 1, 0, 10, 2**30, 0, 0)))
    for payload in (many, huge, b"", varint(1024) + varint(0), payload_of(index) + b"\0", payload_of(index)[:-1]):
        bad = frame(INDEX, payload)
        path.write_bytes(joined([header, *events, bad, end_frame(len(bad), len(events) + 3)]))
        for read in (info, load, lambda p: load(p, 0, 1)):
            with pytest.raises(FormatError):
                read(path)
    for payload in (
        struct.pack("<II", 2**32 - 1, 4),
        struct.pack("<II", 0, 4),
        struct.pack("<II", len(index) - 1, 4),
        b"",
        bytes(9),
    ):
        path.write_bytes(joined([header, *events, index, frame(END, payload)]))
        for read in (info, load):
            with pytest.raises(FormatError):
                read(path)


DEEP = b'{"options":' + b"[" * 5000 + b"]" * 5000 + b"}"


@pytest.mark.parametrize(
    "text",
    [b"{", b"[]", b'{"options": 3}', b"\xff\xfe", DEEP, b'{"options":{"a":1e999}}x', b" " * 70_000],
    ids=range(7),
)
def test_hostile_metadata_is_refused(text):
    header, *rest = split(SMALL)
    numbers = payload_of(header).split(b"{")[0]
    with pytest.raises(FormatError, match="packet 0"):
        loads(joined([frame(HEADER, numbers + text), *rest]))


GOOD = (44100, 1, 1, 1, 4, 0)


@pytest.mark.parametrize(
    ("place", "value"),
    [(0, 0), (0, 768_001), (1, 2**49), (2, 0), (2, 65), (3, 0), (3, 65), (4, 1), (4, 1025), (5, 321)],
)
def test_hostile_headers_are_refused(place, value):
    numbers = (*GOOD[:place], value, *GOOD[place + 1 :])
    with pytest.raises(FormatError, match="packet 0"):
        loads(joined([frame(HEADER, b"".join(map(varint, numbers)) + b"{}"), *split(SMALL)[1:]]))


def test_numbers_have_one_form_only():
    for bad in (b"\x80\x00", b"\x81\x80\x00", b"\xff" * 12, b"\x80", b""):
        with pytest.raises(FormatError):
            Reader(bad, "x").varint(2**62)
    for value in (0, 1, 127, 128, 16383, 16384, 2**50):
        assert Reader(varint(value), "x").varint(2**62) == value
    for value in (0, -1, 1, -64, 12345):
        assert unzigzag(zigzag(value)) == value


def test_the_checksum_is_crc32_of_type_length_and_payload():
    packet = frame(GABOR, b"abc")
    assert packet == b"G\x03" + struct.pack("<I", zlib.crc32(b"G\x03abc")) + b"abc"
    assert packet_samples(44100) % 8192 == 0
