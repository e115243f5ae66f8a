"""Modes ringing, and correlations with them: kernels against their twins, and against each other as adjoints."""

import numpy as np
import pytest
from plain_modes import correlate_with_modes_plain, ring_plain

from motes.kinds.strike.kernel import Controls, Modes, Strikes, correlate_with_modes, ring

RATE = 16000


def problem(seed, n_modes=7, n_strikes=6, n_controls=3, n_channels=2, n_samples=700):
    rng = np.random.default_rng(seed)
    rate = np.stack([-rng.uniform(1e-4, 0.05, n_modes), rng.uniform(0.01, 3.0, n_modes)])
    mix = rng.normal(size=(n_channels, 2, n_modes))
    at = np.sort(np.concatenate([rng.uniform(-0.9, n_samples - 1, n_strikes - 2), [17.0, 17.0]]))
    turn, amplitude, control = (
        rng.normal(size=n_strikes),
        rng.uniform(0, 2, n_strikes),
        rng.integers(0, n_controls, n_strikes),
    )
    per_control = rng.integers(0, n_modes + 1, n_controls)
    starts = np.concatenate([[0], np.cumsum(per_control)]).astype(np.int64)
    mode = np.concatenate([rng.choice(n_modes, n, replace=False) for n in per_control]).astype(np.int64)
    return (
        n_samples,
        n_channels,
        n_modes,
        (
            Modes(rate, mix),
            Strikes(at, turn, amplitude, control),
            Controls(starts, mode, rng.normal(size=(2, starts[-1]))),
        ),
    )


@pytest.mark.parametrize("seed", range(4))
def test_ringing_equals_its_twin_and_leaves_the_same_state(seed):
    n_samples, n_channels, n_modes, arguments = problem(seed)
    states = [np.random.default_rng(9).normal(size=(2, n_modes)) for _ in range(2)]
    sounds = [np.zeros((n_channels, n_samples)) for _ in range(2)]
    ring(sounds[0], states[0], *arguments)
    ring_plain(sounds[1], states[1], *arguments)
    assert np.allclose(sounds[0], sounds[1], atol=1e-10)
    assert np.allclose(states[0], states[1], atol=1e-10)


def test_correlating_equals_its_twin():
    _, _, _, ((rate, _), (at, *_), _) = problem(1)
    audio = np.random.default_rng(2).normal(size=800)
    found = [np.zeros((2, len(at), rate.shape[1])) for _ in range(2)]
    correlate_with_modes(audio, rate, np.maximum(at, 0.25), found[0])
    correlate_with_modes_plain(audio, rate, np.maximum(at, 0.25), found[1])
    assert np.allclose(found[0], found[1], atol=1e-9)


@pytest.mark.parametrize("at", [0.0, 3.0, 3.4, 99.0])
def test_correlating_is_the_adjoint_of_ringing(at):
    rng = np.random.default_rng(3)
    rate = np.array([[-0.01], [0.7]])
    audio, weight = rng.normal(size=100), np.array([[0.3], [-0.8]])
    sound, found, where = np.zeros((1, 100)), np.zeros((2, 1, 1)), np.array([at])
    mix = np.array([[[1.0], [0.0]]])
    ring(
        sound,
        np.zeros((2, 1)),
        Modes(rate, mix),
        Strikes(where, np.zeros(1), np.ones(1), np.array([0])),
        Controls(np.array([0, 1]), np.array([0]), weight),
    )
    correlate_with_modes(audio, rate, where, found)
    assert np.sum(sound[0] * audio) == pytest.approx(
        weight[0, 0] * found[0, 0, 0] + weight[1, 0] * found[1, 0, 0], rel=1e-9
    )


def test_very_quiet_states_end():
    rate = np.array([[-0.05, -0.001], [0.1, 0.2]])
    state = np.array([[1.0, 0.0], [0.0, 0.0]])
    audio = np.zeros((1, 20000))
    none = np.empty(0)
    ring(
        audio,
        state,
        Modes(rate, np.ones((1, 2, 2))),
        Strikes(none, none, none, np.empty(0, np.int64)),
        Controls(np.zeros(1, np.int64), np.empty(0, np.int64), np.empty((2, 0))),
    )
    assert not state.any()
    assert np.abs(audio[0, 2000:]).max() < 1e-25
