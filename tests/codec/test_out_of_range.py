"""Packets whose checksums are right and whose content cannot be are named, and cost no more than themselves."""

from dataclasses import replace

import numpy as np
import pytest
from codec_scenes import random_scene

from motes.codec import dumps, load, loads
from motes.codec.frames import PREAMBLE_SIZE, read_frame
from motes.codec.salvage import salvage
from motes.coding.tags import Tags
from motes.errors import FormatError
from motes.events.instrument import Instrument
from motes.events.room import Room
from motes.kinds.gabor import packet
from motes.kinds.gabor.edit_tags import edits_to_tags
from motes.scene.scene import Scene


@pytest.fixture
def hostile(monkeypatch):
    """A file of several packets, of which the last one's edits put events beyond all time."""
    scene = random_scene(1, 200, rate=8000, n_samples=60_000)
    late = scene.gabor.time_s > 6
    scene = scene.select(late).gain(3.0)

    def beyond(events):
        tags = edits_to_tags(events)
        rows = tags.rows.copy()
        rows[rows.any(axis=1), 2:4] = 9 * 10**8, 0  # the factor by which time is stretched
        return Tags(rows, tags.index)

    with monkeypatch.context() as writer:
        writer.setattr(packet, "edits_to_tags", beyond)
        return dumps(scene), scene


def test_edits_beyond_all_time_are_named_by_their_packet_and_cost_it_alone(hostile, tmp_path):
    data, scene = hostile
    (tmp_path / "a.mote").write_bytes(data)
    for read in (lambda: loads(data), lambda: load(tmp_path / "a.mote", 0.0, 1e6)):
        with pytest.raises(FormatError, match=r"packet \d+ \(gabor, at byte \d+\): .*time_s"):
            read()
    found = salvage(data)
    assert 0 < found.scene.n_events < scene.n_events
    assert np.isin(found.scene.gabor.time_s, scene.quantise().gabor.time_s).all()
    assert any("time_s" in line for line in found.skipped)
    assert any("gabor events from" in line and "are lost" in line for line in found.skipped)
    assert load(tmp_path / "a.mote", 0.0, 0.5).n_events > 0  # the packet at fault is not read


def split(data):
    at, found = PREAMBLE_SIZE, []
    while at < len(data):
        found.append(data[at : at + read_frame(data, at, 0).size])
        at += len(found[-1])
    return found


def two_of_each():
    """A scene of two instruments and two rooms."""
    one = Instrument(8000, np.array([440.0]), np.array([0.5]), np.array([[1.0 + 0j]]), np.ones((1, 1), complex))
    rooms = Room.synthetic(0.5), Room.synthetic(1.0)
    return Scene(8000, 100, 1, instruments=(one, replace(one, t60_s=np.array([0.25]))), rooms=rooms)


@pytest.mark.parametrize(("first", "words"), [(1, "instrument 1 stands where 0 should"), (3, "room 2 stands where 1")])
def test_instruments_and_rooms_stand_in_order(first, words, tmp_path):
    data = dumps(two_of_each())
    packets = split(data)
    packets[first : first + 2] = packets[first + 1], packets[first]
    swapped = data[:PREAMBLE_SIZE] + b"".join(packets)
    (tmp_path / "a.mote").write_bytes(swapped)
    for read in (lambda: loads(swapped), lambda: load(tmp_path / "a.mote", 0.0, 1.0)):
        with pytest.raises(FormatError, match=words):
            read()
    found = salvage(swapped)
    assert [room.name for room in found.scene.rooms] == [room.name for room in two_of_each().rooms]
    assert found.skipped
