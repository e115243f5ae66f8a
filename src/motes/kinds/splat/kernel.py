"""Partials of a splat: envelopes by recurrence from knot to knot, cubic between, times carriers by complex rotation
from each knot's exact phase.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from motes.events.event_table import Array, Ints
from motes.kernels._jit import inner, jit

# Of Gauss's rule for what enters between two knots, as in the definition.
NODES = 8
# Knots are at most 2^LONGEST samples apart.
LONGEST = 6


class Knots(NamedTuple):
    """Times between which envelopes are cubic, and what all partials of an event have in common there."""

    # `(n_knots,)`, in samples from the first, powers of two apart.
    place: Ints
    # Exponents of these distances, `(n_knots − 1,)`, at most LONGEST.
    spread: Ints
    # `(≤ n_knots − 1, NODES)`: the burst at Gauss's nodes after each knot, times weights and samples; none where it is
    # over.
    drive: Array
    # `(n_knots,)`: the burst.
    burst: Array
    # `(6, n_knots)`: how far the low-pass has crossed over, the swell, each followed by its slope per sample, the bent
    # time in samples and its slope.
    shared: Array


class Hermite(NamedTuple):
    """An envelope between two knots: its values, their slopes per sample, and by how much its phase turns per sample
    beside the carrier's.
    """

    start: float
    slope: float
    turn: float
    end: float
    end_slope: float
    end_turn: float


@inner
def _wave(sound, place, n, tables, theta, omega, envelope):
    """Add n samples: a cubic Hermite polynomial times cos(theta + omega j).

    `tables` holds cosines, sines and 0 … n − 1.
    """
    start, slope, turn, end, end_slope, end_turn = envelope
    cosine, sine, ramp = tables[0], tables[1], tables[2]
    re, im = math.cos(omega), math.sin(omega)
    cosine[0], sine[0] = math.cos(theta), math.sin(theta)
    filled = 1
    while filled < n:
        for j in range(filled):
            cosine[filled + j], sine[filled + j] = cosine[j] * re - sine[j] * im, cosine[j] * im + sine[j] * re
        re, im = re * re - im * im, 2.0 * re * im
        filled *= 2
    step = 1.0 / n
    rise = (end - start) * step
    two, three = (3.0 * rise - 2.0 * slope - end_slope) * step, (slope + end_slope - 2.0 * rise) * step * step
    # The imaginary part is 0 at both knots, since the carrier takes the mean frequency between them.
    first, last = start * turn, end * end_turn
    second, third = -(2.0 * first + last) * step, (first + last) * step * step
    for j in range(n):
        x = ramp[j]
        real = start + x * (slope + x * (two + x * three))
        sound[place + j] += real * cosine[j] - x * (first + x * (second + x * third)) * sine[j]


@jit
def add_partials(sound, knots, partials, node, first_knot, quiet):
    """Add the partials of one event to `sound`, which begins at the first knot.

    `partials` `(7, n_partials)`: radians per sample, phase, decay per sample, level by which the burst enters,
    amplitude behind the first low-pass, by how much it changes to the later one, and the envelope at `first_knot`.
    `node` `(NODES,)` in 0 … 1. Partials weaker than `quiet` end where nothing enters any more.
    """
    place, spread, drive, burst, shared = knots
    n_knots, n_driven = len(place), drive.shape[0]
    tables, keep, fall = np.empty((3, 1 << LONGEST)), np.empty((LONGEST + 1, NODES)), np.empty(LONGEST + 1)
    for j in range(1 << LONGEST):
        tables[2, j] = j
    for p in range(partials.shape[1]):
        omega, phase, decay, level, early, change, y = partials[:, p]
        for e in range(LONGEST + 1):
            fall[e] = math.exp(-decay * (1 << e))
            for j in range(NODES):
                keep[e, j] = level * math.exp(-decay * (1 << e) * (1.0 - node[j]))
        loudness = abs(early) + abs(change)
        for k in range(first_knot, n_knots - 1):
            e = spread[k]
            n = 1 << e
            next_y = y * fall[e]
            if k < n_driven:
                for j in range(NODES):
                    next_y += drive[k, j] * keep[e, j]
            elif y * loudness < quiet:
                break
            passed, next_passed = early + change * shared[0, k], early + change * shared[0, k + 1]
            start, end = y * passed * shared[2, k], next_y * next_passed * shared[2, k + 1]
            theta, mean = omega * shared[4, k] + phase, omega * (shared[4, k + 1] - shared[4, k]) / n
            if n == 1:
                sound[place[k]] += start * math.cos(theta)
            else:
                slope, end_slope = level * burst[k] - decay * y, level * burst[k + 1] - decay * next_y
                slope = slope * passed * shared[2, k] + y * (
                    change * shared[1, k] * shared[2, k] + passed * shared[3, k]
                )
                end_slope = end_slope * next_passed * shared[2, k + 1]
                end_slope += next_y * (change * shared[1, k + 1] * shared[2, k + 1] + next_passed * shared[3, k + 1])
                turn, end_turn = omega * shared[5, k] - mean, omega * shared[5, k + 1] - mean
                envelope = Hermite(start, slope, turn, end, end_slope, end_turn)
                _wave(sound, place[k], n, tables, theta, mean, envelope)
            y = next_y
