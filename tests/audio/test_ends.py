"""Sound to its end, whatever header, tag or library says of the length: MP3 without a tag, sizes left open, recordings
one after another.
"""

from __future__ import annotations

import io
import warnings

import numpy as np
import pytest
import soundfile
from flac_bytes import flac

from motes.audio import FileSource
from motes.audio.containers.mpeg import frame_of
from motes.audio.streams import Bytes, Span
from motes.errors import AudioError, MotesWarning

RATE = 44100


def sound(n_samples: int, n_channels: int = 1, seed: int = 0) -> np.ndarray:
    return (np.random.default_rng(seed).standard_normal((n_samples, n_channels)) * 0.1).astype(np.float32)


def coded(format_: str, subtype: str, y: np.ndarray, rate: int = RATE, **more) -> bytes:
    out = io.BytesIO()
    with soundfile.SoundFile(out, "w", rate, y.shape[1], subtype, format=format_, **more) as file:
        file.write(y)
    return out.getvalue()


def decoded(data: bytes, name: str = "a") -> np.ndarray:
    source = FileSource(io.BytesIO(data), name=name, block_samples=10_000)
    blocks = list(source.blocks())
    whole = np.concatenate([np.zeros((source.n_channels, 0), np.float32), *blocks], axis=1)
    assert whole.shape[1] == source.n_samples
    return whole


def quietly(data: bytes, name: str = "a") -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return decoded(data, name)


