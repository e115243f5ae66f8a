"""Packets of texture events."""

import zlib
from pathlib import Path

import numpy as np
import pytest
import textures as plain
from hypothesis import given, settings
from hypothesis import strategies as st
from range_coder import tables

from motes.codec import dumps, info, load, loads, quantise
from motes.codec.frames import read_frame
from motes.coding.integers import padded
from motes.coding.varints import Reader
from motes.encoders.texture.analysis import analyse
from motes.errors import FormatError
from motes.kinds.gabor.quantiser import GaborQuantiser
from motes.kinds.texture import integers as texture_integers
from motes.kinds.texture.integers import SILENT, rounded
from motes.kinds.texture.model import Levels, code_levels
from motes.kinds.texture.packet import columns, cuts_of, encode_packet, group_edges
from motes.kinds.texture.table import split
from motes.kinds.texture.trained import PATH, trained
from motes.scene.scene import Scene

RATE = 44100
QUANTISER = GaborQuantiser(1, 4, 0)
PLAIN_TABLES = tables("texture", plain.N_SLOTS, plain.N_MIXERS)


def noise(seconds, n_channels=1):
    random = np.random.default_rng(5)
    n = int(seconds * RATE)
    return random.standard_normal((n_channels, n)) * 10 ** (-1.5 - np.cumsum(random.standard_normal(n)) / 500)


def scene_of(seconds=2.3, n_channels=1):
    audio = np.clip(noise(seconds, n_channels), -1, 1)
    return Scene(RATE, audio.shape[1], n_channels, texture=analyse(audio, RATE))


@pytest.mark.parametrize("n_channels", [1, 2, 3])
def test_what_the_encoder_makes_needs_no_rounding(n_channels):
    scene = scene_of(n_channels=n_channels)
    loaded = loads(dumps(scene))
    assert loaded.texture.equals(scene.texture)
    assert np.array_equal(loaded.render(), scene.render())


@pytest.mark.parametrize(
    "edit",
    [
        lambda s: s.gain(3.7),
        lambda s: s.move(0.123456),
        lambda s: s.stretch(1.73),
        lambda s: s.transpose(-5),
        lambda s: s.reverse(),
        lambda s: s.filter(500, 3000),
        lambda s: s.join(s, at_s=0.5),
        lambda s: s.replace(texture=split(s.texture, 0.7)),
    ],
)
def test_edited_events_round_once(edit):
    edited = edit(scene_of(1.9, 2))
    rounded_once = quantise(edited)
    data = dumps(edited)
    assert loads(data).texture.equals(rounded_once.texture)
    assert dumps(loads(data)) == data
    difference = rounded_once.render().astype(float) - edited.render()
    assert np.sum(difference**2) < 1e-3 * np.sum(np.square(edited.render(), dtype=float))
    assert (
        len(data)
        < 1.3
        * len(dumps(edit(scene_of(1.9, 2)).replace(texture=scene_of(1.9, 2).texture)))
        * (2 if edited.n_events > 3 else 1)
        + 40
    )


def test_a_part_of_a_file_sounds_as_in_the_whole(tmp_path):
    scene = scene_of(4.5)
    scene.save(tmp_path / "a.mote")
    assert info(tmp_path / "a.mote").events["texture"] == len(scene.texture)
    part = load(tmp_path / "a.mote", 1.5, 2.0)
    assert 0 < len(part.texture) < len(scene.texture)
    assert np.array_equal(part.render(1.5, 2.0), scene.render(1.5, 2.0))


