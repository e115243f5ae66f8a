"""How the blocks, steps and coefficients of one detail event become bits, each predicted from what lies near it in time
and frequency.

The same function encodes and decodes. docs/format.md specifies each context, docs/reader/details.py is the same in
plain Python, and `tools/train_detail.py` makes the tables from which the predictions start.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from motes.coding.classes import CLASSES
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
from motes.kernels._jit import inner, jit
from motes.kinds.detail.grid import MOST_HALVINGS

# A magnitude is coded in unary up to this, then plainly.
N_UNARY = 18
N_SIZES = MOST_HALVINGS + 1
# Contexts of each of the six sets; each is a row of N_UNARY slots.
SIZES = (64, 144, 24 * 8, 14 * N_SIZES * 3, 14 * N_SIZES * 3 * 2, 14 * 14)
_STARTS = np.cumsum([0, *(size * N_UNARY for size in SIZES)])
TABLES = _STARTS[:6].astype(np.int64)
BEYOND = int(_STARTS[6])  # what is left of a large magnitude: 64
N_CODED = (
    BEYOND + 64
)  # how far a block is coded, by the size of the block and that of how far the one before was: 64 each
CUT = N_CODED + 64 * N_SIZES  # whether a block is halved, by its size and whether the last of that size was: 2 each
STEP = CUT + 2 * N_SIZES  # whether a step stays, by its neighbours: 3 · 3
STEP_SIZE = STEP + 16  # by how much it changes: 64 for each of two
MID_SIDE = STEP_SIZE + 128  # by that of the band below and of the frame before: 4
SILENT = MID_SIDE + 4  # whether a frame holds nothing, by whether the one before did: 2
N_SLOTS = SILENT + 4
N_MIXERS = 6 * N_SIZES * 2
# Parts into which a block is divided to say how far it is coded.
N_PARTS = 128
# Room around the coefficients of a block.
MARGIN = 8
LARGEST = 32767


class Arrays(NamedTuple):
    """One event: `coefficients` `(n_frames · frame, n_channels)` by block, `steps` `(n_frames, n_bands, n_channels)`,
    `mid_side` `(n_frames, n_bands)`, `size_at` `(n_frames · 2^MOST_HALVINGS,)`: the size of the block that begins there
    or 0; `frame`, and what the steps are told against first.
    """

    coefficients: Ints
    steps: Ints
    mid_side: Ints
    size_at: Ints
    frame: int
    base: int


@inner
def rank(value, most):
    """Class of a magnitude, at most `most`."""
    return min(CLASSES[min(value, 1023)], most)


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
            spare[MARGIN + k] = most
    else:
        ratio = wanted // size
        for k in range(wanted):
            spare[MARGIN + k] = magnitude[MARGIN + k // ratio]
    for k in range(wanted):
        magnitude[MARGIN + k] = spare[MARGIN + k]
    for k in range(MARGIN):
        magnitude[MARGIN + wanted + k] = 0


@inner
def set_contexts(where, now, before, longer_ago, other, at, block):
    """The slots that predict the magnitude at `at` of a block: `now` is known below it, the others all over."""
    i = MARGIN + at
    size, halvings, channel = block
    a, b, c = now[i - 1], now[i - 2], now[i - 3]
    wide = a + b + c + now[i - 4] + now[i - 5] + now[i - 6]
    around = 2 * before[i] + before[i - 1] + before[i + 1]
    around_wide = around + before[i - 2] + before[i + 2] + before[i + 3]
    third = other if channel else longer_ago
    beyond = 2 * third[i] + third[i - 1] + third[i + 1]
    place = min(CLASSES[min((at * 1024) // size, 1023)], 23)
    where[0] = TABLES[0] + (min(a, 3) * 16 + min(b, 3) * 4 + min(before[i], 3)) * N_UNARY
    where[1] = TABLES[1] + (rank(2 * a + b + c, 11) * 12 + rank(around + longer_ago[i], 11)) * N_UNARY
    where[2] = TABLES[2] + (place * 8 + rank(2 * a + b + before[i], 7)) * N_UNARY
    where[3] = TABLES[3] + ((rank(around_wide + wide, 13) * N_SIZES + halvings) * 3 + min(a, 2)) * N_UNARY
    mixed = rank(beyond + around, 13) * N_SIZES + halvings
    where[4] = TABLES[4] + ((mixed * 3 + min(before[i], 2)) * 2 + min(channel, 1)) * N_UNARY
    where[5] = TABLES[5] + (rank(2 * wide, 13) * 14 + rank(2 * around_wide, 13)) * N_UNARY


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
def code_block(coder, values, first, channel, size, halvings, history, further):
    """The coefficients of one block and channel; `history` `(n_channels, 4, …)` are magnitudes of the blocks before
    and of this one, and room; `further` what is known of how far they are coded.
    """
    rc, buffer, slots, where = coder[0], coder[1], coder[2], coder[4]
    before, longer_ago, now = history[channel, 0], history[channel, 1], history[channel, 2]
    if further[channel, 0] != size:
        resampled(before, history[channel, 3], further[channel, 0], size)
        resampled(longer_ago, history[channel, 3], further[channel, 0], size)
        further[channel, 0] = size
    n_coded = np.int64(0)
    if rc[DECODING] == 0:
        for k in range(size):
            if values[first + k, channel] != 0:
                n_coded = k + 1
        n_coded = (n_coded * N_PARTS + size - 1) // size
    n_coded = min(code_number(rc, buffer, slots, np.int64(N_CODED + 64 * halvings), n_coded), N_PARTS)
    end = n_coded * size // N_PARTS
    for k in range(MARGIN + size + MARGIN):
        now[k] = 0
    further[channel, 1] = channel
    for k in range(end):
        set_contexts(where, now, before, longer_ago, history[0, 2], k, (size, halvings, channel))
        value = values[first + k, channel]
        magnitude = code_magnitude(coder, halvings + 6 * N_SIZES * min(channel, 1), abs(value))
        if magnitude:
            negative = code_uniform(rc, buffer, np.int64(2), np.int64(1) if value < 0 else np.int64(0))
            values[first + k, channel] = -magnitude if negative else magnitude
        now[MARGIN + k] = magnitude


@inner
def keep(history, size):
    """Once all channels of a block are known they are what lies before the next."""
    for channel in range(history.shape[0]):
        for k in range(MARGIN + size + MARGIN):
            history[channel, 1, k] = history[channel, 0, k]
            history[channel, 0, k] = history[channel, 2, k]


@inner
def code_cuts(coder, size_at, first, frame, last_cut):
    """Into which blocks a frame is cut: from the whole to its halves, in order of time."""
    rc, buffer, slots = coder[0], coder[1], coder[2]
    n = 1 << MOST_HALVINGS
    at = np.int64(0)
    # What is asked of a part is asked of its first half at once, so that depth alone is kept from part to part.
    depth = np.int64(0)
    while at < n:
        while depth < MOST_HALVINGS:
            size = frame >> depth
            cut = np.int64(1) if rc[DECODING] == 0 and size_at[first + at] < size else np.int64(0)
            cut = code_adaptive(rc, buffer, slots, np.int64(CUT) + 2 * depth + last_cut[depth], cut)
            last_cut[depth] = cut
            if cut == 0:
                break
            depth += 1
        size_at[first + at] = frame >> depth
        at += n >> depth
        while depth > 0 and at % (n >> (depth - 1)) == 0:
            depth -= 1


@inner
def code_steps(coder, steps, mid_side, k, base):
    """The steps of a frame, each told against the frame before, in the first frame against the band below."""
    rc, buffer, slots = coder[0], coder[1], coder[2]
    n_channels = steps.shape[2]
    for channel in range(n_channels):
        change = np.int64(0)
        for band in range(steps.shape[1]):
            predicted = base
            if k > 0:
                predicted = steps[k - 1, band, channel]
            elif band > 0:
                predicted = steps[k, band - 1, channel]
            aside = steps[k, band, 0] - (steps[k - 1, band, 0] if k > 0 else steps[k, band, 0]) if channel else change
            context = np.int64(STEP) + 3 * min(max(change, -1), 1) + min(max(aside, -1), 1) + 4
            error = steps[k, band, channel] - predicted
            changed = code_adaptive(rc, buffer, slots, context, np.int64(1) if error != 0 else np.int64(0))
            change = np.int64(0)
            if changed:
                change = code_signed(rc, buffer, slots, np.int64(STEP_SIZE) + (64 if k == 0 else 0), error)
            steps[k, band, channel] = min(max(predicted + change, -400), 400)
    if n_channels == 2:
        for band in range(steps.shape[1]):
            below = mid_side[k, band - 1] if band else np.int64(0)
            before = mid_side[k - 1, band] if k else np.int64(0)
            mid_side[k, band] = code_adaptive(
                rc, buffer, slots, np.int64(MID_SIDE) + 2 * below + before, mid_side[k, band]
            )


@inner
def is_silent(values, first, last):
    """Whether all coefficients of a frame are 0."""
    for at in range(first, last):
        for channel in range(values.shape[1]):
            if values[at, channel] != 0:
                return np.int64(0)
    return np.int64(1)


@inner
def set_silent(event, k, history):
    """What a frame holds in which nothing is coded; it is what lies before the next."""
    steps, mid_side, frame = event[1], event[2], event[4]
    event[3][k << MOST_HALVINGS] = frame
    for band in range(steps.shape[1]):
        mid_side[k, band] = 0
        for channel in range(steps.shape[2]):
            steps[k, band, channel] = (
                steps[k - 1, band, channel] if k else steps[k, band - 1, channel] if band else event[5]
            )
    for channel in range(steps.shape[2]):
        for i in range(frame + 2 * MARGIN):
            history[channel, 0, i] = history[channel, 1, i] = 0


@inner
def code_blocks(coder, event, k, history, further):
    """The coefficients of a frame, block by block, in each channel by channel."""
    values, size_at, frame = event[0], event[3], event[4]
    for part in range(1 << MOST_HALVINGS):
        size = size_at[(k << MOST_HALVINGS) + part]
        if size == 0:
            continue
        halvings = np.int64(0)
        while frame >> halvings > size:
            halvings += 1
        first = k * frame + (part * frame >> MOST_HALVINGS)
        for channel in range(values.shape[1]):
            code_block(coder, values, first, channel, size, halvings, history, further)
        keep(history, size)


@jit
def code_event(decoding, record, buffer, slots, weights, event):
    """One event to `buffer` or back; `slots` and `weights` learn. Returns the number of bytes when encoding, more than
    there is room for where the buffer is too short.
    """
    rc, where = np.zeros(N_STATE, np.int64), np.zeros(N_INPUTS, np.int64)
    start(rc, buffer, decoding)
    rc[RECORD] = record
    coder = (rc, buffer, slots, weights, where)
    values, steps, mid_side, size_at, frame, base = event
    history = np.zeros((steps.shape[2], 4, frame + 2 * MARGIN), np.int64)
    further = np.full((steps.shape[2], 2), frame, np.int64)
    last_cut = np.zeros(MOST_HALVINGS, np.int64)
    was_silent = np.int64(0)
    for k in range(steps.shape[0]):
        silent = is_silent(values, k * frame, (k + 1) * frame) if decoding == 0 else np.int64(0)
        was_silent = code_adaptive(rc, buffer, slots, np.int64(SILENT) + was_silent, silent)
        if was_silent:
            set_silent(event, k, history)
            continue
        code_cuts(coder, size_at, k << MOST_HALVINGS, frame, last_cut)
        code_steps(coder, steps, mid_side, k, base)
        code_blocks(coder, event, k, history, further)
    return finish(rc, buffer) if decoding == 0 else np.int64(0)
