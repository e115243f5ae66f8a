"""Version 2: a short header, an id that every checksum begins with, and nothing of it by default."""

import numpy as np
import pytest
import soundfile
from codec_scenes import random_scene, scenes, small_scene
from hypothesis import given, settings

import motes
from motes.codec import default_tables, dumps, info, load, loads, validate
from motes.codec.default_tables import NEWEST, TABLES
from motes.codec.frames import frame, read_frame, read_preamble
from motes.codec.packets import OPTIONAL
from motes.codec.salvage import salvage
from motes.encoders import ENCODERS, options_in
from motes.errors import FormatError, ParameterError
from motes.scene.metadata import Metadata
from motes.stop_reason import StopReason

SCENE = random_scene(3, 150, 2, n_samples=150_000, off_grid=0.1).quantise()
OTHER = random_scene(4, 150, 2, n_samples=150_000, off_grid=0.1).replace(quantiser=SCENE.quantiser).quantise()
DATA = dumps(SCENE, 2)


def split(data):
    """The preamble's bytes, and each packet's."""
    start, packets = read_preamble(data), []
    at = start.size
    while at < len(data):
        size = read_frame(data, at, 0, seed=start.seed).size
        packets.append(data[at : at + size])
        at += size
    return data[: start.size], packets


def test_new_scenes_are_written_as_version_1():
    assert SCENE.format_version == 1
    assert dumps(SCENE)[8] == 1
    assert dumps(loads(dumps(SCENE)))[8] == 1


@settings(max_examples=40)
@given(scenes())
def test_what_comes_back_is_the_scene_and_its_version(scene):
    data = dumps(scene, 2)
    read = loads(data)
    assert read.format_version == 2
    assert read.gabor.equals(scene.quantise().gabor)
    assert (read.sample_rate_hz, read.n_samples, read.n_channels) == (
        scene.sample_rate_hz,
        scene.n_samples,
        scene.n_channels,
    )
    assert read.quantiser == scene.quantise().quantiser
    assert dumps(read) == data
    assert dumps(read, 1) == dumps(scene.replace(metadata=read.metadata), 1)


def test_metadata_comes_back(tmp_path):
    told = {"options": {"kbps": 24.0, "name": "Ü"}, "source_digest": "ab" * 32, "version": "1.2", "defaults": NEWEST}
    for encoder in ("pursuit", "", "own", "splat"):
        for reason in ("", "bitrate_reached", "something else"):
            metadata = Metadata(encoder=encoder, stop_reason=reason, **told)
            assert loads(dumps(SCENE.replace(metadata=metadata), 2)).metadata == metadata
    odd = Metadata(source_digest="ABc", defaults=NEWEST)
    assert loads(dumps(SCENE.replace(metadata=odd), 2)).metadata == odd
    whole = Metadata(encoder="splat", options={"events": 64, "seed": 3})
    path = SCENE.replace(metadata=whole).save(tmp_path / "a.mote", version=2)
    assert load(path).metadata.options == {"seed": 3}
    assert info(path).options["iterations"] == 3000
    assert info(path).options["seed"] == 3
    with pytest.raises(ParameterError, match="metadata"):
        dumps(SCENE.replace(metadata=Metadata(options={"x": "y" * 70_000})), 2)
    with pytest.raises(ParameterError, match="table of defaults 77"):
        dumps(SCENE.replace(metadata=Metadata(defaults=77)), 2)
    with pytest.raises(ParameterError, match="version of the format"):
        dumps(SCENE, 3)


def test_the_newest_table_is_of_the_encoders_as_they_are():
    """Where this fails, a default has changed: add another table, since files name the one they were written with."""
    table = TABLES[NEWEST]
    assert table.encoders == tuple(encoder.name for encoder in ENCODERS)
    assert set(table.stop_reasons) >= {str(reason) for reason in StopReason}
    for encoder in ENCODERS:
        assert table.options[encoder.name] == {each.name: each.default for each in options_in(encoder.options)}
    assert len(default_tables.TABLES) == NEWEST


def test_a_header_takes_a_third(demo_audio):
    audio, rate = soundfile.read(demo_audio, frames=44100, always_2d=True)
    scene = motes.encode(audio.T, sample_rate_hz=rate, kbps=24)
    assert len(dumps(scene, 1)) - len(dumps(scene, 2)) > 80
    _, packets = split(dumps(scene, 2))
    assert len(packets[0]) < 80
    bare = scene.replace(metadata=Metadata(encoder="pursuit", stop_reason="bitrate_reached"))
    assert len(split(dumps(bare, 2))[1][0]) < 24


