"""Files that are not what their name says, or not whole, are refused in one line."""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest
from audio_examples import sound, whole

from motes.audio import FileSource, open_source, write_audio
from motes.errors import AudioError

NO_CHANNELS = (
    b"RIFF"
    + bytes.fromhex("24000000")
    + b"WAVEfmt "
    + bytes.fromhex("10000000 0100 0000 44ac0000 88580100 0200 1000")
    + b"data"
    + bytes(4)
)


@pytest.mark.parametrize("extension", [".wav", ".rf64", ".w64", ".flac", ".aiff", ".au", ".caf"])
def test_a_file_cut_short_is_refused(tmp_path, extension):
    path = tmp_path / f"a{extension}"
    write_audio(path, sound(50_000, 2), 44100, 2)
    path.write_bytes(path.read_bytes()[:150_000])
    with pytest.raises(AudioError, match=r"cut short|malformed") as caught:
        whole(open_source(path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("extension", [".ogg", ".mp3"])
def test_formats_without_a_promise_give_what_is_there(tmp_path, extension, capfd):
    path = tmp_path / f"a{extension}"
    write_audio(path, sound(50_000), 44100, 1)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    assert 1000 < whole(open_source(path)).shape[1] < 50_000


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.wav", b"", "empty.wav is empty"),
        ("text.wav", b"I am not a song.\n", "text.wav is not a recording: it looks like text"),
        ("noise.flac", bytes(range(256)) * 8, "noise.flac cannot be read as audio"),
        ("headerless.raw", bytes(range(256)), "headerless.raw cannot be read as audio"),
        ("a.m4a", b"\x00\x00\x00\x20ftypM4A \x00", 'a.m4a is an MP4 or M4A file, .*ffmpeg -i .*a.m4a"? a.wav'),
        ("film.mp3", b"\x00\x00\x00\x20ftypisom", "is an MP4 or M4A file"),
        ("a.aac", b"\xff\xf1\x50\x80", "is an AAC file, .*ffmpeg"),
        ("a.webm", b"\x1a\x45\xdf\xa3rest", "is a Matroska or WebM file"),
        ("a.wma", b"\x30\x26\xb2\x75\x8e\x66", "is a WMA or WMV file"),
        ("odd.mov", b"\x01\x02\x03\x04" * 9, "odd.mov is a .mov file, .*ffmpeg"),
        ("two words.m4a", b"\x00\x00\x00\x20ftypM4A ", 'words.m4a" "two words.wav"'),
        ("scene.wav", b"\x8fmote\r\n\x1a\x00", "is a .mote file"),
        ("half.wav", b"RIFF\x24\x00\x00\x00WAVEfm", "half.wav cannot be read"),
        ("zero.wav", NO_CHANNELS, "zero.wav"),
    ],
)
def test_files_that_are_no_recordings(tmp_path, name, content, says, monkeypatch):
    monkeypatch.setattr("motes.audio.file_source.is_installed", lambda: False)
    (tmp_path / name).write_bytes(content)
    for source in (FileSource, lambda path: FileSource(io.BytesIO(path.read_bytes()), name=path.name)):
        with pytest.raises(AudioError, match=says) as caught:
            whole(source(tmp_path / name))
        assert "\n" not in str(caught.value)


def test_missing_files_and_folders(tmp_path):
    with pytest.raises(AudioError, match=r"there is no file .*nothing\.wav"):
        open_source(tmp_path / "nothing.wav")
    with pytest.raises(AudioError, match="is a folder"):
        open_source(tmp_path)


@pytest.mark.parametrize("n_bytes", range(0, 300, 7))
def test_a_wav_cut_anywhere_is_an_audio_error(tmp_path, n_bytes):
    write_audio(tmp_path / "a.wav", sound(100), 8000, 1)
    (tmp_path / "b.wav").write_bytes((tmp_path / "a.wav").read_bytes()[:n_bytes])
    with pytest.raises(AudioError):
        whole(open_source(tmp_path / "b.wav"))


@pytest.mark.parametrize("extension", [".wav", ".flac", ".ogg", ".mp3", ".aiff"])
def test_flipped_bits_never_do_worse_than_an_audio_error(tmp_path, extension, capfd):
    path, random = tmp_path / f"a{extension}", np.random.default_rng(5)
    write_audio(path, sound(3000), 44100, 1)
    data = path.read_bytes()
    for _ in range(60):
        damaged = bytearray(data)
        for at in random.integers(0, min(len(data), 200 if random.random() < 0.5 else len(data)), 3):
            damaged[at] ^= 1 << random.integers(8)
        path.write_bytes(damaged)
        with contextlib.suppress(AudioError):
            whole(open_source(path))
