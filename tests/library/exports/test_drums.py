"""Keys of drums: the brightness of what sets in, whatever sounds on beside it."""

import numpy as np
import pytest
from note_scenes import Sounding, scene_of

from motes.library.exports.drums import CRASH, HI_HAT, SNARE, brightness_hz, drum_keys

TUNE = Sounding(0.0, 1.5, 60)


@pytest.mark.parametrize(("click_hz", "key"), [(90.0, 36), (2500.0, SNARE), (9000.0, HI_HAT)])
@pytest.mark.parametrize("beside", [[], [TUNE]])
def test_bright_hits_are_bright(click_hz, key, beside):
    hits = [Sounding(t, t + 0.1, None, 2, click_hz=click_hz) for t in (0.5, 1.0)]
    scene = scene_of([*beside, *hits], rate=44100)
    assert drum_keys(scene, scene.notes) == {1 + len(beside): key}


def test_what_rings_is_a_cymbal():
    scene = scene_of([Sounding(0.5, 1.5, None, 1, click_hz=9000.0)], rate=44100)
    assert drum_keys(scene, scene.notes) == {1: CRASH}


def test_where_nothing_sets_in_it_is_a_snare():
    scene = scene_of([TUNE], rate=8000)
    assert brightness_hz(scene, 99.0) is None
    assert brightness_hz(scene.select("frequency_hz < 0").only(), 0.5) is None
    assert drum_keys(scene, scene.notes) == {}
    assert np.isfinite(brightness_hz(scene, 0.0))
