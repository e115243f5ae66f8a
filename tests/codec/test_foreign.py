"""Files of other writers, within the specification, keep their sound when they are read and saved anew; what copies
scenes keeps their tables read-only.
"""

import copy
import pickle
from dataclasses import replace

import numpy as np
import pytest
from codec_scenes import random_scene

from motes.codec import dumps, loads
from motes.events.room import Room
from motes.kinds.gabor import quantiser
from motes.kinds.gabor.quantiser import GaborQuantiser
from motes.kinds.gabor.table import Gabor
from motes.scene.scene import Scene


def lopsided(ratio):
    """An event whose second channel is weaker by this ratio."""
    amplitude = np.array([[0.5, 0.5 * ratio]])
    event = Gabor(np.array([0.5]), np.array([2048 / 44100]), np.array([441.0]), amplitude, np.zeros((1, 2)))
    return Scene(44100, 44100, 2, event, GaborQuantiser(2, 8, -100))


def test_channels_that_a_file_holds_are_kept_however_weak(monkeypatch):
    with monkeypatch.context() as writer:
        writer.setattr(quantiser, "CHANNEL_RANGE", 0.0)  # one that keeps what motes leaves out
        foreign = dumps(lopsided(1e-4))
    scene = loads(foreign)
    assert 0 < scene.gabor.amplitude[0, 1] < 1e-3 * scene.gabor.amplitude[0, 0]
    again = loads(dumps(scene))
    assert again.gabor.equals(scene.gabor)
    assert dumps(scene) == foreign
    assert dumps(scene.quantise()) == foreign
    np.testing.assert_array_equal(again.render(), scene.render())
    louder = loads(dumps(scene.gain(6.0)))
    assert louder.gabor.amplitude[0, 1] > 0


def test_of_a_scene_that_was_not_rounded_weak_channels_are_left_out():
    assert loads(dumps(lopsided(1e-4))).gabor.amplitude[0, 1] == 0
    assert loads(dumps(lopsided(2e-3))).gabor.amplitude[0, 1] > 0


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one)), replace])
def test_copies_of_a_read_scene_are_read_only(copied):
    scene = copied(loads(dumps(random_scene(1, 20, 2))))
    columns = [getattr(table, name) for table in scene.tables if len(table) for name in vars(table)]
    arrays = [column for column in columns if isinstance(column, np.ndarray)]
    assert arrays
    assert not any(array.flags.writeable for array in [*arrays, scene.groups.id])
    with pytest.raises(ValueError, match="read-only"):
        scene.gabor.amplitude[0] = 1


@pytest.mark.parametrize("rate", [1, 10, 768_000])
def test_a_room_sounds_at_every_sample_rate(rate):
    decay = np.random.default_rng(0).standard_normal(2000) * np.exp(-np.arange(2000) / 400)
    hall = Room.of(decay, 44100, "hall").embedded(44100)
    event = Gabor(np.array([1.0]), np.array([2.0]), np.array([0.2]), np.array([[0.5]]), np.zeros((1, 1)))
    scene = Scene(rate, 2 * rate, 1, event, rooms=(hall,)).select().room(hall, 0.5)
    sound = loads(dumps(scene)).render()
    assert sound.shape == (scene.n_samples,)
    assert np.isfinite(sound).all()
    assert sound.any()
