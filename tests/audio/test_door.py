"""What is done to a recording before it is encoded, raw samples, and what is said of levels, rates and shapes that no
recording has.
"""

from __future__ import annotations

import io
import warnings

import numpy as np
import pytest
import soundfile

import motes
from motes.audio import (
    AS_IT_IS,
    ArraySource,
    FileSource,
    Preparation,
    RawSamples,
    open_source,
    prepared,
    read_audio,
    write_audio,
)
from motes.cli import main
from motes.errors import AudioError, MotesWarning, ParameterError

RATE = 8000


def sound(n_samples: int, n_channels: int = 1, seed: int = 0) -> np.ndarray:
    return (np.random.default_rng(seed).standard_normal((n_channels, n_samples)) * 0.1).astype(np.float32)


def whole(source) -> np.ndarray:
    blocks = list(source.blocks())
    assert all(block.dtype == np.float32 and block.flags.c_contiguous and block.shape[1] for block in blocks)
    joined = np.concatenate([np.zeros((source.n_channels, 0), np.float32), *blocks], axis=1)
    assert joined.shape == (source.n_channels, source.n_samples)
    return joined


# --- preparation ---


def test_nothing_to_do_is_the_source_itself():
    source = ArraySource(sound(10), RATE)
    assert prepared(source, AS_IT_IS) is source


@pytest.mark.parametrize(("start_s", "end_s"), [(None, 0.5), (0.25, None), (0.25, 0.5), (0.3, 0.3), (0, 1), (1, None)])
def test_a_part(start_s, end_s):
    y = sound(RATE, 2)
    first, last = round((start_s or 0) * RATE), RATE if end_s is None else round(end_s * RATE)
    part = prepared(ArraySource(y, RATE, 999), Preparation(start_s, end_s))
    np.testing.assert_array_equal(whole(part), y[:, first:last])


@pytest.mark.parametrize(
    ("start_s", "end_s", "says"),
    [
        (2, None, "start 2 s is outside array, 0 … 1 s: were these samples"),
        (-1, None, "start -1 s is outside"),
        (None, 8000, "end 8000 s is past the end of array"),
        (0.5, 0.25, r"the part ends \(0.25 s\) before it starts \(0.5 s\)"),
        (float("nan"), None, "start_s must be finite, not nan"),
    ],
)
def test_parts_that_make_no_sense(start_s, end_s, says):
    with pytest.raises(ParameterError, match=says):
        prepared(ArraySource(sound(RATE), RATE), Preparation(start_s, end_s))


def test_channels_rate_and_level():
    y = sound(RATE, 2)
    source = ArraySource(y, RATE)
    np.testing.assert_allclose(whole(prepared(source, Preparation(mono=True)))[0], y.mean(axis=0), atol=1e-7)
    assert np.abs(whole(prepared(source, Preparation(normalise=True)))).max() == 1
    other = prepared(source, Preparation(to_sample_rate_hz=11025, start_s=0.5))
    assert (whole(other).shape, other.sample_rate_hz) == ((2, -(-4000 * 11025 // 8000)), 11025)
    silence = prepared(ArraySource(np.zeros(9), RATE), Preparation(normalise=True))
    assert not whole(silence).any()


def test_digests_tell_preparations_apart():
    source = ArraySource(sound(RATE, 2), RATE)
    ways = (
        AS_IT_IS,
        Preparation(start_s=0.0),
        Preparation(mono=True),
        Preparation(end_s=0.5),
        Preparation(normalise=True),
    )
    assert len({prepared(source, how).digest() for how in ways}) == len(ways)


def test_encode_takes_them_from_python(tmp_path):
    y = sound(RATE, 2)
    write_audio(tmp_path / "a.wav", y, RATE, 2, subtype="FLOAT")
    for audio, rate in ((y, RATE), (tmp_path / "a.wav", None)):
        scene = motes.encode(
            audio, sample_rate_hz=rate, n_events=9, start_s=0.25, end_s=0.75, mono=True, to_sample_rate_hz=4000
        )
        assert (scene.n_samples, scene.n_channels, scene.sample_rate_hz) == (2000, 1, 4000)
    with pytest.raises(ParameterError, match="mono must be True or False, not 'yes'"):
        motes.encode(y, sample_rate_hz=RATE, mono="yes")


def test_encode_takes_them_from_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_audio("a.wav", sound(RATE, 2), RATE, 2)
    flags = ["--start", "0.25", "--end", "0.75", "--mono", "--rate", "4000", "--normalise", "--events", "9"]
    assert main(["encode", "a.wav", *flags]) == 0
    scene = motes.load("a.mote")
    assert (scene.n_samples, scene.n_channels, scene.sample_rate_hz) == (2000, 1, 4000)
    assert main(["encode", "a.wav", "-o", "b.mote", "--start", "9"]) == 1
    assert "motes: start 9 s is outside a.wav, 0 … 1 s" in capsys.readouterr().err
    assert main(["encode", "a.wav", "-o", "b.mote", "--rate", "0"]) == 2


# --- raw ---


@pytest.mark.parametrize(("bits", "subtype"), [(8, "PCM_U8"), (16, "PCM_16"), (24, "PCM_24"), (32, "PCM_32")])
@pytest.mark.parametrize("n_channels", [1, 2, 5])
def test_raw_samples(tmp_path, bits, subtype, n_channels):
    y = sound(999, n_channels)
    write_audio(tmp_path / "a.wav", y, 48000, n_channels, subtype=subtype)
    write_raw = soundfile.SoundFile(tmp_path / "a.raw", "w", 48000, n_channels, subtype, endian="LITTLE", format="RAW")
    with write_raw as file:
        file.write(soundfile.read(tmp_path / "a.wav", always_2d=True)[0])
    raw = RawSamples(48000, n_channels, bits)
    stream = io.BytesIO((tmp_path / "a.raw").read_bytes())
    for source in (FileSource(tmp_path / "a.raw", raw=raw), FileSource(stream, raw=raw)):
        np.testing.assert_array_equal(whole(source), whole(open_source(tmp_path / "a.wav")))


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"bits": 12}, "8, 16, 24 or 32 bits, not 12"),
        ({"n_channels": 0}, "1 … 64 channels, not 0"),
        ({"sample_rate_hz": 0}, "sample_rate_hz"),
    ],
)
def test_raw_samples_that_make_no_sense(values, says):
    with pytest.raises(ParameterError, match=says):
        RawSamples(**values)


