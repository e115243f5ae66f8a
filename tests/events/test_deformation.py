"""Deformations of an instrument: each does to modes what it says."""

import numpy as np
import pytest

from motes.errors import ParameterError
from motes.events.deformation import Deformation
from motes.events.instrument import Instrument

RATE = 16000


def harmonic(n_channels=1):
    """Ten harmonics of 200 Hz, and a control that has no modes."""
    hz = 200.0 * np.arange(1, 11)
    weights = np.stack([np.exp(1j * np.arange(10)) / np.arange(1, 11), np.zeros(10)])
    return Instrument(RATE, hz, np.full(10, 0.5), weights, np.ones((n_channels, 10)))


def test_damping_brightness_and_inharmonicity():
    model = harmonic()
    changed = Deformation(damping=2.0, brightness=6.0, inharmonicity=0.1).of(model)
    assert np.allclose(changed.t60_s, 0.25)
    octaves = np.log2(model.frequency_hz / 1000)
    assert np.allclose(20 * np.log10(np.abs(changed.weights[0] / model.weights[0])), 6 * octaves)
    assert np.allclose(changed.frequency_hz / 1000, (model.frequency_hz / 1000) ** 1.1)
    assert changed.frequency_hz[4] == pytest.approx(1000)


def test_struck_in_the_middle_even_harmonics_are_silent():
    struck = Deformation(position=0.5).of(harmonic()).weights[0] / harmonic().weights[0]
    assert np.allclose(struck.real, [1, 0, -1, 0, 1, 0, -1, 0, 1, 0], atol=1e-12)
    assert np.allclose(Deformation(position=0.0).of(harmonic()).weights, harmonic().weights)
    assert harmonic().root_hz().tolist() == [200.0, 0.0]


def test_spread_keeps_the_energy_of_each_mode():
    spread = Deformation(spread=1.0).of(harmonic(2)).mixing
    assert np.allclose(np.sum(np.abs(spread) ** 2, axis=0), 2)
    assert np.ptp(np.abs(spread[0])) > 0.5
    with pytest.raises(ParameterError, match="two channels"):
        Deformation(spread=0.5).of(harmonic())
    assert harmonic().in_stereo().n_channels == 2


def test_one_on_top_of_another():
    both = Deformation(2.0, 3.0, 5.0, send=0.8).on(Deformation(3.0, -1.0, 7.0, send=0.7))
    assert both == Deformation(6.0, 2.0, 12.0, send=1.0)
    assert both.ratio == 2.0


@pytest.mark.parametrize(("name", "value"), [("damping", 0.0), ("position", 1.5), ("send", -0.1), ("spread", np.nan)])
def test_what_makes_no_sense_is_one_line(name, value):
    with pytest.raises(ParameterError, match=name):
        Deformation(**{name: value})
