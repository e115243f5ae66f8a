"""The one list of formats, and what takes FFmpeg's libraries: the same blocks and exact length with them, one line
without.
"""

from __future__ import annotations

import io
import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile
from flac_bytes import flac

from motes.audio import INPUT_FORMATS, OUTPUT_FORMATS, RECORDINGS, FileSource, open_source
from motes.errors import AudioError

DOCS = Path(__file__).parents[2] / "docs" / "input-formats.md"
RATE = 44100


def tone(n_samples: int = 2 * RATE, rate: int = RATE) -> np.ndarray:
    return (0.3 * np.sin(2 * np.pi * 440 * np.arange(n_samples) / rate)).astype(np.float32)


def coded(av, codec: str, container: str, y: np.ndarray, rate: int = RATE, bit_rate: int = 128_000) -> bytes:
    """A mono recording as FFmpeg's libraries write it."""
    out = io.BytesIO()
    with av.open(out, "w", format=container) as file:
        stream = file.add_stream(codec, rate=rate, layout="mono")
        if codec in ("aac", "wmav2"):
            stream.bit_rate = bit_rate
        frame = av.AudioFrame.from_ndarray(np.rint(y * 32767).astype(np.int16)[np.newaxis], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        fifo = av.AudioFifo()
        kind = stream.codec_context.codec.audio_formats[0].name
        for piece in av.AudioResampler(format=kind, layout="mono", rate=rate).resample(frame):
            fifo.write(piece)
        size = stream.codec_context.frame_size or 1024
        pieces = iter(lambda: fifo.read(size) or fifo.read(partial=True), None)
        for piece in [*pieces, None]:
            for packet in stream.encode(piece):
                file.mux(packet)
    return out.getvalue()


def decoded(data: bytes, name: str = "a") -> np.ndarray:
    source = FileSource(io.BytesIO(data), name=name, block_samples=10_000)
    for _ in range(2):
        blocks = list(source.blocks())
        assert all(block.dtype == np.float32 and block.flags.c_contiguous for block in blocks)
        whole = np.concatenate(blocks, axis=1)
        assert whole.shape == (source.n_channels, source.n_samples)
    return whole


@pytest.mark.parametrize("bits", [12, 15, 20, 32])
def test_flac_of_other_bits(av, bits):
    x = np.random.default_rng(0).integers(-(2 ** (bits - 1)), 2 ** (bits - 1), (2, 3000))
    np.testing.assert_array_equal(decoded(flac(x, bits)), (x / 2.0 ** (bits - 1)).astype(np.float32))


@pytest.mark.parametrize(
    ("codec", "container"),
    [
        ("flac", "ogg"),
        ("flac", "matroska"),
        ("alac", "caf"),
        ("alac", "mp4"),
        ("wavpack", "wv"),
        ("tta", "tta"),
        ("pcm_s16le", "mov"),
        ("pcm_s16le", "avi"),
    ],
)
@pytest.mark.parametrize("n_samples", [2 * RATE, 20_001])
def test_lossless_codings_are_exact(av, codec, container, n_samples):
    y = tone(n_samples)
    expected = np.rint(y * 32767) / 32768
    if codec in ("wavpack", "tta"):  # which take other samples than 16 bits here
        np.testing.assert_allclose(decoded(coded(av, codec, container, y))[0], expected, atol=0.01)
    else:
        np.testing.assert_array_equal(decoded(coded(av, codec, container, y))[0], expected.astype(np.float32))


@pytest.mark.parametrize(
    ("codec", "container", "rate", "padding"),
    [
        ("aac", "mp4", RATE, 0),
        ("libopus", "webm", 48000, 0),
        ("aac", "adts", RATE, 3072),
        ("wmav2", "asf", RATE, 2048),
        ("ac3", "ac3", RATE, 3072),
        ("mp2", "avi", RATE, 2304),
    ],
)
def test_lossy_codings_have_their_length(av, codec, container, rate, padding):
    y = tone(rate=rate)
    back = decoded(coded(av, codec, container, y, rate))[0]
    assert abs(len(back) - len(y)) <= padding
    assert 0.25 < np.abs(back[5000:-5000]).max() < 0.35


def test_what_is_cut_short_is_refused(av):
    for codec, container in (("flac", "ogg"), ("pcm_s16le", "mov"), ("wavpack", "wv"), ("flac", "matroska")):
        data = coded(av, codec, container, tone())
        with pytest.raises(AudioError, match=r"cut short|cannot be read|no sound can be read") as caught:
            decoded(data[: len(data) // 3] + bytes(0 if container != "ogg" else 3000))
        assert "\n" not in str(caught.value)


def test_chained_flac_in_ogg_is_all_there(av):
    one, other = coded(av, "flac", "ogg", tone(9000)), coded(av, "flac", "ogg", tone(5000))
    np.testing.assert_array_equal(decoded(one + other), np.concatenate([decoded(one), decoded(other)], axis=1))


def test_garbage_is_one_line(av):
    for start in (b"\x00\x00\x00\x20ftypM4A ", b"\x1a\x45\xdf\xa3", b"\x30\x26\xb2\x75", b"wvpk", b"MAC ", b"\xff\xf1"):
        with pytest.raises(AudioError, match=r"^a\.x cannot be read as audio: |no sound can be read") as caught:
            decoded(start + bytes(range(256)) * 8, "a.x")
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (flac(np.arange(50), 20), "a FLAC file of 20 bits"),
        (b"caff\0\1\0\0desc" + bytes(7) + b"\x20" + bytes(8) + b"alac" + bytes(64), "a Core Audio file of ALAC"),
        (b"OggS\0\2" + bytes(20) + b"\1\x33\x7fFLAC\1\0" + bytes(64), "a FLAC stream in Ogg"),
        (b"MAC \x96\x0f" + bytes(64), "a Monkey's Audio file"),
    ],
)
def test_without_pyav_one_line_says_what_to_do(data, kind, monkeypatch):
    monkeypatch.setattr("motes.audio.file_source.is_installed", lambda: False)
    with pytest.raises(AudioError) as caught:
        FileSource(io.BytesIO(data), name="a b.x")
    assert str(caught.value) == (
        f"a b.x is {kind}, which motes does not read itself: pip install 'motes[formats]' lets it; or ffmpeg converts "
        'it: ffmpeg -i "a b.x" "a b.wav"'
    )


def test_names_that_look_like_addresses_open_nothing(av, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "concat:a.m4a").write_bytes(coded(av, "aac", "mp4", tone()))
    assert open_source("concat:a.m4a").n_samples == 2 * RATE


def test_playlists_and_midi_say_what_they_are():
    for name, says in (("a.m3u8", "playlists"), ("a.mid", "MIDI")):
        with pytest.raises(AudioError, match=f"motes does not read {says}|looks like text"):
            FileSource(io.BytesIO(b"MThd" + bytes(20)), name=name)


# --- the list ---


@pytest.mark.parametrize("format_", soundfile.available_formats())
def test_what_libsndfile_writes_is_on_the_list_and_read_back(format_, tmp_path):
    if format_ in ("RAW", "SD2", "MPC2K", "WAVEX", "SDS", "HTK", "XI", "WVE"):
        pytest.skip("no recordings of their own, or of one rate only")
    names = {"AIFF": ".aifc", "SVX": ".8svx", "MAT4": ".mat", "MAT5": ".mat", "OGG": ".oga", "NIST": ".sph"}
    names |= {"IRCAM": ".sf", "WAV": ".wave"}
    extension = names.get(format_, f".{format_.lower()}")
    assert extension in {
        name for each in INPUT_FORMATS if each.reader == "itself" for name in each.extensions + each.others
    }
    y = tone(3000)
    soundfile.write(tmp_path / f"a{extension}", y, RATE, format=format_)
    back = next(open_source(tmp_path / f"a{extension}").blocks())
    assert back.shape[0] == 1
    assert 2900 < back.shape[1] < 3200


def test_every_name_stands_once_for_each_reader():
    for reader in ("itself", "formats", "not"):
        names = [name for each in INPUT_FORMATS if each.reader == reader for name in each.extensions + each.others]
        assert len(names) == len(set(names))
    assert set(OUTPUT_FORMATS) <= RECORDINGS


def test_the_docs_have_the_list():
    text = DOCS.read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|([^|]*)\|$", text, re.MULTILINE)
    words = {"itself": "yes", "formats": "with `[formats]`", "not": "no"}
    expected = [
        (each.name, words[each.reader], " ".join(f"`{name}`" for name in each.extensions)) for each in INPUT_FORMATS
    ]
    assert [(name, reader, names.strip()) for name, reader, names in rows if name != "format" and "--" not in name] == [
        *expected
    ]
