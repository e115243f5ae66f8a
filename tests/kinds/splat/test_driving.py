"""What enters partials between two times, against the same by many short parts."""

import numpy as np
import pytest

from motes.kinds.splat.driving import entered
from motes.kinds.splat.table import Splat, burst

WIDTHS, SHAPES, DECAYS = (0.2, 3.0, 700.0), (0.0, 1.05, 2.0, 40.0, 9000.0), (1e-5, 0.01, 1.0, 8.0)


def by_parts(width: float, shape: float, decay: float, begin: float, end: float) -> float:
    one = np.ones(1)
    event = Splat(one, width * one, one, one, one, one, np.zeros((1, 1)), shape=shape * one)
    begin = max(begin, -float(event.reach_s()[0][0])) if shape > 0 else begin
    node, weight = np.polynomial.legendre.leggauss(8)
    from_begin, to_end = (end - begin) * np.exp2(-np.arange(0.0, 40, 0.5)), np.linspace(0, 1, 400)
    edges = np.unique(np.concatenate([begin + from_begin, end - from_begin, begin + (end - begin) * to_end]))
    at = edges[:-1, None] + 0.5 * np.diff(edges)[:, None] * (1 + node)
    driven = burst(event, 0, at.reshape(-1)).reshape(at.shape) * np.exp(-decay * (end - at))
    return float(np.sum(driven * weight * 0.5 * np.diff(edges)[:, None]))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("shape", SHAPES)
def test_parts_are_close_enough_for_any_burst_and_decay(width, shape):
    for decay in DECAYS:
        for begin, end in ((-1e4, 0.0), (-9.0 * width, 0.7), (0.0, 1.0), (-0.3 * width, 5 * width), (-1e4, 7 * width)):
            exact = by_parts(width, shape, decay, max(begin, -9 * width), end)
            largest = min(3 * width, 1 / decay)  # an integral of this burst
            assert entered(width, shape, decay, begin, end)[0] == pytest.approx(exact, abs=1e-8 * largest)


@pytest.mark.parametrize("shape", SHAPES)
def test_between_knots_the_burst_is_a_polynomial_however_steep_the_decay(shape):
    width, n = 1200.0, 128.0
    for decay in (1e-6, 7e-4, 9e-4, 0.01, 1.0, 8.0):
        for begin in (1600.0, 4000.0, 9000.0):  # so far from an onset that such knots are close enough
            exact, quick = entered(width, shape, decay, begin, begin + n)
            assert quick == pytest.approx(exact, abs=1e-8 * min(n, 1 / decay))
