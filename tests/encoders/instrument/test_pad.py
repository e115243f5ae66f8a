"""The pad: controls that excite the same modes lie near each other, and none lie on one another."""

import numpy as np

from motes.encoders.instrument.pad import APART, factorise, pad_places


def test_controls_alike_lie_near_each_other_and_none_coincide():
    weights = np.repeat(np.eye(3), 4, axis=0) @ np.random.default_rng(0).uniform(0.5, 1, (3, 9)).astype(complex)
    weights[:4, 3:], weights[4:8, :3], weights[4:8, 6:], weights[8:, :6] = 0, 0, 0, 0
    places = pad_places(weights, np.ones(9))
    assert places.shape == (12, 2)
    assert places.min() >= 0
    assert places.max() <= 1
    distance = np.linalg.norm(places[:, None] - places[None], axis=-1)
    group = np.arange(12) // 4
    alike = group[:, None] == group[None]
    assert distance[alike].max() < distance[~alike].min()
    assert distance[~np.eye(12, dtype=bool)].min() > 0.5 * APART
    assert np.array_equal(places, pad_places(weights, np.ones(9)))


def test_few_controls_lie_in_the_middle():
    assert np.array_equal(pad_places(np.ones((1, 4), complex), np.ones(4)), [[0.5, 0.5]])
    assert pad_places(np.ones((0, 4), complex), np.ones(4)).shape == (0, 2)


def test_factors_give_back_what_has_their_rank():
    rng = np.random.default_rng(1)
    matrix = rng.random((6, 2)) @ rng.random((2, 7))
    shares, patterns = factorise(matrix, 2)
    assert np.abs(shares @ patterns - matrix).max() < 0.05 * matrix.max()
