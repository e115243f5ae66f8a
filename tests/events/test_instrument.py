"""Instruments: stable whatever their values, energy that never grows between strikes, and what makes no sense."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from motes.errors import ParameterError
from motes.events.instrument import Instrument
from motes.kinds.strike.table import Strike
from motes.scene.scene import Scene
from motes.synth.player import Player

RATE = 8000


def instrument(seed=0, n_controls=3, n_modes=6, n_channels=1, n_taps=0):
    rng = np.random.default_rng(seed)
    weights = (rng.normal(size=(n_controls, n_modes)) + 1j * rng.normal(size=(n_controls, n_modes))) * (
        rng.random((n_controls, n_modes)) < 0.7
    )
    mixing = np.ones((1, n_modes)) if n_channels == 1 else np.exp(1j * rng.normal(size=(n_channels, n_modes)))
    direct = 0.1 * rng.normal(size=(n_channels, n_taps))
    return Instrument(
        RATE,
        np.sort(rng.uniform(50, 3900, n_modes)),
        10 ** rng.uniform(-2, 1, n_modes),
        weights,
        mixing,
        direct,
        rng.normal(size=n_controls),
    )


@given(st.integers(0, 2**32), st.floats(1e-5, 1e4), st.floats(0, 1e6))
def test_energy_never_grows_between_strikes(seed, t60_s, frequency_hz):
    model = instrument(seed % 1000)
    model = replace(
        model, t60_s=np.append(model.t60_s[1:], t60_s), frequency_hz=np.append(model.frequency_hz[1:], frequency_hz)
    )
    player = Player(model)
    for control in range(model.n_controls):
        player.strike(control, 1.0)
    player.stream(1)
    energies = []
    for _ in range(6):
        energies.append(sum(float(np.sum(voice.state**2)) for voice in player._voices.values()))
        assert np.isfinite(player.stream(37)).all()
    assert all(later <= earlier * (1 + 1e-12) for earlier, later in pairwise(energies))


def test_the_closed_form_is_the_recurrence():
    model = instrument(2, n_channels=2, n_taps=11)
    player = Player(model)
    player.strike(1, 0.7, at_s=0.0)
    assert np.allclose(player.samples(3000), 0.7 * model.impulse_response(1, 3000), atol=1e-9)


def test_a_control_is_heard_as_long_as_it_says():
    model = instrument(3)
    for control, ring_s in enumerate(model.ring_s(60.0)):
        sound = model.impulse_response(control, int(ring_s * RATE) + 4000)[0]
        assert (
            np.abs(sound[int(ring_s * RATE) + 1 :]).max(initial=0) <= 1e-3 * 1.01 * np.abs(model.weights[control]).sum()
        )


def test_energy_is_what_a_mode_sounds_like():
    model = instrument(4, n_controls=1, n_modes=1)
    model = replace(model, weights=np.ones((1, 1)), t60_s=np.array([0.3]))
    assert model.energy()[0] == pytest.approx(np.sum(model.impulse_response(0, 8000) ** 2), rel=0.02)


def test_another_rate():
    model = instrument(5)
    faster = model.at_rate(2 * RATE)
    assert np.allclose(faster.impulse_response(0, 2000)[:, ::2], model.impulse_response(0, 1000), atol=1e-9)
    assert model.equals(instrument(5))
    assert not model.equals(instrument(6))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"t60_s": np.full(6, -1.0)}, "t60_s must lie in"),
        ({"frequency_hz": np.full(6, np.nan)}, "NaN or infinities"),
        ({"weights": np.zeros((3, 5))}, r"weights must have shape|shape \(6,\)|shape"),
        ({"mixing": np.zeros(6)}, "two dimensions"),
        ({"sample_rate_hz": 0}, "sample rate"),
        ({"pad": np.full((3, 2), 1.5)}, "pad must lie in"),
    ],
)
def test_what_makes_no_sense_is_one_line(change, says):
    with pytest.raises(ParameterError, match=says) as raised:
        replace(instrument(), **change)
    assert "\n" not in str(raised.value)


def strikes(**columns):
    values = {
        "time_s": np.array([0.1, 0.2]),
        "control": np.array([0, 1]),
        "amplitude": np.ones(2),
        "ring_s": np.ones(2),
    } | columns
    return Strike(**values)


def test_scenes_check_what_strikes_play():
    with pytest.raises(ParameterError, match="plays instrument 1, the scene has 1"):
        Scene(RATE, 100, 1, strike=strikes(instrument_id=np.array([0, 1])), instruments=(instrument(),))
    with pytest.raises(ParameterError, match="plays control 7, its instrument has 3"):
        Scene(RATE, 100, 1, strike=strikes(control=np.array([0, 7])), instruments=(instrument(),))
    with pytest.raises(ParameterError, match="instrument 0 has 1 channels at 8000 Hz"):
        Scene(16000, 100, 1, instruments=(instrument(),))


def test_joining_keeps_instruments_apart_and_equal_ones_together():
    one, other = (Scene(RATE, 8000, 1, strike=strikes(), instruments=(instrument(seed),)) for seed in (0, 1))
    assert len(one.join(one).instruments) == 1
    both = one.join(other, at_s=0.0)
    assert len(both.instruments) == 2
    assert np.allclose(both.render(), one.render() + other.render(), atol=1e-6)
    assert (
        len(
            one.join(
                other.replace(sample_rate_hz=16000, instruments=(instrument(1).at_rate(16000),)), resample=True
            ).instruments
        )
        == 2
    )


def test_transposing_keeps_every_envelope():
    """Strikes that carry on a sound keep their phase to it: the second one cancels the first, at any pitch and any
    speed.
    """
    hz, gap = 440.0, 0.25
    plain = Instrument(RATE, np.array([hz]), np.array([2.0]), np.array([[1.0], [-1.0]]), np.ones((1, 1)))
    left = np.exp((-np.log(1000) / 2.0 + 2j * np.pi * hz) * gap)
    model = replace(plain, weights=np.array([[1.0], [-left]]))
    events = Strike(np.array([0.1, 0.1 + gap]), np.array([0, 1]), np.ones(2), np.ones(2), since_s=np.array([0.0, gap]))
    scene = Scene(RATE, 4000, 1, strike=events, instruments=(model,))
    silent = int((0.11 + gap) * RATE)
    assert np.abs(scene.render()[silent:]).max() < 1e-6
    assert np.abs(scene.transpose(3.7).render()[silent:]).max() < 1e-6
    assert np.abs(scene.transpose(3.7).transpose(-9).render()[silent:]).max() < 1e-6
    assert np.abs(scene.transpose(5).render()[:silent]).max() > 0.5
    stretched = scene.stretch(1.5).render()
    end = int((0.151 + 1.5 * gap) * RATE)
    assert (
        np.abs(stretched[end:]).max() < 0.2
    )  # the envelope has fallen further in the longer time, the phases still meet
