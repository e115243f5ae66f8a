"""Title, artist and the like of a recording go into its .mote file, and from there into audio files that have them."""

import io

import numpy as np
import pytest
import soundfile

import motes
from motes.audio.tags import id3_tag, read_tags
from motes.cli import main

TONE = 0.3 * np.sin(np.arange(8000) / 5)
NAMES = ("title", "artist", "album", "date", "genre", "tracknumber", "comment", "copyright")


def write(path, container, subtype, **tags):
    """A recording with these tags, written by libsndfile."""
    with soundfile.SoundFile(path, "w", 48000, 1, subtype, format=container) as file:
        for name, text in tags.items():
            setattr(file, name, text)
        file.write(TONE)
    return path


def vorbis_comments(*lines):
    """A block of Vorbis comments."""
    texts = [line.encode() for line in lines]
    parts = [len(text).to_bytes(4, "little") + text for text in texts]
    return b"\3\0\0\0abc" + len(texts).to_bytes(4, "little") + b"".join(parts)


@pytest.mark.parametrize(
    ("name", "container", "subtype"),
    [
        ("a.wav", "WAV", "PCM_16"),
        ("a.flac", "FLAC", "PCM_16"),
        ("a.ogg", "OGG", "VORBIS"),
        ("a.opus", "OGG", "OPUS"),
        ("a.caf", "CAF", "PCM_16"),
    ],
)
def test_what_libsndfile_wrote_is_kept_and_given_back(name, container, subtype, tmp_path):
    told = {word: f"{word} für alle" for word in NAMES}
    path = write(tmp_path / name, container, subtype, **told)
    kept = {word.upper(): (text,) for word, text in told.items()}
    assert main(["encode", str(path), "--snr", "10", "-o", str(tmp_path / "b.mote")]) == 0
    scene = motes.load(tmp_path / "b.mote")
    assert dict(scene.tags) == kept
    motes.decode(tmp_path / "b.mote", tmp_path / f"c{path.suffix}")
    assert {key: tuple(texts) for key, texts in read_tags(tmp_path / f"c{path.suffix}").items()} == kept
    with open(path, "rb") as stream:
        assert motes.encode(stream, snr_db=10).tags == scene.tags
    assert motes.encode(path, snr_db=10).tags == scene.tags


def test_no_tags_leaves_them_out(tmp_path):
    path = write(tmp_path / "a.wav", "WAV", "PCM_16", title="secret")
    assert main(["encode", str(path), "--snr", "10", "--no-tags", "-o", str(tmp_path / "b.mote")]) == 0
    assert not motes.load(tmp_path / "b.mote").tags
    assert b"secret" not in (tmp_path / "b.mote").read_bytes()


def test_every_name_of_a_flac_file_is_kept_and_pictures_are_not(tmp_path):
    whole = write(tmp_path / "a.flac", "FLAC", "PCM_16").read_bytes()
    lines = ("artist=A", "ARTIST=B", "MUSICBRAINZ_ALBUMID=12", "METADATA_BLOCK_PICTURE=xx", "LYRICS=" + "x" * 9000)
    block = vorbis_comments(*lines, "encoder=x", "nonsense", "=y")
    (tmp_path / "b.flac").write_bytes(whole[:42] + bytes([4]) + len(block).to_bytes(3, "big") + block + whole[42:])
    assert read_tags(tmp_path / "b.flac") == {"ARTIST": ["A", "B"], "MUSICBRAINZ_ALBUMID": ["12"]}
    assert soundfile.info(tmp_path / "b.flac").frames == len(TONE)


def id3_frame(name, body):
    return name + len(body).to_bytes(4, "big") + b"\0\0" + body


@pytest.mark.parametrize(
    ("encoding", "text"), [(0, "Grüße".encode("latin-1")), (1, "Grüße".encode("utf-16")), (3, "Grüße".encode())]
)
def test_id3_is_read_in_its_encodings(encoding, text, tmp_path):
    code = bytes([encoding])
    zero = b"\0\0" if encoding == 1 else b"\0"
    body = id3_frame(b"TIT2", code + text) + id3_frame(b"APIC", b"\0" + b"x" * 50)
    body += id3_frame(b"TXXX", code + text + zero + text) + id3_frame(b"TRCK", b"\x003/9")
    version = 4 if encoding == 3 else 3
    tag = b"ID3" + bytes([version, 0, 0, 0, 0, len(body) >> 7, len(body) & 127]) + body
    found = read_tags(io.BytesIO(tag + b"\xff\xfb" + bytes(100)))
    assert found == {"TITLE": ["Grüße"], "TRACKNUMBER": ["3/9"]}


def test_mp3_is_given_its_tags_in_utf_8(tmp_path):
    scene = motes.encode(TONE, sample_rate_hz=48000, snr_db=10).replace(
        tags={"TITLE": "Grüße", "ARTIST": ["A", "B"], "COMMENT": "ø", "MOOD": "calm"}
    )
    motes.decode(scene, tmp_path / "a.mp3")
    assert read_tags(tmp_path / "a.mp3") == {
        "TITLE": ["Grüße"],
        "ARTIST": ["A", "B"],
        "COMMENT": ["ø"],
        "MOOD": ["calm"],
    }
    audio, rate = soundfile.read(tmp_path / "a.mp3")
    assert (len(audio), rate) == (8000, 48000)
    assert soundfile.SoundFile(tmp_path / "a.mp3").title == "Grüße"
    assert id3_tag({}) == b""


@pytest.mark.parametrize("extension", [".w64", ".au", ".aiff"])
def test_formats_without_tags_go_on_without(extension, tmp_path):
    scene = motes.encode(TONE, sample_rate_hz=48000, snr_db=10).replace(tags={"TITLE": "a", "DATE": "b"})
    motes.decode(scene, tmp_path / f"a{extension}")
    assert soundfile.info(tmp_path / f"a{extension}").frames == 8000


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"fLaC",
        b"fLaC\x84\0\0\4abcd",
        b"OggS",
        b"OggS" + bytes(22) + b"\1\x10\3vorbis\xff\xff\xff\xff",
        b"ID3\4\0\0\0\0\1\0TIT2\0\0\0\x10\0\0\3",
        b"ID3",
        bytes(100),
    ],
    ids=range(8),
)
def test_nonsense_has_no_tags(data):
    assert read_tags(io.BytesIO(data)) == {}
