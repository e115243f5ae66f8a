"""Linking atoms into partials: lines grown through the places where their sound really lies in frequency, strongest
first.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from motes.kernels._jit import inner, jit
from motes.kernels.reassignment import POINTS

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

# Neighbours in a line lie at most this part of the sum of their windows apart.
REACH = 0.6
# How far the next atom may lie from where the line points: in bins of the shorter window, and in bins more for each of
# its lengths in time. Of atoms whose sound does not sweep, `Rules` say it.
STEP_BINS, SWEEP_BINS = 1.0, 3.0
# How much it matters that the sound under the next atom is as strong: power of the ratio of the two.
ALIKE = 2.0
# The next atom is not looked for further away than this, in bins of the shorter window.
FAR_BINS = 24.0
# Atoms whose sound lies this near to a line belong to it.
TUBE_BINS = 0.75
MASK_LOUDER, MASK_BINS = 2.0, 12.0
# An atom that lies d of its bins from a line is masked by it if it is weaker than line · min(MASK_LOUDER, d^−power), up
# to MASK_BINS: it corrects what the line's atoms leave over. Atoms masked strictly begin no lines; those that no line
# took, or a small one, go to a line that masks them leniently.
MASK_STRICT, MASK_LENIENT = 1.6, 1.2
# Lines of so few atoms are small.
SMALL = 3
# Counted from where the line sweeps through within this part of the atom's window to either side.
SWEPT = 0.5
# A line goes on in another, as its last and the other's first atoms tell, over a gap of at most this part of the sum of
# their windows, and if its slope then changes by less than this many bins per window.
JOIN_REACH, BEND_BINS, END_ATOMS = 0.8, 4.0, 3
# Frequencies along a line are smoothed over this part of the window they were read with.
SMOOTH = 0.25


class Rules(NamedTuple):
    """How closely steady atoms have to follow each other in a line."""

    # As STEP_BINS and SWEEP_BINS, in a line and from the end of one line to the beginning of the next.
    step_bins: float
    sweep_bins: float
    # So much more for each bin that the line moves in that time as it is.
    glide: float
    join_step_bins: float
    join_sweep_bins: float
    # Whether bins are those of the mean window of the two (geometric), not of the shorter.
    by_mean_window: bool
    # How far from the long atom before the next may lie, as part of how far it may lie from the last.
    anchor: float


# Edited atoms of version-1 files move with lines by LOOSE rules, so that these never change. Lines by STRICT rules do
# not leap from one note to the next.
LOOSE = Rules(STEP_BINS, SWEEP_BINS, 0.0, STEP_BINS, SWEEP_BINS, False, 0.5)
STRICT = Rules(0.5, 1.0, 1.0, 0.5, 0.5, True, 1.0)


class LineAtoms(NamedTuple):
    """Atoms in order of time, `(n,)` each, with what sounds under each."""

    # In samples.
    time: Array
    window: Array
    # In cycles per sample: the atom's frequency, and that of the sound under it.
    own: Array
    sound: Array
    # Of the sound.
    phase: Array
    strength: Array
    # Where the atom is loudest.
    channel: Ints
    energy: Array
    amplitude: Array
    # At how many places the sound was read, and its times and frequencies there, `(n, POINTS)`.
    points: Ints
    point_time: Array
    point_sound: Array


class LineTable(NamedTuple):
    """Lines, numbered from 1."""

    # Each atom's line, 0 for none.
    line: Ints
    # Line k is carried by atoms knots[starts[k − 1] : starts[k]], in order of time.
    starts: Ints
    knots: Ints


@inner
def place_of(time, at, after):
    """How many of these times, in order, lie before `at`; with `after`, or at it. (NumPy's search takes a second to
    compile.)
    """
    low, high = 0, len(time)
    while low < high:
        middle = (low + high) // 2
        if time[middle] < at or (after and time[middle] == at):
            low = middle + 1
        else:
            high = middle
    return low


@inner
def _at(points, point_time, point_sound, i, time):
    """Frequency under atom i at a time, between or beyond its points."""
    n = points[i]
    if n == 1 or time <= point_time[i, 0]:
        return point_sound[i, 0]
    for k in range(1, n):
        if time <= point_time[i, k]:
            part = (time - point_time[i, k - 1]) / (point_time[i, k] - point_time[i, k - 1])
            return point_sound[i, k - 1] + part * (point_sound[i, k] - point_sound[i, k - 1])
    return point_sound[i, n - 1]


@inner
def _misfit(atoms, head, j, slope, rules):
    """How badly atom j follows atom `head`: (frequencies apart, 1 at the limit; phase apart in rad or 0 where nothing
    is known of it).
    """
    time, window, sound, phase, channel = atoms.time, atoms.window, atoms.sound, atoms.phase, atoms.channel
    points, point_time, point_sound = atoms.points, atoms.point_time, atoms.point_sound
    gap, short, turned = abs(time[j] - time[head]), min(window[head], window[j]), 0.0
    step, sweep, glide = STEP_BINS, SWEEP_BINS, 0.0
    if points[head] > 1 or points[j] > 1:  # where the two meet
        between = 0.5 * (time[head] + time[j])
        if window[head] != window[j]:
            between = time[j] if window[j] < window[head] else time[head]
        apart = _at(points, point_time, point_sound, head, between) - _at(points, point_time, point_sound, j, between)
        away = abs(apart) * short
        turned = 0.5
    else:
        step, sweep = rules.step_bins, rules.sweep_bins
        width = math.sqrt(window[head] * window[j]) if rules.by_mean_window else short
        glide = rules.glide * abs(slope) * gap * width
        away = abs(sound[j] - sound[head] - slope * (time[j] - time[head])) * width
        if channel[j] == channel[head]:
            turned = phase[j] - phase[head] - math.pi * (sound[head] + sound[j]) * (time[j] - time[head])
    return away / (step + sweep * gap / max(window[head], window[j]) + glide), turned


@inner
def _next(atoms, free, head, anchor, sign, slope, longest, rules):
    """The atom that best prolongs a line from `head` (sign 1: later, −1: earlier), or −1; it has to follow the
    longer `anchor` before it as well.
    """
    time, window, sound, strength, energy = atoms.time, atoms.window, atoms.sound, atoms.strength, atoms.energy
    best, found = 0.0, -1
    j, end = head + sign, REACH * (window[head] + longest)
    while 0 <= j < len(time):
        gap = abs(time[j] - time[head])
        if gap > end:
            break
        near = abs(sound[j] - sound[head]) * min(window[head], window[j]) < FAR_BINS
        if free[j] and near and 0.0 < gap <= REACH * (window[head] + window[j]):
            away, turned = _misfit(atoms, head, j, slope, rules)
            if away < 1.0 and anchor != head and abs(time[j] - time[anchor]) <= REACH * (window[anchor] + window[j]):
                since, _ = _misfit(atoms, anchor, j, slope, rules)
                away = max(away, rules.anchor * since)
            if away < 1.0:
                fits = (1.0 - away * away) * (0.55 + 0.45 * math.cos(turned))
                alike = min(strength[j], strength[head]) / max(strength[j], strength[head])
                score = energy[j] * alike**ALIKE * fits * fits / (1.0 + 4.0 * gap / min(window[head], window[j]))
                if score > best:
                    best, found = score, j
        j += sign
    return found


@inner
def mask_level(bins, power):
    """How strong, against a line, an atom so many bins away can be and still be a part of it."""
    if bins > MASK_BINS:
        return 0.0
    return MASK_LOUDER if bins < 0.75 else min(MASK_LOUDER, bins**-power)


@inner
def _between(points, point_time, point_sound, time, head, tail, at):
    """Frequency of a line at a time, by two of its atoms."""
    if head == tail:
        return _at(points, point_time, point_sound, head, at)
    part = min(max((at - time[head]) / (time[tail] - time[head]), 0.0), 1.0)
    first, last = _at(points, point_time, point_sound, head, at), _at(points, point_time, point_sound, tail, at)
    return (1.0 - part) * first + part * last


@inner
def _claim(atoms, line, free, number, span, head, tail):
    """Give the line the atoms within a span of time whose sound lies in its tube between two of its atoms; those that
    it masks may begin no line of their own.
    """
    time, window, own, sound, amplitude = atoms.time, atoms.window, atoms.own, atoms.sound, atoms.amplitude
    points, point_time, point_sound = atoms.points, atoms.point_time, atoms.point_sound
    loudness = max(amplitude[head], amplitude[tail])
    lowest, highest = point_sound[head, 0], point_sound[head, 0]
    for point in range(POINTS):
        lowest = min(lowest, point_sound[head, point], point_sound[tail, point])
        highest = max(highest, point_sound[head, point], point_sound[tail, point])
    for k in range(place_of(time, span[0], False), place_of(time, span[1], True)):
        if line[k] == 0 and max(own[k] - highest, lowest - own[k]) * window[k] < MASK_BINS:
            here = _between(points, point_time, point_sound, time, head, tail, time[k])
            before = _between(points, point_time, point_sound, time, head, tail, time[k] - SWEPT * window[k])
            after = _between(points, point_time, point_sound, time, head, tail, time[k] + SWEPT * window[k])
            away = max(own[k] - max(here, before, after), min(here, before, after) - own[k], 0.0) * window[k]
            if abs(sound[k] - here) * window[k] < TUBE_BINS and away < MASK_BINS:
                line[k], free[k] = number, False
            elif amplitude[k] < loudness * mask_level(away, MASK_STRICT):
                free[k] = False


@inner
def _grow(atoms, lines, free, seed, sign, number, longest, n_knots, rules):  # noqa: PLR0913
    """Prolong line `number` from its seed; writes the atoms found to its knots and returns how many these are now."""
    time, window, sound = atoms.time, atoms.window, atoms.sound
    head, anchor, slope = seed, seed, 0.0
    while True:
        after = _next(atoms, free, head, anchor, sign, slope, longest, rules)
        if after < 0:
            return n_knots
        lines.line[after], free[after] = number, False
        low, high = (head, after) if sign > 0 else (after, head)
        _claim(atoms, lines.line, free, number, (time[low], time[high]), low, high)
        steepest = 2.0 / (window[after] * window[head])
        towards = (sound[after] - sound[head]) / (time[after] - time[head])
        slope = min(max(0.5 * (slope + towards), -steepest), steepest)
        lines.knots[n_knots] = after
        n_knots += 1
        head = after
        if window[head] >= window[anchor] or abs(time[head] - time[anchor]) > REACH * (window[anchor] + window[head]):
            anchor = head


@jit
def grow_lines(atoms, free, order, lines, rules):
    """Number of lines through atoms, from seeds in `order`, which fill `lines`; `free`, which atoms may begin or
    prolong a line, is used up.
    """
    time, window, knots = atoms.time, atoms.window, lines.knots
    longest, n_lines, n_knots = 0.0, 0, 0
    for width in window:
        longest = max(longest, width)
    lines.starts[0] = 0
    for seed in order:
        if not free[seed]:
            continue
        n_lines += 1
        lines.line[seed], free[seed] = n_lines, False
        begin = n_knots
        for sign in (-1, 1):  # a loop, since a constant argument would be compiled for each of its values
            n_knots = _grow(atoms, lines, free, seed, sign, n_lines, longest, n_knots, rules)
            if sign < 0:
                for k in range((n_knots - begin) // 2):
                    knots[begin + k], knots[n_knots - 1 - k] = knots[n_knots - 1 - k], knots[begin + k]
                knots[n_knots] = seed
                n_knots += 1
        lines.starts[n_lines] = n_knots
        first, last = knots[begin], knots[n_knots - 1]
        for end, low, high in ((first, -0.5, 0.0), (last, 0.0, 0.5)):
            span = time[end] + low * window[end], time[end] + high * window[end]
            _claim(atoms, lines.line, free, n_lines, span, end, end)
    return n_lines


@inner
def _end(atoms, members, last):
    """A line near its first atom, or near its last: time, frequency and slope there by a straight line through its
    points, window and strength.
    """
    n, tip = len(members), members[-1] if last else members[0]
    points, point_time, point_sound, time = atoms.points, atoms.point_time, atoms.point_sound, atoms.time
    s1, s2, y0, y1, count = 0.0, 0.0, 0.0, 0.0, 0.0
    for back in range(min(n, END_ATOMS)):
        i = members[n - 1 - back] if last else members[back]
        for k in range(points[i]):
            x, y = point_time[i, k] - time[tip], point_sound[i, k]
            s1, s2, y0, y1, count = s1 + x, s2 + x * x, y0 + y, y1 + x * y, count + 1.0
    spread = count * s2 - s1 * s1
    slope = (count * y1 - s1 * y0) / spread if count > 1.0 else 0.0
    return time[tip], (y0 - slope * s1) / count, slope, atoms.window[tip], atoms.strength[tip]


@jit
def line_ends(atoms, lines, n_lines):
    """Every line at its first atom and at its last, `(n_lines, 2, 5)`: time, frequency and slope there, window and
    strength.
    """
    ends = np.empty((n_lines, 2, 5))
    for k in range(n_lines):
        for last in range(2):
            ends[k, last] = _end(atoms, lines.knots[lines.starts[k] : lines.starts[k + 1]], last == 1)
    return ends


@inner
def _follows(end, begin, rules):
    """How well one line goes on where another ended: 0 if it does not, 1 at best."""
    gap, short, long = begin[0] - end[0], min(end[3], begin[3]), max(end[3], begin[3])
    if not 0.0 < gap <= JOIN_REACH * (end[3] + begin[3]):
        return 0.0
    width = math.sqrt(short * long) if rules.by_mean_window else short
    away = abs(end[1] - begin[1] + 0.5 * gap * (end[2] + begin[2])) * width
    glide = 0.5 * rules.glide * gap * width * (abs(end[2]) + abs(begin[2]))
    away /= rules.join_step_bins + rules.join_sweep_bins * gap / long + glide
    bent = abs(end[2] - begin[2]) * short * short / BEND_BINS
    alike = min(end[4], begin[4]) / max(end[4], begin[4])
    return 0.0 if away >= 1.0 or bent >= 1.0 else alike * (1.0 - away * away) * (1.0 - bent * bent)


def join_lines(atoms, lines, n_lines, rules):
    """Which line each goes on in, `(n_lines,)` from 0, or −1: where one ended and the other begins in the same
    frequency, slope and strength.

    Lines break where a louder one crosses them, and where an attack or noise hides them.
    """
    ends = line_ends(atoms, lines, n_lines)
    order = np.argsort(ends[:, 0, 0], kind="stable")  # here, since it takes long to compile
    return join_ends(ends, order, ends[order, 0, 0], atoms.window.max() if len(atoms.window) else 0.0, rules)


@jit
def join_ends(ends, order, begins, longest, rules):
    """Which line each goes on in, by the `ends` of all: `begins` are the times at which lines begin, as they follow
    each other in `order`.
    """
    n_lines = len(ends)
    after, before = np.full(n_lines, -1), np.full(n_lines, -1)
    score_after, score_before = np.zeros(n_lines), np.zeros(n_lines)
    for k in range(n_lines):
        end = ends[k, 1]
        for place in range(place_of(begins, end[0], True), n_lines):
            if begins[place] - end[0] > JOIN_REACH * (end[3] + longest):
                break
            other = order[place]
            score = _follows(end, ends[other, 0], rules)
            if score > score_after[k]:
                score_after[k], after[k] = score, other
            if score > score_before[other]:
                score_before[other], before[other] = score, k
    for k in range(n_lines):
        if after[k] >= 0 and before[after[k]] != k:
            after[k] = -1
    return after
