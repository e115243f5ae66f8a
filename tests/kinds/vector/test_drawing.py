"""Vectors in pictures, in the studio and on pages."""

import numpy as np
import pytest
from kind_examples import example, scene_of
from report_examples import QUICK

from motes import kinds
from motes.events.model import Model
from motes.report.items import items_of, lines, parameters
from motes.report.page import page
from motes.report.pictures.picture import scene_picture
from motes.report.subject import subject_of
from motes.studio.drawing.geometry import geometry_of
from motes.studio.sound.changed import changed


def test_a_bar_stands_from_the_onset_for_the_length_at_the_pitch():
    scene = scene_of(example("vector"))
    assert scene_picture(scene) != scene_picture(scene.select([3]).drop())
    geometry, table = geometry_of(scene), scene.vector
    assert set(geometry.kind.tolist()) == {list(kinds.KINDS).index(kinds.named("vector"))}
    forward = table.backward == 0
    assert np.allclose(geometry.start_s[forward], table.time_s[forward])
    assert np.allclose(geometry.end_s - geometry.start_s, 2.0**table.log2_length_s)
    assert np.allclose(geometry.end_s[~forward], table.time_s[~forward])
    assert np.allclose(geometry.low_hz, 440 * 2 ** ((table.pitch_semitones - 69) / 12))
    assert np.allclose(geometry.level_db, table.loudness_db + table.gain_db[:, 0])


def test_a_page_shows_and_plays_it():
    scene = scene_of(example("vector"))
    items = items_of(scene)
    assert items.sorts == ["vector"] * 7
    assert len(lines(items, np.arange(7))) == 7
    assert [name for name, *_ in parameters(items, np.arange(7))["vector"]["params"]][1] == "pitch_semitones"
    assert "vector" in page([subject_of(scene, "x")], QUICK).decode()


@pytest.mark.filterwarnings("ignore:this release of motes lacks")
def test_a_page_says_what_cannot_be_heard():
    scene = scene_of(example("vector"), example("gabor")).replace(models=(Model("lost", "0" * 64),))
    assert "lacks the model lost" in page([subject_of(scene, "x")], QUICK).decode()


def test_the_studio_renders_anew_what_an_edit_changes():
    scene = scene_of(example("vector"))
    found = changed(scene, scene.select([4]).gain(-3))
    assert found is not None
    assert found.start_s <= max(0.0, scene.vector.start_s[4])
    assert found.end_s >= scene.vector.time_s[4]
