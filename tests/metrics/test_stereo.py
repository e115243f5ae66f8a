"""Planted images: what is known about level and width between channels has to be found."""

import numpy as np
import pytest
import soundfile

from motes.errors import ParameterError
from motes.metrics import stereo
from motes.metrics.stereo import errors_by_band, stereo_errors

RATE = 44100
NAMES = ["ild_error_db", "ild_error_db_worst", "coherence_error", "coherence_error_worst"]


def noise(n_channels, seconds=4.0, seed=0):
    return np.random.default_rng(seed).standard_normal((n_channels, int(seconds * RATE))) * 0.1


def of_coherence(value, seed=0, seconds=4.0):
    first, other = noise(2, seconds, seed)
    return np.stack([first, value * first + np.sqrt(1 - value**2) * other])


def test_identical_recordings_have_no_error(shared_audio):
    audio, rate = soundfile.read(shared_audio("sugarplum_stereo"), frames=3 * 44100)
    assert stereo_errors(audio.T, audio.T, rate) == dict.fromkeys(NAMES, 0.0)


@pytest.mark.parametrize("gain_db", [-6.0, 1.0, 12.0])
def test_a_louder_channel_is_that_much_to_one_side(gain_db):
    reference = noise(2)
    found = stereo_errors(reference * [[1.0], [10 ** (gain_db / 20)]], reference, RATE)
    assert found["ild_error_db"] == pytest.approx(abs(gain_db), abs=1e-4)
    assert found["ild_error_db_worst"] == pytest.approx(abs(gain_db), abs=1e-4)
    assert found["coherence_error_worst"] < 1e-6


def test_level_alone_and_polarity_are_no_error_of_the_image():
    reference = noise(2)
    assert max(stereo_errors(-0.1 * reference, reference, RATE).values()) < 1e-6


@pytest.mark.parametrize(("asked", "there"), [(1.0, 0.6), (0.3, 0.9), (0.0, 1.0)])
def test_coherence_is_what_was_mixed(asked, there):
    found = stereo_errors(of_coherence(asked, 1, 8.0), of_coherence(there, 2, 8.0), RATE)
    at_zero = 0.1  # the mean of |correlation| of two noises that have none
    assert found["coherence_error"] == pytest.approx(abs(asked - there), abs=0.03 + at_zero * (asked == 0))
    assert found["ild_error_db"] < 1.2


def test_an_error_in_one_band_is_found_there_and_is_the_worst():
    from scipy.signal import butter, sosfiltfilt

    reference = noise(2)
    band = sosfiltfilt(butter(8, [1900, 2150], "band", fs=RATE, output="sos"), reference[1])
    estimate = reference + [[0.0], [1.0]] * band
    by_band = errors_by_band(estimate, reference, RATE)["ild_error_db"][0]
    found = stereo_errors(estimate, reference, RATE)
    edges = stereo.band_edges(4096, RATE) * RATE / 4096
    worst = int(np.argmax(by_band))
    assert edges[worst] < 2150
    assert edges[worst + 1] > 1900
    assert found["ild_error_db_worst"] == pytest.approx(by_band.max())
    assert found["ild_error_db_worst"] > 8 * found["ild_error_db"]


def test_bands_are_one_erb_wide():
    edges = stereo.band_edges(65536, RATE) * RATE / 65536
    wide = 24.7 * (4.37 * np.sqrt(edges[1:] * edges[:-1]) / 1000 + 1)
    assert np.all(np.abs(np.diff(edges) / wide - 1) < 0.05)
    assert edges[-1] <= 16000


def test_what_is_far_too_soft_to_hear_does_not_count():
    reference = noise(2, 2.0)
    reference[:, RATE:] *= 1e-5
    estimate = reference.copy()
    estimate[0, int(1.3 * RATE) :] *= 4
    assert stereo_errors(estimate, reference, RATE)["ild_error_db"] < 0.1


def test_long_recordings_are_taken_in_pieces(monkeypatch):
    reference, estimate = noise(2, 6.0, 3), noise(2, 6.0, 4)
    whole = stereo_errors(estimate, reference, RATE)
    monkeypatch.setattr(stereo, "PIECE_S", 2.0)
    assert stereo_errors(estimate, reference, RATE) == pytest.approx(whole, rel=0.05)


def test_of_several_channels_each_is_compared_with_the_first():
    reference = noise(3)
    found = errors_by_band(reference * [[1.0], [1.0], [2.0]], reference, RATE)["ild_error_db"]
    assert found[0].max() < 1e-6
    assert found[1] == pytest.approx(np.full(found.shape[1], 20 * np.log10(2)), abs=1e-4)


@pytest.mark.parametrize("n", [0, 1, 100])
@pytest.mark.parametrize("rate", [8000, 44100, 1])
def test_silence_and_what_is_short_give_finite_numbers(n, rate):
    for estimate, reference in (
        (np.zeros((2, n)), np.zeros((2, n))),
        (np.ones((2, n)), np.zeros((2, n))),
        (np.zeros((2, n)), np.ones((2, n))),
    ):
        assert all(np.isfinite(value) for value in stereo_errors(estimate, reference, rate).values())


def test_mono_has_no_image():
    with pytest.raises(ParameterError, match="one channel"):
        stereo_errors(np.zeros(10), np.zeros(10), RATE)
