"""The pitch of controls, from their modes."""

import numpy as np
import pytest

from motes.events.instrument import Instrument
from motes.synth.pitch import control_pitch, control_rms

RATE = 16000


def one(hz, gain, t60_s=1.0) -> Instrument:
    """An instrument of one control."""
    hz, gain = np.asarray(hz, float), np.asarray(gain, complex)
    return Instrument(RATE, hz, np.full(len(hz), t60_s), gain[None], np.ones((1, len(hz))))


@pytest.mark.parametrize("hz", [27.5, 110.0, 261.6, 1046.5, 3520.0])
def test_harmonics_have_the_pitch_of_their_fundamental(hz):
    n = max(1, min(10, int(RATE / 2 / hz) - 1))
    pitch = control_pitch(one(hz * np.arange(1, n + 1), 0.3 / np.arange(1, n + 1)), 0)
    assert pitch.hz == pytest.approx(hz, rel=1e-4)
    assert pitch.clarity > 0.98


def test_stiff_strings_are_clear_too():
    h = np.arange(1, 8)
    pitch = control_pitch(one(220 * h * np.sqrt(1 + 0.0004 * h**2), 0.3 / h**2), 0)
    assert abs(1200 * np.log2(pitch.hz / 220)) < 10
    assert pitch.clarity > 0.9


def test_chords_and_noise_are_not_clear():
    chord = control_pitch(one([400, 500, 600, 800, 1000, 1200], np.full(6, 0.1)), 0)
    assert chord.clarity < 0.9
    noise = control_pitch(one(np.random.default_rng(0).uniform(100, 4000, 40), np.full(40, 0.1)), 0)
    assert noise.clarity < 0.9
    assert control_pitch(one([], []), 0) == (0.0, 0.0)


def test_modes_that_cancel_do_not_count():
    """Two modes of nearly one frequency that begin against each other, as fits leave them."""
    pitch = control_pitch(one([150.0, 150.01, 440.0, 880.0], [1.0, -1.0, 0.1, 0.05]), 0)
    assert pitch.hz == pytest.approx(440, rel=1e-3)


@pytest.mark.parametrize("ratio", [0.5, 1.0, 3.0])
def test_loudness_is_that_of_the_sound(ratio):
    rng = np.random.default_rng(3)
    model = one(rng.uniform(100, 3500, 25), rng.normal(size=25) + 1j * rng.normal(size=25), 0.4)
    sound = model.impulse_response(0, round(0.3 * RATE), ratio)
    assert control_rms(model, 0, ratio) == pytest.approx(np.sqrt(np.mean(sound**2)), rel=0.05)
