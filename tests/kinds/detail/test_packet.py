"""Packets of detail events, the plain reader of docs/reader beside them, and hostile ones."""

import zlib
from pathlib import Path

import details as plain
import mote_file
import numpy as np
import pytest
from detail_examples import RATES, edited, random_event
from kind_examples import example, scene_of

from motes.codec import dumps, info, load, loads, quantise, validate
from motes.codec.frames import PREAMBLE_SIZE, frame, read_frame
from motes.codec.salvage import salvage
from motes.coding.varints import Reader, varints
from motes.errors import FormatError, ParameterError
from motes.events.packet import packet_samples
from motes.kinds.detail.audio import amplitudes
from motes.kinds.detail.integers import rounded
from motes.kinds.detail.packet import COEFFICIENTS_PER_BYTE, TABLES, columns, encode_packet, packets
from motes.kinds.detail.table import Detail
from motes.kinds.gabor.quantiser import GaborQuantiser

QUANTISER = GaborQuantiser(1, 4, 0)


def read(payload: bytes, rate: int, n_channels: int) -> Detail:
    return Detail(**columns(Reader(payload, "packet"), rate, n_channels, QUANTISER).columns)


def events_of(random: np.random.Generator, rate: int, n_channels: int, frame: int = 128) -> Detail:
    """As an encoder makes them, of another frame, and edited."""
    parts = [random_event(random, rate, n_channels, frame if k else min(512, frame), 0.01 * k) for k in range(3)]
    parts[2] = edited(random, parts[2]).replace(time_s=np.array([0.25]))
    return parts[0].with_more(*parts[1:])


@pytest.mark.parametrize(("rate", "n_channels"), [(8000, 1), (44100, 2), (48000, 1), (192_000, 2), (16000, 3)])
def test_what_is_rounded_comes_back_and_the_plain_reader_reads_it(rate, n_channels):
    random = np.random.default_rng(rate + n_channels)
    events = rounded(events_of(random, rate, n_channels), rate)
    assert rounded(events, rate) is events
    payload = encode_packet(events, 0, rate)
    back = read(payload, rate, n_channels)
    assert back.equals(events)
    assert encode_packet(back, 0, rate) == payload
    header = mote_file.Header(rate, 1, n_channels, 1, 4, 0)
    found = mote_file.read_details(payload, header)
    assert plain.encode(found[0], *plain.first_tables()) in payload
    for i, event in enumerate(found):
        rows = slice(events.coefficient_start[i], events.coefficient_start[i + 1])
        np.testing.assert_array_equal(event.values, events.coefficients[rows])
        np.testing.assert_array_equal(
            np.concatenate(event.steps), events.steps[events.step_start[i] : events.step_start[i + 1]]
        )
        assert np.concatenate(event.blocks).tolist() == events.ragged("sizes")[i].tolist()
        assert event.head["rise"] == events.rise[i]
        assert event.head["gain"] == round(events.gain[i] * 65536)
    np.testing.assert_allclose(np.transpose(found[0].amplitudes(rate)), amplitudes(events, 0, rate), rtol=1e-12)


@pytest.mark.parametrize("rate", RATES)
def test_rounding_leaves_what_is_heard(rate):
    random = np.random.default_rng(rate)
    event = random_event(random, rate, 2)
    made = rounded(event, rate)
    np.testing.assert_array_equal(made.coefficients, event.coefficients)
    np.testing.assert_allclose(amplitudes(made, 0, rate), amplitudes(event, 0, rate))
    assert read(encode_packet(made, 0, rate), rate, 2).equals(made)


def test_the_tables_are_those_of_the_specification():
    described = (Path(__file__).parents[3] / "docs/format.md").read_text(encoding="utf-8")
    assert f"`src/motes/kinds/detail/tables.bin` (CRC-32 {zlib.crc32(TABLES.read_bytes()):#x}" in described


@pytest.mark.parametrize("n_channels", [1, 2])
def test_the_plain_coder_agrees_on_what_is_largest(n_channels):
    random = np.random.default_rng(7)
    event = random_event(random, 16000, n_channels, 128)
    values, frame = event.coefficients.copy(), 128
    values[:frame] = random.choice([-32767, 0, 40, 32767], (frame, n_channels))
    values[frame - 1] = 1
    values[2 * frame : 3 * frame, -1] = 0
    steps = random.choice([-400, -30, 0, 399], event.steps.shape).astype(np.int16)
    event = rounded(event.replace(coefficients=values, steps=steps), 16000)
    payload = encode_packet(event, 0, 16000)
    assert read(payload, 16000, n_channels).equals(event)
    found = mote_file.read_details(payload, mote_file.Header(16000, 1, n_channels, 1, 4, 0))
    np.testing.assert_array_equal(found[0].values, event.coefficients)
    assert plain.encode(found[0], *plain.first_tables()) in payload


