"""Vectors replaced by the splats that they sound as."""

import numpy as np
import pytest
from kind_examples import example, scene_of

from motes.events.model import Model
from motes.events.room import Room
from motes.kinds.vector.decoding import decoded


@pytest.mark.parametrize("n_channels", [1, 2])
def test_a_baked_scene_sounds_the_same_to_the_bit(n_channels):
    scene = scene_of(example("vector", n_channels), n_channels=n_channels)
    baked = scene.bake()
    assert not len(baked.vector)
    assert len(baked.splat) == len(decoded(scene.vector, scene.models)[0])
    assert baked.models == ()
    assert np.array_equal(baked.render(), scene.render())


def test_beside_splats_and_in_rooms_too():
    scene = scene_of(example("vector"), example("splat")).select("time_s > 0.4").room(Room.synthetic(0.3), 0.4)
    baked = scene.bake()
    assert len(baked.splat) == len(scene.splat) + len(decoded(scene.vector, scene.models)[0])
    error = baked.render().astype(np.float64) - scene.render()
    assert np.sum(error**2) < 1e-12 * np.sum(scene.render().astype(np.float64) ** 2)


def test_what_cannot_be_decoded_stays():
    scene, lost = scene_of(example("vector")), Model("lost", "0" * 64)
    both = scene.replace(models=(*scene.models, lost), vector=scene.vector.replace(model=np.arange(7) % 2))
    baked = both.bake()
    assert len(baked.splat) == len(decoded(both.vector, both.models)[0])
    assert len(baked.vector) == 3
    assert baked.models == (lost,)
    assert scene_of(example("splat")).bake() == scene_of(example("splat"))
