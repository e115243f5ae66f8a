"""Decoders of vectors: the same splats whoever stands beside, nothing silent, nothing out of range."""

import numpy as np
import pytest

from motes.errors import ParameterError
from motes.kinds.splat.render import SplatRenderer
from motes.kinds.vector.decoder import CURRENT, Decoder
from motes.kinds.vector.structure import BEFORE
from motes.kinds.vector.weights import mlp

RATE = 22050


class Context:
    """What a renderer asks of a scene."""

    sample_rate_hz = RATE
    n_channels = 1


@pytest.fixture(scope="module")
def decoder() -> Decoder:
    return Decoder.named(CURRENT)


def drawn(decoder: Decoder, n: int) -> np.ndarray:
    return np.random.default_rng(0).multivariate_normal(decoder.prior.mean, decoder.prior.covariance, n)


def decoded(decoder, numbers):
    return decoder.splats(numbers, np.zeros(len(numbers)), np.zeros((len(numbers), 1)))


def rendered(splats, n_samples: int) -> np.ndarray:
    audio = np.zeros((1, n_samples))
    SplatRenderer(splats, Context).add(audio, 0, n_samples)
    return audio[0]


def test_a_vector_has_the_same_splats_alone_and_beside_others(decoder):
    numbers = drawn(decoder, 12)
    all_of_them, of = decoded(decoder, numbers)
    for i in (0, 5, 11):
        alone, _ = decoded(decoder, numbers[i : i + 1])
        for name in ("time_s", "width_s", "f0_hz", "gain_db", "phase_rad", "t60_s", "seed", "backward"):
            np.testing.assert_array_equal(alone.column(name), all_of_them.column(name)[of == i])


def test_vectors_of_the_prior_sound(decoder):
    for row in drawn(decoder, 8):
        splats, _ = decoded(decoder, row[None])
        sound = rendered(splats, RATE)
        assert np.all(np.isfinite(sound))
        assert 20 * np.log10(np.sqrt(np.max(np.convolve(sound**2, np.ones(1102) / 1102)))) > row[1] - 30


def test_numbers_far_out_are_splats_still(decoder):
    far = np.array([-1.0, 1.0])[:, None] * np.array([200, 190, 12, 13, 13, 12, 1, *[60] * 9])
    splats, of = decoded(decoder, far)
    assert set(of) <= {0, 1}
    assert np.all(np.isfinite(splats.gain_db))


def test_onset_and_gain_are_added(decoder):
    numbers = drawn(decoder, 2)
    plain, _ = decoded(decoder, numbers)
    placed, _ = decoder.splats(numbers, np.array([3.0, 3.0]), np.full((2, 2), -6.0))
    np.testing.assert_allclose(placed.time_s, plain.time_s + 3)
    np.testing.assert_allclose(placed.gain_db, np.repeat(plain.gain_db - 6, 2, axis=1))
    silent, _ = decoder.splats(numbers, np.zeros(2), np.full((2, 1), -200.0))
    assert np.all(silent.gain_db == -200)


def test_nothing_sounds_long_before_the_onset(decoder):
    numbers = drawn(decoder, 50)
    splats, of = decoded(decoder, numbers)
    length = np.exp2(np.clip(numbers[of, 2], -6, 5))
    assert np.all(splats.start_s >= -(BEFORE + 0.01) * length)


def test_no_vectors_are_no_splats(decoder):
    splats, of = decoder.splats(np.zeros((0, 16)), np.zeros(0), np.zeros((0, 2)))
    assert len(splats) == len(of) == 0
    assert splats.n_channels == 2


def test_an_unknown_model_is_named():
    with pytest.raises(ParameterError, match="nonsense"):
        Decoder.named("nonsense")


def test_layers_equal_their_matrix_products():
    weights = Decoder.named(CURRENT).weights
    x = np.random.default_rng(1).normal(size=(3, 16))
    expected = x
    for layer in range(3):
        if layer:
            expected = expected / 2 * (1 + expected / (1 + np.abs(expected)))
        expected = expected @ weights[f"decoder.{layer}.weight"] + weights[f"decoder.{layer}.bias"]
    np.testing.assert_allclose(mlp(x, weights, "decoder"), expected, rtol=1e-9, atol=1e-12)
