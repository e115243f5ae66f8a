"""The picture of one splat."""

import numpy as np
import pytest

from motes.errors import ParameterError
from motes.kinds.splat.table import Splat
from motes.report.pictures.splat_picture import splat_picture, title
from motes.scene.scene import Scene


def scene() -> Scene:
    one = np.ones(2)
    events = Splat(
        0.2 * one,
        0.01 * one,
        220 * one,
        300 * one,
        one,
        0.5 * one,
        np.full((2, 1), -12.0),
        shape=[0, 2.0],
        noise=[0, 0.5],
        backward=[0, 1],
    )
    return Scene(16000, 16000, 1).with_tables([events])


@pytest.mark.parametrize("event", [0, 1])
def test_a_splat_is_drawn_the_same_each_time(event, tmp_path):
    data = splat_picture(scene(), event, tmp_path / "a.png")
    assert data.startswith(b"\x89PNG")
    assert (tmp_path / "a.png").read_bytes() == data == splat_picture(scene(), event)


def test_the_title_tells_its_numbers():
    assert "220 Hz" in title(scene().splat, 0)
    assert "gamma of shape 2" in title(scene().splat, 1)


def test_what_is_not_there_is_refused():
    with pytest.raises(ParameterError, match="there is no splat 2"):
        splat_picture(scene(), 2)


def test_a_picture_of_the_scene_draws_partials_where_they_are_until_they_have_decayed():
    """Pieces of lines lie at the frequencies of the partials that are heard, fade with their decays, and end where
    those have fallen by 50 dB.
    """
    from motes.kinds.drawing import View
    from motes.kinds.splat.drawing import DRAWING
    from motes.units import erb_rate

    events = Splat(
        [0.2],
        [0.002],
        [300],
        [300],
        [2.0],
        [0.6],
        np.array([[-20.0]]),
        rolloff_db=[12],
        inharmonicity=[1e-2],
        damping_slope=[1.0],
    )
    drawn = DRAWING.primitives(events, View(0.0, 2.0, 8000.0, 16000))[0]
    segments, opacity = drawn.ends, drawn.opacity
    first = events.partials(0)[0]
    heights = np.unique(np.round(segments[:, :, 1], 6))
    assert len(heights) > 4
    assert np.abs(heights[:, None] - erb_rate(first)).min(axis=1).max() < 1e-5
    lowest = segments[:, 0, 1] < erb_rate(310)
    assert np.all(np.diff(opacity[lowest])[4:] < 0)
    assert 0.2 + 0.45 < segments[lowest][:, :, 0].max() < 0.2 + 0.55  # 50 of the 60 dB of t60
    highest = segments[:, 0, 1] > erb_rate(1200)
    assert segments[highest][:, :, 0].max() < segments[lowest][:, :, 0].max()


def test_what_a_splat_weighs_is_what_is_heard_of_it():
    """The gain is that of the burst's middle: where no partial is near it, the event is faint however high its gain."""
    from motes.kinds.splat.drawing import DRAWING

    events = Splat(
        *(2 * [value] for value in (0.2, 0.01, 300)),
        [300, 30000],
        [0.5, 0.5],
        [0.5, 0.5],
        np.array([[-30.0], [20.0]]),
        n_partials=[4, 4],
    )
    near, far = DRAWING.strength(events)
    assert near > 10 * far
