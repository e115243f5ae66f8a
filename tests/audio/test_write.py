"""Recordings out: whole or not at all, clipped and counted."""

from __future__ import annotations

import io
import os

import numpy as np
import pytest
import soundfile
from audio_examples import sound, whole

from motes.audio import FileSource, open_source, read_audio, write_audio
from motes.errors import AudioError, MotesError
from motes.files import atomic_output


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "PCM_32"])
def test_too_loud_is_clipped_and_counted_never_wrapped(tmp_path, subtype):
    y = np.array([0.5, 1.0, 1.001, 7.0, -1.0, -1.001, -1e30, 0.0], np.float32)
    assert write_audio(tmp_path / "a.wav", y, 8000, 1, subtype=subtype) == 4
    back, _ = read_audio(tmp_path / "a.wav")
    np.testing.assert_allclose(back, np.clip(y, -1, 1), atol=2.0**-15)


def test_float_files_are_not_clipped(tmp_path):
    y = np.array([0.5, 7.0, -3.0], np.float32)
    assert write_audio(tmp_path / "a.wav", y, 8000, 1, subtype="FLOAT") == 0
    np.testing.assert_array_equal(read_audio(tmp_path / "a.wav")[0], y)


def test_blocks_are_written_one_after_the_other(tmp_path):
    y = sound(50_000, 2)
    write_audio(tmp_path / "a.flac", iter(np.array_split(y, 7, axis=1)), 44100, 2)
    np.testing.assert_allclose(read_audio(tmp_path / "a.flac")[0], y, atol=2**-24 * 1.01)
    assert soundfile.info(tmp_path / "a.flac").subtype == "PCM_24"


def test_writing_to_a_stream_gives_a_wav(tmp_path):
    out = io.BytesIO()
    write_audio(out, sound(100), 8000, 1)
    assert whole(FileSource(io.BytesIO(out.getvalue()))).shape == (1, 100)


def test_a_wav_past_4_gib_becomes_rf64(tmp_path):
    write_audio(tmp_path / "a.wav", [sound(10)], 8000, 1, n_samples=2**31)
    assert soundfile.info(tmp_path / "a.wav").format == "RF64"


@pytest.mark.parametrize(
    ("name", "rate", "n_channels", "options", "says"),
    [
        ("a.xyz", 8000, 1, {}, "extension must be one of"),
        ("a", 8000, 1, {}, "extension must be one of"),
        ("a.flac", 44100, 12, {}, "cannot write FLAC"),
        ("a.mp3", 44100, 6, {}, "cannot write MP3"),
        ("a.opus", 44100, 1, {}, "Opus knows 8000"),
        ("a.wav", 44100, 1, {"subtype": "VORBIS"}, "WAV has no coding VORBIS"),
        ("a.wav", 0, 1, {}, "sample_rate_hz"),
        ("a.wav", 44100, 65, {}, "n_channels"),
        ("a.wav", 44100, 2, {"audio": np.zeros((1, 5))}, r"shape \(2, n\), not \(1, 5\)"),
        ("a.wav", 44100, 1, {"audio": np.array([0, np.nan])}, "finite"),
        ("no/folder/a.wav", 44100, 1, {}, "there is no folder"),
        (".", 44100, 1, {}, "extension|folder"),
    ],
)
def test_what_cannot_be_written_leaves_nothing(tmp_path, name, rate, n_channels, options, says):
    audio = options.pop("audio", sound(100, n_channels))
    with pytest.raises(MotesError, match=says) as caught:
        write_audio(tmp_path / name, audio, rate, n_channels, **options)
    assert "\n" not in str(caught.value)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt(), RuntimeError("a bug")])
@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3"])
def test_a_failure_half_way_leaves_what_was_there(tmp_path, name, error):
    (tmp_path / name).write_bytes(b"precious")

    def blocks():
        yield sound(30_000)
        raise error

    with pytest.raises(AudioError if isinstance(error, OSError) else type(error)):
        write_audio(tmp_path / name, blocks(), 44100, 1, overwrite=True)
    assert os.listdir(tmp_path) == [name]
    assert (tmp_path / name).read_bytes() == b"precious"


class FullDisk(io.FileIO):
    """Takes a thousand bytes, like a disk with that much room."""

    def write(self, data) -> int:
        if self.tell() + len(data) > 1000:
            raise OSError(28, "No space left on device")
        return super().write(data)


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3", "a.aiff"])
def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path, name, monkeypatch, capfd):
    import motes.files

    monkeypatch.setattr(motes.files, "open", lambda path, mode: FullDisk(path, mode.replace("b", "")), raising=False)
    with pytest.raises(AudioError, match=rf"cannot write .*{name}: No space left on device"):
        write_audio(tmp_path / name, sound(100_000), 44100, 1)
    assert os.listdir(tmp_path) == []
    assert capfd.readouterr().err == ""


def test_existing_output_is_refused_before_and_after(tmp_path):
    path = tmp_path / "a.wav"
    write_audio(path, sound(10), 8000, 1)
    before = path.read_bytes()
    with pytest.raises(AudioError, match=r"exists already.*--force"):
        write_audio(path, sound(20), 8000, 1)
    assert path.read_bytes() == before
    write_audio(path, sound(20), 8000, 1, overwrite=True)
    assert open_source(path).n_samples == 20
    late = atomic_output(tmp_path / "late")
    late.__enter__().write(b"mine")
    (tmp_path / "late").write_bytes(b"another's")
    with pytest.raises(AudioError, match="exists already"):
        late.__exit__(None, None, None)
    assert (tmp_path / "late").read_bytes() == b"another's"
    assert sorted(os.listdir(tmp_path)) == ["a.wav", "late"]


def test_the_name_appears_only_when_all_is_written(tmp_path):
    with atomic_output(tmp_path / "a") as handle:
        handle.write(b"1")
        assert not (tmp_path / "a").exists()
    assert os.listdir(tmp_path) == ["a"]
