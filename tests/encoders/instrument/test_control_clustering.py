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
