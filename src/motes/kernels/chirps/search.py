"""The greedy choice of chirped atoms: each place is refined by inner products with the signal, the atom worth most is
taken, and what it overlaps is looked at again.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from motes.kernels._jit import jit, leaf
from motes.kernels.windowed_sinusoids import Chirp, add_chirped, correlate_chirped, samples_under

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
# Bins that the frequency sweeps within a window for each step of a chirp, as in motes.events.chirps, and most steps.
BINS_PER_STEP, MOST_STEPS = 2, 1000
# Bins to spare between what an atom sweeps, as far as it is loud, and DC or half the sample rate.
SPARE_BINS = 4.0
# A longer window is not looked at where the last took less than this part of the best so far.
FALLING = 0.6


class Places(NamedTuple):
    """Where to look: samples, cycles per sample, cycles per sample², and what energy is worth there, `(n,)` each."""

    time: Array
    frequency: Array
    chirp: Array
    weight: Array


class Found(NamedTuple):
    """What is best at each place, `(n,)` each: its window's index, frame, bin, chirp in steps, energy."""

    window: Ints
    frame: Ints
    bin: Ints
    steps: Ints
    energy: Array


class Rules(NamedTuple):
    """Centres from sample `first` up to `end`; windows in samples, the chirped ones from `shortest` on; by what factor
    a chirped atom's energy has to exceed a steady one's.
    """

    windows: Ints
    shortest: int
    first: int
    end: int
    gain: float


@leaf
def _energy(signal, n_channels, window, frame, m, steps):
    """Energy that the atom would take, all channels together; 0 where it reaches over the ends of the band."""
    swept = 0.5 * abs(steps)
    if m - swept < SPARE_BINS or m + swept > 0.5 * window - SPARE_BINS or abs(steps) > MOST_STEPS:
        return 0.0
    centre = float(frame * (window >> 2))
    turn = 2.0 * math.pi / window
    wave = Chirp(turn * m, turn * BINS_PER_STEP * steps / window, turn)
    first, n = samples_under(signal, centre, float(window))
    total = 0.0
    for channel in range(n_channels):
        place = first - signal.first_sample + channel * signal.channel_stride
        re, im = correlate_chirped(signal.samples, place, n, first - centre, wave)
        total += re * re + im * im
    return total * 2.0 / (0.375 * window)


@leaf
def _climb(signal, n_channels, window, frame, m, steps, reach):
    """The best bin and chirp near a place, chirps at first by `reach` steps: energy, bin, steps."""
    best = _energy(signal, n_channels, window, frame, m, steps)
    while reach > 0:
        moved = False
        for side in (-1, 1):
            energy = _energy(signal, n_channels, window, frame, m, steps + side * reach)
            if energy > best:
                best, steps, moved = energy, steps + side * reach, True
                break
        if not moved:
            for side in (-1, 1):
                energy = _energy(signal, n_channels, window, frame, m + side, steps)
                if energy > best:
                    best, m, moved = energy, m + side, True
                    break
        if not moved:
            reach >>= 1
    return best, m, steps


@leaf
def _best_steady(signal, n_channels, rules, time, frequency):
    """Energy of the best steady atom near a place."""
    best = 0.0
    for w in range(len(rules.windows)):
        window = rules.windows[w]
        frame = np.int64(np.rint(4.0 * time / window))
        m = np.int64(np.rint(frequency * window))
        for side in (-1, 0, 1):
            best = max(best, _energy(signal, n_channels, window, frame, m + side, np.int64(0)))
    return best


