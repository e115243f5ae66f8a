"""Rounding: once is enough, the nearest value is taken, and the formulas are those of docs/format.md."""

from decimal import Decimal, getcontext

import numpy as np
import pytest
from codec_scenes import quantisers, random_scene, scenes
from hypothesis import given, settings
from hypothesis import strategies as st

from motes.codec import quantise
from motes.codec.quantise_scene import default_quantiser, error_energy, quantiser_for
from motes.errors import ParameterError
from motes.kinds.gabor.integers import to_integers
from motes.kinds.gabor.oracle import render_gabor_oracle
from motes.kinds.gabor.quantiser import (
    SILENT,
    GaborQuantiser,
    amplitude_index,
    amplitude_of,
    event_knee,
    phase_levels,
    slope,
)
from motes.kinds.gabor.table import Gabor
from motes.scene.scene import Scene


@settings(max_examples=100)
@given(scenes())
def test_rounding_twice_changes_nothing(scene):
    once = quantise(scene)
    assert once.quantiser is not None
    again = once.replace(gabor=once.gabor.replace())  # a table of which nobody knows that it is rounded
    assert quantise(again).gabor.equals(once.gabor)


def test_columns_that_rounding_leaves_are_shared_and_others_are_as_before():
    once = quantise(random_scene(np.random.default_rng(3), 500, 2))
    amplitude = once.gabor.amplitude.copy()
    amplitude[:20] = 0.0  # these go
    amplitude[200] *= 1.3
    louder = once.gabor.amplitude.copy()
    louder[200] *= 1.3
    kept = quantise(once.replace(gabor=once.gabor.replace(amplitude=louder))).gabor
    assert kept.time_s is once.gabor.time_s
    assert kept.amplitude[201:].tolist() == once.gabor.amplitude[201:].tolist()
    fewer = quantise(once.replace(gabor=once.gabor.replace(amplitude=amplitude))).gabor
    assert fewer.equals(kept.take(slice(20, None)))


@given(quantisers, st.lists(st.integers(-400, 100_000), min_size=1, max_size=20), st.integers(1, 1 << 20))
def test_every_index_comes_back_from_its_amplitude(quantiser, indices, window):
    knee = event_knee(np.full(len(indices), window), quantiser)
    index = np.array(indices)[:, None]
    amplitude = amplitude_of(index, knee, quantiser)
    kept = (amplitude >= 2.0**-40 * (1 + 1e-9)) & (amplitude <= 1e6)
    np.testing.assert_array_equal(amplitude_index(amplitude, knee, quantiser)[kept], index[kept])


@given(quantisers, st.floats(1e-6, 1e3), st.integers(64, 1 << 20))
def test_the_nearest_amplitude_is_taken(quantiser, amplitude, window):
    knee = event_knee(np.array([window]), quantiser)
    index = amplitude_index(np.array([[amplitude]]), knee, quantiser)
    error = abs(amplitude_of(index, knee, quantiser) - amplitude)
    for near in (index - 1, index + 1):
        assert error <= abs(amplitude_of(near, knee, quantiser) - amplitude) * (1 + 1e-9) + 1e-15


def test_slopes_are_those_of_exact_arithmetic():
    getcontext().prec = 50
    for steps in range(1, 65):
        exact = (Decimal(2) ** (Decimal(1) / steps) - 1) * 65536
        assert slope(GaborQuantiser(steps, 4, 0)) == int(exact.to_integral_value())


def test_phases_grow_with_amplitude():
    index = np.array([-5, 0, 1, 2, 3, 1 << 40])
    assert phase_levels(index, GaborQuantiser(1, 4, 0)).tolist() == [4, 4, 8, 12, 16, 65536]
    assert phase_levels(index, GaborQuantiser(2, 5, 0)).tolist() == [5, 5, 7, 9, 11, 65536]


@pytest.mark.parametrize("window", [64, 1024, 32768])
def test_a_step_above_the_knee_has_the_same_energy_whatever_the_window(window):
    quantiser = GaborQuantiser(1, 4, -40)
    knee = event_knee(np.array([window * 16, window * 16]), quantiser)
    low, high = amplitude_of(np.array([[3], [4]]), knee, quantiser)[:, 0]
    assert (high - low) ** 2 * window == pytest.approx(64 * 2.0**-10)


