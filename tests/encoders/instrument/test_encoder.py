"""The instrument encoder: what was planted is found, what is asked is kept, and every way of ending leaves a scene."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from motes.audio import read_audio
from motes.codec import dumps, loads
from motes.encoders.instrument import (
    InstrumentOptions,
    encode,
    encoder,
    excitation_pursuit,
    fitted_scene,
    gradient_refinement,
    mode_tuning,
    stages,
)
from motes.encoders.instrument.amplitude_refit import refit_amplitudes
from motes.encoders.instrument.gradient_refinement import Refinement, refine
from motes.encoders.instrument.mode_responses import Sites, correlate, inner_products, squared_norms
from motes.encoders.instrument.mode_tuning import tune_modes
from motes.encoders.instrument.onsets import strike_times
from motes.encoders.time_limit import TimeLimit
from motes.errors import ParameterError
from motes.events.instrument import Instrument
from motes.kinds.strike.table import Strike
from motes.metrics.signal import snr_db, spectral_convergence
from motes.scene.scene import Scene

RATE = 16000
QUICK = InstrumentOptions(refine=0)


def planted(seed=2, n_channels=1, seconds=2.6):
    """Three controls of four modes each, struck eight times."""
    rng = np.random.default_rng(seed)
    hz = 200 * 2 ** (np.arange(10) * 0.41 + rng.uniform(-0.05, 0.05, 10))
    weights = np.zeros((3, 10), complex)
    for control in range(3):
        weights[control, rng.choice(10, 4, replace=False)] = rng.uniform(0.04, 0.1, 4) * np.exp(
            1j * rng.uniform(-3, 3, 4)
        )
    mixing = np.ones((1, 10)) if n_channels == 1 else np.exp(1j * rng.normal(size=(n_channels, 10)))
    model = Instrument(RATE, hz, rng.uniform(0.3, 1.2, 10), weights, mixing)
    at, control = 0.1 + np.cumsum(rng.uniform(0.15, 0.35, 8)), rng.integers(0, 3, 8)
    events = Strike(at, control, rng.uniform(0.4, 1, 8), model.ring_s()[control])
    scene = Scene(RATE, int(seconds * RATE), n_channels, strike=events, instruments=(model,))
    noise = 1e-4 * rng.normal(size=(n_channels, scene.n_samples))
    return scene, scene.render() + (noise[0] if n_channels == 1 else noise)


@pytest.mark.parametrize("seed", [2, 3, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(4, 12))])
def test_planted_modes_and_strikes_are_found(seed):
    scene, audio = planted(seed)
    found = encode(audio, QUICK, sample_rate_hz=RATE)
    model, truth = found.instruments[0], scene.instruments[0]
    loud = np.max(np.abs(model.weights) ** 2, axis=0) * model.energy()
    struck = np.unique(scene.strike.control)
    for mode in np.flatnonzero(truth.weights[struck].any(axis=0)):
        cents = 1200 * np.log2(model.frequency_hz / truth.frequency_hz[mode])
        nearest = np.argmax(np.where(np.abs(cents) < 30, loud, -1))
        assert abs(cents[nearest]) < 2, truth.frequency_hz[mode]
        assert abs(model.t60_s[nearest] / truth.t60_s[mode] - 1) < 0.05, truth.frequency_hz[mode]
    for at in scene.strike.time_s:
        assert np.abs(found.strike.time_s - at).min() < 0.002
    assert snr_db(found.render(), audio) > 20


def test_the_same_every_time_and_as_a_file_holds_it():
    _, audio = planted()
    one, again = (encode(audio, QUICK, sample_rate_hz=RATE) for _ in range(2))
    assert dumps(one) == dumps(again)
    assert np.array_equal(loads(dumps(one)).render(), one.render())


def test_limits_are_kept():
    _, audio = planted()
    scene = encode(
        audio, InstrumentOptions(controls=2, modes=8, strikes=9, numbers_percent=1.0, refine=0), sample_rate_hz=RATE
    )
    model = scene.instruments[0]
    assert model.n_controls <= 2
    assert model.n_modes <= 8
    assert len(scene.strike) <= 9
    assert model.n_numbers + 3 * len(scene.strike) <= 0.01 * scene.n_samples
    assert scene.metadata.stop_reason in ("n_events_reached", "nothing_audible_left")


def test_two_channels():
    _, audio = planted(n_channels=2)
    scene = encode(audio, QUICK, sample_rate_hz=RATE)
    assert scene.render().shape == audio.shape
    assert snr_db(scene.render(), audio) > 15


@pytest.mark.parametrize(
    "audio", [np.zeros(0), np.zeros(1), np.ones(1), np.zeros(5000), np.zeros((2, 300)), 0.5 * np.ones(40)]
)
def test_little_or_nothing_renders_its_length(audio):
    scene = encode(audio, QUICK, sample_rate_hz=RATE)
    assert scene.render().shape == audio.shape
    assert np.isfinite(scene.render()).all()
    if not audio.any():
        assert not scene.render().any()
        assert scene.metadata.stop_reason == "nothing_audible_left"


def test_noise_does_not_break_it():
    audio = 0.1 * np.random.default_rng(0).normal(size=8000)
    scene = encode(audio, QUICK, sample_rate_hz=RATE)
    assert np.sum((audio - scene.render()) ** 2) < np.sum(audio**2)


class OverSoon(TimeLimit):
    """A limit that is over whenever the fit looks, after its first sweep."""

    def __init__(self, *_):
        super().__init__(None)

    is_over = True


def test_time_over_and_interrupted_give_the_best_so_far(monkeypatch):
    _, audio = planted()
    with monkeypatch.context() as patched:
        patched.setattr(encoder, "TimeLimit", OverSoon)
        late = encode(audio, InstrumentOptions(), sample_rate_hz=RATE)
    assert late.metadata.stop_reason == "time_limit"
    assert snr_db(late.render(), audio) > 0

    calls = []

    def interrupt(progress):
        calls.append(progress)
        if len(calls) == 5:  # the first two come before anything is looked for
            raise KeyboardInterrupt

    stopped = encode(audio, QUICK, sample_rate_hz=RATE, progress=interrupt)
    assert stopped.metadata.stop_reason == "cancelled"
    assert snr_db(stopped.render(), audio) > 0
    assert 0 <= calls[0].fraction <= calls[-1].fraction <= 1


@pytest.mark.parametrize("nth", [0, 2, 5])
def test_interrupted_while_tuning_gives_the_best_so_far(monkeypatch, nth):
    """Whichever step of the tuning Ctrl-C hits, what was selected and tuned until then is kept."""
    _, audio = planted()
    left, tunings, tune = [], [], stages.tune

    def tuned(*args):
        tunings.append(args)
        left.extend(range(nth + 1) if len(tunings) == 2 else ())  # the draft is tuned before
        return tune(*args)

    def interrupt(progress):
        if left and left.pop() == 0:
            raise KeyboardInterrupt

    monkeypatch.setattr(stages, "tune", tuned)

    stopped = encode(audio, QUICK, sample_rate_hz=RATE, progress=interrupt)
    assert stopped.metadata.stop_reason == "cancelled"
    assert snr_db(stopped.render(), audio) > 20


@pytest.mark.parametrize(
    ("room", "step", "times"),
    [
        (excitation_pursuit, "correlate", (4,)),  # while sites are drafted and chosen
        (excitation_pursuit, "refit_amplitudes", (3,)),
        (stages, "kept_strikes", (1,)),
        (stages, "moved_to_sample", (1, 4)),
        (stages, "refit_sites", (3,)),
        (mode_tuning, "_projected", (9,)),  # while modes are merged
        (stages, "merge_duplicates", (1,)),
        (stages, "aligned", (1,)),  # while controls are found
        (stages, "control_gains", (1,)),
        (stages, "control_weights", (1,)),
        (stages, "refit_amplitudes", (1,)),
        (stages, "direct_path", (1,)),
        (fitted_scene, "pad_places", (1,)),  # while it is rounded
        (fitted_scene, "quantise", (1,)),
    ],
)
def test_interrupted_in_any_step_gives_the_best_so_far(monkeypatch, room, step, times):
    """The first time that step is made, and later ones."""
    _, audio = planted()
    for nth in times:
        monkeypatch.setattr(room, step, interrupted(getattr(room, step), nth))
        found = encode(audio, QUICK, sample_rate_hz=RATE)
        monkeypatch.undo()
        assert found.metadata.stop_reason == "cancelled"
        assert snr_db(found.render(), audio) > 10
        assert np.array_equal(loads(dumps(found)).render(), found.render())


def interrupted(real, nth):
    """A function that is interrupted in its nth call, and only there."""
    calls = []

    def instead(*arguments):
        calls.append(1)
        if len(calls) == nth:
            raise KeyboardInterrupt
        return real(*arguments)

    return instead


def test_interrupted_while_a_checkpoint_is_written_keeps_the_fit(monkeypatch, tmp_path):
    """Before the refinement, and at the end; the other of the two is written whole."""
    _, audio = planted()
    whole = encode(audio, QUICK, sample_rate_hz=RATE)
    for nth in (1, 2):
        path = str(tmp_path / f"fit{nth}.npz")
        options = InstrumentOptions(refine=0, checkpoint=path)
        monkeypatch.setattr(encoder, "write_checkpoint", interrupted(encoder.write_checkpoint, nth))
        found = encode(audio, options, sample_rate_hz=RATE)
        monkeypatch.undo()
        assert found.metadata.stop_reason == "cancelled"
        assert np.array_equal(found.render(), whole.render())
        assert np.array_equal(encode(audio, options, sample_rate_hz=RATE).render(), whole.render())


def test_interrupted_before_anything_is_found_is_an_interruption(monkeypatch):
    """There is no best yet; of the clock it is an empty scene."""
    _, audio = planted()
    monkeypatch.setattr(stages, "strike_times", interrupted(stages.strike_times, 1))
    with pytest.raises(KeyboardInterrupt):
        encode(audio, QUICK, sample_rate_hz=RATE)


def test_interrupted_while_it_is_refined_keeps_the_fit(monkeypatch):
    pytest.importorskip("torch")
    _, audio = planted()
    for place in ("_objective", "_Model"):
        monkeypatch.setattr(gradient_refinement, place, interrupted(getattr(gradient_refinement, place), 1))
        found = encode(audio, InstrumentOptions(refine=2), sample_rate_hz=RATE)
        monkeypatch.undo()
        assert found.metadata.stop_reason == "cancelled"
        assert snr_db(found.render(), audio) > 20


def test_tuning_that_is_interrupted_keeps_its_rounds():
    scene, audio = planted()
    model = scene.instruments[0]
    sigma = np.stack([-6.9077553 / (model.t60_s * RATE), 2 * np.pi * (model.frequency_hz + 0.5) / RATE])
    order = np.argsort(scene.strike.time_s, kind="stable")
    value = (model.weights[scene.strike.control] * scene.strike.amplitude[:, None])[order]
    used = value.any(axis=0)
    sites = Sites(
        np.ascontiguousarray(sigma[:, used]),
        np.ones((1, used.sum()), complex),
        scene.strike.time_s[order] * RATE,
        np.ascontiguousarray(value[:, used]),
    )
    rounds = []

    def over():
        rounds.append(1)
        if len(rounds) == 3:
            raise KeyboardInterrupt

    _, before, _ = tune_modes(sites, audio[None], 0)
    _, two, none = tune_modes(sites, audio[None], 2)
    _, left, stopped = tune_modes(sites, audio[None], 9, over)
    assert (none, stopped) == (None, "cancelled")
    assert np.array_equal(left, two)
    assert np.sum(left**2) < 0.5 * np.sum(before**2)


def test_a_checkpoint_resumes(tmp_path):
    _, audio = planted()
    path = str(tmp_path / "fit.npz")
    first = encode(audio, InstrumentOptions(refine=0, checkpoint=path), sample_rate_hz=RATE)
    told = []
    again = encode(audio, InstrumentOptions(refine=0, checkpoint=path), sample_rate_hz=RATE, progress=told.append)
    assert not told
    assert np.array_equal(first.render(), again.render())
    with pytest.raises(ParameterError, match="another recording"):
        encode(audio[:-1], InstrumentOptions(refine=0, checkpoint=path), sample_rate_hz=RATE)
    with pytest.raises(ParameterError, match="a fit with modes 512, not 8"):
        encode(audio, InstrumentOptions(refine=0, modes=8, checkpoint=path), sample_rate_hz=RATE)
    encode(audio, InstrumentOptions(refine=0, seed=1, l1=0.1, checkpoint=path), sample_rate_hz=RATE)
    Path(path).write_bytes(b"junk")
    with pytest.raises(ParameterError, match="not a checkpoint"):
        encode(audio, InstrumentOptions(refine=0, checkpoint=path), sample_rate_hz=RATE)


def test_options_that_make_no_sense():
    for options in ({"modes": 0}, {"numbers_percent": 0}, {"l1": -1.0}, {"time_limit_s": 0}, {"strikes": 1.5}):
        with pytest.raises(ParameterError, match=next(iter(options))):
            InstrumentOptions(**options)
    with pytest.raises(ParameterError, match="at most 120 s"):
        encode(np.zeros(RATE * 121), QUICK, sample_rate_hz=RATE)


def sites(seed=0, n_channels=2, n_modes=6, n_strikes=4):
    rng = np.random.default_rng(seed)
    rate = np.stack([-rng.uniform(1e-3, 0.01, n_modes), np.sort(rng.uniform(0.1, 2.5, n_modes))])
    mixing = rng.normal(size=(n_channels, n_modes)) + 1j * rng.normal(size=(n_channels, n_modes))
    value = (rng.normal(size=(n_strikes, n_modes)) + 1j * rng.normal(size=(n_strikes, n_modes))) * (
        rng.random((n_strikes, n_modes)) < 0.6
    )
    return Sites(rate, mixing / np.linalg.norm(mixing, axis=0), np.sort(rng.uniform(0, 1500, n_strikes)), value)


def test_closed_inner_products_are_sums():
    model, n_samples = sites(), 2000
    n = np.arange(n_samples)

    def mode(j, m):
        sound = np.where(
            n >= model.strike_samples[j],
            np.exp((model.poles[0, m] + 1j * model.poles[1, m]) * (n - model.strike_samples[j])),
            0,
        )
        return model.mixing[:, m, None] * sound

    first, second = np.array([0, 2, 3]), np.array([1, 4, 5])
    closed = inner_products(model, n_samples, first, second, np.array([1]), np.array([2]))
    assert np.allclose(closed, [np.sum(mode(j, m).conj() * mode(1, 2)) for j, m in zip(first, second, strict=True)])
    assert np.allclose(squared_norms(model, n_samples)[1, 2], np.sum(np.abs(mode(1, 2)[:, :]) ** 2))


def test_polishing_finds_the_weights_and_never_does_worse():
    model, n_samples = sites(1), 4000
    audio = model.render(n_samples)
    start = np.where(model.amplitudes != 0, 0, 0).astype(complex)
    left = [
        float(np.sum(refit_amplitudes(model, audio, np.eye(4), start, model.amplitudes != 0, rounds)[1] ** 2))
        for rounds in (0, 1, 2, 4, 30)
    ]
    assert all(later <= earlier * (1 + 1e-9) for earlier, later in pairwise(left))
    assert left[-1] < 1e-8 * left[0]


def test_listening_is_what_sites_are_fitted_by():
    model = sites(2, n_channels=1)
    audio = np.random.default_rng(1).normal(size=(1, 3000))
    heard = correlate(audio, model.poles, model.strike_samples)[0] * model.mixing[0].conj()
    assert np.sum((heard.conj() * model.amplitudes).real) == pytest.approx(
        float(np.sum(audio * model.render(3000))), rel=1e-9
    )


def test_refining_goes_towards_the_loss():
    pytest.importorskip("torch")
    model, n_samples = sites(3), 8000
    audio = model.render(n_samples)
    off = Sites(model.poles * np.array([[1.05], [1.0002]]), model.mixing, model.strike_samples, model.amplitudes)
    seen = []
    found = refine(
        off, np.eye(4), 0.9 * model.amplitudes, audio, RATE, Refinement("stft", 25), lambda _, loss: seen.append(loss)
    )
    assert found.loss == min(seen)
    assert found.loss < 0.8 * seen[0]
    assert np.array_equal(found.weights != 0, model.amplitudes != 0)
    early = refine(
        off,
        np.eye(4),
        model.amplitudes,
        audio,
        RATE,
        Refinement("stft", 25),
        lambda step, _: "time_limit" if step == 2 else None,
    )
    assert early.stopped == "time_limit"


def test_strike_times_are_attacks_and_fill_what_sounds():
    audio = np.zeros(RATE * 2)
    for at in (1000, 9000, 20000):
        audio[at:] += np.exp(-np.arange(len(audio) - at) / 3000) * np.sin(0.3 * np.arange(len(audio) - at) + 1)
    times, strength = strike_times(audio, RATE, 12)
    assert len(times) <= 12
    for at in (1000, 9000, 20000):
        assert np.abs(times[strength > 0] - at).min() <= 32
    assert len(strike_times(np.zeros(1000), RATE, 5)[0]) == 0


def test_a_vibraphone(shared_audio):
    audio, rate = read_audio(shared_audio("vibraphone"))
    audio = np.atleast_2d(audio)[:, : int(1.5 * rate)]
    scene = encode(audio, QUICK, sample_rate_hz=rate)
    model = scene.instruments[0]
    assert model.n_numbers + 3 * len(scene.strike) <= 0.03 * scene.n_samples
    assert len(scene.strike) <= 12 * scene.duration_s
    assert spectral_convergence(scene.render(), audio) <= 0.05


def test_what_nobody_hears_leaves_nothing_audible():
    """Floats of 1e-30: their powers vanish, and what is relative to them is not a number."""
    scene = encode(1e-30 * np.random.default_rng(0).normal(size=8000), QUICK, sample_rate_hz=RATE)
    assert (scene.n_events, scene.metadata.stop_reason) == (0, "nothing_audible_left")
