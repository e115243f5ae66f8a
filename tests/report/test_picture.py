"""Pictures: that they are drawn for any scene, show what is there, and stay within bounds."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from base64 import b64decode

import numpy as np
import pytest
import soundfile

from motes.errors import AudioError, ParameterError
from motes.report import picture
from motes.report.picture import scene_html, scene_picture
from motes.scene.gabor import Gabor
from motes.scene.scene import Scene


def scene(seconds=1.0, rate=8000, n_channels=1, n_events=20, windows=(256, 1024), amplitude=0.1):
    random = np.random.default_rng(0)
    gabor = Gabor(
        random.uniform(0, seconds, n_events),
        random.choice(windows, n_events) / rate,
        random.uniform(50, rate / 2, n_events),
        np.full((n_events, n_channels), amplitude),
        np.zeros((n_events, n_channels)),
    )
    return Scene(rate, round(seconds * rate), n_channels, gabor)


def pixels(png: bytes) -> np.ndarray:
    from matplotlib.image import imread

    return imread(io.BytesIO(png))[..., :3]


def coloured(image: np.ndarray) -> np.ndarray:
    return np.ptp(image, axis=-1) > 0.2


@pytest.mark.parametrize(
    "drawn",
    [
        scene(),
        scene(n_events=0),
        scene(0.0, n_events=0),
        scene(1 / 8000, n_events=1),
        scene(amplitude=0.0),
        scene(n_channels=6),
        scene(rate=192_000),
        scene(windows=(64,)),
        scene(windows=[64 << k for k in range(10)], n_events=200),
    ],
    ids=["plain", "no events", "no samples", "one sample", "silent events", "six channels", "192 kHz", "one window", "ten windows"],
)
def test_any_scene_can_be_drawn(drawn, recwarn):
    image = pixels(scene_picture(drawn))
    assert image.shape[1] == 1440
    assert 500 < image.shape[0] < 800
    assert not [str(w.message) for w in recwarn]


def test_an_event_is_a_bar_where_it_sounds():
    one = Gabor(np.array([0.75]), np.array([0.2]), np.array([1000.0]), np.array([[0.5]]), np.array([[0.0]]))
    bars = coloured(pixels(scene_picture(Scene(8000, 8000, 1, one)))[100:])  # below title and legend
    rows, columns = np.nonzero(bars)
    assert len(rows) > 50
    assert np.ptp(rows) < 12
    assert columns.min() > 0.6 * 1440
    assert columns.max() < 0.9 * 1440


def test_a_long_scene_is_cut_and_says_so(monkeypatch):
    monkeypatch.setattr(picture, "LONGEST_S", 2.0)
    long = scene(5.0)
    assert scene_picture(long) == scene_picture(long, end_s=2.0)
    assert scene_picture(long) != scene_picture(long, start_s=2.0)
    page = scene_html(long)
    assert "the first 2 s are shown" in page
    assert sound_of(page)[0].shape == (16000,)


def test_a_stretch_outside_is_refused():
    for start_s, end_s in ((-1, None), (2, None), (0.5, 0.2)):
        with pytest.raises(ParameterError, match="cannot draw from"):
            scene_picture(scene(), start_s=start_s, end_s=end_s)


def test_it_is_written_whole_or_not_at_all(tmp_path):
    png = scene_picture(scene(), tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes() == png
    with pytest.raises(AudioError, match="exists already"):
        scene_picture(scene(), tmp_path / "a.png", overwrite=False)
    with pytest.raises(AudioError, match="there is no folder"):
        scene_picture(scene(), tmp_path / "no/a.png")
    assert os.listdir(tmp_path) == ["a.png"]


def sound_of(page: str) -> tuple[np.ndarray, int]:
    found = re.search(r"data:audio/wav;base64,([^\"]+)", page)
    assert found
    return soundfile.read(io.BytesIO(b64decode(found[1])))


@pytest.mark.parametrize("n_channels", [1, 2, 6])
def test_html_holds_picture_and_sound(n_channels):
    shown = scene(n_channels=n_channels)
    page = scene_html(shown)
    assert "&lt;motes.Scene 1.00 s" in page
    png = re.search(r"data:image/png;base64,([^\"]+)", page)
    assert png
    assert b64decode(png[1]).startswith(b"\x89PNG")
    audio, rate = sound_of(page)
    assert rate == 8000
    heard = shown.render().reshape(n_channels, -1)[:2].T.squeeze()
    np.testing.assert_allclose(audio, np.clip(heard, -1, 1), atol=2**-15)


def test_html_of_nothing():
    assert "<audio" not in scene_html(scene(0.0, n_events=0))


def test_pyplot_is_left_alone():
    code = (
        "import sys; from motes.scene.scene import Scene; from motes.scene.gabor import Gabor; from motes.report.picture import scene_picture;"
        "scene_picture(Scene(8000, 800, 1, Gabor.empty(1))); assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
