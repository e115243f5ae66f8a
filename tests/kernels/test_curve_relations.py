"""What follows from all curves at once is what NumPy gives for one after the other."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from motes.kernels.linking.curve_relations import LinkedAtoms, NearAtoms, near_atoms, quantile_moves

STEP_S, APART, PART = 0.004, 4, 0.95


def lines_at_random(seed: int, n_lines: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Nodes of lines, and where each line begins; some are shorter than the steps in which they are looked at."""
    random = np.random.default_rng(seed)
    start = np.append(0, np.cumsum(random.integers(1, 30, n_lines)))
    nodes = np.column_stack([np.zeros(start[-1]), random.uniform(400, 460, start[-1]), np.zeros(start[-1])])
    for first, last in pairwise(start.tolist()):
        nodes[first:last, 0] = random.uniform(0, 2) + np.cumsum(random.uniform(0.001, 0.02, last - first))
    return nodes, start


def test_moves_of_lines_are_their_quantiles():
    nodes, start = lines_at_random(1)
    nodes[: start[1], 0] = np.arange(start[1]) * STEP_S  # on the grid of steps
    found = np.full(len(start) - 1, -2.0)
    quantile_moves(nodes, start, STEP_S, APART, PART, found)
    n_short = 0
    for k, (first, last) in enumerate(pairwise(start.tolist())):
        time_s = np.arange(nodes[first, 0], nodes[last - 1, 0], STEP_S)
        frequency = np.interp(time_s, nodes[first:last, 0], nodes[first:last, 1])
        n_short += len(time_s) < APART + 2
        expected = -1 if len(time_s) < APART + 2 else np.quantile(np.abs(frequency[APART:] - frequency[:-APART]), PART)
        np.testing.assert_allclose(found[k], expected, rtol=1e-9, atol=1e-9)
    assert 0 < n_short < len(found)


def test_atoms_near_a_line_are_those_of_others_within_so_many_bins():
    nodes, start = lines_at_random(2)
    random, n = np.random.default_rng(3), 500
    time_s, window_s = np.sort(random.uniform(0, 2.5, n)), random.choice([0.01, 0.05], n)
    hz, number = random.uniform(380, 480, n), random.integers(0, len(start), n)
    expected = []
    for q, (first, last) in enumerate(pairwise(start.tolist()), start=1):
        inside = (time_s >= nodes[first, 0]) & (time_s < nodes[last - 1, 0]) & (number > 0) & (number != q)
        away_hz = np.abs(np.interp(time_s, nodes[first:last, 0], nodes[first:last, 1]) - hz)
        expected += [(q, i, away_hz[i]) for i in np.flatnonzero(inside & (away_hz * window_s < 1.0))]
    for room in (0, len(expected)):  # first how many there are, then which
        found = NearAtoms.unread(room)
        n_found = near_atoms(nodes, start, LinkedAtoms(time_s, window_s, hz, number), 1.0, found)
        assert n_found == len(expected) > 100
    np.testing.assert_allclose(np.column_stack(found), expected, rtol=1e-9)
