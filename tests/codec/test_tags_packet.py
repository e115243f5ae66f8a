"""Title, artist and the like go into a file and come back; readers that do not know them skip them."""

import copy
import pickle

import pytest
from codec_scenes import random_scene, small_scene

from motes.codec import dumps, info, load, loads, validate
from motes.codec.frames import frame, read_frame, read_preamble
from motes.codec.packets import TAGS
from motes.codec.salvage import salvage
from motes.coding.varints import varint
from motes.errors import FormatError, ParameterError
from motes.scene.tags import MAX_TAGS_BYTES, TagMap

TOLD = {"title": "Grüße", "ARTIST": ["A", "B"], "MusicBrainz_TrackID": "x=y"}
KEPT = {"TITLE": ("Grüße",), "ARTIST": ("A", "B"), "MUSICBRAINZ_TRACKID": ("x=y",)}


@pytest.mark.parametrize("version", [1, 2])
def test_they_come_back_however_a_file_is_read(version, tmp_path):
    scene = small_scene().replace(tags=TOLD)
    path = scene.save(tmp_path / "a.mote", version=version)
    for read in (load(path), load(path, 0.0, 0.5), loads(path.read_bytes()), salvage(path.read_bytes()).scene):
        assert dict(read.tags) == KEPT
    assert dumps(load(path)) == path.read_bytes()
    assert dict(info(path).tags) == dict(validate(path).tags) == KEPT
    assert salvage(path.read_bytes()).skipped == []
    assert load(path).gabor.equals(loads(dumps(small_scene())).gabor)


def test_edits_and_copies_keep_them():
    scene = random_scene(0, 10).replace(tags=TOLD)
    for changed in (scene.gain(3.0), scene.slice(0.0, 1.0), scene.join(scene), copy.deepcopy(scene)):
        assert changed.tags == scene.tags
    assert pickle.loads(pickle.dumps(scene)).tags["artist"] == ("A", "B")
    assert hash(scene.tags) == hash(TagMap(KEPT))


def test_without_tags_there_is_no_packet():
    assert dumps(small_scene().replace(tags={})) == dumps(small_scene())


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ({"": "x"}, "name of a tag"),
        ({"A=B": "x"}, "name of a tag"),
        ({"ÄRTIST": "x"}, "name of a tag"),
        ({"A": 3}, "int"),
        ({"A": [3]}, "must be text, not 3"),
        ({"A": "x\0y"}, "must be text"),
        ({"A": "\ud800"}, "must be text"),
        ({"METADATA_BLOCK_PICTURE": "x" * MAX_TAGS_BYTES}, "is a picture among them"),
    ],
)
def test_tags_that_make_no_sense_are_refused(tags, words):
    with pytest.raises((ParameterError, TypeError), match=words):
        small_scene().replace(tags=tags)


def with_packet(payload, at=1):
    """A file with this packet of tags, after so many others."""
    data = dumps(small_scene())
    start, packets, place = data[:9], [], 9
    while place < len(data):
        packets.append(data[place : place + read_frame(data, place, 0).size])
        place += len(packets[-1])
    end = read_frame(packets[-1], 0, 0)
    counted = end.payload[:-4] + (len(packets) + 1).to_bytes(4, "little")
    packets = [*packets[:at], frame(TAGS.number, payload), *packets[at:-1], frame(end.kind, counted)]
    assert read_preamble(data).version == 1
    return start + b"".join(packets)


@pytest.mark.parametrize(
    "payload",
    [b"", b"\0", b"\1", b"\1\3a=b", b"\1\1x", b"\1\3\xff=b", b"\2\3A=b\3B=c\0", b"\3\3A=b\3B=c\3A=d", varint(2**40)],
    ids=range(9),
)
def test_a_packet_that_makes_no_sense_is_named_and_costs_only_itself(payload, tmp_path):
    data = with_packet(payload)
    (tmp_path / "a.mote").write_bytes(data)
    for read in (lambda: loads(data), lambda: info(tmp_path / "a.mote")):
        with pytest.raises(FormatError, match=r"packet 1 \(tags"):
            read()
    found = salvage(data)
    assert found.scene.gabor.equals(loads(dumps(small_scene())).gabor)
    assert any("packet 1 (tags" in line for line in found.skipped)
