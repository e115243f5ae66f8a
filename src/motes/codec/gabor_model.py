"""How the gabor events of one packet become bits: where they lie on the grid of each window, how strong they are, and their phases.

The same function encodes and decodes. Windows come longest first; in each, frames in order of time, blocks of 16 bins, bins. Everything already
coded (earlier frames, lower bins, longer windows) predicts what comes.
"""

from __future__ import annotations

import numpy as np

from motes.kernels._jit import jit
from motes.kernels.range_coder import N_INPUTS, code_adaptive, code_bit, code_number, code_uniform, finish, start

BLOCK = 16
MAX_CLASS = 95
N_UNARY = 24
N_LEVELS = 16

# Sizes of the context sets, in the order of their slots. "size" is log2(window) − 6.
SIZES = (
    (10 * 36, 10 * 27, 32 * 20, 64, 160, 64)  # block: is there an atom in these 16 bins?
    + (160, 640, 480, 64, 64, 96)  # bin: is there one in this bin?
    + (1920, 384, 384, 384, 384, 384)  # strength of the first channel, unary steps
    + (384, 384, 384, 384, 384, 384)  # strength of a further channel
)
STARTS = tuple(int(x) for x in np.cumsum((0, *SIZES)))
EXTRA = STARTS[-1]  # first bits below a class's leading ones: 2 × 96
CHANNEL = EXTRA + 192  # is a channel silent: 64 × 2
SAME_PHASE = CHANNEL + 128  # has it the phase of the channel before: 16
ESCAPE = SAME_PHASE + 16  # off-grid events: numbers of 64 slots
N_SLOTS = ESCAPE + 5 * 64
B0, D0, E0, F0 = STARTS[0], STARTS[6], STARTS[12], STARTS[18]
MIX_BLOCK, MIX_BIN, MIX_STRENGTH, MIX_OTHER = 0, 10, 20, 20 + N_UNARY
N_MIXERS = 20 + 2 * N_UNARY
T_BLOCK, T_BIN, T_STRENGTH, T_OTHER = STARTS[0:6], STARTS[6:12], STARTS[12:18], STARTS[18:24]


