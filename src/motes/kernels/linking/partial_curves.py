"""Curves of partials: the frequency along a line of atoms, smoothed, and the turns made along it."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from motes.kernels._jit import inner, jit
from motes.kernels.linking.partials import MASK_LENIENT, SMALL, SMOOTH, SWEPT, mask_level, place_of
from motes.kernels.reassignment import POINTS

Array = NDArray[np.float64]


class LinePoints(NamedTuple):
    """Where the atoms of one line were read, in order of time."""

    time: Array
    sound: Array
    # Of the window each was read with.
    width: Array
    weight: Array
    loudness: Array
    # Frequency smoothed along the line, and the turns made since its first point.
    smoothed: Array
    turned: Array


@inner
def _smooth(points, n):
    """Smooth the frequency at the first n points of a line: weighted straight lines through the points around each."""
    time, sound, width, weight, smoothed = points.time, points.sound, points.width, points.weight, points.smoothed
    for k in range(n):
        s0, s1, s2, y0, y1 = 0.0, 0.0, 0.0, 0.0, 0.0
        low, high = sound[k], sound[k]
        for side in range(2):
            j = k if side == 0 else k - 1
            while 0 <= j < n:
                x = (time[j] - time[k]) / (SMOOTH * width[k])
                if abs(x) > 3.5:
                    break
                w = weight[j] * math.exp(-0.5 * x * x)
                low, high = min(low, sound[j]), max(high, sound[j])
                s0, s1, s2, y0, y1 = s0 + w, s1 + w * x, s2 + w * x * x, y0 + w * sound[j], y1 + w * x * sound[j]
                j += 1 if side == 0 else -1
        spread = s0 * s2 - s1 * s1
        straight = (s2 * y0 - s1 * y1) / spread if spread > 0.05 * s0 * s0 else y0 / s0
        smoothed[k] = min(max(straight, low), high)


@inner
def _collect_points(atoms, members, points):
    """Fill in the points of a line's atoms, in order of time; returns how many."""
    time, sound, width, weight, loudness = points.time, points.sound, points.width, points.weight, points.loudness
    n_points, point_time, point_sound, window = atoms.points, atoms.point_time, atoms.point_sound, atoms.window
    n = 0
    for i in members:
        read, amplitude = window[i] if n_points[i] == 1 else 0.25 * window[i], atoms.amplitude[i]
        for k in range(n_points[i]):
            place = n
            while place > 0 and time[place - 1] > point_time[i, k]:
                time[place], sound[place], width[place] = time[place - 1], sound[place - 1], width[place - 1]
                weight[place], loudness[place] = weight[place - 1], loudness[place - 1]
                place -= 1
            time[place], sound[place], width[place] = point_time[i, k], point_sound[i, k], read
            weight[place], loudness[place] = amplitude * amplitude, amplitude
            n += 1
    return n


@inner
def _curve(atoms, members, points):
    """Fill in the points of a line, smoothed, and the turns made up to each; returns how many."""
    n = _collect_points(atoms, members, points)
    _smooth(points, n)
    time, smoothed, turned = points.time, points.smoothed, points.turned
    turned[0] = 0.0
    for k in range(1, n):
        turned[k] = turned[k - 1] + 0.5 * (smoothed[k] + smoothed[k - 1]) * (time[k] - time[k - 1])
    return n


@inner
def on_curve(at, smoothed, turned, n, k, time):
    """Frequency and turns of a line at a time from its point k on, which is the last one before, or the first."""
    gone = time - at[k]
    f, turn = smoothed[k], turned[k] + smoothed[k] * gone
    if gone > 0.0 and k + 1 < n:
        rise = (smoothed[k + 1] - smoothed[k]) / (at[k + 1] - at[k])
        f, turn = f + rise * gone, turn + 0.5 * rise * gone * gone
    return f, turn


@inner
def _swept(at, smoothed, n, k, time, reach, frequency):
    """Lowest and highest frequency of a line within `reach` of a time, where it is at `frequency` after its point k."""
    low, high = frequency, frequency
    j = k
    while j >= 0 and at[j] > time - reach:
        low, high = min(low, smoothed[j]), max(high, smoothed[j])
        j -= 1
    j = k + 1
    while j < n and at[j] < time + reach:
        low, high = min(low, smoothed[j]), max(high, smoothed[j])
        j += 1
    return low, high


@jit
def follow_lines(atoms, lines, n_lines, frequency, turns, n_nodes, nodes):
    """Give each atom of a line, and those left over that a line masks, its `frequency` (cycles per sample) and the
    `turns` made so far (cycles).

    Line k passes n_nodes[k − 1] `nodes` from place POINTS · starts[k − 1] on, `(n, 3)`: time, frequency, turns; in
    between its frequency is straight.
    """
    time, window, own = atoms.time, atoms.window, atoms.own
    line, starts, knots = lines
    longest = 1
    for k in range(n_lines):
        longest = max(longest, starts[k + 1] - starts[k])
    capacity = POINTS * longest
    at, sound, width, weight = np.empty(capacity), np.empty(capacity), np.empty(capacity), np.empty(capacity)
    loudness, smoothed, turned = np.empty(capacity), np.empty(capacity), np.empty(capacity)
    points = LinePoints(at, sound, width, weight, loudness, smoothed, turned)
    nearest, home, count = atoms.amplitude.copy(), line.copy(), np.zeros(n_lines + 1, np.int64)
    for i in range(len(time)):
        count[line[i]] += 1
    for number in range(1, n_lines + 1):
        members = knots[starts[number - 1] : starts[number]]
        n = _curve(atoms, members, points)
        place = POINTS * starts[number - 1]
        n_nodes[number - 1] = n
        for k in range(n):
            nodes[place + k, 0], nodes[place + k, 1], nodes[place + k, 2] = at[k], smoothed[k], turned[k]
        first, last = members[0], members[-1]
        begin, end = time[first] - 0.5 * window[first], time[last] + 0.5 * window[last]
        k = 0
        for i in range(place_of(time, begin, False), place_of(time, end, True)):
            while k + 1 < n and at[k + 1] <= time[i]:
                k += 1
            mine = home[i] == number
            if not mine and home[i] != 0 and (count[home[i]] > SMALL or count[number] <= SMALL):
                continue
            f, turn = on_curve(at, smoothed, turned, n, k, time[i])
            if mine and line[i] == number:
                frequency[i], turns[i] = f, turn
            elif not mine:
                loud = loudness[k] if k + 1 >= n else max(loudness[k], loudness[k + 1])
                low, high = _swept(at, smoothed, n, k, time[i], SWEPT * window[i], f)
                score = loud * mask_level(max(own[i] - high, low - own[i], 0.0) * window[i], MASK_LENIENT)
                if score > nearest[i]:
                    nearest[i], line[i], frequency[i], turns[i] = score, number, f, turn