def patched(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


# --- MP3 ---


def noise_and_tone() -> np.ndarray:
    tone = 0.05 * np.sin(2 * np.pi * 440 * np.arange(8 * RATE) / RATE)
    return np.concatenate([3 * sound(RATE)[:, 0], tone])[:, np.newaxis].astype(np.float32)


def mp3(y: np.ndarray, rate: int = RATE, mode: str = "VARIABLE") -> bytes:
    return coded("MP3", "MPEG_LAYER_III", y, rate, compression_level=0.5, bitrate_mode=mode)


def without_tag(data: bytes) -> bytes:
    """An MP3 without its first frame, which tells the length."""
    assert b"Xing" in data[:64] or b"Info" in data[:64]
    return data[frame_of(data[:4]).n_bytes :]


def test_an_mp3_of_variable_bitrate_without_a_tag_is_read_to_its_end():
    data = mp3(y := noise_and_tone())
    with_tag, bare = decoded(data), quietly(without_tag(data))
    assert with_tag.shape[1] == len(y)
    assert len(y) <= bare.shape[1] < len(y) + 3 * 1152  # and what the encoder put before and after
    np.testing.assert_array_equal(bare[:, 1105 : 1105 + len(y)], with_tag)  # delay of encoder and decoder


@pytest.mark.parametrize("tail", [b"TAG" + bytes(125), bytes(5000), b"LYRICSBEGIN" + bytes(3000)])
def test_what_follows_an_mp3_is_no_part_of_it(tail):
    data = without_tag(mp3(sound(RATE)))
    np.testing.assert_array_equal(quietly(data + tail), decoded(data))


@pytest.mark.parametrize("mode", ["CONSTANT", "VARIABLE"])
def test_mp3s_one_after_another_are_all_there(mode):
    one, other = mp3(sound(RATE), mode=mode), mp3(sound(2 * RATE, seed=1), mode=mode)
    tag = b"ID3\x04\x00\x00\x00\x00\x00\x20" + bytes(32)
    for between in (b"", tag):
        np.testing.assert_array_equal(
            quietly(one + between + other), np.concatenate([decoded(one), decoded(other)], axis=1)
        )


def test_an_mp3_whose_tag_promises_too_little_is_read_to_its_end():
    data = mp3(sound(3 * RATE))
    at = data.find(b"Xing") + 8
    stale = patched(data, at, (20).to_bytes(4, "big"))
    assert quietly(stale).shape[1] >= 3 * RATE


def test_an_mp3_that_is_cut_short_is_said_to_be():
    data = mp3(sound(3 * RATE))
    with pytest.warns(MotesWarning, match=r"a is cut short: only \d\d % of what its header promises is there"):
        decoded(data[: len(data) // 2])


def test_an_mp3_that_changes_its_rate_says_where():
    with pytest.raises(
        AudioError, match=r"after 1.00 s, at byte \d+, begins one of 48000 Hz and 1 channels, .* 44100 Hz"
    ):
        decoded(mp3(sound(RATE)) + mp3(sound(RATE), 48000))


@pytest.mark.parametrize("data", [b"ID3\x04\0\0\0\0\0\x20" + bytes(32), b"TAG" + bytes(125)])
def test_an_mp3_of_tags_alone(data):
    with pytest.raises(AudioError, match=r"^a\.mp3 holds tags and no sound$"):
        decoded(data, "a.mp3")


def test_mp3_in_wav_is_read_to_its_end():
    data = without_tag(mp3(y := noise_and_tone()))
    fmt = b"fmt \x1e\0\0\0\x55\0\x01\0" + RATE.to_bytes(4, "little") + bytes(4) + b"\1\0\0\0\x0c\0" + bytes(12)
    for size in (len(data), 0, 0xFFFFFFFF):
        wav = b"RIFF\xff\xff\xff\xffWAVE" + fmt + b"data" + size.to_bytes(4, "little") + data
        assert decoded(wav).shape[1] >= len(y)


# --- sizes left open ---

OPEN_SIZES = {
    "WAV": (b"data", 4, 4, [bytes(4), b"\xff" * 4, b"\x00\xf0\xff\x7f"]),
    "W64": (b"data\xf3\xac", 16, 8, [bytes(8), (24).to_bytes(8, "little"), b"\xff" * 8, b"\xff" * 7 + b"\x7f"]),
    "AIFF": (b"SSND", 4, 4, [bytes(4), b"\xff" * 4, (8).to_bytes(4, "big")]),
    "CAF": (b"data", 4, 8, [bytes(8), b"\xff" * 8, (4).to_bytes(8, "big")]),
    "RF64": (b"ds64", 16, 8, [bytes(8), b"\xff" * 8]),
    "AU": (b".snd", 8, 4, [bytes(4), b"\xff" * 4]),
}


@pytest.mark.parametrize(
    ("format_", "size"), [(name, size) for name, (*_, sizes) in OPEN_SIZES.items() for size in sizes], ids=str
)
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT", "ULAW"])
def test_a_size_left_open_means_to_the_end(format_, size, subtype):
    name, after, _, _ = OPEN_SIZES[format_]
    data = coded(format_, subtype, sound(2001, 2))
    whole = decoded(data)
    left_open = patched(data, data.find(name) + after, size)
    np.testing.assert_array_equal(quietly(left_open)[:, :2001], whole)
    assert decoded(left_open).shape[1] <= 2001 + 40  # a peak chunk may follow


def test_a_recorder_that_lost_power_wrote_no_sizes_at_all():
    data = coded("WAV", "PCM_16", sound(2000))
    at = data.find(b"data")
    np.testing.assert_array_equal(quietly(patched(patched(data, at + 4, bytes(4)), 4, bytes(4))), decoded(data))


def test_a_wav_without_sound_stays_empty():
    data = coded("WAV", "PCM_16", sound(0))
    more = b"LIST\x0c\0\0\0INFOINAM\0\0\0\0"
    assert quietly(data).shape[1] == quietly(data + more).shape[1] == 0


def test_adpcm_of_an_open_size():
    data = coded("WAV", "IMA_ADPCM", sound(5000), 8000)
    at = data.find(b"data") + 4
    np.testing.assert_array_equal(quietly(patched(data, at, bytes(4))), decoded(data))


@pytest.mark.parametrize("format_", ["WAV", "AU"])
def test_what_lies_beyond_the_size_is_told(format_):
    name, after, n_bytes, _ = OPEN_SIZES[format_]
    data = coded(format_, "PCM_16", sound(2000))
    small = (800).to_bytes(n_bytes, "big" if format_ == "AU" else "little")
    with pytest.warns(MotesWarning, match="goes on for 3200 bytes after the sound that its header tells of"):
        assert decoded(patched(data, data.find(name) + after, small)).shape[1] == 400


@pytest.mark.parametrize("more", [b"LIST\x0c\0\0\0INFOINAM\0\0\0\0", b"junk\x03\0\0\0abc", b"\0", b"\0\0\0\0"])
def test_chunks_after_the_sound_are_no_sound(more):
    data = coded("WAV", "PCM_16", sound(2000))
    np.testing.assert_array_equal(quietly(data + more), decoded(data))


@pytest.mark.parametrize("format_", ["WAV", "AIFF", "RF64"])
def test_wavs_one_after_another_are_all_there(format_):
    one, other = coded(format_, "PCM_16", sound(2000)), coded(format_, "PCM_16", sound(999, seed=1))
    np.testing.assert_array_equal(quietly(one + other), np.concatenate([decoded(one), decoded(other)], axis=1))


@pytest.mark.slow
def test_a_wav_past_4_gib_whose_size_went_round(tmp_path):
    n_samples = 2**31 + 1000
    header = coded("WAV", "PCM_U8", sound(0))[:44]
    header = patched(header, 22, b"\2\0")  # two channels
    header = patched(header, 32, b"\2\0")
    path = tmp_path / "a.wav"
    with open(path, "wb") as file:
        file.write(patched(header, 40, (2 * n_samples % 2**32).to_bytes(4, "little")))
        file.truncate(44 + 2 * n_samples)
    assert FileSource(path).n_samples == n_samples


# --- FLAC ---


def test_flacs_one_after_another_are_all_there():
    one, other = (coded("FLAC", "PCM_16", sound(20_000, seed=seed)) for seed in (0, 1))
    np.testing.assert_array_equal(quietly(one + other), np.concatenate([decoded(one), decoded(other)], axis=1))
    tag = b"ID3\x04\x00\x00\x00\x00\x00\x20" + bytes(32)
    np.testing.assert_array_equal(quietly(tag + one), decoded(one))


@pytest.mark.parametrize("promised", [0, 100, 4999])
def test_a_flac_that_promises_too_little_is_read_to_its_end(promised):
    x = np.random.default_rng(0).integers(-(2**15), 2**15, 5000)
    np.testing.assert_array_equal(quietly(flac(x, 16, n_samples=promised)), [x / 2.0**15])


def test_a_flac_of_variable_or_large_blocks_that_promises_too_little():
    data = coded("FLAC", "PCM_24", sound(300_000, 2))
    few = patched(data, 22, (1000).to_bytes(4, "big"))
    np.testing.assert_array_equal(quietly(few), decoded(data))


# --- Ogg ---


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_chained_ogg_is_all_there(subtype):
    one, other = (coded("OGG", subtype, sound(48000 + seed, 2, seed), 48000) for seed in (0, 1))
    chain = np.concatenate([decoded(one), decoded(other), decoded(one)], axis=1)
    np.testing.assert_array_equal(quietly(one + other + one), chain)
    np.testing.assert_array_equal(quietly(one + bytes(777) + other + one), chain)
    assert chain.shape == (2, 3 * 48000 + 1)


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_chained_ogg_of_two_rates_says_where_the_next_begins(subtype):
    one, other = coded("OGG", subtype, sound(48000), 48000), coded("OGG", subtype, sound(500), 24000)
    with pytest.raises(
        AudioError, match=rf"after 1.00 s, at byte {len(one)}, begins one of 24000 Hz .* 48000 Hz and 1: cut it there$"
    ):
        decoded(one + other, "a.ogg")


# --- spans ---


@pytest.mark.parametrize(
    "span", [Span(), Span(3, 7), Span(3, 99), Span(5, prefix=b"abc"), Span(5, 7, b"abc"), Span(10)]
)
def test_a_span_reads_like_a_file_of_its_own(span):
    data = bytes(range(10))
    expected = io.BytesIO(span.prefix + data[span.start : span.end])
    with Bytes(io.BytesIO(data), "a").open(span) as view:
        for at, whence, n_bytes in ((0, 0, 2), (1, 1, 3), (-2, 2, 5), (2, 0, -1), (50, 0, 3), (0, 2, 1)):
            assert view.seek(at, whence) == max(0, expected.seek(max(at, -expected.seek(0, 2)), whence)) or whence == 1
            expected.seek(view.tell())
            assert view.read(n_bytes) == expected.read(n_bytes)
