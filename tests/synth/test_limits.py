"""A few hostile bytes cannot make rendering take all memory: limits, named in one line, with how to change them."""

import numpy as np
import pytest
from codec_scenes import random_scene

import motes
from motes.codec import dumps, loads
from motes.errors import FormatError, ParameterError
from motes.events.deformation import Deformation
from motes.events.instrument import Instrument
from motes.events.room import Room
from motes.kinds.gabor.table import Gabor
from motes.kinds.strike.table import Strike
from motes.scene.scene import Scene
from motes.synth.render import render_blocks


def test_a_file_of_endless_length_is_refused_in_one_line(tmp_path, monkeypatch):
    scene = loads(dumps(random_scene(0, 5).replace(n_samples=2**48)))
    wanted = r"281474976710656 samples .*MOTES_MAX_RENDER_SAMPLES=281474976710656 in the environment"
    with pytest.raises(ParameterError, match=wanted):
        scene.render()
    with pytest.raises(ParameterError, match=wanted):
        next(render_blocks(scene))
    scene.save(tmp_path / "a.mote")
    with pytest.raises(ParameterError, match=wanted):
        motes.decode(tmp_path / "a.mote", tmp_path / "a.wav")
    assert not (tmp_path / "a.wav").exists()
    assert scene.render(0, 0.5).shape == (22050,)
    monkeypatch.setenv("MOTES_MAX_RENDER_SAMPLES", str(2**60))
    with pytest.raises(ParameterError, match=r"GB, more memory than there is: render a part"):
        scene.render()


def test_rooms_of_many_channels_are_refused_before_they_are_made(monkeypatch):
    event = Gabor(np.array([0.1]), np.array([0.05]), np.array([440.0]), np.full((1, 64), 0.5), np.zeros((1, 64)))
    scene = Scene(44100, 7000, 64, event).select().room(Room.synthetic(15.0), 0.5)
    with pytest.raises(ParameterError, match=r"70560000 samples .*MOTES_MAX_ROOM_SAMPLES=70560000"):
        scene.render()
    small = Scene(8000, 4000, 1, event.replace(amplitude=np.ones((1, 1)), phase_rad=np.zeros((1, 1))))
    small = small.select().room(Room.synthetic(5.0), 0.5)
    small.render()
    monkeypatch.setenv("MOTES_MAX_ROOM_SAMPLES", "1000")
    with pytest.raises(ParameterError, match="MOTES_MAX_ROOM_SAMPLES"):
        small.render()


def plucked(n_modes, n_controls, n_strikes):
    """A scene of strikes of different controls, each on all modes."""
    rng = np.random.default_rng(0)
    instrument = Instrument(
        8000,
        np.linspace(100, 3000, n_modes),
        np.full(n_modes, 0.5),
        rng.normal(size=(n_controls, n_modes)) + 0j,
        np.ones((1, n_modes), complex),
    )
    n = np.arange(n_strikes)
    strikes = Strike(n / 8000, n % n_controls, np.ones(n_strikes), np.full(n_strikes, 0.1), low_hz=n % 7.0)
    return Scene(8000, 2000, 1, strike=strikes, instruments=(instrument,))


def test_strikes_on_very_many_modes_are_refused(monkeypatch):
    scene = plucked(512, 4, 3000)
    scene.render()
    many = plucked(2048, 2, 3000).replace()
    strikes = many.strike.replace(low_hz=np.arange(3000) / 100)
    monkeypatch.setenv("MOTES_MAX_STRIKE_MODES", "1000000")
    with pytest.raises(ParameterError, match="MOTES_MAX_STRIKE_MODES"):
        many.replace(strike=strikes).render()


def test_instruments_that_are_mostly_zeros_are_refused_by_their_packet(monkeypatch):
    weights = np.zeros((512, 4096), complex)
    weights[0, 0] = 1
    instrument = Instrument(
        8000, np.linspace(100, 3000, 4096), np.full(4096, 0.5), weights, np.ones((1, 4096), complex)
    )
    data = dumps(Scene(8000, 10, 1, instruments=(instrument, Deformation(damping=2.0).of(instrument))))
    loads(data)
    monkeypatch.setenv("MOTES_MAX_INSTRUMENT_WEIGHTS", "3000000")
    with pytest.raises(FormatError, match=r"packet 2 \(instrument.*4194304 weights.*MOTES_MAX_INSTRUMENT_WEIGHTS"):
        loads(data)
