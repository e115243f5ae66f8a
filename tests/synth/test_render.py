"""The renderer against the definition, whole against blocks, and what stretches may be asked for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motes.errors import ParameterError
from motes.kernels.windowed_sinusoids import Signal, Sinusoids, add_gabor
from motes.kinds.gabor.kernel import project_on_gabor
from motes.kinds.gabor.oracle import render_gabor_oracle
from motes.kinds.gabor.table import Gabor
from motes.scene.scene import Scene
from motes.synth.render import render_blocks


def random_scene(seed, n_events=60, n_channels=1, n_samples=20000, sample_rate_hz=44100):
    rng = np.random.default_rng(seed)
    duration = n_samples / sample_rate_hz
    gabor = Gabor(
        rng.uniform(-0.02, duration + 0.02, n_events),
        rng.choice([3.3, 64, 500.5, 2048, 32768], n_events) / sample_rate_hz,
        rng.uniform(0, 0.6 * sample_rate_hz, n_events),  # some above Nyquist: they are silent, by definition
        rng.uniform(0, 1, (n_events, n_channels)),
        rng.uniform(-7, 7, (n_events, n_channels)),
    )
    return Scene(sample_rate_hz, n_samples, n_channels, gabor)


@pytest.mark.parametrize("n_channels", [1, 2, 6])
@pytest.mark.parametrize("sample_rate_hz", [8000, 44100, 192000])
def test_equals_the_definition(n_channels, sample_rate_hz):
    scene = random_scene(1, n_channels=n_channels, sample_rate_hz=sample_rate_hz)
    true = render_gabor_oracle(scene.gabor, sample_rate_hz, scene.n_samples, n_channels)
    audio = scene.render()
    assert audio.shape == ((scene.n_samples,) if n_channels == 1 else (n_channels, scene.n_samples))
    assert audio.dtype == np.float32
    np.testing.assert_allclose(audio.reshape(n_channels, -1), true, atol=1e-6)


def test_an_event_is_what_its_parameters_say():
    gabor = Gabor([0.5], [0.25], [1000.0], [[0.5]], [[0.0]])
    audio = Scene(8000, 8000, 1, gabor).render()
    assert np.flatnonzero(np.abs(audio) > 1e-7)[0] >= 3000
    assert np.flatnonzero(np.abs(audio) > 1e-7)[-1] <= 5000
    assert audio[4000] == pytest.approx(0.5)
    assert np.abs(np.fft.rfft(audio)).argmax() == 1000


@given(seed=st.integers(0, 50), block_samples=st.integers(1, 7000), n_channels=st.integers(1, 3))
@settings(max_examples=25)
def test_blocks_equal_the_whole(seed, block_samples, n_channels):
    scene = random_scene(seed, n_events=10, n_channels=n_channels, n_samples=7000)
    blocks = np.concatenate(list(render_blocks(scene, block_samples)), axis=1)
    np.testing.assert_allclose(blocks, scene.render().reshape(n_channels, -1), atol=1e-7)


def test_a_stretch_equals_its_part_of_the_whole():
    scene = random_scene(3, n_channels=2)
    whole = scene.render()
    np.testing.assert_allclose(scene.render(0.1, 0.3), whole[:, 4410:13230], atol=1e-7)
    np.testing.assert_allclose(scene.render(start_s=0.4), whole[:, 17640:], atol=1e-7)
    assert scene.render(0.1, 0.1).shape == (2, 0)


@pytest.mark.parametrize("n_samples", [0, 1, 2])
def test_lengths_near_nothing(n_samples):
    scene = Scene(44100, n_samples, 1, Gabor([0.0], [0.1], [0.0], [[1.0]], [[0.0]]))
    np.testing.assert_allclose(scene.render(), np.ones(n_samples), atol=1e-3)


def test_a_scene_without_events_is_silent():
    assert not Scene(44100, 1000, 2, Gabor.empty(2)).render().any()


@pytest.mark.parametrize(
    ("stretch", "says"),
    [
        ((431.2, None), "samples, not seconds"),
        ((0, 500), "samples, not seconds"),
        ((0.3, 0.2), "ends"),
        ((-1, None), "outside"),
        ((float("nan"), None), "finite"),
    ],
)
def test_stretches_that_make_no_sense(stretch, says):
    with pytest.raises(ParameterError, match=says):
        random_scene(1).render(*stretch)


def test_projection_is_the_adjoint_of_rendering():
    """⟨render(a), y⟩ = ⟨a, project(y)⟩."""
    rng = np.random.default_rng(7)
    n, n_samples = 30, 3000
    centre, window, omega = rng.uniform(-100, 3100, n), rng.choice([50.5, 512, 2048.0], n), rng.uniform(0, np.pi, n)
    a, y = rng.standard_normal(n) + 1j * rng.standard_normal(n), rng.standard_normal(n_samples)
    signal, re, im = Signal.zeros(1, n_samples, 0), np.empty((n, 1)), np.empty((n, 1))
    add_gabor(signal, Sinusoids(centre, window, omega, np.abs(a)[:, None], np.angle(a)[:, None]), 0, n)
    project_on_gabor(Signal.of(y[None], 0), centre, window, omega, re, im)
    assert signal.channels()[0] @ y == pytest.approx(a.real @ re[:, 0] + a.imag @ im[:, 0], rel=1e-10)


def test_events_above_half_the_sample_rate_are_silent():
    gabor = Gabor([0.5, 0.5], [0.25, 0.25], [4000.0, 4001.0], [[0.5], [0.5]], [[0.0], [0.0]])
    scene = Scene(8000, 8000, 1, gabor)
    np.testing.assert_allclose(scene.render(), scene.select("frequency_hz == 4000").only().render(), atol=1e-7)
    assert not scene.select("frequency_hz > 4000").only().render().any()
