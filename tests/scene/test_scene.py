"""A scene is frozen, ordered and checked."""

import copy
import pickle

import msgspec
import numpy as np
import pytest

import motes
from motes.errors import ParameterError
from motes.events.event_table import canonical_order
from motes.events.room import Room
from motes.kinds.gabor.table import Gabor
from motes.scene.scene import Scene


def gabor(**changes):
    columns = {
        "time_s": [0.2, 0.1, 0.1],
        "window_s": [0.05] * 3,
        "frequency_hz": [440.0, 880.0, 220.0],
        "amplitude": [[0.1]] * 3,
        "phase_rad": [[0.0]] * 3,
    }
    return Gabor(**{**columns, **changes})


def test_events_come_in_canonical_order():
    scene = Scene(8000, 8000, 1, gabor())
    assert scene.gabor.frequency_hz.tolist() == [220.0, 880.0, 440.0]


@pytest.mark.parametrize("n_events", [0, 1, 2, 5, 300])
@pytest.mark.parametrize("n_values", [1, 2, 4, 50])
def test_the_canonical_order_is_by_time_frequency_and_window(n_events, n_values):
    time, frequency, window = (
        np.random.default_rng(n_events * n_values).integers(0, n_values, (3, n_events)).astype(float)
    )
    true = np.lexsort((window, frequency, time))
    order = canonical_order(time, frequency, window)
    np.testing.assert_array_equal(np.arange(n_events) if order is None else order, true)
    assert canonical_order(time[true], frequency[true], window[true]) is None


def test_nothing_can_be_written_to():
    scene = Scene(8000, 8000, 1, gabor())
    with pytest.raises(ValueError, match="read-only"):
        scene.gabor.time_s[0] = 1.0
    with pytest.raises(AttributeError):
        scene.n_samples = 5


def test_columns_are_copies():
    times = np.array([0.1, 0.2, 0.3])
    events = gabor(time_s=times)
    times[0] = 9.0
    assert events.time_s[0] == 0.1


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"time_s": [0.1, np.nan, 0.2]}, "time_s.*nan.*event 1"),
        ({"frequency_hz": [0.1, -3.0, 0.2]}, "frequency_hz.*-3"),
        ({"window_s": [0.1, 0.0, 0.2]}, "window_s"),
        ({"amplitude": [[0.1], [-0.1], [0.1]]}, "amplitude"),
        ({"amplitude": [0.1, 0.1, 0.1]}, "dimensions"),
        ({"time_s": [0.1]}, "3 events"),
        ({"phase_rad": [[np.inf], [0], [0]]}, "phase_rad"),
    ],
)
def test_values_out_of_range_are_named(changes, says):
    with pytest.raises(ParameterError, match=says):
        gabor(**changes)


@pytest.mark.parametrize(
    ("field", "value"),
    [("sample_rate_hz", 0), ("sample_rate_hz", 44100.5), ("n_samples", -1), ("n_channels", 0), ("n_channels", 65)],
)
def test_scenes_that_make_no_sense(field, value):
    parts = {"sample_rate_hz": 8000, "n_samples": 100, "n_channels": 1, field: value}
    with pytest.raises(ParameterError, match=field if field != "n_channels" or value in (0, 65) else "channels"):
        Scene(gabor=gabor(), **parts)


def test_channels_of_events_and_scene_agree():
    with pytest.raises(ParameterError, match="1 channels, the scene 2"):
        Scene(8000, 100, 2, gabor())


def test_says_what_it_is():
    assert repr(Scene(8000, 8000, 1, gabor())) == "<motes.Scene 1.00 s, 8000 Hz, mono: 3 gabor>"


def test_scenes_are_equal_by_their_content(tmp_path):
    scene = motes.encode(0.3 * np.sin(np.arange(8000) * 0.3), sample_rate_hz=8000, kbps=16)
    copies = (copy.deepcopy(scene), pickle.loads(pickle.dumps(scene)), motes.load(scene.save(tmp_path / "a.mote")))
    for other in copies:
        assert other == scene
        assert hash(other) == hash(scene)
        assert not any(table.column(param.name).flags.writeable for table in other.tables for param in table.PARAMS)
    metadata = msgspec.structs.replace(scene.metadata, encoder="another")
    for other in (
        scene.gain(1),
        scene[0.1:0.5],
        scene.replace(n_samples=7999),
        scene.replace(metadata=metadata),
        3,
        None,
    ):
        assert other != scene
    assert len({scene, *copies}) == 1


@pytest.mark.parametrize("rate", [1, 2, 100])
@pytest.mark.parametrize("n_samples", [100, 4000])
def test_a_room_is_heard_at_any_sample_rate(rate, n_samples, tmp_path):
    """A response that is shorter than a sample came to nothing, and to NaN."""
    response = np.exp(-np.arange(n_samples) / 80) * np.random.default_rng(0).standard_normal(n_samples)
    room = Room.of(response[None], 8000, "x", "0" * 64)
    where = np.array([1]), np.array([0.3])
    gabor = Gabor(np.array([3.0]), np.array([4.0]), np.array([0.2 * rate]), np.array([[0.5]]), np.array([[0.0]]))
    gabor = gabor.replace(room_id=where[0], wetness=where[1])
    with pytest.warns(motes.MotesWarning, match="licence"):
        scene = motes.Scene(rate, 10 * rate, 1, gabor, rooms=[room]).embed_rooms()
    scene.save(tmp_path / "a.mote")
    sound = motes.load(tmp_path / "a.mote").render()
    assert np.isfinite(sound).all()
    assert np.abs(sound).max() > 0.1
