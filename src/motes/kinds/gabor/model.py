"""How the gabor events of one packet become bits: where they lie on the grid of each window, how strong they are, and
their phases.

The same functions encode and decode. Windows come longest first; in each, frames in order of time, blocks of 16 bins,
bins. Everything already coded (earlier frames, lower bins, longer windows) predicts what comes. docs/format.md
specifies each context, docs/reader/gabor.py is the same in plain Python, and `tools/train_tables.py` makes the tables
from which the predictions start.

Loops are spelled out: numba compiles them many times faster than expressions of whole arrays.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from motes.coding.classes import ZONE
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
from motes.events.event_table import Ints
from motes.kernels._jit import inner, jit, leaf
from motes.kinds.gabor.contexts import (
    BLOCK,
    CHANNEL,
    EXTRA,
    FREE_FREQUENCY,
    FREE_TIME,
    FREE_WINDOW,
    MAX_CLASS,
    MIX_BIN,
    MIX_BLOCK,
    MIX_OTHER,
    MIX_STRENGTH,
    N_LEVELS,
    N_UNARY,
    OTHER_TABLES,
    SAME_PHASE,
    SAME_STRENGTH,
    SAME_WINDOW,
    SILENT,
    STRENGTH_TABLES,
    Grid,
    bin_contexts,
    block_contexts,
    class_of,
    next_frame,
    no_memory,
    ratio,
    spread,
    strength_contexts,
)

# Places in `settings`: the amplitude index that counts as 0, slope and n_phases of the quantiser, and the mean class of
# the events so far in 1/256.
BASE, SLOPE, N_PHASES, MEAN = range(4)
FIRST_MEAN = 4 << 8


class Packet(NamedTuple):
    """What is known before the first event: the grid's windows, the packet's samples, `settings` but for the mean."""

    windows: Ints
    samples: int
    settings: Ints


class OnGrid(NamedTuple):
    """Events on the grid, `(n,)`: which window, frame and bin; amplitude and phase indices `(n, n_channels)`."""

    which: Ints
    frame: Ints
    bin: Ints
    amplitude: Ints
    phase: Ints


class OffGrid(NamedTuple):
    """Events off the grid: time, frequency and window `(n, 3)`; amplitude and phase indices `(n, n_channels)`."""

    places: Ints
    amplitude: Ints
    phase: Ints


class Coder(NamedTuple):
    """The range coder's state, the bytes, what the contexts have learnt, the mixers, the slots that predict the next
    bit, and the contexts of a further channel.
    """

    state: Ints
    buffer: NDArray[np.uint8]
    slots: Ints
    weights: Ints
    where: Ints
    other: Ints


class Sounds(NamedTuple):
    """Amplitude and phase indices `(n, n_channels)` of events, and the packet's settings."""

    amplitude: Ints
    phase: Ints
    settings: Ints


class Events(NamedTuple):
    """Events on the grid with the class of the loudest channel of each."""

    which: Ints
    frame: Ints
    bin: Ints
    strength: Ints
    sounds: Sounds


@leaf
def code_strength(coder, steps, tables, mix, value):
    """A whole number: its class in unary, each step predicted by the contexts `steps` (index of a row of N_UNARY
    slots), then its further bits.
    """
    rc, buffer, slots, weights, where, _ = coder
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


@leaf
def n_levels(index, n_phases, slope):
    """Number of phases of an amplitude index."""
    return min(n_phases + ((n_phases * slope * min(max(index, 0), 1 << 30)) >> 16), 1 << 16)


@leaf
def code_phase(coder, levels, expected, strength, phase):
    """A phase index; where a channel before it lets one be `expected` (else −1), first whether it is that."""
    rc, buffer, slots = coder.state, coder.buffer, coder.slots
    if expected < 0:
        return code_uniform(rc, buffer, levels, phase)
    if code_adaptive(rc, buffer, slots, SAME_PHASE + min(strength, 15), np.int64(phase == expected)):
        return expected
    return (expected + 1 + code_uniform(rc, buffer, levels - 1, (phase - expected - 1) % levels)) % levels


@leaf
def code_sound(coder, steps, sounds, i):
    """Amplitude and phase indices of all channels of event `i`; returns the class of the loudest channel."""
    rc, buffer, slots, other = coder.state, coder.buffer, coder.slots, coder.other
    amplitude, phase, settings = sounds
    base, slope, n_phases = settings[BASE], settings[SLOPE], settings[N_PHASES]
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