@leaf
def _refine(signal, n_channels, rules, places, i, most, found):
    """Find what is best at place i; of no energy where a steady atom does about as well. What more can be found there
    later goes to `most`.
    """
    time, frequency, chirp = places.time[i], places.frequency[i], places.chirp[i]
    steady = _best_steady(signal, n_channels, rules, time, frequency)
    best, reach, at_time = 0.0, np.int64(2), time
    for w in range(len(rules.windows)):
        window = rules.windows[w]
        frame = np.int64(np.rint(4.0 * time / window))
        centre = frame * (window >> 2)
        if window < rules.shortest or centre < rules.first or centre >= rules.end:
            continue
        m = np.int64(np.rint((frequency + chirp * (centre - at_time)) * window))
        steps = np.int64(np.rint(0.5 * chirp * window * window))
        energy, m, steps = _climb(signal, n_channels, window, frame, m, steps, reach)
        if energy > best and steps != 0:
            best = energy
            found.window[i], found.frame[i], found.bin[i], found.steps[i] = w, frame, m, steps
        if energy > 0.0:
            chirp, frequency, at_time = 2.0 * steps / (float(window) * window), m / window, float(centre)
        if energy < FALLING * best:
            break
        reach = np.int64(4)
        if w + 1 < len(rules.windows) and rules.windows[w + 1] > 2 * window:
            reach = np.int64(8)
    is_better = best >= rules.gain * steady
    found.energy[i] = best if is_better else 0.0
    # Where it is not, the steady atom goes first, and leaves this.
    most[i] = best if is_better else max(0.0, best - steady)


@leaf
def _take(signal, n_channels, window, frame, m, steps, re, im):
    """Subtract the best atom of these parameters; its complex amplitudes, of unit energy, to `re` and `im`."""
    centre, turn = float(frame * (window >> 2)), 2.0 * math.pi / window
    wave = Chirp(turn * m, turn * BINS_PER_STEP * steps / window, turn)
    first, n = samples_under(signal, centre, float(window))
    scale = 2.0 / (0.375 * window)
    for channel in range(n_channels):
        place = first - signal.first_sample + channel * signal.channel_stride
        found_re, found_im = correlate_chirped(signal.samples, place, n, first - centre, wave)
        add_chirped(signal.samples, place, n, first - centre, wave, -scale * found_re, scale * found_im)
        re[channel], im[channel] = found_re / math.sqrt(0.375 * window), -found_im / math.sqrt(0.375 * window)


@jit
def take_chirps(signal, rules, places, most, least, found, order, amplitude):
    """Take chirped atoms from a `Stretch`, the one of most benefit first, while any has the least benefit. `most` is
    what energy each place may give, so that those are left alone of which nothing is to be had.

    Returns how many were taken; `order` holds of each which place it was found at, `found` what it is, row by row of
    those taken, and real and imaginary amplitudes are `(len(order), n_channels)`.
    """
    n, n_channels, (amplitude_re, amplitude_im) = len(places.time), amplitude[0].shape[1], amplitude
    now = Found(np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n))
    stale = np.zeros(n, np.bool_)
    for i in range(n):
        if most[i] * places.weight[i] >= least:
            _refine(signal, n_channels, rules, places, i, most, now)
    taken = 0
    while taken < len(order):
        best, at = 0.0, -1
        for i in range(n):
            if now.energy[i] * places.weight[i] > best:
                best, at = now.energy[i] * places.weight[i], i
        if best < least or at < 0:
            break
        if stale[at]:
            _refine(signal, n_channels, rules, places, at, most, now)
            stale[at] = False
            continue
        w, frame = now.window[at], now.frame[at]
        window = rules.windows[w]
        _take(signal, n_channels, window, frame, now.bin[at], now.steps[at], amplitude_re[taken], amplitude_im[taken])
        order[taken] = at
        found.window[taken], found.frame[taken], found.bin[taken] = w, frame, now.bin[at]
        found.steps[taken], found.energy[taken] = now.steps[at], now.energy[at]
        taken += 1
        centre = frame * (window >> 2)
        for i in range(n):
            if now.energy[i] > 0.0:
                reach = 0.5 * (window + rules.windows[now.window[i]])
                if abs(now.frame[i] * (rules.windows[now.window[i]] >> 2) - centre) < reach:
                    stale[i] = True
    return taken
