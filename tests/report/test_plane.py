"""The map puts like beside like."""

from __future__ import annotations

import numpy as np
import pytest

from motes.report.plane import plane


@pytest.mark.parametrize("method", ["PCA", ""])
def test_map_puts_like_beside_like(method):
    """Two clouds far apart stay apart, and the map is always the same."""
    if not method:
        pytest.importorskip("openTSNE")
    random = np.random.default_rng(0)
    points = random.standard_normal((40, 5)) + 12 * (np.arange(40) < 20)[:, None]
    flat, name = plane(points, method)
    again, _ = plane(points, method)
    assert name == ("PCA" if method else "t-SNE")
    assert np.array_equal(flat, again)
    assert flat.min() >= 0
    assert flat.max() <= 1
    centres = flat[:20].mean(axis=0), flat[20:].mean(axis=0)
    spread = max(
        np.linalg.norm(flat[:20] - centres[0], axis=1).max(), np.linalg.norm(flat[20:] - centres[1], axis=1).max()
    )
    assert np.linalg.norm(centres[0] - centres[1]) > spread
