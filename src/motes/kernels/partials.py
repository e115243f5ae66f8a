"""Linking atoms into partials: lines grown through the places where their sound really lies in frequency, strongest
first.
"""

import math

import numpy as np

from motes.kernels._jit import inner, jit
from motes.kernels.reassignment import POINTS

# Neighbours in a line lie at most this part of the sum of their windows apart.
REACH = 0.6
# How far the next atom may lie from where the line points: in bins of the shorter window, and in bins more for each of
# its lengths in time.
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
STRICT, LENIENT = 1.6, 1.2
# Lines of so few atoms are small.
SMALL = 3
# Counted from where the line sweeps through within this part of the atom's window to either side.
SWEPT = 0.5
# A line goes on in another, as its last and the other's first atoms tell, over a gap of at most this part of the sum of
# their windows, and if its slope then changes by less than this many bins per window.
JOIN_REACH, BEND_BINS, END_ATOMS = 0.8, 4.0, 3
# Frequencies along a line are smoothed over this part of the window they were read with.
SMOOTH = 0.25


@inner
def _place(time, at, after):
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
def _at(i, points, point_time, point_sound, time):
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
def _misfit(head, j, slope, time, window, sound, phase, channel, points, point_time, point_sound):
    """How badly atom j follows atom `head`: (frequencies apart, 1 at the limit; phase apart in rad or 0 where it
    tells nothing).
    """
    gap, short, turned = abs(time[j] - time[head]), min(window[head], window[j]), 0.0
    if points[head] > 1 or points[j] > 1:  # where the two meet
        between = 0.5 * (time[head] + time[j])
        if window[head] != window[j]:
            between = time[j] if window[j] < window[head] else time[head]
        away = (
            abs(_at(head, points, point_time, point_sound, between) - _at(j, points, point_time, point_sound, between))
            * short
        )
        turned = 0.5
    else:
        away = abs(sound[j] - sound[head] - slope * (time[j] - time[head])) * short
        if channel[j] == channel[head]:
            turned = phase[j] - phase[head] - math.pi * (sound[head] + sound[j]) * (time[j] - time[head])
    return away / (STEP_BINS + SWEEP_BINS * gap / max(window[head], window[j])), turned


@inner
def _next(
    head,
    anchor,
    sign,
    slope,
    time,
    window,
    sound,
    phase,
    strength,
    channel,
    energy,
    free,
    longest,
    points,
    point_time,
    point_sound,
):
    """The atom that best prolongs a line from `head` (sign 1: later, −1: earlier), or −1; it has to follow the
    longer `anchor` before it as well.
    """
    best, found = 0.0, -1
    j, end = head + sign, REACH * (window[head] + longest)
    while 0 <= j < len(time):
        gap = abs(time[j] - time[head])
        if gap > end:
            break
        near = abs(sound[j] - sound[head]) * min(window[head], window[j]) < FAR_BINS
        if free[j] and near and 0.0 < gap <= REACH * (window[head] + window[j]):
            away, turned = _misfit(head, j, slope, time, window, sound, phase, channel, points, point_time, point_sound)
            if away < 1.0 and anchor != head and abs(time[j] - time[anchor]) <= REACH * (window[anchor] + window[j]):
                since, _ = _misfit(
                    anchor, j, slope, time, window, sound, phase, channel, points, point_time, point_sound
                )
                away = max(away, 0.5 * since)
            if away < 1.0:
                fits = (1.0 - away * away) * (0.55 + 0.45 * math.cos(turned))
                alike = min(strength[j], strength[head]) / max(strength[j], strength[head])
                score = energy[j] * alike**ALIKE * fits * fits / (1.0 + 4.0 * gap / min(window[head], window[j]))
                if score > best:
                    best, found = score, j
        j += sign
    return found


@inner
def _mask(bins, power):
    """How strong, against a line, an atom so many bins away can be and still be a part of it."""
    if bins > MASK_BINS:
        return 0.0
    return MASK_LOUDER if bins < 0.75 else min(MASK_LOUDER, bins**-power)


@inner
def _between(at, head, tail, time, points, point_time, point_sound):
    """Frequency of a line at a time, by two of its atoms."""
    if head == tail:
        return _at(head, points, point_time, point_sound, at)
    part = min(max((at - time[head]) / (time[tail] - time[head]), 0.0), 1.0)
    return (1.0 - part) * _at(head, points, point_time, point_sound, at) + part * _at(
        tail, points, point_time, point_sound, at
    )


