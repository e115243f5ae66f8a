"""How the coefficients of one detail event become bits, each predicted from what lies near it in time and frequency,
and the whole event.

The same function encodes and decodes. docs/format.md specifies each context, docs/reader/details.py is the same in
plain Python, and `tools/train_detail.py` makes the tables from which the predictions start.
"""

from __future__ import annotations

import numpy as np

from motes.coding.range_coder import (
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
from motes.kinds.detail.frame_model import (
    BEYOND,
    FINE,
    LARGEST,
    MARGIN,
    MOST,
    MOST_QUARTERS,
    N_CLASSES,
    N_MIXERS,
    N_SIZES,
    N_SLOTS,
    N_UNARY,
    OF_ZERO,
    ROOTS,
    SILENT,
    TABLES,
    UNIT,
    Arrays,
    Memory,
    class_of,
    clipped,
    code_cuts,
    code_ends,
    code_mid_side,
    code_steps,
    first_of,
)
from motes.kinds.detail.grid import MOST_HALVINGS

__all__ = ["N_MIXERS", "N_SLOTS", "Arrays", "code_event"]


@inner
def resampled(magnitude, spare, size, wanted):
    """Magnitudes of a block of another size, as if it had `wanted` coefficients: the largest of several, or one for
    several.
    """
    if size > wanted:
        ratio = size // wanted
        for k in range(wanted):
            most = np.int64(0)
            for j in range(ratio):
                most = max(most, magnitude[MARGIN + k * ratio + j])
            spare[k] = most
    else:
        ratio = wanted // size
        for k in range(wanted):
            spare[k] = magnitude[MARGIN + k // ratio]
    for k in range(wanted):
        magnitude[MARGIN + k] = spare[k]
    for k in range(MARGIN):
        magnitude[MARGIN + wanted + k] = 0


@inner
def factor(quarters):
    """By what magnitudes are multiplied where steps are 2^(quarters/4) times finer, in 1/2²⁶."""
    quarters = clipped(quarters, MOST_QUARTERS)
    return ROOTS[quarters & 3] << ((quarters >> 2) + 10)


@inner
def at_step(magnitude, by):
    """A magnitude times a factor."""
    return min((magnitude * by + (1 << 25)) >> 26, MOST)


@inner
def set_contexts(where, lower, around, at, block):
    """The slots that predict the magnitude at `at` of a block. `lower` are the six below it, `around` what lies before
    it and in the other channel, weighted, and the two magnitudes before it at the same place.
    """
    size, halvings, kind = block
    a, b, c, d, e, f = lower
    before, beyond, near, far = around
    below = 13 * a + 7 * b + 3 * c + 2 * d + e + f
    expected = below + before
    if kind:
        expected += (beyond - (expected >> 3)) >> 1
    rank = class_of(expected >> 4, N_CLASSES - 1)
    place = class_of(at * 1024 // size, N_CLASSES - 1)
    few = min((a + 8) >> 4, 3) * 16 + min((b + 8) >> 4, 3) * 4 + min((near + 8) >> 4, 3)
    where[0] = TABLES[0] + (FINE[min(expected >> 3, 4095)] * N_SIZES + halvings) * N_UNARY
    where[1] = TABLES[1] + (class_of(below >> 4, 19) * N_CLASSES + class_of(before >> 4, 19)) * N_UNARY
    where[2] = TABLES[2] + (few * 3 + min((far + 8) >> 4, 2)) * N_UNARY
    where[3] = TABLES[3] + (place * N_CLASSES + rank) * N_UNARY
    where[4] = TABLES[4] + ((class_of(beyond >> 3, 15) * N_CLASSES + rank) * 3 + kind) * N_UNARY
    where[5] = TABLES[5] + (class_of((2 * a + b + c) >> 2, 13) * 14 + class_of((c + d + e + f) >> 2, 13)) * N_UNARY


@inner
def code_magnitude(coder, mix, value):
    """A whole number from 0: in unary up to N_UNARY − 1 by six contexts at once, then plainly."""
    rc, buffer, slots, weights, where = coder
    found = np.int64(0)
    while found < N_UNARY - 1:
        more = np.int64(1) if value > found else np.int64(0)
        if code_bit(rc, buffer, slots, where, weights, N_INPUTS * (mix + N_SIZES * min(found, 5)), more) == 0:
            return found
        found += 1
        for i in range(N_INPUTS):
            where[i] += 1
    rest = code_number(rc, buffer, slots, np.int64(BEYOND), value - found)
    return min(found + min(rest, LARGEST), LARGEST)


@inner
def set_sums(memory, channel, end):
    """What the contexts of a channel's block make of the blocks before it and of the other channel."""
    past, sums = memory.past, memory.sums
    before, longer_ago = past[channel, 0], past[channel, 1]
    other = past[0, 2] if channel else past[past.shape[0] - 1, 0] if past.shape[0] > 1 else longer_ago
    for i in range(MARGIN, MARGIN + end):
        sums[0, i] = (
            (2 * before[i - 1] + 6 * before[i] + 4 * before[i + 1] + 2 * before[i + 2] + before[i + 3] + before[i + 4])
            + longer_ago[i - 1]
            + 5 * longer_ago[i]
            + 2 * longer_ago[i + 1]
        )
        sums[1, i] = 2 * other[i - 1] + 5 * other[i] + 2 * other[i + 1]


@inner
def lower_at_steps(lower, quarters):
    """The six magnitudes below a band at the steps of that."""
    if quarters == 0:
        return lower
    a, b, c, d, e, f = lower
    by = factor(quarters)
    return (at_step(a, by), at_step(b, by), at_step(c, by), at_step(d, by), at_step(e, by), at_step(f, by))


@inner
def code_block(coder, event, memory, first, channel, block, steps):
    """The coefficients of one block and channel, as far as `memory.now` has them; `steps` are those of its bands."""
    rc, buffer, where = coder[0], coder[1], coder[4]
    values, edges, frame = event[0], event[4], event[5]
    size, halvings, n_bands = block
    before, longer_ago, now = memory.past[channel, 0], memory.past[channel, 1], memory.past[channel, 2]
    kind = min(channel, 1) + 1 if values.shape[1] > 1 else np.int64(0)
    end = first_of(edges[n_bands], frame // size)
    set_sums(memory, channel, end)
    a = b = c = d = e = f = np.int64(0)
    ratio = frame // size
    for band in range(n_bands):
        if band:
            a, b, c, d, e, f = lower_at_steps((a, b, c, d, e, f), steps[band - 1] - steps[band])
        for at in range(first_of(edges[band], ratio), first_of(edges[band + 1], ratio)):
            i = MARGIN + at
            around = (memory.sums[0, i], memory.sums[1, i], before[i], longer_ago[i])
            set_contexts(where, (a, b, c, d, e, f), around, at, (size, halvings, kind))
            value = values[first + at, channel]
            magnitude = code_magnitude(coder, halvings + 6 * N_SIZES * min(channel, 1), abs(value))
            a, b, c, d, e, f = max(UNIT * magnitude, OF_ZERO), a, b, c, d, e
            now[i] = a
            if magnitude:
                negative = code_uniform(rc, buffer, np.int64(2), np.int64(1) if value < 0 else np.int64(0))
                values[first + at, channel] = -magnitude if negative else magnitude
                memory.changes[channel, band, 3] += min(magnitude, 15)


@inner
def code_blocks(coder, event, memory, k):
    """The coefficients of a frame, block by block, in each channel by channel."""
    steps, size_at, frame = event[1], event[3], event[5]
    past, n_channels = memory.past, event[0].shape[1]
    for part in range(1 << MOST_HALVINGS):
        size = size_at[(k << MOST_HALVINGS) + part]
        if size == 0:
            continue
        halvings = np.int64(0)
        while frame >> halvings > size:
            halvings += 1
        first = k * frame + (part * frame >> MOST_HALVINGS)
        was = memory.ends[0, 3]
        for channel in range(n_channels):
            if was != size:
                resampled(past[channel, 0], memory.sums[0], was, size)
                resampled(past[channel, 1], memory.sums[0], was, size)
            past[channel, 2, MARGIN : MARGIN + size] = OF_ZERO
            past[channel, 2, MARGIN + size : 2 * MARGIN + size] = 0
        memory.ends[0, 3] = size
        for channel in range(n_channels):
            block = (size, halvings, memory.now[part, channel])
            code_block(coder, event, memory, first, channel, block, steps[k, :, channel])
        for channel in range(n_channels):
            for i in range(2 * MARGIN + size):
                past[channel, 1, i] = (past[channel, 1, i] + past[channel, 0, i] + 1) >> 1
                past[channel, 0, i] = past[channel, 2, i]


@inner
def follow_steps(event, memory, k):
    """Bring what is remembered to the steps of a frame."""
    steps, edges, frame, size = event[1], event[4], event[5], memory.ends[0, 3]
    for channel in range(steps.shape[2]):
        for band in range(steps.shape[1]):
            quarters = steps[k - 1, band, channel] - steps[k, band, channel]
            if quarters:
                by = factor(quarters)
                for at in range(first_of(edges[band], frame // size), first_of(edges[band + 1], frame // size)):
                    for row in range(2):
                        was = memory.past[channel, row, MARGIN + at]
                        memory.past[channel, row, MARGIN + at] = at_step(was, by)


@inner
def forget(memory, frame):
    """Magnitudes as if zeros came before, in blocks as long as a frame."""
    memory.past[:] = 0
    memory.past[:, :, MARGIN : MARGIN + frame] = OF_ZERO
    memory.ends[0, 3] = frame
    memory.changes[:, :, 2:] = 0


@inner
def end_frame(event, memory):
    """What the magnitudes of a frame say of its bands, for the steps of the next."""
    edges, changes = event[4], memory.changes
    for channel in range(changes.shape[0]):
        for band in range(changes.shape[1]):
            width = max(edges[band + 1] - edges[band], 1)
            changes[channel, band, 2] = class_of(UNIT * changes[channel, band, 3] // width, 11)
            changes[channel, band, 3] = 0


@inner
def is_silent(values, first, last):
    """Whether all coefficients of a frame are 0."""
    for at in range(first, last):
        for channel in range(values.shape[1]):
            if values[at, channel] != 0:
                return np.int64(0)
    return np.int64(1)


@inner
def set_silent(event, k):
    """What a frame holds in which nothing is coded."""
    steps, mid_side, frame = event[1], event[2], event[5]
    event[3][k << MOST_HALVINGS] = frame
    for band in range(steps.shape[1]):
        mid_side[k, band] = 0
        for channel in range(steps.shape[2]):
            steps[k, band, channel] = (
                steps[k - 1, band, channel] if k else steps[k, band - 1, channel] if band else event[6]
            )


@jit
def code_event(decoding, record, buffer, slots, weights, event):
    """One event to `buffer` or back; `slots` and `weights` learn. Returns the number of bytes when encoding, more than
    there is room for where the buffer is too short.
    """
    rc, where = np.zeros(N_STATE, np.int64), np.zeros(N_INPUTS, np.int64)
    start(rc, buffer, decoding)
    rc[RECORD] = record
    coder = (rc, buffer, slots, weights, where)
    values, steps, size_at, frame = event[0], event[1], event[3], event[5]
    n_frames, n_bands, n_channels = steps.shape
    room = frame + 2 * MARGIN
    memory = Memory(
        np.zeros((n_channels, 3, room), np.int64),
        np.zeros((2, room), np.int64),
        np.zeros((n_channels, 4), np.int64),
        np.zeros((n_channels, n_bands, 4), np.int64),
        np.zeros((1 << MOST_HALVINGS, n_channels), np.int64),
    )
    forget(memory, frame)
    last_cut = np.zeros(MOST_HALVINGS, np.int64)
    was_silent = np.int64(0)
    for k in range(n_frames):
        silent = is_silent(values, k * frame, (k + 1) * frame) if decoding == 0 else np.int64(0)
        was_silent = code_adaptive(rc, buffer, slots, np.int64(SILENT) + was_silent, silent)
        if was_silent:
            set_silent(event, k)
            forget(memory, frame)
            continue
        most_halvings = code_cuts(coder, size_at, k << MOST_HALVINGS, frame, last_cut)
        top = code_ends(coder, event, memory, k)
        code_steps(coder, event, memory, k, top, most_halvings)
        if n_channels == 2:
            code_mid_side(coder, event, k, top)
        if k:
            follow_steps(event, memory, k)
        code_blocks(coder, event, memory, k)
        end_frame(event, memory)
    return finish(rc, buffer) if decoding == 0 else np.int64(0)
