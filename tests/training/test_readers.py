"""What the sixteen numbers are computed from is learned, and its weights are those that inference takes."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from motes.data.rendering.piece import Piece  # noqa: E402
from motes.data.rendering.scores.score import DRUMS, Score, ScoreNote  # noqa: E402
from motes.encoders.siam.network import Network  # noqa: E402
from motes.encoders.siam.numbers import Readers  # noqa: E402
from motes.encoders.siam.reading import N_BAND_FEATURES, N_KEY_FEATURES, N_NUMBERS  # noqa: E402
from motes.errors import FormatError  # noqa: E402
from motes.training.readers import Sightings, sightings_of, trained, write_readers  # noqa: E402


def planted(n_features: int, seed: int, n: int = 3000) -> Sightings:
    """Numbers that are a linear function of eight of the features, each of another mean and size."""
    rng = np.random.default_rng(seed)
    slopes = np.zeros((n_features, N_NUMBERS))
    slopes[:8] = np.random.default_rng(7).normal(0, 1, (8, N_NUMBERS)) * np.linspace(0.1, 10, N_NUMBERS)
    features = rng.normal(0.5, 2, (n, n_features)) * (np.arange(n_features) < 16)
    numbers = features @ slopes + np.linspace(-30, 60, N_NUMBERS)
    return Sightings(features.astype(np.float32), numbers.astype(np.float32))


def test_numbers_that_are_linear_in_features_are_learned_and_read_from_a_file(tmp_path):
    weights = {
        name: trained(planted(n, 0), steps=400) for name, n in (("keys", N_KEY_FEATURES), ("bands", N_BAND_FEATURES))
    }
    write_readers(weights["keys"], weights["bands"], tmp_path / "readers.safetensors")
    readers = Readers.read(tmp_path / "readers.safetensors")
    for name, n in Readers.N_FEATURES.items():
        unseen = planted(n, 1, 500)
        apart = readers.numbers(name, unseen.features) - unseen.numbers
        assert np.all(apart.std(axis=0) < 0.3 * unseen.numbers.std(axis=0)), name
        assert np.all(np.abs(apart.mean(axis=0)) < 0.1 * unseen.numbers.std(axis=0)), name


def test_the_same_seed_gives_the_same_weights():
    seen = planted(N_BAND_FEATURES, 0, 200)
    first, second = (trained(seen, steps=3, seed=5) for _ in range(2))
    for name, array in first.items():
        np.testing.assert_array_equal(array, second[name])


def test_weights_of_other_shapes_are_refused(tmp_path):
    weights = trained(planted(12, 0, 100), steps=1)
    write_readers(weights, weights, tmp_path / "readers.safetensors")
    with pytest.raises(FormatError, match="other names or shapes"):
        Readers.read(tmp_path / "readers.safetensors")


def test_notes_of_a_piece_are_seen_with_their_numbers():
    from event_networks import random_weights

    from motes.encoders.siam.layout import WHOLE

    rate, keys = 44100, (60, 64, 90)
    notes = tuple(ScoreNote(0.5 * i, 0.4, key, 100, 0) for i, key in enumerate(keys))
    piece = Piece(Score((*notes, ScoreNote(1.0, 0.2, 38, 100, 1)), (0, DRUMS)), (), 3, rate, additive=1.0)
    placed = []
    pitched, drums = sightings_of(
        piece, 2 * rate, Network(random_weights(WHOLE)), lambda mix: placed.append(mix) or mix
    )
    assert pitched.features.shape == (len(keys), N_KEY_FEATURES)
    np.testing.assert_allclose(pitched.numbers[:, 0], keys, atol=0.5)
    assert np.isfinite(pitched.features).all()
    assert np.isfinite(pitched.numbers).all()
    assert drums.numbers.shape == (0, N_NUMBERS)  # nothing plays drums here
    assert [len(mix) for mix in placed] == [2 * rate]
