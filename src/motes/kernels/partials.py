"""Linking atoms into partials: where each atom's sound really lies in frequency, and lines grown through such places, strongest first."""

import math

import numpy as np

from motes.kernels._jit import inner, jit
from motes.kernels.gabor import _powers

OWN_BINS, OWN_BINS_SWEPT = 1.2, 8.0
"""An atom may begin or prolong a line only if the sound under it lies within this many of its bins (1/window); the second where that sound sweeps."""
POINTS = 3
"""Where the frequency under an atom is read: at its centre, or if a quarter of its window is enough, at this many places in its middle half."""
SHORTEST_S = 0.02
"""No shorter windows are tried, in seconds."""
STEADY = 2.0
"""A quarter of the window is enough if the amplitudes it reads differ at most by this factor: two sounds would beat."""
REACH = 0.6
"""Neighbours in a line lie at most this part of the sum of their windows apart."""
STEP_BINS, SWEEP_BINS = 1.0, 6.0
"""How far the next atom may lie from where the line points: in bins of the shorter window, and in bins more for each of its lengths in time."""
TUBE_BINS = 0.75
"""Atoms whose sound lies this near to a line belong to it."""
MASK_LOUDER, MASK_BINS = 2.0, 12.0
STRICT, LENIENT = 1.6, 1.2
"""An atom that lies d of its bins from a line is masked by it if it is weaker than line · min(MASK_LOUDER, d^−power), up to MASK_BINS: it corrects
what the line's atoms leave over. Atoms masked strictly begin no lines; those that no line took, or a small one, go to a line that masks them
leniently.
"""
SMALL = 3
"""Lines of so few atoms are small."""
SWEPT = 0.5
"""Counted from where the line sweeps through within this part of the atom's window to either side."""
SMOOTH = 0.25
"""Frequencies along a line are smoothed over this part of the window they were read with."""


