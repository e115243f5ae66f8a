"""What is played becomes strikes of the scene, and sounds as it was played."""

import numpy as np
import pytest
from instrument_scenes import instrument_scene

from motes.errors import ParameterError
from motes.events.deformation import NEUTRAL, Deformation
from motes.library.live.overdub import overdubbed
from motes.scene.scene import Scene
from motes.synth.player import Player


def test_played_strikes_sound_as_they_did():
    scene = instrument_scene(n_channels=2)
    ways = [NEUTRAL, Deformation(damping=3.0, transpose=7.0), Deformation(brightness=4.0, spread=0.5), NEUTRAL]
    times = np.array([0.125, 0.5, 0.75, 1.9])
    controls, amplitudes = np.array([0, 3, 1, 2]), np.array([0.5, 0.7, 0.9, 0.4])
    found = overdubbed(scene, times, controls, amplitudes, ways)
    assert found.mask.sum() == 4
    assert len(found.scene.instruments) == 3
    player = Player(scene.instruments[0])
    for strike in zip(controls.tolist(), amplitudes.tolist(), times.tolist(), ways, strict=True):
        player.strike(*strike[:3], deformation=strike[3])
    n = scene.n_samples
    expected = np.zeros((2, n))
    expected += scene.render()
    expected += player.samples(n)
    assert np.abs(found.scene.render()[:, :n] - expected).max() < 1e-5 * np.abs(expected).max()
    assert found.scene.n_samples > n


def test_what_went_into_a_room_does_so_again():
    found = overdubbed(
        instrument_scene(), np.array([0.1]), np.array([0]), np.ones(1), [Deformation(send=0.4, spread=1)]
    )
    assert found.scene.strike.wetness[found.mask[-len(found.scene.strike) :]].tolist() == [0.4]
    assert len(found.scene.rooms) == 1
    assert found.scene.n_channels == 1


def test_what_cannot_be_kept_is_one_line():
    scene, one = instrument_scene(), np.array([0])
    with pytest.raises(ParameterError, match="no instrument"):
        overdubbed(Scene(8000, 100, 1), np.zeros(1), one, np.ones(1), [NEUTRAL])
    with pytest.raises(ParameterError, match="controls 0 … 3"):
        overdubbed(scene, np.zeros(1), one + 9, np.ones(1), [NEUTRAL])
    many = [Deformation(damping=1 + 0.01 * k) for k in range(100)]
    with pytest.raises(ParameterError, match="100 ways"):
        overdubbed(scene, np.zeros(100), np.zeros(100, np.int64), np.ones(100), many)