@settings(max_examples=40)
@given(st.data())
def test_the_plain_reader_writes_the_same_bytes(data):
    shape = data.draw(st.tuples(st.integers(1, 20), st.integers(1, 9), st.integers(1, 3)))
    random = np.random.default_rng(data.draw(st.integers(0, 1 << 30)))
    scale = data.draw(st.sampled_from([0, 1, 3, 200]))
    levels = np.rint(random.normal(-20, scale, shape)).astype(np.int64)
    levels = levels[np.arange(shape[0]) // data.draw(st.sampled_from([1, 2, 4, 8])) * 1 % shape[0]]
    levels[random.random(shape) < data.draw(st.sampled_from([0, 0.1, 1]))] = SILENT
    edges, (slots, weights) = group_edges(shape[1]), trained()
    cuts, buffer = cuts_of(levels, edges), np.zeros(1 << 16, np.uint8)
    coded_levels = Levels(levels.copy(), cuts.copy(), edges, -20)
    n = code_levels(0, 0, buffer, slots.copy(), weights.copy(), coded_levels)
    level = [[[None if v == SILENT else v for v in row] for row in frame] for frame in levels.tolist()]
    coded = plain.encode(
        [[list(row) for row in frame] for frame in level], cuts.tolist(), edges.tolist(), -20, *PLAIN_TABLES
    )
    assert buffer[:n].tobytes() == coded
    assert plain.decode(coded, shape, edges.tolist(), -20, *PLAIN_TABLES) == (level, cuts.tolist())
    again, again_cuts = np.zeros(shape, np.int64), np.zeros_like(cuts)
    code_levels(1, 0, padded(coded), slots.copy(), weights.copy(), Levels(again, again_cuts, edges, -20))
    assert np.array_equal(again, levels)
    assert np.array_equal(again_cuts, cuts)


def test_the_tables_are_those_of_the_format():
    described = (Path(__file__).parents[3] / "docs/format.md").read_text(encoding="utf-8")
    assert f"`src/motes/kinds/texture/tables.bin` (CRC-32 {zlib.crc32(PATH.read_bytes()):#x}" in described


def test_cuts_are_as_few_as_hold_the_levels():
    levels = np.zeros((16, 4, 1), np.int64)
    levels[12:] = 5
    levels[3, 1] = 1
    assert cuts_of(levels, group_edges(4)).tolist() == [[3], [1]]


def test_damaged_payloads_are_refused_or_decoded_to_something_sound():
    events = scene_of(1.9).texture
    payload = encode_packet(events.take([1]), 1, RATE)
    random = np.random.default_rng(7)
    refused = 0
    for _ in range(300):
        bad = bytearray(payload)
        for _ in range(int(random.integers(1, 4))):
            bad[int(random.integers(0, 12 if random.random() < 0.5 else len(bad)))] = int(random.integers(0, 256))
        if random.random() < 0.3:
            bad = bad[: int(random.integers(0, len(bad)))]
        try:
            made = columns(Reader(bytes(bad), "packet 7"), RATE, 1, QUANTISER)
        except FormatError as error:
            assert "packet 7" in str(error)  # noqa: PT017 (either is right)
            refused += 1
        else:
            assert np.all(np.abs(made.columns["level_db"]) <= 200)
    assert refused > 50


def test_a_packet_cannot_announce_more_than_it_holds():
    payload = b"\x00\x01" + b"\x04\x01\x80\x02\x00" + b"\xff\xff\x3f" + bytes(20)  # 256 bands in a million frames
    with pytest.raises(FormatError, match="packet 7"):
        columns(Reader(payload, "packet 7"), RATE, 1, QUANTISER)


def test_packets_of_texture_follow_those_of_atoms():
    from motes.kinds.gabor.table import Gabor

    scene = scene_of(2.3)
    atoms = Gabor(
        np.array([0.5, 1.5]), np.full(2, 2048 / RATE), np.full(2, 441.0), np.full((2, 1), 0.1), np.zeros((2, 1))
    )
    data, at, kinds = dumps(scene.replace(gabor=atoms)), 9, []
    while at < len(data):
        found = read_frame(data, at, 0)
        kinds.append(found.kind)
        at += found.size
    assert bytes(kinds) == b"HGTGTTIE"


def test_many_events_are_rounded_as_each_alone_and_what_is_rounded_stays_the_same_table(monkeypatch):
    events = analyse(0.1 * np.random.default_rng(0).standard_normal((2, 40_000)), 8000)
    events = events.replace(level_db=np.where(events.level_db > -190, events.level_db + 0.03, -200.0))
    whole = rounded(events, RATE)
    monkeypatch.setattr(texture_integers, "EVENTS_AT_ONCE", 3)
    assert rounded(events, RATE).equals(whole)
    assert rounded(whole, RATE) is whole
    silent = whole.replace(level_db=np.full_like(whole.level_db, -200.0))
    assert len(rounded(silent, RATE)) == 0
