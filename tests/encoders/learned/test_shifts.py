"""The search over all shifts is matching pursuit: against inner products by the definition."""

import numpy as np
import pytest

from motes.encoders.learned.shifts import Search, Shifts

RANDOM = np.random.default_rng(3)
WAVEFORMS = RANDOM.normal(size=(4, 50)).astype(np.float32)
WAVEFORMS /= np.linalg.norm(WAVEFORMS, axis=1, keepdims=True)


@pytest.mark.parametrize("n_channels", [1, 2])
def test_the_strongest_is_that_of_the_definition_after_each_that_is_taken(n_channels):
    audio = RANDOM.normal(size=(n_channels, 3000)).astype(np.float32)
    search = Search(Shifts(WAVEFORMS), audio)
    for _ in range(20):
        inner = np.array([[np.correlate(channel, one, "valid") for one in WAVEFORMS] for channel in audio])
        energies = np.square(inner, dtype=np.float64).sum(axis=0)
        energy, place, waveform = search.strongest()
        assert energy == pytest.approx(energies.max(), rel=1e-4)
        assert energies[waveform, place] == pytest.approx(energies.max(), rel=1e-4)
        before = np.square(audio, dtype=np.float64).sum()
        coefficients = search.coefficients(place, waveform)
        search.take(place, waveform, coefficients)
        assert np.square(audio, dtype=np.float64).sum() == pytest.approx(before - energy, rel=1e-5)
        np.testing.assert_allclose(coefficients, inner[:, waveform, place], rtol=1e-3, atol=1e-4)


def test_a_place_that_is_passed_over_is_looked_at_when_it_changes():
    audio = np.zeros((1, 4000), np.float32)
    audio[0, 100:150], audio[0, 3000:3050] = 2 * WAVEFORMS[0], WAVEFORMS[1]
    search = Search(Shifts(WAVEFORMS), audio)
    assert search.strongest()[1:] == (100, 0)
    search.pass_over(100)
    assert search.strongest()[1:] == (3000, 1)
    search.take(120, 2, np.array([0.1], np.float32))
    assert search.strongest()[1:] == (100, 0)
