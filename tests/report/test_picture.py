"""Pictures: that they are drawn for any scene, show what is there, and stay within bounds."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from base64 import b64decode
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from matplotlib.figure import Figure

from motes import kinds
from motes.errors import AudioError, ParameterError
from motes.events.event_table import EventTable, Param
from motes.kinds.drawing import View
from motes.kinds.gabor.table import Gabor
from motes.kinds.kind import Kind
from motes.kinds.strike.table import Strike
from motes.report.pictures import picture, picture_kinds
from motes.report.pictures.picture import scene_html, scene_picture
from motes.scene.scene import Scene
from motes.units import erb_rate


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
    ids=[
        "plain",
        "no events",
        "no samples",
        "one sample",
        "silent events",
        "six channels",
        "192 kHz",
        "one window",
        "ten windows",
    ],
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
        "import sys; from motes.scene.scene import Scene; from motes.kinds.gabor.table import Gabor; from "
        "motes.report.pictures.picture import scene_picture;"
        "scene_picture(Scene(8000, 800, 1, Gabor.empty(1))); assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


# --- kinds ---


def near(image: np.ndarray, colour: str) -> np.ndarray:
    """Which pixels have this hue, however faint on white."""
    ink = 1.0 - image.astype(float)
    wanted = 1.0 - np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    size = np.linalg.norm(ink, axis=-1)
    return (size > 0.15) & (ink @ wanted > 0.995 * size * np.linalg.norm(wanted))


@pytest.mark.parametrize("kind", ["texture", "strike"])
def test_every_kind_is_drawn(kind):
    """With its colour where it sounds, none of it where it does not: the example is silent from 1.3 s on."""
    import kind_examples as examples

    image = pixels(scene_picture(examples.scene_of(examples.example(kind))))[60:]
    look = kinds.named(kind).look
    found = near(image, look.picture or look.light)
    assert found.sum() > 200
    columns = np.flatnonzero(found.sum(axis=0) > 8)
    assert columns.max() < 0.92 * image.shape[1]


def test_strikes_lie_on_a_lane_for_each_control():
    """Three controls: ticks at three heights, in order of the controls."""
    table = Strike(np.array([0.2, 0.5, 0.8]), np.array([0, 5, 9]), np.ones(3), np.full(3, 0.1))
    axes = Figure().add_subplot()
    drawn = picture_kinds.drawn_of(SimpleNamespace(tables=[table]), View(0.0, 1.0, 8000.0, 16000))
    assert [legend for one in drawn for legend in one.legend()] == [("strike", "#8a3ea0")]
    picture_kinds.draw(axes, axes, drawn)
    ticks = np.array(axes.collections[-1].get_segments())
    assert ticks[:, 0, 0].tolist() == [0.2, 0.5, 0.8]
    assert ticks.mean(axis=1)[:, 1].tolist() == pytest.approx([0, 1, 2])


@dataclass(frozen=True, eq=False)
class Tones(EventTable):
    """A kind that pictures do not know: tones that die away."""

    time_s: np.ndarray
    f0_hz: np.ndarray
    t60_s: np.ndarray
    gain_db: np.ndarray
    group_id: np.ndarray = None

    KIND = "tones"
    PARAMS = (
        Param("time_s", "s", -1e6, 1e6, ""),
        Param("f0_hz", "Hz", 0, 1e5, ""),
        Param("t60_s", "s", 0, 1e3, ""),
        Param("gain_db", "dB", -200, 100, ""),
        Param("group_id", "", 0, 2**40, "", default=0, whole=True),
    )
    start_s = property(lambda self: self.time_s)
    end_s = property(lambda self: self.time_s + self.t60_s)


def test_a_kind_that_says_nothing_of_it_is_drawn_by_its_columns(monkeypatch):
    monkeypatch.setattr(kinds, "KINDS", (*kinds.KINDS, Kind(Tones, b"Z")))
    table = Tones(np.array([0.1, 0.5]), np.array([440.0, 1000.0]), np.array([0.3, 0.2]), np.array([0.0, -10.0]))
    axes = Figure().add_subplot()
    (drawn,) = picture_kinds.drawn_of(SimpleNamespace(tables=[table]), View(0.0, 1.0, 8000.0, 16000))
    assert [name for name, _ in drawn.legend()] == ["tones"]
    picture_kinds.draw(axes, None, [drawn])
    pieces, opacity = np.array(axes.collections[0].get_segments()), axes.collections[0].get_colors()[:, 3]
    first = pieces[:, 0, 1] == erb_rate(440.0)
    assert pieces[first][:, :, 0].min() == pytest.approx(0.1)
    assert pieces[first][:, :, 0].max() == pytest.approx(0.4)
    assert np.all(np.diff(opacity[first]) < 0)
    assert opacity[first].max() > opacity[~first].max()
