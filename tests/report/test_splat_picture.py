"""The picture of one splat."""

import numpy as np
import pytest

from motes.errors import ParameterError
from motes.report.splat_picture import splat_picture, title
from motes.scene.scene import Scene
from motes.scene.splat import Splat


def scene() -> Scene:
    one = np.ones(2)
    events = Splat(
        0.2 * one, 0.01 * one, 220 * one, 300 * one, one, 0.5 * one, np.full((2, 1), -12.0), shape=[0, 2.0], noise=[0, 0.5], backward=[0, 1]
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
