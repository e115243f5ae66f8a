"""Where knots lie."""

from motes.kernels._jit import jit
from motes.kinds.splat.driving import burst_of
from motes.kinds.splat.knots import LONGEST, Bends, spread


@jit
def exponent(width, shape, place, since):
    """How far the next knot is, of a burst that rings at 0.001 nepers per sample."""
    return spread(burst_of(width, shape), Bends(0.001, 0.0, 0.0, 1.0), 100.0, place, since)


def test_knots_lie_on_multiples_of_their_distance():
    for place in range(1 << LONGEST):
        distance = 1 << exponent(1e6, 0.0, place, 0.0)
        assert place % distance == 0
        assert place == 0 or place % (2 * distance) != 0


def test_knots_are_as_close_as_the_burst_bends_while_it_lasts():
    assert exponent(3.0, 0.0, 0, 0.0) == exponent(3.0, 2.0, 0, 1.0) == 0
    assert exponent(300.0, 2.0, 0, -211.0) < exponent(300.0, 2.0, 0, 0.0) < LONGEST
    assert exponent(300.0, 2.0, 0, 5000.0) == LONGEST
