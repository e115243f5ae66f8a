"""Rounding in turn: runs of sinusoids are those of the definition, and each event gets what leaves least."""

import numpy as np

from motes.kernels.simd.rounding import Rounding, Stretch, round_by_coordinate_descent, subtract_events
from motes.kernels.windowed_sinusoids import Sinusoids

KNEE, N_PHASES = 0.01, 8


def atoms(n=20, n_channels=2, seed=0):
    """Events of several lengths, some of them over the ends of 3000 samples."""
    rng = np.random.default_rng(seed)
    window = rng.choice([64.0, 256.0, 1000.0], n)
    amplitude, phase = rng.uniform(0.01, 1, (n, n_channels)), rng.uniform(0, 6.28, (n, n_channels))
    return Sinusoids(np.sort(rng.uniform(-100, 3100, n)), window, rng.uniform(0, np.pi, n), amplitude, phase)


def plain(events, n_samples, channel):
    """The sum of events by its definition."""
    t, total = np.arange(n_samples), np.zeros(n_samples)
    for i in range(len(events.centre)):
        u = t - events.centre[i]
        shape = np.where(np.abs(u) < events.window[i] / 2, 0.5 + 0.5 * np.cos(2 * np.pi * u / events.window[i]), 0)
        total += shape * events.amplitude[i, channel] * np.cos(events.omega[i] * u + events.phase[i, channel])
    return total


def test_events_are_subtracted_and_nothing_beside_them():
    events = atoms()
    audio = np.random.default_rng(1).standard_normal((2, 3000))
    stretch = Stretch.of(audio, 0)
    subtract_events(stretch, events, 0, len(events.centre))
    expected = audio - np.stack([plain(events, 3000, channel) for channel in range(2)])
    assert np.abs(stretch.channels() - expected).max() < 1e-4
    assert not stretch.samples.reshape(2, -1)[:, 3000:].any()  # what is spare stays as it was


def test_a_stretch_may_begin_anywhere():
    events = atoms()
    whole, part = Stretch.of(np.zeros((2, 3000)), 0), Stretch.of(np.zeros((2, 500)), 1203)
    for stretch in (whole, part):
        subtract_events(stretch, events, 0, len(events.centre))
    assert np.abs(whole.channels()[:, 1203:1703] - part.channels()).max() < 1e-4


def test_an_event_alone_gets_its_nearest_values():
    events = atoms(1)
    events = Sinusoids(np.array([1500.0]), np.array([1000.0]), np.array([0.5]), *events[3:])
    truth = Sinusoids(*events[:3], np.array([[0.004, 0.0021]]), np.array([[0.78, 3.2]]))
    stretch = Stretch.of(np.stack([plain(truth, 3000, c) - plain(events, 3000, c) for c in range(2)]), 0)
    rounding = Rounding(np.array([KNEE]), 2, N_PHASES, 27146)
    round_by_coordinate_descent(stretch, events, rounding, 0, 1)
    steps = 2 * np.log2(events.amplitude / KNEE)
    assert np.allclose(steps, np.rint(steps))
    assert np.allclose(2.0 ** (np.abs(np.log2(events.amplitude / truth.amplitude))), 1, atol=0.2)
    assert np.allclose(events.phase, [[np.pi / 4, np.pi]])
    left = np.stack([plain(truth, 3000, c) - plain(events, 3000, c) for c in range(2)])
    assert np.abs(stretch.channels() - left).max() < 1e-5
