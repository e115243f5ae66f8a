"""What of a frame of detail is coded before its coefficients: its blocks, how far these are coded, steps, and which
bands are mid and side; and where the slots of all predictions stand.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from motes.coding.classes import CLASSES
from motes.coding.range_coder import DECODING, N_INPUTS, code_adaptive, code_bit, code_number
from motes.events.event_table import Ints
from motes.kernels._jit import inner
from motes.kinds.detail.grid import MOST_HALVINGS
from motes.kinds.detail.table import LARGEST_STEP

# A magnitude is coded in unary up to this, then plainly.
N_UNARY = 18
N_SIZES = MOST_HALVINGS + 1
# Classes of what is expected, and the finer ones, four to a doubling.
N_CLASSES, N_FINE = 20, 44
# Contexts of each of the six sets; each is a row of N_UNARY slots.
SIZES = (N_FINE * N_SIZES, N_CLASSES * N_CLASSES, 64 * 3, N_CLASSES * N_CLASSES, 16 * N_CLASSES * 3, 14 * 14)
# Contexts of numbers of either sign: changes of steps, and of how far blocks are coded; each is a row of N_PLACES
# slots: is it other than 0, is it negative, and five each for sizes up to MOST_SIZE.
STEP_SIZES = (4 * 49, 50 * 5, 12 * 5, 25 * 5, 15 * 15, 91)
MOST_BAND = 24
END_SIZES = ((MOST_BAND + 1) * N_SIZES, 13 * N_SIZES, 7 * 8, (MOST_BAND + 1) * 13, 4 * N_SIZES * 3, 26)
MOST_SIZE = 6
N_PLACES = 2 * MOST_SIZE
_ROWS = (*(N_UNARY * n for n in SIZES), *(N_PLACES * n for n in (*STEP_SIZES, *END_SIZES)))
_STARTS = np.cumsum([0, *_ROWS])
TABLES, STEP, END = (_STARTS[at : at + 6].astype(np.int64) for at in (0, 6, 12))
BEYOND = int(_STARTS[18])  # what is left of a large magnitude: 64
STEP_BEYOND, END_BEYOND = BEYOND + 64, BEYOND + 128  # and of a large change: 64 each
CUT = BEYOND + 192  # whether a block is halved, by its size and whether the last of that size was: 2 each
MID_SIDE = CUT + 2 * N_SIZES  # by that of the band below and of the frame before: 4
SILENT = MID_SIDE + 4  # whether a frame holds nothing, by whether the one before did: 2
N_SLOTS = SILENT + 2
STEP_MIXER = 6 * N_SIZES * 2
END_MIXER = STEP_MIXER + N_PLACES
N_MIXERS = END_MIXER + N_PLACES
# Magnitudes are remembered in such parts of one, those of 0 as if they were so many, and none as more than MOST.
UNIT, OF_ZERO, MOST = 16, 2, 1 << 19
# 65536 · 2^(k/4), and the most quarters by which magnitudes are brought to other steps.
ROOTS = np.array([65536, 77936, 92682, 110218], np.int64)
MOST_QUARTERS = 40
# Room around the coefficients of a block.
MARGIN = 8
LARGEST = 32767


def _fine_class(value: int) -> int:
    k = value.bit_length() - 1
    return value if value < 8 else 4 * k - 4 + (value >> (k - 2) & 3)


FINE = np.array([_fine_class(v) for v in range(4096)], np.int64)


class Arrays(NamedTuple):
    """One event: `coefficients` `(n_frames · frame, n_channels)` by block, `steps` `(n_frames, n_bands, n_channels)`,
    `mid_side` `(n_frames, n_bands)`, `size_at` `(n_frames · 2^MOST_HALVINGS,)`: the size of the block that begins there
    or 0; `edges` `(n_bands + 1,)` of the bands in coefficients of a frame; `frame`, and what the steps are told against
    first.
    """

    coefficients: Ints
    steps: Ints
    mid_side: Ints
    size_at: Ints
    edges: Ints
    frame: int
    base: int


class Memory(NamedTuple):
    """What is known of an event so far. `past` `(n_channels, 3, …)`: magnitudes of the block before, the fading mean of
    those before it, and those of this block; `sums` `(2, …)` are what the contexts make of them, and room.
    `ends` `(n_channels, 4)`: how many bands of the last block are coded, of the one before, a fading mean in 16ths, and
    the size of the block. `changes` `(n_channels, n_bands, 4)`: the last change of a step,
    how long ago, the sum of magnitudes in the frame before, and in this. `now`: where blocks of this frame end, by part
    and channel, in bands.
    """

    past: Ints
    sums: Ints
    ends: Ints
    changes: Ints
    now: Ints


@inner
def class_of(value, most):
    """Class of a number from 0, at most `most`."""
    return min(CLASSES[min(value, 1023)], most)


@inner
def clipped(value, most):
    """From −`most` to `most`."""
    return min(max(value, -most), most)


@inner
def first_of(edge, ratio):
    """The first coefficient of a band in a block `ratio` times shorter than a frame."""
    return (2 * edge + ratio - 1) // (2 * ratio)


@inner
def code_signed(coder, starts, context, mixer, beyond, value):
    """A number of either sign by six contexts at once."""
    rc, buffer, slots, weights, where = coder
    for i in range(N_INPUTS):
        where[i] = starts[i] + context[i] * N_PLACES
    first = where[0]
    place = np.int64(0)
    is_other = np.int64(1) if value != 0 else np.int64(0)
    if code_bit(rc, buffer, slots, where, weights, N_INPUTS * mixer, is_other) == 0:
        return np.int64(0)
    for i in range(N_INPUTS):
        where[i] += 1
    negative = np.int64(1) if value < 0 else np.int64(0)
    negative = code_bit(rc, buffer, slots, where, weights, N_INPUTS * (mixer + 1), negative)
    for i in range(N_INPUTS):
        where[i] += 1 + (MOST_SIZE - 1) * negative
    size = np.int64(1)
    while size < MOST_SIZE:
        place = where[0] - first
        more = np.int64(1) if abs(value) > size else np.int64(0)
        if code_bit(rc, buffer, slots, where, weights, N_INPUTS * (mixer + place), more) == 0:
            break
        size += 1
        for i in range(N_INPUTS):
            where[i] += 1
    if size == MOST_SIZE:
        size += min(code_number(rc, buffer, slots, np.int64(beyond), abs(value) - size), LARGEST)
    return -size if negative else size


@inner
def code_cuts(coder, size_at, first, frame, last_cut):
    """Into which blocks a frame is cut: from the whole to its halves, in order of time. Returns the most halvings."""
    rc, buffer, slots = coder[0], coder[1], coder[2]
    n = 1 << MOST_HALVINGS
    at = np.int64(0)
    # What is asked of a part is asked of its first half at once, so that depth alone is kept from part to part.
    depth = most = np.int64(0)
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
        most = max(most, depth)
        at += n >> depth
        while depth > 0 and at % (n >> (depth - 1)) == 0:
            depth -= 1
    return most


@inner
def end_of(event, first, channel, size):
    """How many bands of a block and channel are coded: the fewest that hold all that is not 0."""
    values, edges, frame = event[0], event[4], event[5]
    last = size
    while last > 0 and values[first + last - 1, channel] == 0:
        last -= 1
    band = np.int64(0)
    while first_of(edges[band], frame // size) < last:
        band += 1
    return band


@inner
def code_ends(coder, event, memory, k):
    """How far the blocks of a frame are coded, each told against the one before. Returns the most."""
    rc, size_at, edges, frame = coder[0], event[3], event[4], event[5]
    n_bands, n_channels = len(edges) - 1, event[0].shape[1]
    context = np.zeros(N_INPUTS, np.int64)
    top = np.int64(0)
    for part in range(1 << MOST_HALVINGS):
        size = size_at[(k << MOST_HALVINGS) + part]
        if size == 0:
            continue
        halvings = np.int64(0)
        while frame >> halvings > size:
            halvings += 1
        for channel in range(n_channels):
            known = memory.ends[channel]
            last, before, mean = known[0], known[1], known[2]
            other = memory.ends[0, 0] - memory.ends[0, 1] if channel else np.int64(0)
            aside = memory.ends[0, 0] if channel else (mean + 8) >> 4
            turn = clipped(before - last, 6) + 6
            low = min(last, MOST_BAND)
            context[0] = low * N_SIZES + halvings
            context[1] = turn * N_SIZES + halvings
            context[2] = (clipped(last - before, 3) + 3) * 8 + (clipped(other, 3) + 4 if channel else 0)
            context[3] = low * 13 + turn
            context[4] = (min(n_bands - last, 3) * N_SIZES + halvings) * 3 + min(last, 2)
            context[5] = 13 * min(channel, 1) + clipped(aside - last, 6) + 6
            wanted = np.int64(0)
            if rc[DECODING] == 0:
                wanted = end_of(event, k * frame + (part * frame >> MOST_HALVINGS), channel, size)
            change = code_signed(coder, END, context, END_MIXER, END_BEYOND, wanted - last)
            found = min(max(last + change, 0), n_bands)
            known[0], known[1] = found, last
            known[2] = mean + (((found << 4) - mean) >> 2)
            memory.now[part, channel] = found
            top = max(top, found)
    return top


@inner
def predicted_step(steps, k, band, channel, base):
    """The step of the frame before, in the first frame of the band below."""
    if k > 0:
        return steps[k - 1, band, channel]
    return steps[k, band - 1, channel] if band > 0 else base


@inner
def set_step_contexts(context, event, memory, at, lower):
    """What predicts the change of a step: those of the two bands below, what was before, and the steps around."""
    steps, base = event[1], event[6]
    k, band, channel, most_halvings = at
    change, further = lower
    own = memory.changes[channel, band]
    aside = steps[k, band, 0] - predicted_step(steps, k, band, 0, base) if channel else further
    begins = np.int64(1) if k == 0 else np.int64(0)
    slope = above = context[5] = np.int64(0)
    if k > 0:
        now = steps[k - 1, band, channel]
        slope = steps[k, band - 1, channel] - now if band else slope
        above = steps[k - 1, band + 1, channel] - now if band + 1 < steps.shape[1] else above
        height = (clipped(now - base, 8) + 8) >> 2
        context[5] = 1 + ((clipped(change + further, 4) + 4) * 5 + height) * 2 + (1 if most_halvings > 1 else 0)
    few = clipped(change, 2) + 2
    context[0] = ((begins * 2 + min(channel, 1)) * 7 + clipped(change, 3) + 3) * 7 + clipped(aside, 3) + 3
    context[1] = (begins * (MOST_BAND + 1) + min(band, MOST_BAND)) * 5 + few
    context[2] = own[2] * 5 + few
    context[3] = ((clipped(own[0], 2) + 2) * 5 + min(own[1], 4)) * 5 + few
    context[4] = (clipped(slope, 7) + 7) * 15 + clipped(above, 7) + 7


@inner
def code_steps(coder, event, memory, k, top, most_halvings):
    """The steps of the lowest `top` bands of a frame, each told against the frame before; others are as predicted."""
    steps, base = event[1], event[6]
    context = np.zeros(N_INPUTS, np.int64)
    for channel in range(steps.shape[2]):
        change = further = np.int64(0)
        for band in range(steps.shape[1]):
            predicted = predicted_step(steps, k, band, channel, base)
            own = memory.changes[channel, band]
            if band >= top:
                steps[k, band, channel] = predicted
                own[0] = own[1] = 0
                continue
            set_step_contexts(context, event, memory, (k, band, channel, most_halvings), (change, further))
            error = steps[k, band, channel] - predicted
            error = code_signed(coder, STEP, context, STEP_MIXER, STEP_BEYOND, error)
            steps[k, band, channel] = clipped(predicted + error, LARGEST_STEP)
            further, change = change, error
            own[0] = error if error else own[0]
            own[1] = 0 if error else own[1] + 1


@inner
def code_mid_side(coder, event, k, top):
    """Which of the lowest `top` bands of a frame of two channels are mid and side; no others are."""
    rc, buffer, slots, mid_side = coder[0], coder[1], coder[2], event[2]
    for band in range(mid_side.shape[1]):
        if band >= top:
            mid_side[k, band] = 0
            continue
        below = mid_side[k, band - 1] if band else np.int64(0)
        before = mid_side[k - 1, band] if k else np.int64(0)
        context = np.int64(MID_SIDE) + 2 * below + before
        mid_side[k, band] = code_adaptive(rc, buffer, slots, context, mid_side[k, band])