@inner
def _claim(
    low, high, head, tail, number, time, window, own, sound, amplitude, free, line, points, point_time, point_sound
):
    """Give the line the atoms whose sound lies in its tube between two of its atoms; those that it masks may begin
    no line of their own.
    """
    loudness = max(amplitude[head], amplitude[tail])
    lowest, highest = point_sound[head, 0], point_sound[head, 0]
    for point in range(POINTS):
        lowest = min(lowest, point_sound[head, point], point_sound[tail, point])
        highest = max(highest, point_sound[head, point], point_sound[tail, point])
    for k in range(_place(time, low, False), _place(time, high, True)):
        if line[k] == 0 and max(own[k] - highest, lowest - own[k]) * window[k] < MASK_BINS:
            here = _between(time[k], head, tail, time, points, point_time, point_sound)
            before = _between(time[k] - SWEPT * window[k], head, tail, time, points, point_time, point_sound)
            after = _between(time[k] + SWEPT * window[k], head, tail, time, points, point_time, point_sound)
            away = max(own[k] - max(here, before, after), min(here, before, after) - own[k], 0.0) * window[k]
            if abs(sound[k] - here) * window[k] < TUBE_BINS and away < MASK_BINS:
                line[k], free[k] = number, False
            elif amplitude[k] < loudness * _mask(away, STRICT):
                free[k] = False


@inner
def _grow(
    seed,
    sign,
    number,
    time,
    window,
    own,
    sound,
    phase,
    strength,
    channel,
    energy,
    amplitude,
    free,
    line,
    longest,
    knots,
    n_knots,
    points,
    point_time,
    point_sound,
):
    """Prolong line `number` from its seed; writes the atoms found to `knots` and returns how many these are now."""
    head, anchor, slope = seed, seed, 0.0
    while True:
        after = _next(
            head,
            anchor,
            sign,
            slope,
            time,
            window,
            sound,
            phase,
            strength,
            channel,
            energy,
            free,
            longest,
            points,
            point_time,
            point_sound,
        )
        if after < 0:
            return n_knots
        line[after], free[after] = number, False
        low, high = (head, after) if sign > 0 else (after, head)
        _claim(
            time[low],
            time[high],
            low,
            high,
            number,
            time,
            window,
            own,
            sound,
            amplitude,
            free,
            line,
            points,
            point_time,
            point_sound,
        )
        steepest = 2.0 / (window[after] * window[head])
        towards = (sound[after] - sound[head]) / (time[after] - time[head])
        slope = min(max(0.5 * (slope + towards), -steepest), steepest)
        knots[n_knots] = after
        n_knots += 1
        head = after
        if window[head] >= window[anchor] or abs(time[head] - time[anchor]) > REACH * (window[anchor] + window[head]):
            anchor = head


