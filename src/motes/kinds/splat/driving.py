"""What drives the partials of a splat, compiled: the burst, and how much of it enters between two times and is left at
the later one. Times are in samples since the burst is strongest.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from motes.kernels._jit import inner, jit
from motes.kinds.splat.table import BURST_OVER, FALL, ONSET, PAST

# Of the rule by which the burst is a polynomial between two knots, however steep the decay beside it.
NODES = 5
# Gauss's rule on short parts, where knots are not close enough for that.
PART_NODES = 8
# Of all parts together: at most 48 for the length of a burst, 17 from its onset on and 40 to where it is needed.
PART_LIMIT = 128 * PART_NODES
# Below so many nepers between knots Gauss's rule serves as it is.
SHALLOW = 0.1
# Samples: no part that ends where the integral does need be shorter, a decay being at most 8 nepers per sample.
CLOSE = 0.25
# Of a standard deviation: the shortest part at an onset.
NEAR_ONSET = 2.0**-16

_X, _W = np.polynomial.legendre.leggauss(NODES)
# Where the nodes lie between two knots, 0 … 1.
NODE = 0.5 + 0.5 * _X
_WEIGHT = 0.5 * _W
# From values at the nodes to their polynomial by Legendre's, of which column k is the kth: `(NODES, NODES)`.
_PROJECTION = np.polynomial.legendre.legvander(_X, NODES - 1) * (_W[:, None] * (2 * np.arange(NODES) + 1) / 4)
_PART_X, _PART_W = np.polynomial.legendre.leggauss(PART_NODES)
_PART_NODE, _PART_WEIGHT = 0.5 + 0.5 * _PART_X, 0.5 * _PART_W


class Burst(NamedTuple):
    """The burst of one event."""

    # Standard deviation.
    width: float
    # Of a gamma distribution less 1, 0 for a gaussian; and its scale.
    extra: float
    scale: float
    # When it begins, and when it has fallen by more than 130 dB.
    onset: float
    over: float


@inner
def burst_of(width, shape):
    """The burst of a standard deviation in samples and a shape."""
    if shape > 0.0:
        scale = width / math.sqrt(shape)
        over = (1.4 * FALL + 6.0 * math.sqrt(shape - 1.0)) * scale
        return Burst(width, shape - 1.0, scale, -(shape - 1.0) * scale, over)
    return Burst(width, 0.0, width, -BURST_OVER * width, BURST_OVER * width)


@inner
def height(burst, since):
    """The burst at a time, 1 at 0."""
    if burst.extra == 0.0:
        at = since / burst.width
        return math.exp(-0.5 * at * at)
    if since <= -ONSET * burst.onset:
        return 0.0
    at = since / burst.scale
    if burst.extra == 1.0:
        return (1.0 + at) * math.exp(-at)
    return math.exp(burst.extra * math.log1p(at / burst.extra) - at)


@inner
def rise(burst, since, now):
    """The slope per sample of a burst that is `now` high."""
    if burst.extra == 0.0:
        return -now * since / (burst.width * burst.width)
    if since <= -ONSET * burst.onset:
        return 0.0
    return -now * since / (burst.scale * (burst.extra * burst.scale + since))


@inner
def weights(decay, n, out):
    """Into `out` `(NODES,)`: ∫ e(s) exp(−decay (n − s)) ds over n samples is the sum of these times e at the nodes, e
    being a polynomial.
    """
    steep = decay * n
    if steep < SHALLOW:
        for j in range(NODES):
            out[j] = n * _WEIGHT[j] * math.exp(-steep * (1.0 - NODE[j]))
        return
    # Moments ∫ P_k(x) exp(−a (1 − x)) dx, −1 … 1, of Legendre polynomials: by parts, each follows from two before.
    a, left = 0.5 * steep, math.exp(-steep)
    before, moment = (1.0 - left) / a, 0.0
    moment = (1.0 + left - before) / a
    for j in range(NODES):
        out[j] = _PROJECTION[j, 0] * before + _PROJECTION[j, 1] * moment
    for k in range(2, NODES):
        before, moment = moment, before - (2 * k - 1) / a * moment
        for j in range(NODES):
            out[j] += _PROJECTION[j, k] * moment
    for j in range(NODES):
        out[j] *= n


@inner
def in_parts(burst, begin, end, nodes):
    """Splits the burst between two times into parts, the shorter the nearer to a gamma's onset and to the end: into
    `nodes` `(2, PART_LIMIT)` how long before the end each node is, and the burst there times its weight. Returns how
    many.
    """
    count, low, stop = 0, max(begin, burst.onset, -BURST_OVER * burst.width), min(end, burst.over)
    least = NEAR_ONSET * min(burst.width, end - burst.onset)
    while low < stop and count + PART_NODES <= PART_LIMIT:
        length = min(0.5 * burst.width, max(0.5 * (end - low), CLOSE))
        if burst.extra > 0.0:
            length = min(length, max(low - burst.onset, least))
        high = min(low + length, stop)
        for j in range(PART_NODES):
            at = low + (high - low) * _PART_NODE[j]
            nodes[0, count + j] = end - at
            nodes[1, count + j] = height(burst, at) * (high - low) * _PART_WEIGHT[j]
        low, count = high, count + PART_NODES
    return count


@inner
def left_of(decay, count, nodes):
    """What is left at the end of what enters at `count` nodes of `in_parts`."""
    total = 0.0
    for j in range(count):
        total += nodes[1, j] * math.exp(-decay * nodes[0, j])
    return total


@inner
def begins(burst, since, slowest):
    """From when on the burst matters at a time, the slowest decay being so many nepers per sample."""
    return max(burst.onset, since - PAST / slowest)


@jit
def entered(width, shape, decay, begin, end):
    """∫ e(s) exp(−decay (end − s)) ds from `begin` to `end`, in samples: by parts, and by `weights` as one."""
    nodes, rule, burst = np.empty((2, PART_LIMIT)), np.empty(NODES), burst_of(width, shape)
    exact = left_of(decay, in_parts(burst, begin, end, nodes), nodes)
    weights(decay, end - begin, rule)
    quick = 0.0
    for j in range(NODES):
        quick += rule[j] * height(burst, begin + (end - begin) * NODE[j])
    return exact, quick
