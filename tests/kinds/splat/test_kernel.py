"""The kernel of splats' partials, against the same in NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from plain_partial_sounds import add_partials_plain

from motes.kinds.splat.kernel import LONGEST, NODES, Knots, add_partials


def at_random(seed: int, first_knot: int, driven: int) -> tuple:
    """Knots at all distances, and partials that nothing smooth need lie behind."""
    random = np.random.default_rng(seed)
    spread = random.permutation(np.concatenate([np.arange(LONGEST + 1)] * 3)).astype(np.int64)
    place = np.concatenate([[0], np.cumsum(1 << spread)])
    n, n_partials = len(place), 5
    node = 0.5 + 0.5 * np.polynomial.legendre.leggauss(NODES)[0]
    shared = random.normal(size=(6, n))
    shared[[1, 3]] /= 30
    shared[4] = place + random.normal(size=n)
    shared[5] = 1 + 0.01 * random.normal(size=n)
    partials = np.stack(
        [
            random.uniform(0.01, 3, n_partials),
            random.uniform(-9, 9, n_partials),
            10 ** random.uniform(-5, 1, n_partials),
            random.uniform(0.001, 0.1, n_partials),
            random.normal(size=n_partials),
            random.normal(size=n_partials),
            random.random(n_partials),
        ]
    )
    knots = Knots(place, spread, random.random((driven, NODES)), random.random(n), shared)
    return knots, partials, node, first_knot


@pytest.mark.parametrize(("first_knot", "driven"), [(0, 21), (0, 0), (3, 9), (9, 4)])
def test_the_kernel_is_the_plain_one(first_knot, driven):
    for seed in range(3):
        case = at_random(seed, first_knot, driven)
        fast, plain = np.ones((2, int(case[0].place[-1])))
        add_partials(fast, *case, 0.0)
        add_partials_plain(plain, *case, 0.0)
        assert np.max(np.abs(fast - plain)) < 1e-9 * np.max(np.abs(plain))
        assert np.all(fast[: case[0].place[first_knot]] == 1)


def test_what_is_quiet_ends_only_where_nothing_enters():
    case = at_random(5, 0, 12)
    case[1][2] = np.array([1e-4, 0.1, 0.1, 0.1, 0.1])  # the first hardly falls
    whole, cut = np.zeros((2, int(case[0].place[-1])))
    add_partials(whole, *case, 0.0)
    add_partials(cut, *case, 1e-3)
    after = case[0].place[12]
    assert np.allclose(cut[:after], whole[:after])
    assert not np.array_equal(cut[after:], whole[after:])
    for p in range(5):
        alone = (case[0], case[1][:, p : p + 1], *case[2:])
        whole, cut = np.zeros((2, int(case[0].place[-1])))
        add_partials(whole, *alone, 0.0)
        add_partials(cut, *alone, 1e-3)
        assert cut[after:].any() == (p == 0 or bool(np.abs(whole[after:]).max() > 0.1))
