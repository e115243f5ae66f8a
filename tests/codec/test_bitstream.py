"""A scene goes into a file and comes back: every bit of it, once it is rounded."""

import errno
import os
import subprocess
import sys
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from codec_scenes import random_scene, scenes
from hypothesis import given, settings

from motes.codec import dumps, info, load, loads, packets, quantise, save, validate
from motes.errors import FormatError, MotesError, ParameterError
from motes.events.packet import packet_samples
from motes.kinds.gabor.quantiser import GaborQuantiser
from motes.kinds.gabor.table import Gabor
from motes.scene.metadata import Metadata
from motes.scene.scene import Scene


@settings(max_examples=150)
@given(scenes())
def test_what_comes_back_is_the_rounded_scene(scene):
    data, rounded = dumps(scene), quantise(scene)
    read = loads(data)
    assert read.gabor.equals(rounded.gabor)
    assert (read.sample_rate_hz, read.n_samples, read.n_channels) == (
        scene.sample_rate_hz,
        scene.n_samples,
        scene.n_channels,
    )
    assert (read.quantiser, read.metadata) == (rounded.quantiser, scene.metadata)
    assert dumps(read) == data
    assert dumps(rounded) == data


def test_it_renders_the_same_bits(tmp_path):
    scene = quantise(random_scene(4, 300, 2, off_grid=0.1))
    read = load(scene.save(tmp_path / "a.mote"))
    np.testing.assert_array_equal(read.render(), scene.render())


def test_metadata_comes_back_whole():
    options = {
        "windows": [512, 2048],
        "snr_db": 20.0,
        "name": "Übung ‘a’",
        "nested": {"x": None, "y": [True, -1e-9, 2**53]},
    }
    metadata = Metadata(
        encoder="pursuit", options=options, stop_reason="snr_reached", source_digest="0" * 64, version="1.2"
    )
    assert loads(dumps(random_scene(0, 5).replace(metadata=metadata))).metadata == metadata
    with pytest.raises(ParameterError, match="metadata"):
        dumps(random_scene(0, 5).replace(metadata=Metadata(options={"x": "y" * 70_000})))


def test_events_far_outside_the_sound_are_kept():
    time = np.array([-900.0, -0.5, 0.0, 3.0, 5000.0, 999_000.0])
    gabor = Gabor(time, np.full(6, 0.05), np.full(6, 440.0), np.full((6, 1), 0.5), np.zeros((6, 1)))
    scene = quantise(Scene(44100, 44100, 1, gabor))
    assert loads(dumps(scene)).gabor.equals(scene.gabor)


def test_several_events_in_one_place_keep_their_order():
    n = 6
    gabor = Gabor(
        np.full(n, 0.5),
        np.full(n, 1024 / 44100),
        np.full(n, 441 / 1024 * 100),
        np.linspace(1, 0.1, n)[:, None],
        np.arange(n)[:, None] / 3,
    )
    scene = quantise(Scene(44100, 44100, 1, gabor))
    assert loads(dumps(scene)).gabor.equals(scene.gabor)


def test_a_stretch_of_time_reads_only_its_packets(tmp_path):
    scene = quantise(random_scene(1, 3000, n_samples=44100 * 20, off_grid=0.01))
    path = save(scene, tmp_path / "a.mote")
    for start, end in ((0.0, 0.5), (4.0, 6.5), (19.0, 30.0), (7.0, 7.0), (None, 1.0), (18.5, None)):
        part = load(path, start, end)
        low, high = start or -np.inf, np.inf if end is None else end
        sounding = lambda g: g.take((g.end_s >= low) & (g.start_s <= high))  # noqa: E731, B023
        assert sounding(part.gabor).equals(sounding(scene.gabor))
        assert (part.n_samples, part.quantiser) == (scene.n_samples, scene.quantiser)
        assert len(part.gabor) < len(scene.gabor) / 2
    with pytest.raises(ParameterError, match="after"):
        load(path, 3.0, 2.0)


def test_info_tells_what_there_is(tmp_path):
    scene = random_scene(2, 500, 2, n_samples=88200, windows=(256, 4096), silent=0).replace(
        metadata=Metadata(encoder="pursuit", stop_reason="stalled")
    )
    path = save(scene, tmp_path / "a.mote")
    told = info(path)
    assert (told.sample_rate_hz, told.n_samples, told.n_channels, told.duration_s) == (44100, 88200, 2, 2.0)
    assert told.n_bytes == path.stat().st_size
    assert told.kbps == pytest.approx(path.stat().st_size * 8 / 2000)
    assert (told.events, told.windows) == ({"gabor": 500}, [256, 4096])
    assert (told.encoder, told.stop_reason, told.quantiser) == ("pursuit", "stalled", loads(dumps(scene)).quantiser)
    assert validate(path) == told