def test_what_is_silent_is_not_written():
    random = np.random.default_rng(0)
    event = random_event(random, 16000, 1)
    assert len(rounded(event.replace(coefficients=np.zeros_like(event.coefficients)), 16000)) == 0
    assert len(rounded(event.amplified(np.zeros(1)), 16000)) == 0
    frame, quiet = int(event.frame_samples[0]), event.coefficients.copy()
    quiet[frame:] = 0
    made = rounded(event.replace(coefficients=quiet), 16000)
    assert np.all(made.sizes[np.cumsum(made.sizes) > frame] == frame)
    assert np.all(made.steps.reshape(*made.n_frames, -1)[1:] == made.steps.reshape(*made.n_frames, -1)[0])


def test_other_than_as_files_hold_it_is_refused():
    random = np.random.default_rng(3)
    event = random_event(random, 16000, 1)
    values = event.coefficients.copy()
    values[: int(event.frame_samples[0])] = 0
    values[0] = values[int(event.sizes[0]) - 1] = 5
    event = rounded(event.replace(coefficients=values), 16000)
    rows = event.steps.copy()
    rows[2] += 50  # where nothing is coded
    with pytest.raises(FormatError, match="not as files hold it"):
        read(encode_packet(event.replace(steps=rows), 0, 16000), 16000, 1)
    late = event.replace(time_s=event.time_s + 2)
    with pytest.raises(FormatError, match="another packet"):
        read(encode_packet(late, 0, 16000), 16000, 1)


def test_hostile_payloads_are_refused_or_read():
    random = np.random.default_rng(4)
    payload = encode_packet(rounded(events_of(random, 16000, 2), 16000), 0, 16000)
    hostile = [payload[:n] for n in range(0, len(payload) - 1, 7)]
    hostile += [random.integers(0, 256, int(random.integers(1, 300)), np.uint8).tobytes() for _ in range(100)]
    for _ in range(150):
        changed = bytearray(payload)
        changed[random.integers(len(payload))] = random.integers(256)
        hostile.append(bytes(changed))
    for data in hostile:
        try:
            found = read(data, 16000, 2)
        except FormatError:
            continue
        assert read(encode_packet(found, 0, 16000), 16000, 2).equals(found)


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ((0, 0), "no events"),
        ((0, 1, 2, 13, 1024, 64, 0, 0, 0, 0), "more coefficients"),
        ((0, 1, 2, 9, 0, 14, 0, 0, 0, 0), "without frames"),
        ((0, 1, 2, 2, 1, 14, 0, 0, 0, 0), "frame_samples"),
        ((0, 1, 64, 0, 0, 0, 0), "64"),
    ],
)
def test_heads_out_of_range_are_refused(head, message):
    with pytest.raises(FormatError, match=message):
        read(varints(*head) + bytes(64), 16000, 1)
    assert 80 * COEFFICIENTS_PER_BYTE < 8192 * 1024


def test_files_of_detail_are_of_version_2_alone(tmp_path):
    scene = quantise(scene_of(example("detail")))
    data = dumps(scene)
    assert data[8] == 2
    assert loads(data).format_version == 2
    with pytest.raises(ParameterError, match=r"format version 1 have no detail events"):
        dumps(scene, 1)
    others = scene.select("kind == gabor").only()
    assert dumps(others)[8] == 1
    path = scene.save(tmp_path / "a.mote")
    told = info(path)
    assert (told.format_version, told.events["detail"]) == (2, len(scene.detail))
    validate(path)
    part = load(path, 0.55, 0.7)
    assert 0 < len(part.detail) < len(scene.detail)
    np.testing.assert_array_equal(part.render(0.55, 0.7), scene.render(0.55, 0.7))
    assert packet_samples(16000) == 16384


def test_packets_of_detail_in_a_file_of_version_1_are_refused():
    payload = next(packets(quantise(scene_of(example("detail"))).detail, 16000, QUANTISER)).payload
    old = dumps(quantise(scene_of(example("texture"))), 1)
    header = read_frame(old, PREAMBLE_SIZE, 0)
    data = old[: PREAMBLE_SIZE + header.size] + frame(ord("D"), payload)
    with pytest.raises(FormatError, match=r"detail, .*format version 1 have no such packets"):
        loads(data)


def test_salvage_finds_the_packets_around_damage():
    scene = quantise(scene_of(example("detail")))
    data = bytearray(dumps(scene))
    at = data.index(b"D", 60)
    data[at + 60] ^= 1
    found = salvage(bytes(data))
    assert len(found.scene.detail) < len(scene.detail)
    assert found.skipped
