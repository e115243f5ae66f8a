"""Onsets within lines of atoms: where a line's level rises as that of a new sound does, another line begins."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from motes.kernels._jit import inner, jit
from motes.kernels.linking.partial_curves import on_curve
from motes.kernels.linking.partials import place_of
from motes.kernels.reassignment import POINTS

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

# Levels are looked at every so many seconds.
STEP_S = 0.005
# A level rises by this within so many steps where something is struck; from the lowest of so many steps before, to
# which it had fallen or where it had stayed.
RISE_DB, RISE_STEPS, FALL_STEPS, STAYS_DB = 4.5, 8, 16, 0.3
# It is louder afterwards, in the middle of so many steps: what an atom leaves out that another line took is no onset.
LOUDER_DB, BEFORE_STEPS, AFTER_STEPS = 2.5, 12, 24
# What is so much below what comes after is no sound that could end; nor does one begin so far below the line's loudest.
QUIET_DB, FLOOR_DB = 30.0, 50.0
# A line is silent for so many steps, by so much below what is before and after: one sound ended, another begins.
GAP_DB, GAP_STEPS = 15.0, 8
# Atoms of other lines whose sound lies so near, in their bins, sound in this line as well.
NEAR_BINS = 2.0
# Lines cross where, from so many steps before to as many afterwards, one passes or nears the other, from further than
# so many cycles per step, and what is between them changes evenly, but for this part of the change. What is louder
# there is both of them.
APART_STEPS, CROSS_CYCLES, STRAIGHT = 24, 0.1, 0.2
# At an onset the whole scene, as the line's atoms read it within so many steps to either side, grows louder by this:
# where a line lacks atoms that another took, it does not.
READ_STEPS, READ_DB = 32, 1.0
# Or it leaps: the square of how far its frequency then is from before is so many times that of how far it strays on
# either side (6 in a steady glide), where an atom is read to so many of its bins; and it is so many cycles per step.
LEAP, READ_BINS, LEAP_CYCLES = 16.0, 0.4, 0.02
_SILENT = 1e-14


ONSET, GAP, LEAPS = 1, 2, 3


class OwnWaves(NamedTuple):
    """Of each atom frequency, amplitude and phase as it is rendered, `(n,)` and `(n, n_channels)` twice."""

    own: Array
    amplitude: Array
    phase: Array


@inner
def _add_atom(wave, low, step, start, end, atom):
    """Add an atom (time, window, cycles per sample, amplitude, phase) to a line's `wave`, cosine and sine `(2, n)`, at
    steps start … end − 1 from step `low` on.
    """
    time, window, own, amplitude, phase = atom
    since = start * step - time
    angle, turn = phase + 2 * math.pi * own * since, 2 * math.pi * own * step
    slope, swing = 2 * math.pi * since / window, 2 * math.pi * step / window
    real, imaginary, turn_real, turn_imaginary = math.cos(angle), math.sin(angle), math.cos(turn), math.sin(turn)
    hann, other, swing_real, swing_imaginary = math.cos(slope), math.sin(slope), math.cos(swing), math.sin(swing)
    for k in range(start - low, end - low):
        weight = amplitude * (0.5 + 0.5 * hann)
        wave[0, k] += weight * real
        wave[1, k] += weight * imaginary
        real, imaginary = real * turn_real - imaginary * turn_imaginary, real * turn_imaginary + imaginary * turn_real
        hann, other = hann * swing_real - other * swing_imaginary, hann * swing_imaginary + other * swing_real


@inner
def _middle(values):
    """The median of a few values, none of which is kept."""
    for k in range(1, len(values)):
        value, place = values[k], k
        while place > 0 and values[place - 1] > value:
            values[place] = values[place - 1]
            place -= 1
        values[place] = value
    return values[len(values) // 2]


@inner
def _onset(level, loudest, k):
    """The step at which the level rises at once after it was lowest at step k, or −1."""
    before, after = max(0, k - FALL_STEPS), min(len(level), k + RISE_STEPS + 1)
    if k - before < 4:
        return -1
    fallen = -np.inf
    for j in range(before, k):
        if level[j] < level[k] - STAYS_DB:
            return -1
        fallen = max(fallen, level[j])
    highest, steepest, onset = level[k], -np.inf, k
    for j in range(k + 1, after):
        highest = max(highest, level[j])
        if level[j] - level[j - 1] > steepest:
            steepest, onset = level[j] - level[j - 1], j
    if highest < level[k] + RISE_DB or highest < loudest - FLOOR_DB or fallen < highest - QUIET_DB:
        return -1
    start, end = k + RISE_STEPS // 2, min(len(level), k + RISE_STEPS // 2 + AFTER_STEPS)
    if end - start < AFTER_STEPS // 2:
        return -1
    now, then = _middle(level[start:end].copy()), _middle(level[max(0, k - BEFORE_STEPS) : k].copy())
    return onset if now - then >= LOUDER_DB else -1


@inner
def _gaps(level, cuts):
    """Mark where a line is silent between two sounds, at its lowest."""
    n = len(level)
    coming, so_far = level.copy(), -np.inf
    for k in range(n - 2, -1, -1):
        coming[k] = max(coming[k], coming[k + 1])
    k = 0
    while k < n:
        so_far = max(so_far, level[k])
        if level[k] >= min(so_far, coming[k]) - GAP_DB:
            k += 1
            continue
        begin, lowest = k, k
        while k < n and level[k] < min(so_far, coming[k]) - GAP_DB:
            lowest = k if level[k] < level[lowest] else lowest
            k += 1
        if k - begin >= GAP_STEPS and not cuts[begin : k + RISE_STEPS].any():
            cuts[lowest] = GAP


@jit
def find_cuts(power):
    """Where another sound begins along a line's power `(n,)`, `(n,)`: ONSET, GAP (after a silence), or 0."""
    n = len(power)
    level, cuts = np.empty(n), np.zeros(n, np.int64)
    loudest = -np.inf
    for k in range(n):
        around = 0.25 * power[max(0, k - 1)] + 0.5 * power[k] + 0.25 * power[min(n - 1, k + 1)]
        level[k] = 10 * math.log10(around + _SILENT)
        loudest = max(loudest, level[k])
    k = 1
    while k < n - 1:
        onset = _onset(level, loudest, k)
        if onset >= 0:
            cuts[onset] = ONSET
            k += RISE_STEPS
        else:
            k += 1
    _gaps(level, cuts)
    return cuts