@jit
def reassign(audio, channel_stride, first_sample, n_samples, channel, centre, window, omega, first, last, frequency, phase, strength):
    """The sound under atoms first … last − 1 (Auger & Flandrin 1995): `frequency` in rad/sample, `phase`, `strength`.

    `audio` is flat float64, rows of `channel_stride` ≥ n_samples + 16 values from sample `first_sample` on; `channel` says which row an atom looks
    at.
    """
    lanes = np.empty(64)
    for i in range(first, last):
        half = 0.5 * window[i]
        begin = max(math.floor(centre[i] - half) + 1, first_sample)
        end = min(math.ceil(centre[i] + half), first_sample + n_samples)
        frequency[i], phase[i], strength[i] = omega[i], 0.0, 0.0
        if end <= begin:
            continue
        turn = 2.0 * math.pi / window[i]
        step_re, step_im = _powers(omega[i], lanes, 0)
        turn_re, turn_im = _powers(turn, lanes, 32)
        u = begin - centre[i]
        p, q, r, s = math.cos(omega[i] * u), math.sin(omega[i] * u), math.cos(turn * u), math.sin(turn * u)
        x_re, x_im, d_re, d_im = 0.0, 0.0, 0.0, 0.0
        place, stop = channel[i] * channel_stride + begin - first_sample, channel[i] * channel_stride + end - first_sample
        while place < stop:  # sums of x·e^{−iωu}, alone and times the cosine and the sine of the window's turn
            a_re, a_im, b_re, b_im, c_re, c_im = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
            if place + 16 <= stop:  # a fixed count, which LLVM turns into vectors
                for j in range(16):
                    y_re, y_im = audio[place + j] * (p * lanes[j] - q * lanes[16 + j]), audio[place + j] * (p * lanes[16 + j] + q * lanes[j])
                    c, z = r * lanes[32 + j] - s * lanes[48 + j], r * lanes[48 + j] + s * lanes[32 + j]
                    a_re, a_im = a_re + y_re, a_im + y_im
                    b_re, b_im = b_re + c * y_re, b_im + c * y_im
                    c_re, c_im = c_re + z * y_re, c_im + z * y_im
            else:
                for j in range(stop - place):
                    y_re, y_im = audio[place + j] * (p * lanes[j] - q * lanes[16 + j]), audio[place + j] * (p * lanes[16 + j] + q * lanes[j])
                    c, z = r * lanes[32 + j] - s * lanes[48 + j], r * lanes[48 + j] + s * lanes[32 + j]
                    a_re, a_im = a_re + y_re, a_im + y_im
                    b_re, b_im = b_re + c * y_re, b_im + c * y_im
                    c_re, c_im = c_re + z * y_re, c_im + z * y_im
            x_re, x_im = x_re + 0.5 * (a_re + b_re), x_im - 0.5 * (a_im + b_im)
            d_re, d_im = d_re + c_re, d_im - c_im
            p, q = p * step_re - q * step_im, p * step_im + q * step_re
            r, s = r * turn_re - s * turn_im, r * turn_im + s * turn_re
            place += 16
        power = x_re * x_re + x_im * x_im
        if power > 1e-30:
            frequency[i] = omega[i] + 0.5 * turn * (d_im * x_re - d_re * x_im) / power
            phase[i], strength[i] = math.atan2(x_im, x_re), 2.0 * math.sqrt(power) / half


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
def _next(head, sign, slope, time, window, sound, phase, channel, energy, usable, line, longest, points, point_time, point_sound):
    """The atom that best prolongs a line from `head` (sign 1: later, −1: earlier), or −1."""
    best, found = 0.0, -1
    j = head + sign
    while 0 <= j < len(time):
        gap = abs(time[j] - time[head])
        if gap > REACH * (window[head] + longest):
            break
        if usable[j] and line[j] == 0 and 0.0 < gap <= REACH * (window[head] + window[j]):
            short = min(window[head], window[j])
            if points[head] > 1 or points[j] > 1:  # where the two meet
                between = 0.5 * (time[head] + time[j])
                if window[head] != window[j]:
                    between = time[j] if window[j] < window[head] else time[head]
                away = abs(_at(head, points, point_time, point_sound, between) - _at(j, points, point_time, point_sound, between)) * short
                turned = 0.5
            else:
                away = abs(sound[j] - sound[head] - slope * (time[j] - time[head])) * short
                turned = 0.0
                if channel[j] == channel[head]:
                    turned = phase[j] - phase[head] - math.pi * (sound[head] + sound[j]) * (time[j] - time[head])
            limit = STEP_BINS + SWEEP_BINS * gap / max(window[head], window[j])
            if away < limit:
                fits = (1.0 - (away / limit) ** 2) * (0.55 + 0.45 * math.cos(turned))
                score = energy[j] * fits * fits / (1.0 + 4.0 * gap / short)
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
    return (1.0 - part) * _at(head, points, point_time, point_sound, at) + part * _at(tail, points, point_time, point_sound, at)


@inner
def _claim(low, high, head, tail, number, time, window, own, sound, amplitude, usable, line, points, point_time, point_sound):
    """Give the line the atoms whose sound lies in its tube between two of its atoms; those that it masks may begin no line of their own."""
    loudness = max(amplitude[head], amplitude[tail])
    for k in range(np.searchsorted(time, low), np.searchsorted(time, high, side="right")):
        if line[k] == 0:
            here = _between(time[k], head, tail, time, points, point_time, point_sound)
            before = _between(time[k] - SWEPT * window[k], head, tail, time, points, point_time, point_sound)
            after = _between(time[k] + SWEPT * window[k], head, tail, time, points, point_time, point_sound)
            away = max(own[k] - max(here, before, after), min(here, before, after) - own[k], 0.0) * window[k]
            if abs(sound[k] - here) * window[k] < TUBE_BINS and away < MASK_BINS:
                line[k] = number
            elif amplitude[k] < loudness * _mask(away, STRICT):
                usable[k] = False