@jit
def grow_lines(
    order,
    time,
    window,
    own,
    sound,
    phase,
    strength,
    channel,
    energy,
    amplitude,
    free,
    points,
    point_time,
    point_sound,
    line,
    starts,
    knots,
):
    """Lines through atoms in order of time, from seeds in `order`: writes each atom's line (from 1, 0 for none),
    returns how many there are.

    `own` and `sound` are in cycles per sample, `time` and `window` in samples; `free` says which atoms may begin or
    prolong a line (and is used up). Line k has knots[starts[k − 1] : starts[k]], atoms in order of time.
    """
    longest, n_lines, n_knots = 0.0, 0, 0
    for width in window:
        longest = max(longest, width)
    starts[0] = 0
    for seed in order:
        if not free[seed]:
            continue
        n_lines += 1
        line[seed], free[seed] = n_lines, False
        begin = n_knots
        for sign in (-1, 1):  # a loop, since a constant argument would be compiled for each of its values
            n_knots = _grow(
                seed,
                sign,
                n_lines,
                time,
                window,
                own,
                sound,
                phase,
                strength,
                channel,
                energy,
                amplitude,
                free,
                line,
                longest,
                knots,
                n_knots,
                points,
                point_time,
                point_sound,
            )
            if sign < 0:
                for k in range((n_knots - begin) // 2):
                    knots[begin + k], knots[n_knots - 1 - k] = knots[n_knots - 1 - k], knots[begin + k]
                knots[n_knots] = seed
                n_knots += 1
        starts[n_lines] = n_knots
        first, last = knots[begin], knots[n_knots - 1]
        for end, low, high in ((first, -0.5, 0.0), (last, 0.0, 0.5)):
            _claim(
                time[end] + low * window[end],
                time[end] + high * window[end],
                end,
                end,
                n_lines,
                time,
                window,
                own,
                sound,
                amplitude,
                free,
                line,
                points,
                point_time,
                point_sound,
            )
    return n_lines


@inner
def _end(atoms, last, time, window, sound, strength, points, point_time, point_sound):
    """A line near its first atom, or near its last: time, frequency and slope there by a straight line through its
    points, window and strength.
    """
    n, tip = len(atoms), atoms[-1] if last else atoms[0]
    s1, s2, y0, y1, count = 0.0, 0.0, 0.0, 0.0, 0.0
    for back in range(min(n, END_ATOMS)):
        i = atoms[n - 1 - back] if last else atoms[back]
        for k in range(points[i]):
            x = point_time[i, k] - time[tip]
            s1, s2, y0, y1, count = s1 + x, s2 + x * x, y0 + point_sound[i, k], y1 + x * point_sound[i, k], count + 1.0
    spread = count * s2 - s1 * s1
    slope = (count * y1 - s1 * y0) / spread if count > 1.0 else 0.0
    return time[tip], (y0 - slope * s1) / count, slope, window[tip], strength[tip]


@jit
def line_ends(n_lines, starts, knots, time, window, sound, strength, points, point_time, point_sound):
    """Every line at its first atom and at its last, `(n_lines, 2, 5)`: time, frequency and slope there, window and
    strength.
    """
    ends = np.empty((n_lines, 2, 5))
    for k in range(n_lines):
        for last in range(2):
            ends[k, last] = _end(
                knots[starts[k] : starts[k + 1]],
                last == 1,
                time,
                window,
                sound,
                strength,
                points,
                point_time,
                point_sound,
            )
    return ends


@inner
def _follows(end, begin):
    """How well one line goes on where another ended: 0 if it does not, 1 at best."""
    gap, short, long = begin[0] - end[0], min(end[3], begin[3]), max(end[3], begin[3])
    if not 0.0 < gap <= JOIN_REACH * (end[3] + begin[3]):
        return 0.0
    away = abs(end[1] - begin[1] + 0.5 * gap * (end[2] + begin[2])) * short / (STEP_BINS + SWEEP_BINS * gap / long)
    bent = abs(end[2] - begin[2]) * short * short / BEND_BINS
    alike = min(end[4], begin[4]) / max(end[4], begin[4])
    return 0.0 if away >= 1.0 or bent >= 1.0 else alike * (1.0 - away * away) * (1.0 - bent * bent)


def join_lines(n_lines, starts, knots, time, window, sound, strength, points, point_time, point_sound):
    """Which line each goes on in, `(n_lines,)` from 0, or −1: where one ended and the other begins in the same
    frequency, slope and strength.

    Lines break where a louder one crosses them, and where an attack or noise hides them.
    """
    ends = line_ends(n_lines, starts, knots, time, window, sound, strength, points, point_time, point_sound)
    order = np.argsort(ends[:, 0, 0], kind="stable")  # here, since it takes long to compile
    return join_ends(ends, order, ends[order, 0, 0], window.max() if len(window) else 0.0)


@jit
def join_ends(ends, order, begins, longest):
    """The same of the lines' ends: `begins` are the times at which lines begin, as they follow each other in
    `order`.
    """
    n_lines = len(ends)
    after, before = np.full(n_lines, -1), np.full(n_lines, -1)
    score_after, score_before = np.zeros(n_lines), np.zeros(n_lines)
    for k in range(n_lines):
        end = ends[k, 1]
        for place in range(_place(begins, end[0], True), n_lines):
            if begins[place] - end[0] > JOIN_REACH * (end[3] + longest):
                break
            other = order[place]
            score = _follows(end, ends[other, 0])
            if score > score_after[k]:
                score_after[k], after[k] = score, other
            if score > score_before[other]:
                score_before[other], before[other] = score, k
    for k in range(n_lines):
        if after[k] >= 0 and before[after[k]] != k:
            after[k] = -1
    return after


@inner
def _smooth(begin, end, time, sound, width, weight, smoothed):
    """Frequency at each point of a line: weighted straight lines through the points around it."""
    for k in range(begin, end):
        s0, s1, s2, y0, y1 = 0.0, 0.0, 0.0, 0.0, 0.0
        low, high = sound[k], sound[k]
        for side in range(2):
            j = k if side == 0 else k - 1
            while begin <= j < end:
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
def _points_of_line(atoms, window, amplitude, points, point_time, point_sound, time, sound, width, weight, loudness):
    """The points of a line's atoms, in order of time; returns how many."""
    n = 0
    for i in atoms:
        read = window[i] if points[i] == 1 else 0.25 * window[i]
        for k in range(points[i]):
            place = n
            while place > 0 and time[place - 1] > point_time[i, k]:
                time[place], sound[place], width[place], weight[place], loudness[place] = (
                    time[place - 1],
                    sound[place - 1],
                    width[place - 1],
                    weight[place - 1],
                    loudness[place - 1],
                )
                place -= 1
            time[place], sound[place], width[place], loudness[place] = (
                point_time[i, k],
                point_sound[i, k],
                read,
                amplitude[i],
            )
            weight[place] = amplitude[i] * amplitude[i]
            n += 1
    return n


@jit
def follow_lines(
    n_lines,
    starts,
    knots,
    time,
    window,
    own,
    amplitude,
    points,
    point_time,
    point_sound,
    line,
    frequency,
    turns,
    n_nodes,
    nodes,
):
    """Give each atom of a line, and those left over that a line masks, its `frequency` (cycles per sample) and the
    `turns` made so far (cycles).

    Line k passes n_nodes[k − 1] `nodes` from place POINTS · starts[k − 1] on, `(n, 3)`: time, frequency, turns; in
    between its frequency is straight.
    """
    longest = 1
    for k in range(n_lines):
        longest = max(longest, starts[k + 1] - starts[k])
    room = POINTS * longest
    at, sound, width, weight, loudness = np.empty(room), np.empty(room), np.empty(room), np.empty(room), np.empty(room)
    smoothed, turned = np.empty(room), np.empty(room)
    nearest, home, count = amplitude.copy(), line.copy(), np.zeros(n_lines + 1, np.int64)
    for i in range(len(time)):
        count[line[i]] += 1
    for number in range(1, n_lines + 1):
        atoms = knots[starts[number - 1] : starts[number]]
        n = _points_of_line(
            atoms, window, amplitude, points, point_time, point_sound, at, sound, width, weight, loudness
        )
        _smooth(0, n, at, sound, width, weight, smoothed)
        turned[0] = 0.0
        for k in range(1, n):
            turned[k] = turned[k - 1] + 0.5 * (smoothed[k] + smoothed[k - 1]) * (at[k] - at[k - 1])
        place = POINTS * starts[number - 1]
        n_nodes[number - 1] = n
        for k in range(n):
            nodes[place + k, 0], nodes[place + k, 1], nodes[place + k, 2] = at[k], smoothed[k], turned[k]
        first, last = time[atoms[0]] - 0.5 * window[atoms[0]], time[atoms[-1]] + 0.5 * window[atoms[-1]]
        k = 0
        for i in range(_place(time, first, False), _place(time, last, True)):
            while k + 1 < n and at[k + 1] <= time[i]:
                k += 1
            mine = home[i] == number
            if not mine and home[i] != 0 and (count[home[i]] > SMALL or count[number] <= SMALL):
                continue
            gone = time[i] - at[k]
            f, turn = smoothed[k], turned[k] + smoothed[k] * gone
            if gone > 0.0 and k + 1 < n:
                rise = (smoothed[k + 1] - smoothed[k]) / (at[k + 1] - at[k])
                f, turn = f + rise * gone, turn + 0.5 * rise * gone * gone
            if mine and line[i] == number:
                frequency[i], turns[i] = f, turn
            elif not mine:
                loud, low, high = loudness[k] if k + 1 >= n else max(loudness[k], loudness[k + 1]), f, f
                j = k
                while j >= 0 and at[j] > time[i] - SWEPT * window[i]:
                    low, high = min(low, smoothed[j]), max(high, smoothed[j])
                    j -= 1
                j = k + 1
                while j < n and at[j] < time[i] + SWEPT * window[i]:
                    low, high = min(low, smoothed[j]), max(high, smoothed[j])
                    j += 1
                score = loud * _mask(max(own[i] - high, low - own[i], 0.0) * window[i], LENIENT)
                if score > nearest[i]:
                    nearest[i], line[i], frequency[i], turns[i] = score, number, f, turn
