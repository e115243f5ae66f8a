"""Partials are shared out among a few smooth spectra."""

import numpy as np

from motes.encoders.fit.notes.spectra import SharedOut

OCTAVES = np.log2(np.arange(1.0, 13))


def missed(amplitude, n):
    shared = SharedOut(OCTAVES, amplitude, np.ones(12))
    spectra = shared.best(3, 0.02)[n - 1]
    whole = np.zeros(12)
    for spectrum in spectra:
        whole[spectrum.low : spectrum.high] += shared.at(spectrum)
    return len(spectra), float(np.sum((whole - amplitude) ** 2) / np.sum(amplitude**2))


def test_a_smooth_spectrum_takes_one():
    for n in (1, 2, 3):
        count, error = missed(np.exp(-0.5 * OCTAVES - 0.3 * OCTAVES**2), n)
        assert count == 1
        assert error < 1e-4


def test_partials_that_stick_out_get_their_own():
    amplitude = 0.1 * np.exp(-0.5 * OCTAVES)
    amplitude[4], amplitude[9] = 0.3, 0.2
    errors = [missed(amplitude, n) for n in (1, 2, 3)]
    assert [count for count, _ in errors] == [1, 2, 3]
    assert errors[2][1] < 0.01 < errors[0][1]


def test_one_partial_alone():
    assert len(SharedOut(OCTAVES[:1], np.array([0.5]), np.ones(1)).best(3, 0.02)[2]) == 1
