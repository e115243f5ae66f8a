"""Parts: clusters of what is alike, however many; or as many as are known to play."""

import numpy as np

from motes.notes.parts import MOST, NOTES_APART, clusters, parts_of


def cloud(rng, n, middle, d=8):
    points = rng.standard_normal((n, d))
    points[:, 0] += middle
    return points


def test_two_that_are_apart_are_two_and_one_is_one():
    rng = np.random.default_rng(0)
    two = np.concatenate([cloud(rng, 40, 0), cloud(rng, 60, 8)])
    found = clusters(two, NOTES_APART)
    assert len(np.unique(found)) == 2
    assert len(np.unique(found[:40])) == len(np.unique(found[40:])) == 1
    assert not clusters(cloud(rng, 100, 0), NOTES_APART).any()


def test_known_numbers_are_kept():
    points = cloud(np.random.default_rng(1), 50, 0)
    assert len(np.unique(clusters(points, NOTES_APART, 3))) == 3
    assert len(np.unique(clusters(points[:2], NOTES_APART, 3))) == 2


def test_few_that_lie_apart_are_no_part():
    rng = np.random.default_rng(2)
    points = np.concatenate([cloud(rng, 100, 0), cloud(rng, 2, 30)])
    assert not clusters(points, NOTES_APART).any()


def test_more_than_are_clustered_go_with_the_nearest():
    rng = np.random.default_rng(3)
    where = rng.integers(0, 2, MOST + 500)
    points = rng.standard_normal((len(where), 3))
    points[:, 0] += 12 * where
    found = clusters(points, NOTES_APART)
    assert np.array_equal(found, where) or np.array_equal(found, 1 - where)


def test_notes_and_hits_are_apart_and_numbered_by_their_first():
    rng = np.random.default_rng(4)
    is_pitched = np.array([False, True, False, True, True, False])
    part = parts_of(cloud(rng, 3, 0), cloud(rng, 3, 0), is_pitched)
    assert part.tolist() == [0, 1, 0, 1, 1, 0]
    assert len(parts_of(np.zeros((0, 8)), np.zeros((0, 8)), np.zeros(0, bool))) == 0
