"""The phase vocoder keeps pitch where it stretches, and length where it transposes."""

import numpy as np
import pytest

from motes.kinds.detail.vocoder import stretched, transposed, window_samples


def pitch_hz(audio, rate):
    """Of a sinusoid, from the middle half of it, by the angle between two halves."""
    n = len(audio) // 2
    middle = audio[n // 2 : n // 2 + n] * np.hanning(n)
    m = 16 * n
    spectrum = np.abs(np.fft.rfft(middle, m))
    k = int(np.argmax(spectrum))
    a, b, c = np.log(spectrum[k - 1 : k + 2])
    return (k + 0.5 * (a - c) / (a - 2 * b + c)) * rate / m


@pytest.mark.parametrize("rate", [8000, 44100, 96000])
@pytest.mark.parametrize("factor", [0.5, 0.8, 1.37, 2.0])
def test_a_sinusoid_keeps_its_pitch(rate, factor):
    hz = 441.3
    audio = np.sin(2 * np.pi * hz / rate * np.arange(int(0.4 * rate)))[None]
    made = stretched(audio, factor, window_samples(rate))
    assert made.shape == (1, round(audio.shape[1] * factor))
    assert abs(1200 * np.log2(pitch_hz(made[0], rate) / hz)) < 3
    assert np.sum(made**2) == pytest.approx(factor * np.sum(audio**2), rel=0.15)


@pytest.mark.parametrize("ratio", [0.5, 0.9, 1.5, 2.0])
def test_a_transposed_sinusoid_has_another_pitch_and_the_same_length(ratio):
    rate, hz = 44100, 441.3
    audio = np.sin(2 * np.pi * hz / rate * np.arange(20000))[None]
    made = transposed(stretched(audio, ratio, window_samples(rate)), ratio, 20000)
    assert made.shape == audio.shape
    assert abs(1200 * np.log2(pitch_hz(made[0], rate) / (hz * ratio))) < 3


def test_extreme_factors_take_no_more_memory_than_they_ask_for():
    audio = np.random.default_rng(0).normal(size=(1, 1000))
    assert stretched(audio, 1e-6, 256).shape == (1, 1)
    assert np.all(np.isfinite(stretched(audio, 30.0, 256)))
    assert stretched(audio, 1.0, 256) is audio