def test_raw_bytes_that_are_no_whole_samples():
    with pytest.raises(AudioError, match="a has 7 bytes, which is no multiple of 4: is it of 2 channels and 16 bits"):
        FileSource(io.BytesIO(bytes(7)), name="a", raw=RawSamples())


def test_raw_from_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.raw").write_bytes((sound(4000)[0] * 32767).astype("<i2").tobytes())
    assert main(["encode", "a.raw", "--raw", "--raw-rate", "8000", "--raw-channels", "1", "--events", "9"]) == 0
    scene = motes.load("a.mote")
    assert (scene.n_samples, scene.n_channels, scene.sample_rate_hz) == (4000, 1, 8000)
    assert main(["encode", "a.raw", "--raw-rate", "8000"]) == 2
    assert "--raw" in capsys.readouterr().err
    assert main(["encode", ".", "-o", "out", "--raw", "--events", "9"]) == 0
    assert (tmp_path / "out" / "a.mote").exists()


# --- levels, rates, shapes ---


@pytest.mark.parametrize(
    ("peak", "says"),
    [
        (1e9, "32-bit numbers"),
        (1e18, "is this audio"),
        (1e30, "is this audio"),
        (32767, "16-bit numbers. divide them by 32768"),
    ],
)
def test_floats_far_beyond_full_scale_are_refused_unless_normalised(tmp_path, peak, says):
    y = sound(5000)
    y = y / np.abs(y).max() * np.float32(peak)
    with pytest.raises(ParameterError, match=rf"^the array holds .*full scale is 1: .*{says}.*normalise=True"):
        motes.encode(y, sample_rate_hz=RATE, n_events=9)
    scene = motes.encode(y, sample_rate_hz=RATE, n_events=9, normalise=True)
    assert np.abs(scene.render()).max() < 2
    soundfile.write(tmp_path / "a.wav", y[0], RATE, subtype="FLOAT")
    with pytest.raises(AudioError, match=says):
        motes.encode(tmp_path / "a.wav", n_events=9)
    assert main(["encode", str(tmp_path / "a.wav"), "--normalise", "--events", "9"]) == 0


def test_odd_levels_are_worth_a_word(tmp_path):
    y = sound(5000)
    y /= np.abs(y).max()
    for factor, says in (
        (5, "goes up to 5, and full scale is 1: were these 8-bit"),
        (1e-30, "nothing of it will be left"),
    ):
        with pytest.warns(MotesWarning, match=says):
            ArraySource(y * np.float32(factor), RATE)
        soundfile.write(tmp_path / "a.wav", y[0] * factor, RATE, subtype="FLOAT")
        source = open_source(tmp_path / "a.wav")
        with pytest.warns(MotesWarning, match=says):
            whole(source)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ArraySource(y * 4, RATE)
        whole(source)  # once is enough
        read_audio(_small(tmp_path))


def _small(tmp_path):
    write_audio(tmp_path / "b.wav", sound(100), RATE, 1)
    return tmp_path / "b.wav"


def test_rates_in_khz_and_arrays_on_their_side_are_worth_a_word():
    with pytest.warns(MotesWarning, match=r"sample_rate_hz is 44, .*: was this in kHz\?"):
        ArraySource(sound(100), 44)
    with pytest.warns(MotesWarning, match=r"shape \(50, 2\) is taken as 50 channels of 2 samples: .*pass y\.T"):
        ArraySource(np.zeros((50, 2)), RATE)