@leaf
def code_block(coder, steps, events, done, grid, memory, n, b):
    """The bins of an active block and the sound of their atoms; returns how many events there are now, and how many of
    them here.
    """
    rc, buffer, slots, weights, where, _ = coder
    which, frame, bin_, strength, sounds = events
    settings, near, slow, peak = sounds.settings, memory.near, memory.slow, memory.peak
    rows = memory.level
    level = (rows[n + 4], rows[n + 3], rows[n + 2], rows[n + 1], rows[n])
    last = min(grid.n_bins - b * BLOCK, BLOCK)
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
            shares = ratio(own_slow, rest_slow), ratio(own_near, rest_near)
            bin_contexts(where, grid.size, k, at, found, level, shares)
            hit = np.int64(not rc[DECODING] and which[done] == grid.which and frame[done] == n and bin_[done] == m)
            hit = code_bit(rc, buffer, slots, where, weights, (MIX_BIN + grid.size) * N_INPUTS, hit)
        rest_slow -= own_slow
        rest_near -= own_near
        if not hit:
            continue
        which[done], frame[done], bin_[done] = grid.which, n, m
        zone = ZONE[(m << 11) >> (grid.size + 6)]
        strength_contexts(steps, grid.size, zone, at, level, (np.int64(peak[n, m]), settings[MEAN], own_slow))
        strength[done] = code_sound(coder, steps, sounds, done)
        settings[MEAN] += ((strength[done] << 8) - settings[MEAN]) >> 4
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
def code_window(coder, steps, events, done, grid, windows, top):
    """The atoms of one window, in its lowest `top` blocks; returns how many events there are now."""
    rc, buffer, slots, weights, where, _ = coder
    which, frame, bin_ = events.which, events.frame, events.bin
    memory = no_memory(grid)
    count, near_block, slow_block = memory.counts, memory.near_block, memory.slow_block
    spread(grid, memory, windows, events, done)
    for n in range(grid.n_frames):
        next_frame(memory.slow, memory.near, memory.change[n])
        next_frame(slow_block, near_block, memory.change_block[n])
        counts = (count[n + 4], count[n + 3], count[n + 2], count[n + 1], count[n])
        for b in range(top):
            if done >= len(which):
                return done
            block_contexts(where, grid.size, b, counts, near_block[b], slow_block)
            here = not rc[DECODING] and which[done] == grid.which and frame[done] == n and bin_[done] // BLOCK == b
            if code_bit(rc, buffer, slots, where, weights, (MIX_BLOCK + grid.size) * N_INPUTS, np.int64(here)):
                done, found = code_block(coder, steps, events, done, grid, memory, n, b)
                count[n + 4, b + 2] = found
                slow_block[b + 2] += 512 * found
    return done


@inner
def code_free(coder, places, sounds):
    """The events off the grid (or a second time on one of its points): each value in full; `places` are time,
    frequency, window.
    """
    rc, buffer, slots = coder.state, coder.buffer, coder.slots
    steps = np.zeros(N_INPUTS, np.int64)
    time, window = np.int64(0), np.int64(1)
    for i in range(len(places)):
        time += code_signed(rc, buffer, slots, np.int64(FREE_TIME), places[i, 0] - time)
        places[i, 0] = time
        places[i, 1] = code_number(rc, buffer, slots, np.int64(FREE_FREQUENCY), places[i, 1])
        if not code_adaptive(rc, buffer, slots, np.int64(SAME_WINDOW), np.int64(places[i, 2] == window)):
            window = code_number(rc, buffer, slots, np.int64(FREE_WINDOW), places[i, 2])
        places[i, 2] = window
        code_sound(coder, steps, sounds, i)


@jit
def code_events(decoding, record, buffer, slots, weights, packet, grid, free):
    """The events of a `Packet`, `OnGrid` and `OffGrid`, to `buffer`, or back from it into their arrays.

    Returns the number of bytes (more than `buffer` holds: call again with a larger one), or when decoding the number of
    events found on the grid.
    """
    rc = np.zeros(N_STATE, np.int64)
    rc[RECORD] = record
    start(rc, buffer, decoding)
    coder = Coder(rc, buffer, slots, weights, np.zeros(N_INPUTS, np.int64), np.zeros(N_INPUTS, np.int64))
    windows, n_events, done = packet.windows, len(grid.which), np.int64(0)
    settings = np.array([packet.settings[BASE], packet.settings[SLOPE], packet.settings[N_PHASES], FIRST_MEAN])
    sounds, steps = Sounds(grid.amplitude, grid.phase, settings), np.zeros(N_INPUTS, np.int64)
    events = Events(grid.which, grid.frame, grid.bin, np.zeros(n_events, np.int64), sounds)
    for w in range(len(windows)):
        if done >= n_events:
            break
        top = np.int64(0)
        for i in range(done, n_events):
            if grid.which[i] != w:
                break
            top = max(top, grid.bin[i] // BLOCK + 1)
        if code_uniform(rc, buffer, np.int64(2), np.int64(top > 0)):
            window = windows[w]
            top = 1 + code_uniform(rc, buffer, window // 2 // BLOCK + 1, top - 1)
            n_frames = packet.samples // (window >> 2)
            here = Grid(np.int64(w), window, np.int64(len(windows) - 1 - w), n_frames, (window >> 1) + 1)
            done = code_window(coder, steps, events, done, here, windows, top)
    code_free(coder, free.places, Sounds(free.amplitude, free.phase, settings))
    return done if decoding else finish(rc, buffer)
