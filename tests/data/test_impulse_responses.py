"""Rooms in folders: found by name and by digest, whatever else lies there."""

import os
import warnings
from pathlib import Path

import numpy as np
import pytest
import soundfile

import motes
from motes.codec import dumps, loads
from motes.data.impulse_responses import SYNTHETIC_RT60_S, files, finder, look_through, read, room, rooms
from motes.errors import MotesError, MotesWarning, ParameterError
from motes.events.room import reverberation_s
from motes.kinds.gabor.table import Gabor
from motes.scene.scene import Scene


def write(path: Path, rt60_s: float = 0.3, rate: int = 16000, n_channels: int = 2, **options: str) -> None:
    n = round(1.6 * rt60_s * rate)
    sound = (
        np.random.default_rng(rate).standard_normal((n, n_channels))
        * 10 ** (-3 * np.arange(n) / (rt60_s * rate))[:, None]
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.concatenate([np.zeros((99, n_channels)), 0.2 * sound]), rate, **options)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "responses"
    write(root / "hall.wav")
    write(root / "old" / "Cave.flac", 0.5, 48000, 1)
    write(root / "old" / "crypt.aiff", 0.2, 22050, 4)
    (root / "notes.txt").write_text("no sound")
    (root / "broken.wav").write_bytes(b"RIFF but no more")
    soundfile.write(root / "song.wav", np.full(31 * 8000, 0.1), 8000)
    soundfile.write(root / "silence.wav", np.zeros(800), 8000)
    return root


def scene(in_room: motes.Room) -> Scene:
    gabor = Gabor([0.2, 0.6], [0.05, 0.1], [500.0, 900.0], [[0.5], [0.3]], [[0.0], [1.0]])
    return Scene(16000, 16000, 1, gabor).select().room(in_room, 0.5)


def test_every_file_is_told_of_and_bad_ones_stop_nothing(folder):
    found = {one.name: one for one in look_through(folder)}
    assert list(found) == ["broken.wav", "hall.wav", "old/Cave.flac", "old/crypt.aiff", "silence.wav", "song.wav"]
    assert {name for name, one in found.items() if one.room is None} == {"broken.wav", "silence.wav", "song.wav"}
    assert "impulse response" in found["song.wav"].reason
    assert all("\n" not in one.reason for one in found.values())
    cave, crypt = found["old/Cave.flac"].room, found["old/crypt.aiff"].room
    assert (cave.sample_rate_hz, len(cave.response), len(crypt.response)) == (48000, 1, 4)
    assert cave.rt60() == pytest.approx(0.5, rel=0.05)
    assert crypt.rt60() == pytest.approx(0.2, rel=0.1)
    assert [one.name for one in rooms(folder)] == ["hall.wav", "old/Cave.flac", "old/crypt.aiff"]
    assert [name for name, _ in files(folder / "hall.wav")] == ["hall.wav"]


def test_rooms_by_name(folder, monkeypatch):
    monkeypatch.setenv("IMPULSE_RESPONSE_PATH", str(folder))
    assert motes.room("hall.wav").digest == motes.room("hall").digest == motes.room("HALL").digest
    assert motes.room("old/cave").name == "old/Cave.flac"
    assert [one.name for one in motes.rooms()] == [one.name for one in rooms(folder)]
    with pytest.raises(ParameterError, match="did you mean hall"):
        motes.room("hal")
    with pytest.raises(MotesError):
        motes.room("broken")
    with pytest.raises(ParameterError, match="no folder or file"):
        motes.rooms(folder / "nowhere")


def test_without_a_folder_rooms_are_synthetic(monkeypatch, tmp_path):
    monkeypatch.delenv("IMPULSE_RESPONSE_PATH", raising=False)
    monkeypatch.chdir(tmp_path)
    assert [one.rt60_s for one in motes.rooms()] == list(SYNTHETIC_RT60_S)
    assert (room("synthetic:1.25").rt60_s, room("synthetic:0.5:7").seed) == (1.25, 7)
    with pytest.raises(ParameterError, match="IMPULSE_RESPONSE_PATH"):
        motes.room("hall")
    for wrong in ("synthetic:", "synthetic:long", "synthetic:99", "synthetic:1:x"):
        with pytest.raises(ParameterError, match="synthetic"):
            motes.room(wrong)


def test_a_file_names_its_room_and_the_folder_gives_it_back(folder, tmp_path, monkeypatch):
    monkeypatch.delenv("IMPULSE_RESPONSE_PATH", raising=False)
    monkeypatch.chdir(tmp_path)
    made = scene(room("hall", folder)).quantise()
    made.save("a.mote")
    assert os.path.getsize("a.mote") < 400
    (folder / "hall.wav").rename(folder / "old" / "renamed.wav")  # the name is a hint, the digest counts
    for where in (folder, [read(folder / "old" / "renamed.wav")]):
        loaded = motes.load("a.mote", rooms=where)
        assert np.array_equal(loaded.render(), made.render())
        assert dumps(loaded) == Path("a.mote").read_bytes()
    monkeypatch.setenv("IMPULSE_RESPONSE_PATH", str(folder))
    assert np.array_equal(motes.load("a.mote").render(), made.render())
    for nowhere in ([], tmp_path / "none", folder / "notes.txt"):
        with pytest.warns(MotesWarning, match="hall"):
            dry = motes.load("a.mote", rooms=nowhere).render()
        assert dry.shape == made.render().shape
    assert dumps(motes.load("a.mote", rooms=[])) == Path("a.mote").read_bytes()


def test_decoding_bytes_looks_nowhere(folder, monkeypatch):
    monkeypatch.setenv("IMPULSE_RESPONSE_PATH", str(folder))
    data = dumps(scene(room("hall")))
    assert loads(data).rooms[0].is_missing
    assert not loads(data, finder()).rooms[0].is_missing


def test_an_embedded_room_needs_no_folder(folder, tmp_path):
    with pytest.warns(MotesWarning, match="licence"):
        path = scene(room("hall", folder)).save(tmp_path / "b.mote", embed_rooms=True)
    loaded = motes.load(path, rooms=[])
    assert loaded.rooms[0].is_embedded
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        near = loaded.render() - scene(room("hall", folder)).quantise().render()
        assert np.sum(near**2) < 1e-6 * np.sum(loaded.render() ** 2)
        assert dumps(loaded.embed_rooms()) == path.read_bytes()


def test_real_rooms(shared_folder):
    path = shared_folder / "impulse_responses"
    found = list(look_through(path))
    assert len(found) >= 38
    assert all(one.room is not None for one in found)
    church = room("voxengo/samples/st_nicolaes_church", path)
    assert church.rt60() == pytest.approx(3.7, rel=0.05)
    kernels = church.kernels(22050, 1)
    assert reverberation_s(kernels, 22050) == pytest.approx(church.rt60(), rel=0.03)
    assert np.sum(kernels.astype(np.float64) ** 2) == pytest.approx(1, rel=1e-5)
    assert church.duration_s > 7.9


def test_a_bare_name_is_enough_where_it_is_the_only_one(folder):
    assert room("cave", folder).name == room("Cave.flac", folder).name == "old/Cave.flac"
    write(folder / "new" / "cave.wav", 0.4)
    with pytest.raises(ParameterError, match=r"'cave' may be new/cave\.wav or old/Cave\.flac: name its folder too"):
        room("cave", folder)
    assert room("new/cave", folder).name == "new/cave.wav"
