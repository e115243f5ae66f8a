"""Fits by gradients: what is planted is found, every end is told, and a fit that goes on is the same fit."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from kind_examples import tensors  # noqa: E402

import motes  # noqa: E402
from motes.audio import ArraySource  # noqa: E402
from motes.encoders.fit import GaborOptions, SplatOptions, encode  # noqa: E402
from motes.encoders.fit.density_control import DensityControl  # noqa: E402
from motes.encoders.fit.gain_refit import refit_gains  # noqa: E402
from motes.encoders.fit.objective import Objective  # noqa: E402
from motes.encoders.fit.optimiser import Optimiser  # noqa: E402
from motes.encoders.fit.parameterisation import parameterisation_of  # noqa: E402
from motes.encoders.fit.segments import segments  # noqa: E402
from motes.encoders.fit.state import State  # noqa: E402
from motes.errors import ParameterError  # noqa: E402
from motes.kinds.parameterisation import Atoms  # noqa: E402
from motes.kinds.splat.table import Splat  # noqa: E402
from motes.metrics.signal import spectral_convergence  # noqa: E402
from motes.scene.scene import Scene  # noqa: E402

RATE, N = 16000, 16000
QUICK = {"events": 3, "iterations": 12, "control_every": 5, "refit_every": 4}
OPTIONS = {"splat": SplatOptions, "gabor": GaborOptions}


def planted(n_channels=1):
    """Three struck notes of one partial each, far apart."""
    return Splat(
        time_s=np.array([0.1, 0.2, 0.35]),
        width_s=np.full(3, 0.008),
        f0_hz=np.array([440.0, 1234.5, 700.3]),
        centre_hz=np.array([440.0, 1234.5, 700.3]),
        width_octaves=np.full(3, 0.5),
        t60_s=np.array([0.5, 0.25, 0.35]),
        gain_db=np.full((3, n_channels), -12.0),
        n_partials=np.ones(3, np.int64),
    )


def audio(n_channels=1):
    return Scene(RATE, N, n_channels, splat=planted(n_channels)).render()


def test_planted_splats_are_recovered_from_their_rendering():
    found = encode(
        audio(),
        SplatOptions(events=3, iterations=600, control_every=0, patience=0, learning_rate=0.05),
        sample_rate_hz=RATE,
    )
    assert spectral_convergence(found.render(), audio()) < 0.05
    table, truth = found.splat, planted()
    order = [int(np.argmin(np.abs(table.f0_hz - hz))) for hz in truth.f0_hz]
    assert sorted(order) == [0, 1, 2]
    assert np.abs(1200 * np.log2(table.f0_hz[order] / truth.f0_hz)).max() < 10
    assert np.abs(table.time_s[order] - truth.time_s).max() < 0.005
    assert np.abs(table.t60_s[order] / truth.t60_s - 1).max() < 0.15


@pytest.mark.parametrize(
    ("kind", "options"), [("splat", {}), ("splat", {"envelope": "gamma"}), ("gabor", {}), ("splat", {"noise": True})]
)
def test_the_loss_falls_and_the_events_are_as_many_as_asked(kind, options):
    losses = []
    scene = encode(
        audio(),
        OPTIONS[kind](events=4, iterations=40, **options),
        sample_rate_hz=RATE,
        progress=lambda now: losses.extend([] if now.loss is None else [now.loss]),
    )
    assert scene.metadata.encoder == kind
    assert scene.metadata.stop_reason == "iterations_reached"
    assert 0 < len(scene.table(kind)) <= 4
    assert min(losses) < 0.9 * losses[0]
    assert np.isfinite(scene.render()).all()
    assert options.get("envelope") != "gamma" or np.all(scene.splat.shape > 1)


def test_random_events_find_their_way():
    losses = []
    encode(
        audio(),
        SplatOptions(events=6, iterations=60, init="random"),
        sample_rate_hz=RATE,
        progress=lambda now: losses.extend([] if now.loss is None else [now.loss]),
    )
    assert min(losses) < 0.8 * losses[0]


def test_the_same_again_is_the_same():
    first, again = (encode(audio(), SplatOptions(**QUICK), sample_rate_hz=RATE) for _ in range(2))
    assert first.splat.equals(again.splat)


def test_every_end_is_told():
    assert (
        encode(
            audio(), SplatOptions(events=2, time_limit_s=0.2, iterations=10**6), sample_rate_hz=RATE
        ).metadata.stop_reason
        == "time_limit"
    )
    assert (
        encode(
            audio(), SplatOptions(events=2, patience=3, learning_rate=1e-9), sample_rate_hz=RATE
        ).metadata.stop_reason
        == "stalled"
    )
    for nothing in (np.zeros(0), np.zeros(5), np.zeros(5000)):
        silent = encode(nothing, SplatOptions(**QUICK), sample_rate_hz=RATE)
        assert silent.metadata.stop_reason == "nothing_audible_left"
        assert silent.render().shape == nothing.shape
        assert not silent.render().any()


def test_two_channels_get_gains_of_their_own():
    sides = np.stack([audio(), 0.25 * audio()])
    scene = encode(sides, SplatOptions(events=3, iterations=80), sample_rate_hz=RATE)
    assert scene.n_channels == 2
    assert np.all(scene.splat.gain_db[:, 0] - scene.splat.gain_db[:, 1] == pytest.approx(12, abs=3))


def test_sparsity_prunes():
    few = encode(audio(), SplatOptions(events=12, iterations=150, sparsity=0.5), sample_rate_hz=RATE)
    assert 0 < few.n_events < 12


def test_long_recordings_are_fitted_in_stretches_whatever_the_blocks():
    class Blocks(ArraySource):
        def blocks(self):
            for block in super().blocks():
                for first in range(0, block.shape[1], 777):
                    yield block[:, first : first + 777]

    twice = np.tile(audio(), 2)
    options = SplatOptions(events=8, iterations=10, stretch_s=0.6)
    one, many = (encode(source, options) for source in (ArraySource(twice, RATE), Blocks(twice, RATE)))
    assert one.splat.equals(many.splat)
    assert 4 <= one.n_events <= 8
    assert one.splat.time_s.max() > 1.0
    assert spectral_convergence(one.render(), twice) < 0.7
    parts = segments(32000, RATE, 0.6)
    assert parts[0].first == 0
    assert parts[-1].last == parts[-1].done == 32000
    assert all(a.done == b.first and a.last > b.first for a, b in pairwise(parts))


def test_the_scene_is_shown_as_it_grows():
    seen = []
    encode(
        audio(),
        SplatOptions(events=2, iterations=40),
        sample_rate_hz=RATE,
        watch=lambda scene, now: seen.append((scene.n_events, now.iteration)),
    )
    assert [iteration for _, iteration in seen] == [20, 40]
    assert all(n == 2 for n, _ in seen)


def _objective(reference):
    parameterisation = parameterisation_of("splat", RATE, 1)
    silence = torch.zeros(1, len(reference))
    return Objective(parameterisation, torch.from_numpy(reference)[None], silence, (("convergence", 1.0),))


def _state(objective, anchor):
    return State.at(objective.parameterisation.at_rest(len(anchor)), anchor)


def _loss(objective, state):
    return float(objective.value(state.theta, state.anchor))


def _atoms(time_s, frequency_hz, amplitude):
    return Atoms(
        np.array(time_s),
        np.full(len(time_s), 0.1),
        np.array(frequency_hz),
        np.array(amplitude)[:, None],
        np.zeros((len(time_s), 1)),
    )


def test_density_control_gives_up_the_dead_and_seeds_what_is_missing():
    objective = _objective(audio())
    parameterisation = objective.parameterisation
    start = _atoms([0.15, 0.15, 0.8], [440.0, 440.2, 3000.0], [0.1, 0.02, 1e-7])
    state = _state(objective, parameterisation.of_atoms(start))
    after = DensityControl(SplatOptions()).exchange(objective, state, 3)
    hz = np.sort(parameterisation.columns(after.theta, after.anchor)["f0_hz"].numpy())
    assert len(hz) == 3
    assert np.abs(hz - np.array([440, 700, 1234])).max() < 30
    assert _loss(objective, after) < _loss(objective, state)


def test_a_refit_of_gains_never_raises_the_loss_and_finds_them():
    objective = _objective(audio())
    parameterisation = objective.parameterisation
    truth = tensors(planted())
    wrong = truth | {"gain_db": truth["gain_db"] + torch.tensor([[4.0], [-5.0], [3.0]])}
    state = _state(objective, parameterisation.anchored(wrong))
    after = refit_gains(objective, state)
    assert after is not state
    assert _loss(objective, after) < 0.2 * _loss(objective, state)


def test_events_with_values_gone_wild_do_not_spread():
    """NaN in one event's coordinates: the fit goes back to the best and stays finite."""
    objective = _objective(audio())
    optimiser = Optimiser(objective, 0.02)
    start = objective.parameterisation.of_atoms(_atoms([0.15, 0.35], [440.0, 1234.0], [0.1, 0.1]))
    state, _ = optimiser.step(_state(objective, start), 0.0)
    wild = state.theta.clone()
    wild[0, 2] = float("nan")
    state, _ = optimiser.step(replace(state, theta=wild), 0.0)
    assert torch.isfinite(state.theta).all()
    assert np.isfinite(optimiser.step(state, 0.0)[1])


@pytest.mark.parametrize(
    "options",
    [
        {"loss": "stft:0"},
        {"loss": "nonsense"},
        {"loss": "stft:x"},
        {"init": "guess"},
        {"stretch_s": 1e4},
        {"resume": True},
        {"events": -1},
        {"events": 1.5},
        {"learning_rate": 0.0},
        {"time_limit_s": -1.0},
    ],
)
def test_options_that_make_no_sense_are_refused(options):
    with pytest.raises(ParameterError):
        SplatOptions(**options)


def test_several_losses_are_weighted():
    assert SplatOptions(loss="stft:1, auditory:0.2").weighted_losses() == (("stft", 1.0), ("auditory", 0.2))
    with pytest.raises(ParameterError, match="texture"):
        motes.encode(audio(), encoder="texture", sample_rate_hz=RATE)
