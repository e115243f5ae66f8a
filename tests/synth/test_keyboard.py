"""MIDI messages play an instrument: velocity, bends, the pedal, channels of MPE."""

from dataclasses import replace

import mido
import numpy as np
import pytest
from instrument_scenes import instrument_scene

from motes.errors import ParameterError
from motes.synth.keyboard import Keyboard
from motes.synth.keys import PIANO, keys_or_controls
from motes.synth.player import Player

RATE = 16000


def keyboard(**options):
    scene = instrument_scene(24)
    return Keyboard(Player(scene.instruments[0]), scene.strike, **options)


def on(note=60, velocity=100, channel=0):
    return mido.Message("note_on", note=note, velocity=velocity, channel=channel)


def off(note=60, channel=0):
    return mido.Message("note_off", note=note, channel=channel)


def control(number, value, channel=0):
    return mido.Message("control_change", control=number, value=value, channel=channel)


def level(samples):
    return float(np.sqrt(np.mean(np.square(samples))))


def test_velocity_is_strength_and_keys_are_pitches():
    soft, strong = keyboard(), keyboard()
    soft.message(on(velocity=50))
    strong.message(on(velocity=100))
    assert np.allclose(soft.player.samples(4000), 0.5**1.5 * strong.player.samples(4000))
    key = strong.keys[60 - PIANO.start]
    twin = Player(strong.player.instrument)
    twin.strike(key.control, key.amplitude, frequency_ratio=key.frequency_ratio)
    again = keyboard()
    again.message(on())
    assert np.allclose(again.player.samples(2000), twin.samples(2000))


def test_released_keys_are_damped_but_not_under_the_pedal():
    levels = []
    for messages in (
        [on()],
        [on(), off()],
        [control(64, 127), on(), off()],
        [control(64, 127), on(), off(), control(64, 0)],
    ):
        one = keyboard()
        for message in messages:
            one.message(message)
        one.player.samples(4000)
        levels.append(level(one.player.samples(4000)))
    held, released, pedal, lifted = levels
    assert pedal == pytest.approx(held)
    assert released == pytest.approx(lifted)
    assert released < 0.5 * held


def test_bends_belong_to_channels():
    def peak_hz(samples):
        return (
            float(np.argmax(np.abs(np.fft.rfft(samples[0] * np.hanning(samples.shape[1]), 1 << 17)))) * RATE / (1 << 17)
        )

    plain, bent, expressive = keyboard(), keyboard(), keyboard()
    for one in (plain, bent):
        one.message(on(69))
    bent.message(mido.Message("pitchwheel", pitch=8191))
    bent.message(mido.Message("pitchwheel", pitch=-8192, channel=5))
    for message in (control(101, 0), control(100, 6), control(6, 15), on(69, channel=1)):
        expressive.message(message)
    expressive.message(mido.Message("pitchwheel", pitch=2048, channel=1))  # a quarter of four octaves
    found = [peak_hz(one.player.samples(8000)) for one in (plain, bent, expressive)]
    assert found[1] / found[0] == pytest.approx(2 ** (2 / 12), rel=0.01)
    assert found[2] / found[0] == pytest.approx(2, rel=0.01)


def test_what_is_not_for_it_is_passed_over():
    one = keyboard()
    for message in (mido.Message("clock"), on(5), off(60), mido.Message("program_change", program=3)):
        one.message(message)
    assert not one.player.samples(100).any()
    one.message(on())
    one.message(control(123, 0))
    assert not one.player.samples(100).any()
    with pytest.raises(ParameterError, match="release"):
        keyboard(release=0.0)


def test_an_instrument_without_a_pitch_has_its_controls_on_the_keys():
    scene = instrument_scene(6, sample_rate_hz=48000)
    shrill = replace(scene.instruments[0], frequency_hz=9000.0 + 1000 * np.arange(6))  # above all pitches
    keys = keys_or_controls(shrill, scene.strike)
    assert len(keys) == len(PIANO)
    assert {key.control for key in keys} == {0, 1, 2, 3}
