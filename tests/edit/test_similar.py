"""What belongs to a selection: similar events, harmonics, what goes on, whole partials."""

import numpy as np
import pytest
from kind_examples import example, scene_of

from motes.errors import ParameterError
from motes.kinds.gabor.table import Gabor
from motes.scene.scene import Scene


def tones(f0_hz=(240.0,), n_harmonics=5, n_times=20, window_s=0.1):
    """Each harmonic as a line of atoms 25 ms apart."""
    time_s, hz = np.meshgrid(0.1 + 0.025 * np.arange(n_times), np.outer(f0_hz, np.arange(1, n_harmonics + 1)).ravel())
    n = time_s.size
    level = np.repeat(0.1 / np.arange(1, n_harmonics * len(f0_hz) + 1), n_times)[:, None]
    scene = Scene(22050, 22050, 1, Gabor(time_s.ravel(), np.full(n, window_s), hz.ravel(), level, np.zeros((n, 1))))
    return scene.quantise()


def test_similar_events_are_near_in_pitch_length_and_level():
    scene = tones((240.0, 320.0))
    one = scene.select("id == 0")
    found = one.similar(semitones=0.5, length_octaves=0.1, level_db=1)
    hz = scene.gabor.frequency_hz
    assert np.array_equal(found.mask, np.abs(12 * np.log2(hz / hz[0])) <= 0.5)
    assert len(one.similar(semitones=None, length_octaves=None, level_db=None)) == scene.n_events
    assert len(one.similar(level_db=7, semitones=None)) > len(found)


def test_other_kinds_are_not_similar():
    scene = scene_of(example("gabor"), example("splat"))
    assert len(scene.select("kind == gabor").similar(None, None, None)) == len(scene.gabor)


def test_harmonics_are_those_of_the_lowest_at_that_time():
    scene = tones((240.0, 280.0))
    line = scene.select("frequency_hz < 250")
    hz = np.unique(np.rint(scene.gabor.frequency_hz[line.harmonics(cents=10).mask]))
    assert np.allclose(hz, np.arange(1, 6) * 240, atol=1)
    assert len(scene.select("frequency_hz < 250 and time_s < 0.2").harmonics()) < len(line.harmonics())


def test_grown_goes_on_along_the_line():
    scene = tones()
    one = scene.select("frequency_hz < 250 and time_s > 0.29 and time_s < 0.31")
    grown = one.grown(by_s=0.06)
    assert len(one) < len(grown) < 7
    assert scene.gabor.frequency_hz[grown.mask].max() < 250
    assert len(grown.grown(by_s=0.06)) > len(grown)


def test_whole_partials_and_notes():
    scene = tones(n_times=20)
    one = scene.select("frequency_hz < 250 and time_s < 0.11")
    whole = one.whole_partials()
    assert len(whole) >= 10
    assert scene.gabor.frequency_hz[whole.mask].max() < 250
    grouped = one.group("note").select("frequency_hz < 250 and time_s < 0.2")
    assert len(grouped.whole_notes()) == len(grouped)


def test_nothing_has_nothing_like_it_and_mistakes_are_told():
    scene = tones()
    none = scene.select("frequency_hz < 0")
    assert not len(none.similar())
    assert not len(none.harmonics())
    with pytest.raises(ParameterError):
        scene.select().grown(by_s=0)
