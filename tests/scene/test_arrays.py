"""A scene as arrays and back is the scene, to the bit."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import replace

import numpy as np
import pytest
from kind_examples import EXAMPLES, example, scene_of
from note_examples import shared_scene

import motes
from motes.events.groups import Groups
from motes.events.room import Room
from motes.kinds.gabor.quantiser import GaborQuantiser
from motes.scene.arrays import from_arrays, to_arrays
from motes.scene.metadata import Metadata


def returned(scene):
    arrays, plain = to_arrays(scene)
    return from_arrays(arrays, json.loads(json.dumps(plain)))


@pytest.mark.parametrize("kind", EXAMPLES)
def test_every_kind_comes_back(kind):
    scene = scene_of(example(kind, 2), n_channels=2).select([0, 1]).transpose(1.0)
    found = returned(scene)
    assert all(a.equals(b) for a, b in zip(found.tables, scene.tables, strict=True))
    assert [one.equals(other) for one, other in zip(found.instruments, scene.instruments, strict=True)] == [True] * len(
        scene.instruments
    )
    assert np.array_equal(found.render(), scene.render())


def test_what_is_beside_the_events_comes_back():
    noise = np.random.default_rng(1).standard_normal((2, 400)).astype(np.float32)
    rooms = (
        Room.synthetic(0.4, 7),
        Room.of(noise, 8000, "a hall"),
        replace(Room.of(noise, 8000, "gone"), response=None),
    )
    scene = scene_of(example("gabor", 1)).replace(
        rooms=rooms,
        quantiser=GaborQuantiser(2, 16, -30),
        groups=Groups(np.array([1, 5]), np.array([5, 0]), np.array([1, 3])),
        metadata=Metadata(encoder="pursuit", options={"snr_db": 0.1, "windows": [64]}, stop_reason="stalled"),
    )
    scene = scene.with_tables([scene.gabor.replace(room_id=np.array([2, 3] + [0] * 10), wetness=np.full(12, 0.25))])
    found = returned(scene)
    assert all(a.equals(b) for a, b in zip(found.rooms, rooms, strict=True))
    assert (found.quantiser, found.metadata) == (scene.quantiser, scene.metadata)
    assert found.groups.equals(scene.groups)
    assert found.gabor.equals(scene.gabor)


def test_a_scene_of_nothing_comes_back():
    found = returned(motes.Scene(8000, 0, 3))
    assert (found.sample_rate_hz, found.n_samples, found.n_channels, found.n_events) == (8000, 0, 3, 0)


def test_columns_at_their_defaults_are_left_out():
    arrays, _ = to_arrays(scene_of(example("gabor", 1)))
    assert "gabor.time_s" in arrays
    assert not {"gabor.room_id", "gabor.wetness"} & set(arrays)


def test_what_does_not_fit_is_refused():
    arrays, plain = to_arrays(scene_of(example("gabor", 1)))
    for broken in (
        {**arrays, "gabor.time_s": arrays["gabor.time_s"][:1]},
        {name: values for name, values in arrays.items() if name != "gabor.time_s"},
        {**arrays, "gabor.unknown": arrays["gabor.time_s"]},
    ):
        with pytest.raises((KeyError, TypeError, ValueError)):
            from_arrays(broken, plain)


@pytest.mark.parametrize("edit", [lambda scene: scene, lambda scene: scene.select(group=2).transpose(-2.5)])
def test_notes_and_parts_of_atoms_come_back(edit):
    scene = edit(shared_scene(2, layer=1))
    found = returned(scene)
    assert found.gabor.equals(scene.gabor)
    assert found.groups.equals(scene.groups)
    assert not found.groups.notes.onset_s.flags.writeable
    assert "groups.notes.id" not in to_arrays(scene.replace(groups=Groups.empty()))[0]


def test_copies_and_pickles_of_a_scene_with_notes_are_equal():
    scene = shared_scene(1, layer=1)
    for again in (copy.deepcopy(scene), pickle.loads(pickle.dumps(scene))):
        assert again.groups.equals(scene.groups)
        assert again.gabor.equals(scene.gabor)
        assert not again.groups.notes.id.flags.writeable
