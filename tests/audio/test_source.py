"""Recordings in, with what users really have: odd lengths and rates, and every format."""

from __future__ import annotations

import hashlib
import io
import os

import numpy as np
import pytest
import soundfile
from audio_examples import sound, whole

from motes.audio import (
    OUTPUT_FORMATS,
    ArraySource,
    Excerpts,
    FileSource,
    HeldSource,
    check_sample_rate,
    open_source,
    read_audio,
    write_audio,
)
from motes.errors import AudioError, ParameterError

LOSSY = {".ogg", ".opus", ".mp3"}


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


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_in_a_file_is_found_and_placed(tmp_path, value):
    y = sound(100_000, 2)
    y[1, 88_200] = value
    soundfile.write(tmp_path / "a.wav", y.T, 44100, subtype="FLOAT")
    source = open_source(tmp_path / "a.wav")
    with pytest.raises(AudioError, match=f"a.wav holds {value} at 2.000000 s"):
        whole(source)


@pytest.mark.parametrize("extension", sorted(OUTPUT_FORMATS))
@pytest.mark.parametrize("n_channels", [1, 2])
def test_a_stretch_is_what_lies_there(tmp_path, extension, n_channels):
    """By seeking where a format tells where each sample lies, else by decoding what is before."""
    path = tmp_path / f"a{extension}"
    write_audio(path, sound(90_000, n_channels), 48000, n_channels)
    source = open_source(path)
    everything = whole(source)
    for first, n in ((0, 10), (70_000, 1000), (source.n_samples - 5, 5), (123, 0)):
        np.testing.assert_array_equal(source.stretch(first, n), everything[:, first : first + n])
    for first, n in ((-1, 5), (source.n_samples - 4, 5), (5, -1)):
        with pytest.raises(ParameterError, match="outside"):
            source.stretch(first, n)


def test_a_stretch_of_what_is_damaged_or_no_audio(tmp_path):
    soundfile.write(tmp_path / "nan.wav", np.array([0.0] * 100 + [np.nan] + [0.0] * 100), 8000, subtype="FLOAT")
    source = open_source(tmp_path / "nan.wav")
    assert source.stretch(0, 100).shape == (1, 100)
    with pytest.raises(AudioError, match=r"holds nan at 0\.012500 s"):
        source.stretch(50, 100)
    write_audio(tmp_path / "a.flac", sound(90_000, 1), 8000, 1)
    source = open_source(tmp_path / "a.flac")
    data = (tmp_path / "a.flac").read_bytes()
    (tmp_path / "a.flac").write_bytes(data[: len(data) // 2])
    with pytest.raises(AudioError, match=r"cut short|damaged"):
        source.stretch(89_000, 500)


def test_a_held_source_is_decoded_once():
    audio = 0.1 * np.random.default_rng(0).standard_normal((2, 100_000)).astype(np.float32)
    source, calls = ArraySource(audio, 8000), []
    blocks = source.blocks
    source.blocks = lambda: calls.append(1) or blocks()
    held = HeldSource(source)
    for _ in range(3):
        assert np.array_equal(np.concatenate(list(held.blocks()), axis=1), audio)
    assert (len(calls), held.digest(), held.n_samples) == (1, source.digest(), 100_000)


@pytest.mark.parametrize("block_samples", [7, 1000, 65536])
def test_excerpts_are_stretches_one_after_another(block_samples):
    audio = np.random.default_rng(0).standard_normal((2, 3000)).astype(np.float32)
    stretches = [(10, 20), (100, 1500), (1500, 1600), (2990, 3000)]
    excerpts = Excerpts(ArraySource(audio, 8000, block_samples=block_samples), stretches)
    expected = np.concatenate([audio[:, first:end] for first, end in stretches], axis=1)
    assert np.array_equal(np.concatenate(list(excerpts.blocks()), axis=1), expected)
    assert excerpts.n_samples == expected.shape[1]
