"""Closed-loop quantisation: less error for the same events, values a file can hold, memory that does not show in the
result.
"""

import numpy as np
import pytest

import motes
from motes.audio import ArraySource
from motes.codec import quantise
from motes.encoders.pursuit import closed_loop_quantisation as module
from motes.encoders.pursuit.closed_loop_quantisation import quantise_in_closed_loop
from motes.encoders.texture.analysis import add_texture
from motes.kinds.gabor.quantiser import GaborQuantiser
from motes.scene.scene import Scene

RATE = 22050


def sound(n_channels=1, n=30000):
    rng = np.random.default_rng(0)
    t = np.arange(n) / RATE
    audio = [
        np.sin(2 * np.pi * (300 + 50 * c) * t * (1 + 0.1 * t)) * np.exp(-t) + 0.1 * rng.standard_normal(n)
        for c in range(n_channels)
    ]
    return 0.3 * np.array(audio)


def left(scene, audio):
    return float(np.sum((audio - np.atleast_2d(scene.render())) ** 2))


@pytest.mark.parametrize("quantiser", [GaborQuantiser(1, 4, -20), GaborQuantiser(2, 8, -40), GaborQuantiser(2, 8, 60)])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_the_closed_loop_leaves_less_and_only_what_files_hold(n_channels, quantiser):
    audio = sound(n_channels)
    source = ArraySource(audio, RATE)
    scene = quantise(motes.encode(audio, sample_rate_hz=RATE, events_per_second=800, windows=(256, 1024)), quantiser)
    requantised = quantise_in_closed_loop(scene, source)
    assert left(requantised, audio) < 0.93 * left(scene, audio)
    assert len(requantised.gabor) == len(scene.gabor)
    for name in ("time_s", "window_s", "frequency_hz"):
        assert np.array_equal(requantised.gabor.column(name), scene.gabor.column(name))
    assert np.array_equal(requantised.gabor.amplitude == 0, scene.gabor.amplitude == 0)
    again = quantise(requantised)
    assert np.array_equal(again.gabor.amplitude, requantised.gabor.amplitude)
    assert np.array_equal(again.gabor.phase_rad, requantised.gabor.phase_rad)


def test_stretches_change_next_to_nothing(monkeypatch):
    audio = sound(n=60000)
    scene = motes.encode(audio, sample_rate_hz=RATE, events_per_second=800, windows=(256, 1024))
    whole = left(quantise_in_closed_loop(scene, ArraySource(audio, RATE)), audio)
    monkeypatch.setattr(module, "STRETCH_SAMPLES", 7000)
    assert left(quantise_in_closed_loop(scene, ArraySource(audio, RATE)), audio) == pytest.approx(whole, rel=0.01)


def test_nothing_to_quantise_in_closed_loop():
    empty = Scene(RATE, 100, 1, quantiser=GaborQuantiser(2, 8, 0))
    assert quantise_in_closed_loop(empty, ArraySource(np.zeros(100), RATE)) is empty


@pytest.mark.parametrize("n_channels", [1, 2])
def test_atoms_are_quantised_beside_noise(n_channels):
    """Noise is known to the sample, so that atoms can mend what it does where they overlap; the noise stays as it
    is.
    """
    audio = sound(n_channels)
    source = ArraySource(audio, RATE)
    scene = quantise_in_closed_loop(
        motes.encode(audio, sample_rate_hz=RATE, events_per_second=800, windows=(256, 1024)), source
    )
    noisy = add_texture(scene, source)
    requantised = quantise_in_closed_loop(noisy, source)
    assert len(noisy.texture) > 0
    assert left(requantised, audio) < 0.97 * left(noisy, audio)
    assert np.array_equal(requantised.texture.level_db, noisy.texture.level_db)
