"""Splats rendered from knot to knot, against their definition, and what rendering them costs."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motes.kinds.splat.oracle import gains, render_one, render_splat_oracle
from motes.kinds.splat.render import SplatRenderer
from motes.kinds.splat.table import Splat
from motes.scene.scene import Scene

RATE, N = 44100, 30000


def wide(random: np.random.Generator, n: int) -> Splat:
    """From clicks to drones, from still to wildly swinging, forward and backward, some begun long ago."""
    f0 = 10 ** random.uniform(1.5, 3.8, n)

    def some(values: np.ndarray) -> np.ndarray:
        return values * (random.random(n) < 0.5)

    return Splat(
        time_s=random.uniform(-0.1, 0.6, n),
        width_s=10 ** random.uniform(-4.3, -0.5, n),
        f0_hz=f0,
        centre_hz=f0 * 2 ** random.uniform(-1, 4, n),
        width_octaves=10 ** random.uniform(-1, 0.5, n),
        t60_s=10 ** random.uniform(-2.3, 0.8, n),
        gain_db=random.uniform(-30, 0, (n, 1)),
        shape=some(1.05 + 10 ** random.uniform(-2, 2, n)),
        phase_rad=random.uniform(-9, 9, n),
        glide_per_s=some(2 * random.normal(size=n)),
        inharmonicity=some(10 ** random.uniform(-5, -2, n)),
        rolloff_db=random.uniform(0, 12, n),
        damping_slope=some(random.uniform(0, 1.5, n)),
        cutoff_start_hz=f0 * 2 ** random.uniform(-1, 5, n),
        cutoff_end_hz=f0 * 2 ** random.uniform(-1, 5, n),
        crossfade_s=10 ** random.uniform(-4, 0, n),
        tremolo=some(random.uniform(-1, 1, n)),
        vibrato_cents=some(random.uniform(-100, 100, n)),
        modulation_hz=10 ** random.uniform(-1, 2.5, n),
        modulation_rad=random.uniform(-4, 4, n),
        noise=some(random.random(n)),
        seed=random.integers(0, 99, n),
        n_partials=random.integers(1, 33, n),
        backward=random.integers(0, 2, n),
    )


def stretch(part: SplatRenderer, first: int, n_samples: int) -> np.ndarray:
    audio = np.zeros((1, n_samples + 16))
    part.add(audio, first, n_samples)
    return audio[0, :n_samples]


def peak(audio: np.ndarray) -> float:
    return float(np.max(np.abs(audio), initial=0.0))


@pytest.mark.parametrize("seed", range(4))
def test_each_event_is_its_definition_to_105_db_below_its_peak_and_the_same_in_blocks(seed):
    table = wide(np.random.default_rng(seed), 8)
    for i in range(8):
        event = table.take(np.array([i]))
        low, sound = render_one(event, 0, RATE, 4 * N, first=-N)
        defined = np.zeros(5 * N)
        defined[low + N :][: len(sound)] = sound * gains(event, 0)
        part = SplatRenderer(event, Scene(RATE, N, 1))
        whole = stretch(part, 0, N)
        assert peak(whole - defined[N : 2 * N]) <= 10 ** (-105 / 20) * peak(defined), (seed, i)
        blocks = np.concatenate([stretch(part, first, 1500) for first in range(0, N, 1500)])
        assert peak(blocks - whole) <= 1e-6 * peak(defined), (seed, i)


def between(low: float, high: float) -> st.SearchStrategy[float]:
    """Evenly in the logarithm."""
    return st.floats(0.0, 1.0).map(lambda x: float(low * (high / low) ** x))


def either(value: float, *others: st.SearchStrategy[float]) -> st.SearchStrategy[float]:
    return st.one_of(st.just(value), *others)


# The whole range of parameters, of events that last seconds at most.
ANY = st.fixed_dictionaries(
    {
        "width_s": between(1e-5, 0.2),
        "f0_hz": between(1e-2, 1e5),
        "width_octaves": between(1e-2, 1e3),
        "t60_s": between(1e-5, 1.0),
        "shape": either(0.0, between(1e-4, 1e4).map(lambda x: min(1.05 + x, 1e4))),
        "phase_rad": st.floats(-9.0, 9.0),
        "glide_per_s": either(0.0, between(1e-2, 1e3)),
        "inharmonicity": either(0.0, between(1e-6, 1.0)),
        "rolloff_db": st.floats(-60.0, 100.0),
        "damping_slope": either(0.0, st.floats(0.0, 8.0)),
        "cutoff_start_hz": either(1e6, between(1e-2, 1e6)),
        "cutoff_end_hz": either(1e6, between(1e-2, 1e6)),
        "crossfade_s": between(1e-5, 1e4),
        "tremolo": either(0.0, st.floats(-1.0, 1.0)),
        "vibrato_cents": either(0.0, st.floats(-2400.0, 2400.0)),
        "modulation_hz": between(1e-3, 1e4),
        "modulation_rad": st.floats(-9.0, 9.0),
        "noise": either(0.0, st.just(1.0), st.floats(0.0, 1.0)),
        "n_partials": st.sampled_from([1, 2, 5, 32]),
        "backward": st.sampled_from([0, 1]),
    }
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(ANY, st.floats(-3.0, 5.0), st.floats(0.0, 3.0), st.sampled_from([8000, 16000, 44100]))
def test_an_event_of_any_parameters_is_its_definition_to_100_db_and_the_same_in_blocks(columns, octaves, first, rate):
    """Short resonances under long bursts above all: between knots their decay is far steeper than what drives it."""
    event = Splat(
        time_s=np.zeros(1),
        centre_hz=np.array([columns["f0_hz"] * 2**octaves]),
        gain_db=np.zeros((1, 1)),
        **{name: np.array([value]) for name, value in columns.items()},
    )
    event = event.replace(time_s=first / rate - event.start_s)
    n = int(event.end_s[0] * rate) + 2
    low, sound = render_one(event, 0, rate, n)
    defined = np.zeros(n)
    defined[low : low + len(sound)] = sound
    part = SplatRenderer(event, Scene(rate, n, 1))
    whole, blocks = stretch(part, 0, n), [stretch(part, k, min(3001, n - k)) for k in range(0, n, 3001)]
    assert peak(whole - defined) <= 1e-5 * peak(defined) + 1e-9
    assert peak(np.concatenate(blocks) - whole) <= 2e-6 * peak(defined) + 1e-9


def test_partials_above_half_the_rate_hide_none_below():
    event = wide(np.random.default_rng(1), 1).replace(
        f0_hz=np.array([5000.0]),
        centre_hz=np.array([80000.0]),
        width_octaves=np.array([0.4]),
        n_partials=np.array([32]),
        noise=np.zeros(1),
    )
    low, sound = render_one(event, 0, RATE, N)
    assert peak(sound) > 0
    assert peak(
        stretch(SplatRenderer(event, Scene(RATE, N, 1)), low, len(sound)) - gains(event, 0) * sound
    ) < 1e-5 * peak(gains(event, 0) * sound)


def test_a_seek_into_a_drone_costs_what_is_heard_there():
    """A resonance of hours, begun hours ago: a tenth of a second of it takes no longer than one begun just now."""
    drone = Splat(
        np.array([1.0]),
        np.array([20.0]),
        np.array([100.0]),
        np.array([100.0]),
        np.array([2.0]),
        np.array([1e4]),
        np.array([[0.0]]),
    )
    part = SplatRenderer(drone, Scene(RATE, 10**9, 1))
    stretch(part, 0, 4410)
    begun = time.perf_counter()
    late = stretch(part, 5000 * RATE, 4410)
    assert time.perf_counter() - begun < 0.5
    early = stretch(part, 200 * RATE, 4410)  # periods of 10 ms: the same phases
    assert peak(early) > 0.1
    assert peak(late) == pytest.approx(peak(early) * 1000 ** (-4800 / 1e4), rel=0.05)


def test_silent_extremes_are_silent():
    event = wide(np.random.default_rng(2), 1).replace(f0_hz=np.array([1e6]), noise=np.zeros(1), time_s=np.array([0.1]))
    assert not stretch(SplatRenderer(event, Scene(RATE, N, 1)), 0, N).any()


def test_extremes_are_finite():
    usual = wide(np.random.default_rng(3), 1).replace(time_s=np.array([0.05]), noise=np.array([0.3]), shape=np.zeros(1))
    for param in Splat.PARAMS:
        if param.name in ("time_s", "gain_db", "group_id", "room_id", "wetness"):
            continue
        for value in (param.low, param.high):
            column = np.array([value]).astype(np.int64 if param.whole else np.float64)
            for shape in (0.0, 1.05, 3.0):
                event = usual.replace(shape=np.array([shape]))
                event = event.replace(**{param.name: column})
                assert np.isfinite(stretch(SplatRenderer(event, Scene(RATE, N, 1)), 0, 4000)).all(), (
                    param.name,
                    value,
                    shape,
                )


@pytest.mark.parametrize("slope", [3.0, 6.0, 8.0])
def test_partials_that_decay_within_a_sample_follow_their_burst(slope):
    random, n = np.random.default_rng(5), 12
    events = Splat(
        time_s=random.uniform(0.1, 0.4, n),
        width_s=random.uniform(0.005, 0.05, n),
        f0_hz=random.uniform(100, 800, n),
        centre_hz=np.full(n, 900.0),
        width_octaves=np.full(n, 2.0),
        t60_s=random.uniform(0.005, 0.3, n),
        gain_db=np.zeros((n, 1)),
        damping_slope=np.full(n, slope),
    )
    oracle = render_splat_oracle(events, 16000, 12_000, 1)[0]
    assert np.abs(oracle).max() < 32 * n  # partials of about 1 at most
    assert np.abs(Scene(16000, 12_000, 1, splat=events).render() - oracle).max() < 1e-4 * np.abs(oracle).max()
