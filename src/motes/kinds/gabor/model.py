"""How the gabor events of one packet become bits: where they lie on the grid of each window, how strong they are, and
their phases.

The same functions encode and decode. Windows come longest first; in each, frames in order of time, blocks of 16 bins,
bins. Everything already coded (earlier frames, lower bins, longer windows) predicts what comes. docs/format.md
specifies each context, docs/reader/gabor.py is the same in plain Python, and `tools/train_tables.py` makes the tables
from which the predictions start.

Loops are spelled out: numba compiles them many times faster than expressions of whole arrays.

Throughout, `coder` is (state, buffer, slots, weights, where): the range coder, the bytes, what the contexts have
learnt, the mixers, and the slots that predict the next bit.
"""

from __future__ import annotations

import numpy as np

from motes.coding.classes import COARSE, ZONE
from motes.coding.integers import code_signed
from motes.coding.range_coder import (
    DECODING,
    N_INPUTS,
    N_STATE,
    RECORD,
    code_adaptive,
    code_bit,
    code_number,
    code_uniform,
    finish,
    start,
)
from motes.kernels._jit import inner, jit

BLOCK = 16
MAX_CLASS = 95
N_UNARY = 24
N_LEVELS = 16
SILENT = -(1 << 31)

# Sizes of the sets of slots, six each for: is there an atom in these 16 bins, in this bin, strength of the first
# channel, of a further channel.
SIZES = (
    *(10 * 36, 10 * 27, 32 * 20, 64, 160, 10 * 64),
    *(160, 640, 480, 32 * 4, 32 * 4, 32 * 32),
    *(1920, 384, 384, 384, 384, 384),
    *(384, 384, 384, 384, 384, 384),
)
STARTS = tuple(int(x) for x in np.cumsum((0, *SIZES)))
T_BLOCK, T_BIN, T_STRENGTH, T_OTHER = (STARTS[i * N_INPUTS : (i + 1) * N_INPUTS] for i in range(4))
# As arrays (and, below, numbers as np.int64): for each literal that numba sees in a call it would compile the kernel
# once more.
STRENGTH_TABLES, OTHER_TABLES = np.array(T_STRENGTH, np.int64), np.array(T_OTHER, np.int64)
EXTRA = STARTS[-1]  # the two bits below a class's leading ones: 2 × 96
CHANNEL = EXTRA + 192  # is a channel silent: 2 × 64
SAME_PHASE = CHANNEL + 128  # has it the phase of the channel before: 16
SAME_STRENGTH = SAME_PHASE + 16  # and its strength: 16
FREE_TIME = SAME_STRENGTH + 16  # events off the grid: numbers of 64 slots each
FREE_FREQUENCY, FREE_WINDOW, SAME_WINDOW = FREE_TIME + 64, FREE_TIME + 128, FREE_TIME + 192
N_SLOTS = SAME_WINDOW + 1
MIX_BLOCK, MIX_BIN, MIX_STRENGTH, MIX_OTHER = 0, 10, 20, 20 + N_UNARY
N_MIXERS = 20 + 2 * N_UNARY


# Coarse logarithm of a sixteenth of a number, four steps per doubling.
RATIO = np.array(
    [0] * 16 + [min((v.bit_length() - 5) * 4 + (v >> (v.bit_length() - 3) & 3), 31) for v in range(16, 4096)], np.int64
)


@inner
def class_of(value):
    """Floating-point-like class of a whole number: 0 1 2 3, then two classes per doubling."""
    if value < 4:
        return value
    k = np.int64(0)
    while value >> (k + 1):
        k += 1
    return 2 * k + ((value >> (k - 1)) & 1)


@inner
def coarse(value):
    """Class of a whole number, at most 15."""
    return COARSE[min(value, 255)]