@settings(max_examples=20)
@given(st.integers(0, 1000), st.sampled_from([(1, 4), (1, 6), (2, 8), (4, 32)]), st.integers(-90, -20))
def test_errors_stay_within_a_step(seed, steps, knee):
    scene, quantiser = random_scene(seed, 100, silent=0, windows=(512, 4096)), GaborQuantiser(*steps, knee)
    rounded = quantise(scene, quantiser).gabor
    knees = event_knee(np.rint(scene.gabor.window_s * 44100 * 16).astype(np.int64), quantiser)
    step = np.maximum(scene.gabor.amplitude, 2.0 ** (knees / 8)[:, None]) * (2 ** (1 / steps[0]) - 1)
    assert np.all(np.abs(rounded.amplitude - scene.gabor.amplitude) <= step / 2 * (1 + 1e-6))
    levels = phase_levels(amplitude_index(rounded.amplitude, knees, quantiser), quantiser)
    off = np.angle(np.exp(1j * (rounded.phase_rad - scene.gabor.phase_rad)))
    assert np.all(np.abs(off) <= np.pi / levels * (1 + 1e-9))


def test_events_on_the_grid_keep_their_place_exactly():
    scene = random_scene(1, 500)
    rounded = quantise(scene)
    for name in ("time_s", "frequency_hz", "window_s"):
        kept = scene.gabor.amplitude[:, 0] > 0
        np.testing.assert_array_equal(getattr(rounded.gabor, name), getattr(scene.gabor, name)[kept])


def test_silent_events_are_dropped_and_weak_channels_silenced():
    amplitude = np.array([[0.0, 0.0], [1.0, 0.0005], [1.0, 0.002], [1e-13, 0.0]])
    gabor = Gabor(np.arange(4) / 10, np.full(4, 0.01), np.full(4, 440.0), amplitude, np.ones((4, 2)))
    rounded = quantise(Scene(44100, 44100, 2, gabor)).gabor
    assert len(rounded) == 2
    assert rounded.amplitude[0, 1] == 0.0
    assert rounded.phase_rad[0, 1] == 0.0
    assert rounded.amplitude[1, 1] > 0


def test_the_estimated_error_is_that_of_the_sound():
    scene = random_scene(5, 60, n_samples=400_000, silent=0, windows=(512, 1024))
    inside = (
        (scene.gabor.start_s > 0)
        & (scene.gabor.end_s < 9)
        & (scene.gabor.frequency_hz > 500)
        & (scene.gabor.frequency_hz < 20000)
    )
    scene = scene.replace(gabor=scene.gabor.take(inside))
    quantiser = quantiser_for(scene, error_energy(scene, GaborQuantiser(1, 4, -30)))
    assert quantiser.knee in (-30, -29)
    rounded = quantise(scene, quantiser)
    sound, rounded_sound = (render_gabor_oracle(s.gabor, 44100, 400_000, 1) for s in (scene, rounded))
    assert np.sum((sound - rounded_sound) ** 2) == pytest.approx(error_energy(scene, quantiser), rel=0.25)


@pytest.mark.parametrize(
    ("field", "value"),
    [("steps_per_doubling", 0), ("steps_per_doubling", 65), ("n_phases", 1), ("knee", 161), ("knee", 1.5)],
)
def test_quantisers_out_of_range_are_refused(field, value):
    quantiser = GaborQuantiser(**({"steps_per_doubling": 2, "n_phases": 8, "knee": 0} | {field: value}))
    with pytest.raises(ParameterError, match=field):
        quantise(random_scene(0, 3), quantiser)


def test_a_scene_without_sound_has_a_default_quantiser():
    assert default_quantiser(random_scene(0, 0)).n_phases > 1
    assert (
        to_integers(random_scene(0, 5, silent=1.1).gabor, 44100, default_quantiser(random_scene(0, 0))).amplitude.max()
        == SILENT
    )