def test_drafts_are_refused_in_one_line(tmp_path):
    path = tmp_path / "a.mote"
    assert DATA[9] == 0
    for draft in (1, 4, 255):
        path.write_bytes(DATA[:9] + bytes([draft]) + DATA[10:])
        for read in (info, load, validate):
            with pytest.raises(FormatError, match=rf"draft {draft} of format version 2, .* encode the recording again"):
                read(path)


def test_each_flipped_bit_and_each_cut_is_noticed(tmp_path):
    data = dumps(small_scene(), 2)
    for position in range(len(data) * 8):
        damaged = bytearray(data)
        damaged[position // 8] ^= 1 << position % 8
        with pytest.raises(FormatError):
            loads(bytes(damaged))
    for size in range(len(data)):
        (tmp_path / "a.mote").write_bytes(data[:size])
        with pytest.raises(FormatError):
            info(tmp_path / "a.mote")


def test_a_packet_of_another_file_is_refused_though_it_is_whole(tmp_path):
    start, packets = split(DATA)
    _, others = split(dumps(OTHER, 2))
    for i, theirs in enumerate(others):
        mixed = start + b"".join([*packets[:i], theirs, *packets[i + 1 :]])
        with pytest.raises(FormatError, match=rf"packet {i} .*of another file"):
            loads(mixed)
        if 0 < i < len(others) - 2:
            found = salvage(mixed)
            assert any("of another file" in line for line in found.skipped)
            assert np.isin(found.scene.gabor.amplitude, SCENE.gabor.amplitude).all()


def test_checksums_repaired_for_another_files_packet_do_not_help():
    """The id is a hash of what is in the file."""
    start, packets = split(DATA)
    theirs = dumps(OTHER, 2)
    _, others = split(theirs)
    seeds = read_preamble(DATA).seed, read_preamble(theirs).seed
    mine, foreign = read_frame(packets[1], 0, 0, seed=seeds[0]), read_frame(others[1], 0, 0, seed=seeds[1])
    assert mine.kind == foreign.kind
    sizes = len(mine.payload), len(foreign.payload)
    forged = frame(foreign.kind, foreign.payload, seeds[0])
    if sizes[0] == sizes[1]:
        packets[1] = forged
        with pytest.raises(FormatError):
            loads(start + b"".join(packets))
    with pytest.raises(FormatError):
        loads(start + b"".join([packets[0], forged, *packets[2:]]))


def test_the_id_is_of_the_sound_alone():
    tagged = SCENE.replace(tags={"TITLE": "a"}, metadata=Metadata(encoder="own"))
    assert read_preamble(dumps(tagged, 2)).file_id == read_preamble(DATA).file_id
    assert read_preamble(dumps(OTHER, 2)).file_id != read_preamble(DATA).file_id
    assert read_preamble(dumps(SCENE.replace(n_samples=150_001), 2)).file_id != read_preamble(DATA).file_id


@pytest.mark.parametrize("damaged", [(0,), (12,), (9,), (0, 9, 10, 11, 12)])
def test_salvage_takes_the_id_from_what_is_intact(damaged):
    data = bytearray(DATA)
    for at in damaged:
        data[at] ^= 0x55
    found = salvage(bytes(data))
    assert found.scene.gabor.equals(SCENE.gabor)
    assert any("first bytes" in line for line in found.skipped)
    size = read_preamble(DATA).size
    torn = salvage(bytes(data[:size]) + DATA[size:-5])
    assert torn.scene.gabor.equals(SCENE.gabor)


def test_of_several_ids_that_of_most_packets_is_taken():
    start, packets = split(DATA)
    other_start, others = split(dumps(OTHER, 2))
    found = salvage(other_start + b"".join([others[0], *packets]))
    assert found.scene.gabor.equals(SCENE.gabor)
    assert any("not that of its packets" in line for line in found.skipped)
    assert salvage(start + b"".join([others[-1], *packets])).scene.gabor.equals(SCENE.gabor)


@pytest.mark.parametrize("version", [1, 2])
def test_optional_packets_are_outside_the_id(version):
    data = dumps(SCENE, version)
    start, packets = split(data)
    seed = read_preamble(data).seed
    more = frame(OPTIONAL | 0x70, b"new", seed)
    end = read_frame(packets[-1], 0, 0, seed=seed)
    counted = end.payload[:-4] + (len(packets) + 1).to_bytes(4, "little")
    grown = start + b"".join([packets[0], more, *packets[1:-1], frame(end.kind, counted, seed)])
    assert loads(grown).gabor.equals(SCENE.gabor)
