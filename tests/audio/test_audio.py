"""Recordings in and out, with what users really have: odd lengths and rates, every format, and files that are not
what their name says.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os

import numpy as np
import pytest
import soundfile

from motes.audio import (
    OUTPUT_FORMATS,
    ArraySource,
    FileSource,
    check_sample_rate,
    open_source,
    read_audio,
    resample_blocks,
    write_audio,
)
from motes.errors import AudioError, MotesError, ParameterError
from motes.files import atomic_output

NO_CHANNELS = (
    b"RIFF"
    + bytes.fromhex("24000000")
    + b"WAVEfmt "
    + bytes.fromhex("10000000 0100 0000 44ac0000 88580100 0200 1000")
    + b"data"
    + bytes(4)
)
LOSSY = {".ogg", ".opus", ".mp3"}


def sound(n_samples: int, n_channels: int = 1, seed: int = 0) -> np.ndarray:
    return (np.random.default_rng(seed).standard_normal((n_channels, n_samples)) * 0.1).astype(np.float32)


def whole(source) -> np.ndarray:
    blocks = list(source.blocks())
    for block in blocks:
        assert block.dtype == np.float32
        assert block.flags.c_contiguous
        assert block.shape[0] == source.n_channels
        assert block.shape[1] >= 1
    joined = np.concatenate([np.zeros((source.n_channels, 0), np.float32), *blocks], axis=1)
    assert joined.shape[1] == source.n_samples
    return joined


# --- arrays ---


@pytest.mark.parametrize("n_samples", [0, 1, 2, 63, 64, 997, 70_001])
@pytest.mark.parametrize("n_channels", [1, 2, 6])
@pytest.mark.parametrize("block_samples", [1000, 65536])
def test_array_source_gives_the_array_again_and_again(n_samples, n_channels, block_samples):
    y = sound(n_samples, n_channels)
    source = ArraySource(y, 44100, block_samples)
    np.testing.assert_array_equal(whole(source), y)
    np.testing.assert_array_equal(whole(source), y)


def test_array_source_takes_mono_and_views():
    y = sound(1000)[0]
    np.testing.assert_array_equal(whole(ArraySource(y, 8000))[0], y)
    np.testing.assert_array_equal(whole(ArraySource(y[::-2], 8000))[0], y[::-2])
    np.testing.assert_array_equal(whole(ArraySource(list(y.astype(float)), 8000))[0], y)


@pytest.mark.parametrize(("dtype", "scale"), [(np.int16, 2.0**15), (np.int32, 2.0**31), (">i2", 2.0**15)])
def test_integers_are_scaled_to_full_scale_one(dtype, scale):
    y = np.array([0, 1, -1, np.iinfo(dtype).max, np.iinfo(dtype).min]).astype(dtype)
    np.testing.assert_array_equal(whole(ArraySource(y, 8000))[0], (y.astype(float) / scale).astype(np.float32))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, ">f8"])
def test_every_float_is_taken(dtype):
    y = sound(50)[0].astype(dtype)
    np.testing.assert_array_equal(whole(ArraySource(y, 8000))[0], y.astype(np.float32))


@pytest.mark.parametrize(
    ("y", "says"),
    [
        (np.zeros((1000, 100)), "1000 channels, at most 64 are possible: was this .samples, channels.. pass y.T"),
        (np.zeros((44100, 2)), "pass y.T"),
        (np.zeros((0, 5)), "no channels"),
        (np.float64(3), r"shape \(n,\) or \(channels, n\), not \(\)"),
        (np.zeros((1, 2, 3)), "not .1, 2, 3."),
        (np.zeros(5, complex), "not complex128"),
        (np.array([None, 1]), "not object"),
        (np.zeros(5, np.int64), "not int64"),
        (np.zeros(5, np.uint8), "not uint8"),
        (np.zeros(5, bool), "not bool"),
        ("song.wav", "not <U8"),
        ([[1.0], [1.0, 2.0]], "not an array of numbers"),
        (np.array([0, 0, np.nan]), "holds nan at 0.000250 s"),
        (np.array([[0, 0, 0, 0], [0, 0, -np.inf, 0]]), "holds -inf at 0.000250 s"),
        (np.array([1e300]), "holds inf at 0.0"),
    ],
)
def test_arrays_that_are_not_audio(y, says):
    with pytest.raises(ParameterError, match=says):
        ArraySource(y, 8000)


@pytest.mark.parametrize("rate", [0, -1, 44100.5, float("nan"), float("inf"), "44100", None, True, 10**9, 1j, [44100]])
def test_sample_rates_that_make_no_sense(rate):
    with pytest.raises(ParameterError, match="sample_rate_hz must be a whole number"):
        ArraySource(np.zeros(3), rate)


def test_sample_rate_may_be_any_whole_number():
    assert [check_sample_rate(r) for r in (44100.0, np.float32(8000), np.int64(96000))] == [44100, 8000, 96000]


def test_digest_tells_arrays_apart_and_not_blocks():
    y = sound(5000, 2)
    assert (
        ArraySource(y, 8000, 7).digest()
        == ArraySource(y, 8000).digest()
        == hashlib.sha256(np.ascontiguousarray(y.T).tobytes()).hexdigest()
    )
    assert ArraySource(y, 8000).digest() != ArraySource(-y, 8000).digest()


# --- files ---


@pytest.mark.parametrize("n_samples", [0, 1, 2, 63, 997, 70_001])
@pytest.mark.parametrize("extension", sorted(OUTPUT_FORMATS))
@pytest.mark.parametrize("n_channels", [1, 2])
def test_every_format_gives_back_what_was_written(tmp_path, extension, n_samples, n_channels):
    if n_samples == 0 and extension in (".opus", ".mp3"):
        pytest.skip("these formats cannot hold nothing")
    y, path = sound(n_samples, n_channels), tmp_path / f"a{extension}"
    assert write_audio(path, y, 48000, n_channels) == 0
    source = open_source(path)
    assert (source.n_samples, source.n_channels, source.sample_rate_hz) == (n_samples, n_channels, 48000)
    first = whole(source)
    np.testing.assert_array_equal(first, whole(source))
    if extension not in LOSSY:
        np.testing.assert_allclose(first, y, atol=2**-24 * 1.01)
    streamed = FileSource(io.BytesIO(path.read_bytes()))
    np.testing.assert_array_equal(whole(streamed), first)
    assert streamed.digest() == source.digest() == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000, 96000, 192000])
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "PCM_U8"])
def test_wav_at_every_rate_and_coding(tmp_path, rate, subtype):
    y = sound(777, 6)
    write_audio(tmp_path / "a.wav", y, rate, 6, subtype=subtype)
    step = {"PCM_16": 2**-15, "PCM_24": 2**-23, "PCM_32": 2**-24, "PCM_U8": 2**-7}.get(subtype, 0)
    audio, found_rate = read_audio(tmp_path / "a.wav")
    assert found_rate == rate
    np.testing.assert_allclose(audio, y, atol=0.51 * step)


@pytest.mark.parametrize("extension", [".ogg", ".mp3", ".flac"])
def test_blocks_do_not_change_the_decoding(tmp_path, extension):
    write_audio(tmp_path / f"a{extension}", sound(30_000, 2), 44100, 2)
    np.testing.assert_array_equal(
        whole(FileSource(tmp_path / f"a{extension}", block_samples=331)),
        whole(FileSource(tmp_path / f"a{extension}", block_samples=10**6)),
    )


def test_two_readers_of_one_stream_do_not_disturb_each_other(tmp_path):
    write_audio(tmp_path / "a.flac", sound(50_000), 44100, 1)
    source = FileSource(io.BytesIO((tmp_path / "a.flac").read_bytes()), block_samples=1000)
    for one, other in zip(source.blocks(), source.blocks(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_stream_that_cannot_seek_is_spooled(tmp_path):
    write_audio(tmp_path / "a.wav", sound(5000), 44100, 1)
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as pipe:
        pipe.write((tmp_path / "a.wav").read_bytes())
    with os.fdopen(reader, "rb") as pipe:
        source = FileSource(pipe, name="a pipe")
        np.testing.assert_array_equal(whole(source), whole(source))
    assert source.name == "a pipe"


def test_a_flac_that_was_streamed_tells_no_length(tmp_path):
    path = tmp_path / "a.flac"
    write_audio(path, sound(5000, 2), 44100, 2)
    data = bytearray(path.read_bytes())
    data[21] &= 0xF0  # the 36 bits of STREAMINFO that count samples
    data[22:26] = bytes(4)
    path.write_bytes(data)
    assert whole(open_source(path)).shape == (2, 5000)


def test_a_wav_that_was_streamed_promises_too_much(tmp_path):
    path = tmp_path / "a.wav"
    write_audio(path, sound(5000), 44100, 1, subtype="PCM_16")
    data = bytearray(path.read_bytes())
    data[4:8] = data[40:44] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    assert whole(open_source(path)).shape == (1, 5000)


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


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_in_a_file_is_found_and_placed(tmp_path, value):
    y = sound(100_000, 2)
    y[1, 88_200] = value
    soundfile.write(tmp_path / "a.wav", y.T, 44100, subtype="FLOAT")
    source = open_source(tmp_path / "a.wav")
    with pytest.raises(AudioError, match=f"a.wav holds {value} at 2.000000 s"):
        whole(source)


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


# --- writing ---


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


# --- resampling ---


@pytest.mark.parametrize(
    ("from_hz", "to_hz"), [(44100, 48000), (48000, 44100), (8000, 192000), (192000, 8000), (44100, 44100)]
)
@pytest.mark.parametrize("n_samples", [0, 1, 2, 63, 100_000])
def test_resampling_gives_the_same_duration(from_hz, to_hz, n_samples):
    blocks = list(resample_blocks(iter(np.array_split(sound(n_samples, 2), 3, axis=1)), 2, from_hz, to_hz))
    assert sum(block.shape[1] for block in blocks) == -(-n_samples * to_hz // from_hz)


@pytest.mark.parametrize(("from_hz", "to_hz"), [(44100, 48000), (48000, 44100), (44100, 96000)])
def test_a_tone_stays_where_it_is(from_hz, to_hz):
    def tone(rate):
        return np.sin(2 * np.pi * 1000 * np.arange(rate) / rate)

    pieces = np.array_split(tone(from_hz).astype(np.float32)[np.newaxis], 5, axis=1)
    out = np.concatenate(list(resample_blocks(pieces, 1, from_hz, to_hz)), axis=1)[0]
    np.testing.assert_allclose(out[2000:-2000], tone(to_hz)[2000:-2000], atol=1e-6)