@inner
def _piece_of(power, piece, low, step, time, window):
    """In which piece of its line an atom sounds most."""
    start, end = max(0, math.ceil((time - window / 2) / step) - low), math.floor((time + window / 2) / step) - low + 1
    end = min(end, len(power))
    if start >= end:
        return piece[min(max(0, round(time / step) - low), len(power) - 1)]
    best, found, so_far, now = -1.0, piece[start], 0.0, piece[start]
    for k in range(start, end):
        if piece[k] != now:
            now, so_far = piece[k], 0.0
        hann = 0.5 + 0.5 * math.cos(2 * math.pi * ((k + low) * step - time) / window)
        so_far += hann * hann * power[k]
        if so_far > best:
            best, found = so_far, now
    return found


@inner
def _frequency(nodes, time):
    """Frequency of a line at a time by its nodes."""
    k = place_of(nodes[:, 0], time, True) - 1
    k = min(max(k, 0), len(nodes) - 1)
    if k + 1 == len(nodes) or time <= nodes[0, 0]:
        return nodes[k, 1]
    part = (time - nodes[k, 0]) / (nodes[k + 1, 0] - nodes[k, 0])
    return nodes[k, 1] + part * (nodes[k + 1, 1] - nodes[k, 1])


@inner
def _crossed(starts, n_lines, n_nodes, nodes, number, time, step):
    """Whether another line crosses this one at about a time, or runs into it or out of it."""
    mine = nodes[POINTS * starts[number - 1] :][: n_nodes[number - 1]]
    for other in range(1, n_lines + 1):
        theirs = nodes[POINTS * starts[other - 1] :][: n_nodes[other - 1]]
        if other == number or len(theirs) < 2 or theirs[0, 0] > time or theirs[-1, 0] < time:
            continue
        first, last = max(time - APART_STEPS * step, theirs[0, 0]), min(time + APART_STEPS * step, theirs[-1, 0])
        if last - first < APART_STEPS * step / 2 or theirs[-1, 0] - theirs[0, 0] < APART_STEPS * step:
            continue
        before = _frequency(theirs, first) - _frequency(mine, first)
        after = _frequency(theirs, last) - _frequency(mine, last)
        near, far, gone = min(abs(before), abs(after)), max(abs(before), abs(after)), after - before
        if far * step < CROSS_CYCLES or (before * after > 0.0 and near > 0.5 * far):
            continue
        glides = True  # both of them all along: a line that leaps past another does not cross it
        for part in (0.25, 0.5, 0.75):
            at = first + part * (last - first)
            apart = _frequency(theirs, at) - _frequency(mine, at)
            glides = glides and abs(apart - before - part * gone) < STRAIGHT * abs(gone)
        if glides:
            return True
    return False


@inner
def _change(atoms, line, number, time, reach):
    """By how many dB the sound under a line's atoms is louder after a time than before, by how much its frequency
    differs (cycles per sample), and the square of that over how far it strays; energy counts.
    """
    levels, weights, means, squares = np.zeros(2), np.zeros(2), np.zeros(2), np.zeros(2)
    origin = -1.0
    for i in range(place_of(atoms.time, time - reach, False), place_of(atoms.time, time + reach, True)):
        if line[i] == number and atoms.strength[i] > 0.0:
            side = 1 if atoms.time[i] >= time else 0
            levels[side] += atoms.energy[i] * 20 * math.log10(atoms.strength[i])
            weights[side] += atoms.energy[i]
            origin = atoms.sound[i] if origin < 0.0 else origin
            means[side] += atoms.energy[i] * (atoms.sound[i] - origin)
            squares[side] += atoms.energy[i] * ((atoms.sound[i] - origin) ** 2 + (READ_BINS / atoms.window[i]) ** 2)
    if min(weights[0], weights[1]) == 0.0:
        return 0.0, 0.0, 0.0
    levels, means, squares = levels / weights, means / weights, squares / weights
    apart = abs(means[1] - means[0])
    return levels[1] - levels[0], apart, apart * apart / max(np.sum(squares - means * means), 1e-16)