def test_info_needs_no_compiler(tmp_path):
    path = save(random_scene(), tmp_path / "a.mote")
    code = (
        f"import sys; from motes.codec import info; info({str(path)!r}); assert 'numba' not in "
        "sys.modules and 'scipy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_files_that_are_none(tmp_path):
    with pytest.raises(MotesError, match=r"nothing\.mote"):
        load(tmp_path / "nothing.mote")
    with pytest.raises(MotesError, match="cannot read"):
        info(tmp_path)
    for content, message in (
        (b"", "empty"),
        (b"RIFF1234WAVE", "not a .mote"),
        (b"\x8fmote", "first bytes"),
        (b"\x8fmote\r\n\x1a\x07", "format version 7"),
    ):
        (tmp_path / "x.mote").write_bytes(content)
        for read in (load, info, validate, lambda p: load(p, 0, 1)):
            with pytest.raises(FormatError, match=message):
                read(tmp_path / "x.mote")


def test_an_existing_file_is_kept_unless_asked(tmp_path):
    path = save(random_scene(0), tmp_path / "a.mote")
    before = path.read_bytes()
    with pytest.raises(MotesError, match="exists"):
        save(random_scene(1), path, overwrite=False)
    assert path.read_bytes() == before
    save(random_scene(1), path)
    assert path.read_bytes() != before


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt(), MemoryError()]
)
@pytest.mark.parametrize("moment", ["packet", "sync", "rename"])
def test_nothing_is_left_behind_when_writing_fails(tmp_path, monkeypatch, error, moment):
    path = save(random_scene(0), tmp_path / "a.mote")
    before = path.read_bytes()

    def fail(*args, **kwargs):
        raise error

    if moment == "packet":
        monkeypatch.setattr(packets, "pack_end", fail)
    else:
        monkeypatch.setattr(os, {"sync": "fsync", "rename": "replace"}[moment], fail)
    expected = MotesError if isinstance(error, OSError) else type(error)
    with pytest.raises(expected):
        save(random_scene(1), path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["a.mote"]


def test_bits_go_where_they_should():
    """Guards the figures of benchmarks/bits.py: random events are dear, lines that last cheap, a second channel
    that is the same nearly free.
    """
    scene = random_scene(0, 4000, n_samples=44100 * 4, silent=0).replace(quantiser=GaborQuantiser(1, 4, -40))
    mono = len(dumps(scene))
    assert mono * 8 / 4000 < 22
    both = {name: np.repeat(getattr(scene.gabor, name), 2, axis=1) for name in ("amplitude", "phase_rad")}
    assert len(dumps(scene.replace(n_channels=2, gabor=replace(scene.gabor, **both)))) < 1.05 * mono
    time, frequency = (
        np.tile(np.arange(0, 300, 2) * 512 / 44100, 10),
        np.repeat(np.arange(10, 110, 10) * 44100 / 2048, 150),
    )
    lines = Gabor(time, np.full(1500, 2048 / 44100), frequency, np.full((1500, 1), 0.1), np.zeros((1500, 1)))
    assert len(dumps(Scene(44100, 160_000, 1, lines, GaborQuantiser(1, 4, 0)))) * 8 / 1500 < 8


@pytest.mark.slow
def test_an_hour_takes_time_and_memory_in_proportion(tmp_path):
    import time

    seconds, sizes = [], (100_000, 800_000)
    for n in sizes:
        scene = random_scene(0, n, 2, n_samples=44 * n, silent=0)
        before = time.process_time()
        tracemalloc.start()
        path = save(scene, tmp_path / "a.mote")
        assert tracemalloc.get_traced_memory()[1] < 40 * n + 50e6
        tracemalloc.stop()
        read = load(path)
        seconds.append(time.process_time() - before)
        assert len(read.gabor) == len(scene.gabor)
    assert seconds[1] < 12 * seconds[0]


def test_packets_are_about_a_second():
    assert [packet_samples(rate) for rate in (1, 8000, 44100, 48000, 768000)] == [8192, 8192, 40960, 49152, 770048]