@inner
def ratio(part, whole):
    """Coarse logarithm of a share: 0 for all, four steps per doubling, at most 31."""
    return RATIO[min((whole << 4) // part, 4095)]


@inner
def code_strength(coder, steps, tables, mix, value):
    """A whole number: its class in unary, each step predicted by the contexts `steps` (index of a row of N_UNARY
    slots), then its further bits.
    """
    rc, buffer, slots, weights, where = coder
    wanted = class_of(value)
    strength = np.int64(0)
    while strength < MAX_CLASS:
        j = min(strength, N_UNARY - 1)
        for i in range(N_INPUTS):
            where[i] = tables[i] + steps[i] * N_UNARY + j
        if code_bit(rc, buffer, slots, where, weights, (mix + j) * N_INPUTS, np.int64(wanted > strength)) == 0:
            break
        strength += 1
    if strength < 4:
        return strength
    k = strength >> 1
    number = 2 + (strength & 1)
    for i in range(k - 2, -1, -1):
        bit = (value >> i) & 1
        if i == k - 2:
            bit = code_adaptive(rc, buffer, slots, EXTRA + strength, bit)
        elif i == k - 3:
            bit = code_adaptive(rc, buffer, slots, EXTRA + 96 + strength, bit)
        else:
            bit = code_uniform(rc, buffer, np.int64(2), bit)
        number = (number << 1) | bit
    return number


@inner
def n_levels(index, n_phases, slope):
    """Number of phases of an amplitude index."""
    return min(n_phases + ((n_phases * slope * min(max(index, 0), 1 << 30)) >> 16), 1 << 16)


@inner
def code_phase(coder, levels, expected, strength, phase):
    """A phase index; where a channel before it lets one be `expected` (else −1), first whether it is that."""
    rc, buffer, slots = coder[0], coder[1], coder[2]
    if expected < 0:
        return code_uniform(rc, buffer, levels, phase)
    if code_adaptive(rc, buffer, slots, SAME_PHASE + min(strength, 15), np.int64(phase == expected)):
        return expected
    return (expected + 1 + code_uniform(rc, buffer, levels - 1, (phase - expected - 1) % levels)) % levels


@inner
def code_sound(coder, steps, settings, amplitude, phase, i):
    """Amplitude and phase indices of all channels of event `i`; returns the class of the loudest channel."""
    rc, buffer, slots = coder[0], coder[1], coder[2]
    base, slope, n_phases = settings[0], settings[1], settings[2]
    other = np.zeros(N_INPUTS, np.int64)
    loudest, strength, at, levels_before = np.int64(-1), np.int64(-1), np.int64(-1), np.int64(1)
    n_channels, value_before = amplitude.shape[1], np.int64(-1)
    for channel in range(n_channels):
        silent = np.int64(amplitude[i, channel] == SILENT)
        if loudest < 0 and channel == n_channels - 1:
            silent = np.int64(0)  # an event sounds in some channel
        else:
            silent = code_adaptive(rc, buffer, slots, CHANNEL + 2 * min(channel, 63) + np.int64(loudest >= 0), silent)
        if silent:
            amplitude[i, channel], phase[i, channel] = SILENT, 0
            continue
        value = amplitude[i, channel] - base
        if loudest < 0:
            value = code_strength(coder, steps, STRENGTH_TABLES, np.int64(MIX_STRENGTH), value)
        elif code_adaptive(rc, buffer, slots, SAME_STRENGTH + min(strength, 15), np.int64(value == value_before)):
            value = value_before
        else:
            for k in range(N_INPUTS):
                other[k] = min(strength, N_LEVELS - 1)
            value = code_strength(coder, other, OTHER_TABLES, np.int64(MIX_OTHER), value)
        strength, value_before = class_of(value), value
        amplitude[i, channel] = base + value
        levels, expected = n_levels(base + value, n_phases, slope), np.int64(-1)
        if loudest >= 0:
            expected = (phase[i, at] * levels + levels_before // 2) // levels_before % levels
        phase[i, channel] = code_phase(coder, levels, expected, strength, phase[i, channel])
        loudest, at, levels_before = max(loudest, strength), np.int64(channel), levels
    return loudest


@inner
def spread(change, change_block, peak, window, n_frames, n_bins, done, windows, events):
    """Mark the cells near the events coded so far on this window's grid: where their number changes, and the
    strongest's level.
    """
    which, frame, bin_, strength = events[0], events[1], events[2], events[3]
    hop = window >> 2
    for i in range(done):
        other = windows[which[i]]
        centre = frame[i] * (other >> 2)
        middle = (bin_[i] * window + (other >> 1)) // other
        width = max(window // other, 1)
        low, high = max(middle - width, 0), min(middle + width, n_bins - 1)
        level = np.uint8(min(strength[i] + 1, N_LEVELS - 1))
        reach = max(window, other) >> 1
        for part in range(2):  # around, and in the core once more
            reach = reach * 3 if part == 0 else reach // 3
            first, end = max(-((reach - centre) // hop), 0), min((centre + reach) // hop, n_frames - 1) + 1
            if first >= end:
                continue
            for m in range(low, high + 1):
                change[first, m] += 1
                change[end, m] -= 1
            for b in range(low // BLOCK, high // BLOCK + 1):
                change_block[first, b] += 1
                change_block[end, b] -= 1
        for n in range(first, end):
            for m in range(low, high + 1):
                if peak[n, m] < level:
                    peak[n, m] = level


@inner
def block_contexts(where, size, b, count, near, slow):
    """What predicts whether block `b` holds an atom: `count` are the rows of this frame and the four before (padded
    by 2).
    """
    c0, c1, c2, c3, c4 = count
    at = b + 2
    past = min(c1[at], 2) + 3 * min(c2[at], 2) + 9 * min(c3[at], 1) + 18 * min(c4[at], 1)
    side = min(c0[at - 1], 2) + 3 * min(c0[at - 2], 2) + 9 * min(c1[at - 1] + c1[at + 1], 2)
    around = (
        c1[at]
        + c2[at]
        + c3[at]
        + c4[at]
        + c0[at - 1]
        + c0[at - 2]
        + c1[at - 1]
        + c1[at + 1]
        + c2[at - 1]
        + c2[at + 1]
        + c1[at - 2]
        + c1[at + 2]
    )
    recent = 0 if past == 0 else (1 if c1[at] + c2[at] == 0 else 2)
    others = coarse(near)
    zone = ZONE[min(((b * BLOCK + BLOCK // 2) << 11) >> (size + 6), 1024)]
    where[0] = T_BLOCK[0] + size * 36 + past
    where[1] = T_BLOCK[1] + size * 27 + side
    where[2] = T_BLOCK[2] + size * 64 + zone * 2 + np.int64(others > 0)
    where[3] = T_BLOCK[3] + others * 4 + recent
    where[4] = T_BLOCK[4] + size * 16 + min(around, 15)
    where[5] = T_BLOCK[5] + size * 64 + coarse((slow[at] * 2 + slow[at - 1] + slow[at + 1]) >> 6) * 4 + (others >> 2)


@inner
def bin_contexts(where, size, k, at, found, level, by_slow, by_near):
    """What predicts whether bin `k` of an active block holds an atom: rows as for blocks, and its shares of what is
    expected in the rest.
    """
    l0, l1, l2, l3, l4 = level
    same = (l1[at] > 0) + 2 * (l2[at] > 0) + 4 * (l3[at] > 0) + 8 * (l4[at] > 0)
    beside = (
        (l1[at - 1] > 0)
        + 2 * (l1[at + 1] > 0)
        + 4 * (l2[at - 1] > 0)
        + 8 * (l2[at + 1] > 0)
        + 16 * (l0[at - 1] > 0)
        + 32 * (l0[at - 2] > 0)
    )
    where[0] = T_BIN[0] + size * 16 + same
    where[1] = T_BIN[1] + size * 64 + beside
    where[2] = T_BIN[2] + size * 48 + k * 3 + min(found, 2)
    where[3] = T_BIN[3] + by_slow * 4 + min(found, 3)
    where[4] = T_BIN[4] + by_near * 4 + min(found, 3)
    where[5] = T_BIN[5] + by_slow * 32 + by_near


@inner
def strength_contexts(steps, size, zone, at, level, peak, mean, slow):
    """What predicts how strong an atom is: its neighbours in time and frequency, longer windows, and the mean of
    those before.
    """
    l0, l1, l2, l3, l4 = level
    own = max(max(l1[at], l2[at]), max(l3[at], l4[at]))
    sides = max(max(l1[at - 1], l1[at + 1]), max(l2[at - 1], l2[at + 1]))
    steps[0] = size * 8 + (zone >> 2)
    steps[1] = max(own, sides)
    steps[2] = max(l0[at - 1], l0[at - 2])
    steps[3] = peak
    steps[4] = min((mean + 128) >> 8, 15)
    steps[5] = coarse(slow >> 8)


@inner
def code_block(coder, steps, settings, events, done, w, n, b, n_bins, size, near, peak, slow, level):
    """The bins of an active block and the sound of their atoms; returns how many events there are now."""
    rc, buffer, slots, weights, where = coder
    which, frame, bin_, strength, amplitude, phase = events
    last = min(n_bins - b * BLOCK, BLOCK)
    rest_slow, rest_near, found = np.int64(0), np.int64(0), np.int64(0)
    for m in range(b * BLOCK, b * BLOCK + last):
        rest_slow += slow[m + 2] + 256
        rest_near += 2 * near[m] + 1
    for k in range(last):
        if done >= len(which):
            break
        m = b * BLOCK + k
        at = m + 2
        own_slow, own_near = slow[at] + 256, 2 * near[m] + 1
        hit = np.int64(1)
        if found or k < last - 1:  # an active block without an atom so far has one in its last bin
            bin_contexts(where, size, k, at, found, level, ratio(own_slow, rest_slow), ratio(own_near, rest_near))
            hit = np.int64(not rc[DECODING] and which[done] == w and frame[done] == n and bin_[done] == m)
            hit = code_bit(rc, buffer, slots, where, weights, (MIX_BIN + size) * N_INPUTS, hit)
        rest_slow -= own_slow
        rest_near -= own_near
        if not hit:
            continue
        which[done], frame[done], bin_[done] = w, n, m
        strength_contexts(
            steps, size, ZONE[(m << 11) >> (size + 6)], at, level, np.int64(peak[n, m]), settings[3], own_slow
        )
        strength[done] = code_sound(coder, steps, settings, amplitude, phase, done)
        settings[3] += ((strength[done] << 8) - settings[3]) >> 4
        level[0][at] = min(strength[done] + 1, N_LEVELS - 1)
        slow[at - 1] += 2048
        slow[at] += 4096
        slow[at + 1] += 2048
        if k < last - 1:
            rest_slow += 2048
        found += 1
        done += 1
    return done, found


@inner
def next_frame(slow, near, change):
    """Memory fades by a sixteenth, and the count of neighbours moves on."""
    for m in range(len(slow)):
        slow[m] -= slow[m] >> 4
    for m in range(len(near)):
        near[m] += change[m]


@inner
def code_window(coder, steps, settings, events, done, w, windows, n_frames, top):
    """The atoms of one window, in its lowest `top` blocks; returns how many events there are now."""
    rc, buffer, slots, weights, where = coder
    which, frame, bin_ = events[0], events[1], events[2]
    window, size, n_bins = windows[w], len(windows) - 1 - w, (windows[w] >> 1) + 1
    n_blocks = (n_bins + BLOCK - 1) // BLOCK
    level = np.zeros((n_frames + 4, n_blocks * BLOCK + 4), np.uint8)
    count = np.zeros((n_frames + 4, n_blocks + 4), np.int64)
    change, change_block = (
        np.zeros((n_frames + 1, n_blocks * BLOCK), np.int16),
        np.zeros((n_frames + 1, n_blocks), np.int16),
    )
    near, near_block = np.zeros(n_blocks * BLOCK, np.int64), np.zeros(n_blocks, np.int64)
    peak = np.zeros((n_frames, n_blocks * BLOCK), np.uint8)
    slow, slow_block = np.zeros(n_blocks * BLOCK + 4, np.int64), np.zeros(n_blocks + 4, np.int64)
    spread(change, change_block, peak, window, n_frames, n_bins, done, windows, events)
    for n in range(n_frames):
        next_frame(slow, near, change[n])
        next_frame(slow_block, near_block, change_block[n])
        counts = (count[n + 4], count[n + 3], count[n + 2], count[n + 1], count[n])
        levels = (level[n + 4], level[n + 3], level[n + 2], level[n + 1], level[n])
        for b in range(top):
            if done >= len(which):
                return done
            block_contexts(where, size, b, counts, near_block[b], slow_block)
            active = np.int64(not rc[DECODING] and which[done] == w and frame[done] == n and bin_[done] // BLOCK == b)
            if code_bit(rc, buffer, slots, where, weights, (MIX_BLOCK + size) * N_INPUTS, active):
                done, found = code_block(
                    coder, steps, settings, events, done, w, n, b, n_bins, size, near, peak, slow, levels
                )
                count[n + 4, b + 2] = found
                slow_block[b + 2] += 512 * found
    return done


@inner
def code_free(coder, settings, places, amplitude, phase):
    """The events off the grid (or a second time on one of its points): each value in full; `places` are time,
    frequency, window.
    """
    rc, buffer, slots = coder[0], coder[1], coder[2]
    steps = np.zeros(N_INPUTS, np.int64)
    time, window = np.int64(0), np.int64(1)
    for i in range(len(places)):
        time += code_signed(rc, buffer, slots, np.int64(FREE_TIME), places[i, 0] - time)
        places[i, 0] = time
        places[i, 1] = code_number(rc, buffer, slots, np.int64(FREE_FREQUENCY), places[i, 1])
        if not code_adaptive(rc, buffer, slots, np.int64(SAME_WINDOW), np.int64(places[i, 2] == window)):
            window = code_number(rc, buffer, slots, np.int64(FREE_WINDOW), places[i, 2])
        places[i, 2] = window
        code_sound(coder, steps, settings, amplitude, phase, i)


@jit
def code_events(
    decoding,
    record,
    buffer,
    slots,
    weights,
    windows,
    packet_samples,
    settings,
    which,
    frame,
    bin_,
    amplitude,
    phase,
    free,
    free_sound,
):
    """Events to `buffer`, or back from it into the arrays. `settings` are the amplitude index that counts as 0, slope
    and n_phases.

    `free` are time, frequency and window of the events off the grid, `free_sound` their amplitudes and phases, `(2, n,
    n_channels)`. Returns the number of bytes (more than `buffer` holds: call again with a larger one), or when decoding
    the number of events found on the grid.
    """
    rc = np.zeros(N_STATE, np.int64)
    rc[RECORD] = record
    start(rc, buffer, decoding)
    coder = (rc, buffer, slots, weights, np.zeros(N_INPUTS, np.int64))
    state, steps = np.array([settings[0], settings[1], settings[2], 4 << 8]), np.zeros(N_INPUTS, np.int64)
    events, done = (which, frame, bin_, np.zeros(len(which), np.int64), amplitude, phase), np.int64(0)
    for w in range(len(windows)):
        if done >= len(which):
            break
        top = np.int64(0)
        for i in range(done, len(which)):
            if which[i] != w:
                break
            top = max(top, bin_[i] // BLOCK + 1)
        if code_uniform(rc, buffer, np.int64(2), np.int64(top > 0)):
            top = 1 + code_uniform(rc, buffer, windows[w] // 2 // BLOCK + 1, top - 1)
            done = code_window(coder, steps, state, events, done, w, windows, packet_samples // (windows[w] >> 2), top)
    code_free(coder, state, free, free_sound[0], free_sound[1])
    return done if decoding else finish(rc, buffer)