@inner
def _grow(
    seed, sign, number, time, window, own, sound, phase, channel, energy, amplitude, usable, line, longest, knots, n_knots,
    points, point_time, point_sound,
):  # fmt: skip
    """Prolong line `number` from its seed; writes the atoms found to `knots` and returns how many these are now."""
    head, slope = seed, 0.0
    while True:
        after = _next(head, sign, slope, time, window, sound, phase, channel, energy, usable, line, longest, points, point_time, point_sound)
        if after < 0:
            return n_knots
        line[after] = number
        low, high = (head, after) if sign > 0 else (after, head)
        _claim(
            time[low], time[high], low, high, number, time, window, own, sound, amplitude, usable, line, points, point_time, point_sound
        )  # fmt: skip
        steepest = 2.0 / (window[after] * window[head])
        towards = (sound[after] - sound[head]) / (time[after] - time[head])
        slope = min(max(0.5 * (slope + towards), -steepest), steepest)
        knots[n_knots] = after
        n_knots += 1
        head = after


@jit
def grow_lines(order, time, window, own, sound, phase, channel, energy, amplitude, usable, points, point_time, point_sound, line, starts, knots):
    """Lines through atoms in order of time, from seeds in `order`: writes each atom's line (from 1, 0 for none), returns how many there are.

    `own` and `sound` are in cycles per sample, `time` and `window` in samples. Line k has knots[starts[k − 1] : starts[k]], atoms in order of time.
    """
    longest, n_lines, n_knots = window.max(), 0, 0
    starts[0] = 0
    for seed in order:
        if line[seed] != 0 or not usable[seed]:
            continue
        n_lines += 1
        line[seed] = n_lines
        begin = n_knots
        n_knots = _grow(
            seed, -1, n_lines, time, window, own, sound, phase, channel, energy, amplitude, usable, line, longest, knots, n_knots,
            points, point_time, point_sound,
        )  # fmt: skip
        knots[begin:n_knots] = knots[begin:n_knots][::-1].copy()
        knots[n_knots] = seed
        n_knots = _grow(
            seed, 1, n_lines, time, window, own, sound, phase, channel, energy, amplitude, usable, line, longest, knots, n_knots + 1,
            points, point_time, point_sound,
        )  # fmt: skip
        starts[n_lines] = n_knots
        first, last = knots[begin], knots[n_knots - 1]
        for end, low, high in ((first, -0.5, 0.0), (last, 0.0, 0.5)):
            _claim(
                time[end] + low * window[end], time[end] + high * window[end], end, end, n_lines, time, window, own, sound, amplitude, usable, line,
                points, point_time, point_sound,
            )  # fmt: skip
    return n_lines


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
                    time[place - 1], sound[place - 1], width[place - 1], weight[place - 1], loudness[place - 1],
                )  # fmt: skip
                place -= 1
            time[place], sound[place], width[place], loudness[place] = point_time[i, k], point_sound[i, k], read, amplitude[i]
            weight[place] = amplitude[i] * amplitude[i]
            n += 1
    return n


@jit
def follow_lines(n_lines, starts, knots, time, window, own, amplitude, points, point_time, point_sound, line, frequency, turns):
    """Give each atom of a line, and those left over that a line masks, its `frequency` (cycles per sample) and the `turns` made so far (cycles)."""
    room = POINTS * max(1, np.max(np.diff(starts[: n_lines + 1])) if n_lines else 1)
    at, sound, width, weight, loudness = np.empty(room), np.empty(room), np.empty(room), np.empty(room), np.empty(room)
    smoothed, turned = np.empty(room), np.empty(room)
    nearest, home, count = amplitude.copy(), line.copy(), np.zeros(n_lines + 1, np.int64)
    for i in range(len(time)):
        count[line[i]] += 1
    for number in range(1, n_lines + 1):
        atoms = knots[starts[number - 1] : starts[number]]
        n = _points_of_line(atoms, window, amplitude, points, point_time, point_sound, at, sound, width, weight, loudness)
        _smooth(0, n, at, sound, width, weight, smoothed)
        turned[0] = 0.0
        for k in range(1, n):
            turned[k] = turned[k - 1] + 0.5 * (smoothed[k] + smoothed[k - 1]) * (at[k] - at[k - 1])
        first, last = time[atoms[0]] - 0.5 * window[atoms[0]], time[atoms[-1]] + 0.5 * window[atoms[-1]]
        k = 0
        for i in range(np.searchsorted(time, first), np.searchsorted(time, last, side="right")):
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
