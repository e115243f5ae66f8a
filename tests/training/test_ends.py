"""What reads the ends of notes is learned from recordings with labels, and its weights are those of inference."""

from __future__ import annotations

import numpy as np
import pytest
from event_networks import planted_weights

torch = pytest.importorskip("torch")

from motes.encoders.siam.ends import N_COLUMNS, N_FEATURES, OFFSETS, EndReader  # noqa: E402
from motes.encoders.siam.layout import WHOLE  # noqa: E402
from motes.encoders.siam.network import Network  # noqa: E402
from motes.encoders.siam.peaks import FRAME_S  # noqa: E402
from motes.encoders.siam.spectra import BINS_PER_KEY, N_BINS  # noqa: E402
from motes.training.ends import EndSightings, end_sightings, trained_ends, write_ends  # noqa: E402
from motes.training.examples import Example  # noqa: E402


def planted(seed: int, n: int = 2000) -> EndSightings:
    """Keys that sound until notes end, with some noise."""
    rng = np.random.default_rng(seed)
    length = np.exp(rng.uniform(np.log(3), np.log(300), n))
    features = rng.normal(0, 0.3, (n, N_FEATURES))
    features[:, : N_COLUMNS * len(OFFSETS) : N_COLUMNS] += np.where(length[:, None] > OFFSETS, 1, -1)
    return EndSightings(features.astype(np.float32), length.astype(np.float32))


def test_ends_are_learned_and_read_from_a_file(tmp_path):
    write_ends(trained_ends(planted(0), steps=300), tmp_path / "ends.safetensors")
    unseen = planted(1, 300)
    length_s = EndReader.read(tmp_path / "ends.safetensors").lengths_s(unseen.features)
    true_s = unseen.length * FRAME_S
    assert np.mean(np.abs(length_s - true_s) <= np.maximum(0.2 * true_s, 0.05)) > 0.9


def test_the_same_seed_gives_the_same_weights():
    first, second = (trained_ends(planted(0, 50), steps=3, seed=5) for _ in range(2))
    for name, array in first.items():
        np.testing.assert_array_equal(array, second[name])


def test_notes_that_are_found_are_seen_with_their_lengths():
    key, frames = 55, 200
    levels = np.zeros((frames, 2, N_BINS), np.uint8)
    levels[50:90, :, 1 + BINS_PER_KEY * key] = 2 * 105
    notes = np.array([(50, 90, 21 + key, -10, -1), (120, 150, 60, -10, -1), (50, 60, 40, -10, 3)], np.float32)
    seen = end_sightings(Example(levels, notes), Network(planted_weights(WHOLE)))
    assert seen.features.shape == (1, N_FEATURES)
    np.testing.assert_allclose(seen.length, 40, atol=1)
