"""Measures against their definitions, and their values where definitions divide by zero."""

import json

import numpy as np
import pytest

from motes.errors import ParameterError
from motes.metrics import signal
from motes.stft import hann, stft

MEASURES = (signal.snr_db, signal.si_sdr_db, signal.spectral_convergence, signal.log_spectral_distance_db)
PERFECT = {"snr_db": 200.0, "si_sdr_db": 200.0, "spectral_convergence": 0.0, "log_spectral_distance_db": 0.0}


@pytest.fixture
def noise():
    return np.random.default_rng(1).standard_normal((2, 5000)) * 0.1


def test_snr_of_known_noise(noise):
    assert signal.snr_db(noise * 1.1, noise) == pytest.approx(20)
    assert signal.snr_db(np.zeros_like(noise), noise) == pytest.approx(0)
    assert signal.snr_db(-noise, noise) == pytest.approx(-6.0206, abs=1e-4)


def test_si_sdr_ignores_scale_but_not_distortion(noise):
    other = np.random.default_rng(2).standard_normal(noise.shape)
    other -= np.sum(other * noise) / np.sum(noise * noise) * noise
    other *= np.linalg.norm(noise) / np.linalg.norm(other) / 10
    assert signal.si_sdr_db(3 * (noise + other), noise) == pytest.approx(20)
    assert signal.si_sdr_db(0.5 * noise, noise) == pytest.approx(200)


def test_spectral_convergence_is_its_definition(noise):
    estimate = noise + np.random.default_rng(3).standard_normal(noise.shape) * 0.05
    expected = []
    for n_fft in (512, 1024, 2048):
        e, r = np.abs(stft(estimate, n_fft, n_fft // 4)), np.abs(stft(noise, n_fft, n_fft // 4))
        expected.append(np.linalg.norm(e - r) / np.linalg.norm(r))
    assert signal.spectral_convergence(estimate, noise) == pytest.approx(np.mean(expected), rel=1e-5)
    assert signal.spectral_convergence(0 * noise, noise) == pytest.approx(1)
    assert signal.spectral_convergence(2 * noise, noise) == pytest.approx(1)


def test_log_spectral_distance_of_a_gain_is_the_gain(noise):
    assert signal.log_spectral_distance_db(noise * 2, noise) == pytest.approx(6.0206, abs=0.01)


@pytest.mark.parametrize("shape", [(0,), (1,), (2,), (3000,), (2, 3000)])
def test_identical_and_silent_signals_give_numbers_json_can_hold(shape):
    sound, silence = np.full(shape, 0.3), np.zeros(shape)
    assert signal.compare(sound, sound) == pytest.approx(PERFECT)
    assert signal.compare(silence, silence) == pytest.approx(PERFECT)
    if sound.size:
        against_silence = signal.compare(sound, silence)
        assert against_silence["snr_db"] == against_silence["si_sdr_db"] == -200
        assert against_silence["spectral_convergence"] == 1e10
        assert signal.compare(silence, sound)["snr_db"] == 0
        assert signal.compare(silence, sound)["si_sdr_db"] == -200
        json.dumps([against_silence, signal.compare(silence, sound)], allow_nan=False)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(
    ("estimate", "reference", "says"),
    [
        (np.zeros(5), np.zeros(6), "estimate has 5 samples, the reference 6"),
        (np.zeros((2, 5)), np.zeros(5), "estimate has 2 channels, the reference 1"),
        (np.zeros(5), np.full(5, np.nan), "reference holds NaN"),
        (np.full(5, np.inf), np.zeros(5), "estimate holds NaN or inf"),
        (np.zeros((1, 2, 3)), np.zeros((1, 2, 3)), r"estimate must be numbers of shape"),
        (np.zeros(5, complex), np.zeros(5), "not complex128"),
        ("text", np.zeros(5), "estimate must be numbers"),
    ],
)
def test_what_cannot_be_compared_is_refused(measure, estimate, reference, says):
    with pytest.raises(ParameterError, match=says):
        measure(estimate, reference)


def test_rates_must_agree():
    with pytest.raises(ParameterError, match="estimate has 44100 samples per second, the reference 48000"):
        signal.check_pair(np.zeros(3), np.zeros(3), 44100, 48000)


def test_long_signals_are_measured_in_pieces_alike(monkeypatch, noise):
    estimate = noise * 1.1 + 0.01
    whole = signal.compare(estimate, noise)
    monkeypatch.setattr(signal, "_CHUNK", 700)
    monkeypatch.setattr("motes.stft._BLOCK_VALUES", 2**13)
    assert signal.compare(estimate, noise) == pytest.approx(whole, rel=1e-6)


def test_stft_is_its_definition(noise):
    spectra = stft(noise, 64, 16)
    assert spectra.shape == (2, 5000 // 16 + 1, 33)
    padded = np.pad(noise, ((0, 0), (32, 64)))
    for frame in (0, 1, 100, 312):
        expected = np.fft.rfft(padded[:, frame * 16 : frame * 16 + 64] * hann(64))
        np.testing.assert_allclose(spectra[:, frame], expected, atol=1e-5)


@pytest.mark.parametrize(("n_fft", "hop"), [(63, 16), (0, 1), (64, 0)])
def test_stft_refuses_odd_sizes(n_fft, hop):
    with pytest.raises(ParameterError, match="n_fft must be even"):
        stft(np.zeros(10), n_fft, hop)
