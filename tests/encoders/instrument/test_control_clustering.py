"""Controls: strikes of one pattern share one, whatever their gains."""

import numpy as np

from motes.encoders.instrument.control_clustering import control_gains, control_weights


def planted():
    """Six strikes of two patterns with gains of their own, and a silent one."""
    rng = np.random.default_rng(0)
    patterns = rng.normal(size=(2, 8)) + 1j * rng.normal(size=(2, 8))
    control, gain = np.array([0, 1, 0, 0, 1, 1]), np.array([1.0, 0.5, 0.3, 2.0, 1.5, 1.0])
    return np.vstack([patterns[control] * gain[:, None], np.zeros(8)]), control, gain


def test_strikes_of_one_pattern_share_a_control_by_their_gains():
    amplitudes, control, gain = planted()
    gains = control_gains(amplitudes, np.eye(8), 10)
    assert gains.shape == (7, 2)
    assert not gains[-1].any()
    assert np.array_equal(np.argmax(gains[:-1], axis=1), control)
    assert np.array_equal(np.count_nonzero(gains[:-1], axis=1), np.ones(6))
    for k in range(2):
        of_control = gains[:-1][control == k, k]
        assert np.allclose(of_control / of_control.max(), gain[control == k] / gain[control == k].max())


def test_what_controls_inject_makes_the_strikes_again():
    amplitudes, _, _ = planted()
    gains = control_gains(amplitudes, np.eye(8), 10)
    assert np.allclose(gains @ control_weights(amplitudes, gains, np.eye(8)), amplitudes)


def test_there_are_at_most_as_many_as_asked():
    amplitudes, _, _ = planted()
    assert control_gains(amplitudes, np.eye(8), 1).shape == (7, 1)
    assert control_gains(np.zeros((3, 8), complex), np.eye(8), 4).shape == (3, 0)


def test_sounds_are_compared_and_not_weights():
    """Two modes that sound nearly alike: whichever of them is struck, it is one control, on few modes."""
    gram = np.eye(8).astype(complex)
    gram[0, 1] = gram[1, 0] = 0.99
    amplitudes = np.zeros((3, 8), complex)
    amplitudes[0, 0] = amplitudes[1, 1] = amplitudes[2, 5] = 1
    gains = control_gains(amplitudes, gram, 10)
    assert np.argmax(gains, axis=1).tolist() == [0, 0, 1]
    weights = control_weights(amplitudes, gains, gram)
    off = (gains @ weights - amplitudes)[:2]
    assert np.all((off.conj() @ gram @ off.T).real.diagonal() < 0.01)


def test_modes_that_others_make_up_for_are_left_out():
    rng = np.random.default_rng(3)
    basis = rng.normal(size=(6, 5)) + 1j * rng.normal(size=(6, 5))
    basis[:, 4] = basis[:, 0] + basis[:, 1]  # the fifth sounds like the first two
    gram = basis.conj().T @ basis
    strike = np.array([1, 1, 0.5, 2, 1], complex)
    amplitudes = np.array([strike * [1, 1, 1, 0, 0], strike * [0, 0, 0, 1, 1]])
    weights = control_weights(amplitudes, np.ones((2, 1)), gram)
    mean = amplitudes.mean(axis=0)
    off = weights[0] - mean
    assert (off.conj() @ gram @ off).real < 1e-3 * (mean.conj() @ gram @ mean).real