def initial_models():
    """Slots and weights before anything is coded."""
    slots = np.full(N_SLOTS, (1 << 31) | 0, np.uint32)
    weights = np.full(N_MIXERS * N_INPUTS, 65536 * 2 // 5, np.int64)
    return slots, weights


@jit
def class_of(value):
    """Floating-point-like class of a whole number: 0 1 2 3, then two classes per doubling."""
    if value < 4:
        return value
    k = np.int64(0)
    while value >> (k + 1):
        k += 1
    return 2 * k + ((value >> (k - 1)) & 1)


@jit
def code_strength(rc, buffer, slots, weights, where, steps, tables, mix, value):
    """A whole number: its class in unary, each step predicted by the contexts `steps` (index of a row of N_UNARY slots), then its further bits."""
    wanted = class_of(value)
    strength = np.int64(0)
    while strength < MAX_CLASS:
        j = min(strength, N_UNARY - 1)
        for i in range(N_INPUTS):
            where[i] = tables[i] + steps[i] * N_UNARY + j
        more = np.int64(1) if wanted > strength else np.int64(0)
        if code_bit(rc, buffer, slots, where, weights, (mix + j) * N_INPUTS, more) == 0:
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
            bit = code_uniform(rc, buffer, 2, bit)
        number = (number << 1) | bit
    return number


@jit
def n_levels(index, n_phases, slope):
    """Number of phases of an amplitude index."""
    return min(n_phases + ((n_phases * slope * min(max(index, 0), 1 << 30)) >> 16), 1 << 16)


@jit
def code_sound(rc, buffer, slots, weights, where, steps, other, base, quantiser, amplitude, phase, i):
    """Amplitude and phase indices of all channels of event `i`; returns the class of the loudest channel."""
    loudest, before, at = np.int64(-1), np.int64(-1), np.int64(-1)
    n_channels = amplitude.shape[1]
    for channel in range(n_channels):
        silent = np.int64(1) if amplitude[i, channel] == -(1 << 31) else np.int64(0)
        if n_channels > 1 and not (channel == n_channels - 1 and loudest < 0):
            context = CHANNEL + 2 * min(channel, 31) + (1 if loudest >= 0 else 0)
            silent = code_adaptive(rc, buffer, slots, context, silent)
        else:
            silent = np.int64(0)
        if silent:
            amplitude[i, channel], phase[i, channel] = -(1 << 31), 0
            continue
        value = amplitude[i, channel] - base
        if loudest < 0:
            value = code_strength(rc, buffer, slots, weights, where, steps, T_STRENGTH, MIX_STRENGTH, value)
        else:
            for k in range(N_INPUTS):
                other[k] = min(before, N_LEVELS - 1)
            value = code_strength(rc, buffer, slots, weights, where, other, T_OTHER, MIX_OTHER, value)
        before = class_of(value)
        amplitude[i, channel] = base + value
        levels = n_levels(base + value, quantiser[1], quantiser[0])
        index = phase[i, channel]
        if loudest >= 0:
            levels_before = n_levels(amplitude[i, at], quantiser[1], quantiser[0])
            expected = (phase[i, at] * levels + levels_before // 2) // levels_before % levels
            same = code_adaptive(rc, buffer, slots, SAME_PHASE + min(before, 15), np.int64(1) if index == expected else np.int64(0))
            if same:
                index = expected
            else:
                index = (expected + 1 + code_uniform(rc, buffer, levels - 1, (index - expected - 1) % levels)) % levels
        else:
            index = code_uniform(rc, buffer, levels, index)
        phase[i, channel] = index
        loudest = max(loudest, before)
        at = channel
    return loudest


@jit
def zone(frequency_units):
    """Coarse position of a frequency (2⁻²⁰ cycles per sample): two zones per octave from 2⁻¹⁰."""
    f = max(frequency_units >> 9, 1)
    return min(class_of(f), 31)


@jit
def spread(near, near_block, window, n_frames, n_bins, done, windows, which, frame, bin_, strength):
    """Mark the cells of this window's grid that the events coded so far overlap, with the strongest one's level."""
    hop = window >> 2
    for i in range(done):
        other = windows[which[i]]
        centre = frame[i] * (other >> 2)
        reach = max(window, other) >> 1
        first = max((centre - reach + hop - 1) // hop, 0)
        last = min((centre + reach) // hop, n_frames - 1)
        middle = (bin_[i] * window + (other >> 1)) // other
        width = max(window // other, 1)
        low, high = max(middle - width, 0), min(middle + width, n_bins - 1)
        level = min(strength[i] + 1, N_LEVELS - 1)
        for n in range(first, last + 1):
            for m in range(low, high + 1):
                if near[n, m] < level:
                    near[n, m] = level
            for b in range(low // BLOCK, high // BLOCK + 1):
                if near_block[n, b] < level:
                    near_block[n, b] = level


@jit
def code_grid(rc, buffer, slots, weights, windows, packet_samples, base, quantiser, n_events, which, frame, bin_, strength, amplitude, phase):
    """All events on the grid; returns how many there were (fewer than `n_events` only if a decoded payload is wrong)."""
    where, steps, other = np.zeros(N_INPUTS, np.int64), np.zeros(N_INPUTS, np.int64), np.zeros(N_INPUTS, np.int64)
    done = np.int64(0)
    mean = np.int64(4 << 8)
    for w in range(len(windows)):
        if done >= n_events:
            break
        window, size = windows[w], len(windows) - 1 - w
        n_frames, n_bins = packet_samples // (window >> 2), (window >> 1) + 1
        n_blocks = (n_bins + BLOCK - 1) // BLOCK
        top = np.int64(0)
        for i in range(done, n_events):
            if which[i] != w:
                break
            top = max(top, bin_[i] // BLOCK + 1)
        if code_uniform(rc, buffer, 2, np.int64(1) if top > 0 else np.int64(0)) == 0:
            continue
        top = 1 + code_uniform(rc, buffer, n_blocks, top - 1)
        level = np.zeros((n_frames + 4, n_blocks * BLOCK + 4), np.uint8)
        count = np.zeros((n_frames + 4, n_blocks + 4), np.uint8)
        near = np.zeros((n_frames, n_blocks * BLOCK), np.uint8)
        near_block = np.zeros((n_frames, n_blocks), np.uint8)
        history = np.zeros(n_blocks, np.int64)
        spread(near, near_block, window, n_frames, n_bins, done, windows, which, frame, bin_, strength)
        for n in range(n_frames):
            if done >= n_events:
                break
            c0, c1, c2, c3, c4 = count[n + 4], count[n + 3], count[n + 2], count[n + 1], count[n]
            l0, l1, l2, l3, l4 = level[n + 4], level[n + 3], level[n + 2], level[n + 1], level[n]
            for b in range(top):
                if done >= n_events:
                    break
                B = b + 2
                past = np.int64(min(c1[B], 2)) + 3 * np.int64(min(c2[B], 2)) + 9 * np.int64(min(c3[B], 1)) + 18 * np.int64(min(c4[B], 1))
                side = np.int64(min(c0[B - 1], 2)) + 3 * np.int64(min(c0[B - 2], 2)) + 9 * np.int64(min(c1[B - 1] + c1[B + 1], 2))
                around = (
                    np.int64(c1[B]) + c2[B] + c3[B] + c4[B] + c0[B - 1] + c0[B - 2]
                    + c1[B - 1] + c1[B + 1] + c2[B - 1] + c2[B + 1] + c1[B + 2] + c1[B - 2]
                )
                centre = ((b * BLOCK + BLOCK // 2) << 20) // window
                z = zone(centre)
                infl = np.int64(near_block[n, b])
                recent = np.int64(0) if past == 0 else (np.int64(1) if c1[B] + c2[B] == 0 else np.int64(2))
                where[0] = T_BLOCK[0] + size * 36 + past
                where[1] = T_BLOCK[1] + size * 27 + side
                where[2] = T_BLOCK[2] + size * 64 + z * 2 + (1 if infl > 0 else 0)
                where[3] = T_BLOCK[3] + infl * 4 + recent
                where[4] = T_BLOCK[4] + size * 16 + min(around, 15)
                where[5] = T_BLOCK[5] + min(history[b], 7) * 8 + min(class_of(n), 7)
                active = np.int64(0)
                if not rc[6] and which[done] == w and frame[done] == n and bin_[done] // BLOCK == b:
                    active = np.int64(1)
                active = code_bit(rc, buffer, slots, where, weights, (MIX_BLOCK + size) * N_INPUTS, active)
                if not active:
                    continue
                history[b] += 1
                found = np.int64(0)
                last = min(n_bins - b * BLOCK, BLOCK)
                for k in range(last):
                    if done >= n_events:
                        break
                    m = b * BLOCK + k
                    M = m + 2
                    p1, p2, p3, p4 = np.int64(l1[M]), np.int64(l2[M]), np.int64(l3[M]), np.int64(l4[M])
                    same = (1 if p1 else 0) + (2 if p2 else 0) + (4 if p3 else 0) + (8 if p4 else 0)
                    beside = (
                        (1 if l1[M - 1] else 0) + (2 if l1[M + 1] else 0) + (4 if l2[M - 1] else 0) + (8 if l2[M + 1] else 0)
                        + (16 if l0[M - 1] else 0) + (32 if l0[M - 2] else 0)
                    )
                    own = max(max(p1, p2), max(p3, p4))
                    sides = np.int64(max(max(l1[M - 1], l1[M + 1]), max(l2[M - 1], l2[M + 1])))
                    infl = np.int64(near[n, m])
                    hit = np.int64(1)
                    if found or k < last - 1:
                        where[0] = T_BIN[0] + size * 16 + same
                        where[1] = T_BIN[1] + size * 64 + beside
                        where[2] = T_BIN[2] + size * 48 + k * 3 + min(found, 2)
                        where[3] = T_BIN[3] + (infl >> 1) * 8 + (1 if p1 else 0) + (2 if p2 else 0) + (4 if p3 or p4 else 0)
                        where[4] = T_BIN[4] + min(max(own, sides), 15) * 4 + min(found, 1) * 2 + (1 if own > sides else 0)
                        where[5] = T_BIN[5] + zone((m << 20) // window) * 3 + min(found, 2)
                        hit = np.int64(0)
                        if not rc[6] and which[done] == w and frame[done] == n and bin_[done] == m:
                            hit = np.int64(1)
                        hit = code_bit(rc, buffer, slots, where, weights, (MIX_BIN + size) * N_INPUTS, hit)
                    if not hit:
                        continue
                    if rc[6]:
                        which[done], frame[done], bin_[done] = w, n, m
                    steps[0] = size * 8 + (zone((m << 20) // window) >> 2)
                    steps[1] = own
                    steps[2] = np.int64(max(l0[M - 1], l0[M - 2]))
                    steps[3] = infl
                    steps[4] = min((mean + 128) >> 8, 15)
                    steps[5] = sides
                    strength[done] = code_sound(rc, buffer, slots, weights, where, steps, other, base, quantiser, amplitude, phase, done)
                    mean += ((strength[done] << 8) - mean) >> 4
                    l0[M] = min(strength[done] + 1, N_LEVELS - 1)
                    c0[B] = min(np.int64(c0[B]) + 1, 16)
                    found += 1
                    done += 1
    return done


@jit
def code_free(rc, buffer, slots, weights, base, quantiser, n_events, time, frequency, window, amplitude, phase):
    """The events that lie off the grid (or a second time on one of its points): each value in full."""
    where, steps, other = np.zeros(N_INPUTS, np.int64), np.zeros(N_INPUTS, np.int64), np.zeros(N_INPUTS, np.int64)
    before_time, before_window = np.int64(0), np.int64(1)
    for i in range(n_events):
        later = time[i] - before_time
        later = code_signed(rc, buffer, slots, ESCAPE, later)
        time[i] = before_time + later
        frequency[i] = code_number(rc, buffer, slots, ESCAPE + 64, frequency[i])
        again = code_adaptive(rc, buffer, slots, ESCAPE + 257, np.int64(1) if window[i] == before_window else np.int64(0))
        window[i] = before_window if again else code_number(rc, buffer, slots, ESCAPE + 128, window[i])
        code_sound(rc, buffer, slots, weights, where, steps, other, base, quantiser, amplitude, phase, i)
        before_time, before_window = time[i], window[i]


@jit
def code_signed(rc, buffer, slots, at, value):
    """A whole number of either sign."""
    folded = code_number(rc, buffer, slots, at, 2 * value if value >= 0 else -2 * value - 1)
    return folded >> 1 if folded & 1 == 0 else -(folded >> 1) - 1


@jit
def encode_events(buffer, slots, weights, windows, packet_samples, base, quantiser, which, frame, bin_, amplitude, phase, free, free_amplitude, free_phase):
    """Fill `buffer` and return the number of bytes (more than it holds: call again with a larger one)."""
    rc = np.zeros(8, np.int64)
    start(rc, buffer, 0)
    strength = np.zeros(len(which), np.int64)
    code_grid(rc, buffer, slots, weights, windows, packet_samples, base, quantiser, len(which), which, frame, bin_, strength, amplitude, phase)
    code_free(rc, buffer, slots, weights, base, quantiser, len(free), free[:, 0], free[:, 1], free[:, 2], free_amplitude, free_phase)
    return finish(rc, buffer)


@jit
def decode_events(buffer, slots, weights, windows, packet_samples, base, quantiser, which, frame, bin_, amplitude, phase, free, free_amplitude, free_phase):
    """Fill the event arrays from `buffer` and return how many events on the grid there were."""
    rc = np.zeros(8, np.int64)
    start(rc, buffer, 1)
    strength = np.zeros(len(which), np.int64)
    done = code_grid(rc, buffer, slots, weights, windows, packet_samples, base, quantiser, len(which), which, frame, bin_, strength, amplitude, phase)
    code_free(rc, buffer, slots, weights, base, quantiser, len(free), free[:, 0], free[:, 1], free[:, 2], free_amplitude, free_phase)
    return done