@inner
def _leap(atoms, line, number, time, step):
    """How sharply a line leaps at a time, 0 where it does not."""
    _, apart, sharp = _change(atoms, line, number, time, READ_STEPS * step)
    return sharp if sharp > LEAP and apart * step > LEAP_CYCLES else 0.0


@inner
def _mark_leaps(atoms, line, number, members, low, step, cuts):
    """Mark where a line leaps, between two of its knots: where it does so most sharply."""
    best, at = 0.0, -1
    for k in range(len(members)):
        if k + 1 < len(members):
            middle = 0.5 * (atoms.time[members[k]] + atoms.time[members[k + 1]])
            sharp, place = 0.0, math.ceil(middle / step) - low
            if (
                abs(atoms.sound[members[k + 1]] - atoms.sound[members[k]]) * step > 0.5 * LEAP_CYCLES
            ):  # else none is near
                sharp = _leap(atoms, line, number, middle, step)
        else:
            sharp, place = 0.0, len(cuts) + READ_STEPS
        if at >= 0 and place - at > READ_STEPS:
            if not cuts[max(0, at - RISE_STEPS) : at + RISE_STEPS].any():
                cuts[at] = LEAPS
            best, at = 0.0, -1
        if sharp > best:
            best, at = sharp, place


@jit
def cut_lines(atoms, waves, lines, n_lines, n_nodes, nodes, step):
    """The piece of its line that each atom is in, `(n,)` from 0: a line goes over into another piece where one sound
    ends and another begins. Nodes are those of `follow_lines`; `step` is that of levels, in samples.
    """
    time, window, sound = atoms.time, atoms.window, atoms.sound
    line, starts, knots = lines
    pieces = np.zeros(len(time), np.int64)
    for number in range(1, n_lines + 1):
        members = knots[starts[number - 1] : starts[number]]
        first, last = members[0], members[-1]
        low = math.ceil((time[first] - 0.5 * window[first]) / step)
        n = math.floor((time[last] + 0.5 * window[last]) / step) - low + 1
        if n < 2 * FALL_STEPS:
            continue
        place = POINTS * starts[number - 1]
        curve = nodes[place : place + n_nodes[number - 1]]
        begin = place_of(time, time[first] - 0.5 * window[first], False)
        end = place_of(time, time[last] + 0.5 * window[last], True)
        energy = np.zeros(waves.amplitude.shape[1])
        for i in range(begin, end):
            if line[i] == number:
                energy += waves.amplitude[i] ** 2 * window[i]
        lowest, highest = curve[:, 1].min(), curve[:, 1].max()
        channel, wave, k = np.argmax(energy), np.zeros((2, n)), 0
        for i in range(begin, end):
            while k + 1 < len(curve) and curve[k + 1, 0] <= time[i]:
                k += 1
            if line[i] != number:
                if max(sound[i] - highest, lowest - sound[i]) * window[i] > NEAR_BINS:
                    continue
                here, _ = on_curve(curve[:, 0], curve[:, 1], curve[:, 2], len(curve), k, time[i])
                if abs(sound[i] - here) * window[i] > NEAR_BINS:
                    continue
            start, stop = math.ceil((time[i] - window[i] / 2) / step), math.floor((time[i] + window[i] / 2) / step) + 1
            atom = time[i], window[i], waves.own[i], waves.amplitude[i, channel], waves.phase[i, channel]
            _add_atom(wave, low, step, max(low, start), min(low + n, stop), atom)
        power = wave[0] ** 2 + wave[1] ** 2
        cuts = find_cuts(power)
        _mark_leaps(atoms, line, number, members, low, step, cuts)
        for k in range(n):
            at = (low + k) * step
            if cuts[k] == ONSET:
                louder, apart, sharp = _change(atoms, line, number, at, READ_STEPS * step)
                if louder < READ_DB and (sharp < LEAP or apart * step < LEAP_CYCLES):
                    cuts[k] = 0
            if cuts[k] > 0 and _crossed(starts, n_lines, n_nodes, nodes, number, at, step):
                cuts[k] = 0
        piece = np.cumsum(cuts > 0)
        if piece[-1] > 0:
            for i in range(begin, end):
                if line[i] == number:
                    pieces[i] = _piece_of(power, piece, low, step, time[i], window[i])
    return pieces
