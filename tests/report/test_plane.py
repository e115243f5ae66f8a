"""The map puts like beside like."""

from __future__ import annotations

import numpy as np
import pytest

from motes.report.plane import Features, correlated, plane


@pytest.mark.parametrize("method", ["PCA", ""])
def test_map_puts_like_beside_like(method):
    """Two clouds far apart stay apart, and the map is always the same."""
    if not method:
        pytest.importorskip("openTSNE")
    random = np.random.default_rng(0)
    points = random.standard_normal((40, 5)) + 12 * (np.arange(40) < 20)[:, None]
    flat, name, edges = plane(points, method)
    again = plane(points, method).points
    assert name == ("PCA" if method else "t-SNE")
    assert np.array_equal(flat, again)
    assert flat.min() >= 0
    assert flat.max() <= 1
    assert np.all(edges[:, 1] > edges[:, 0])
    centres = flat[:20].mean(axis=0), flat[20:].mean(axis=0)
    spread = max(
        np.linalg.norm(flat[:20] - centres[0], axis=1).max(), np.linalg.norm(flat[20:] - centres[1], axis=1).max()
    )
    assert np.linalg.norm(centres[0] - centres[1]) > spread


def test_axes_are_called_by_what_rises_along_them():
    random = np.random.default_rng(1)
    rows = random.standard_normal((200, 3)) * [5, 1, 0.1]
    rows[:, 1] -= rows[:, 0]
    axes = correlated(Features(rows, ["pitch", "length", "other"]), plane(rows, "PCA").points)
    assert {name for name, _ in axes[0]} == {"pitch", "length"}
    assert axes[0][0][1] * axes[0][1][1] < -0.9
    assert correlated(Features(rows[:2], ["pitch", "length", "other"]), rows[:2, :2]) == [[], []]
