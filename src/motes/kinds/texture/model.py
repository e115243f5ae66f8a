"""How the levels of one texture event become bits: each predicted from the level before it in its band and from the
band below.

The same function encodes and decodes. Tiles of eight frames come in order of time; in each, groups of bands from the
lowest; a group's frames are cut alike into 1, 2, 4 or 8 parts of one level each. docs/format.md specifies each context,
docs/reader/textures.py is the same in plain Python, and `tools/train_texture.py` makes the tables from which the
predictions start.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from motes.coding.range_coder import DECODING, N_STATE, RECORD, code_adaptive, code_bit, code_number, finish, start
from motes.events.event_table import Ints
from motes.kernels._jit import jit, leaf

TILE = 8
N_UNARY = 24
SILENT = -(1 << 31)
# No level is further from 0, in steps.
LARGEST = 1 << 16
# Contexts of each of the six sets; each is a row of N_UNARY slots. The sets stand once for the first channel and once
# for further ones.
SIZES = (128, 81, 81, 100, 64, 72)
_STARTS = np.cumsum([0, *(size * N_UNARY for size in SIZES), *(size * N_UNARY for size in SIZES)])
TABLES = _STARTS[:12].astype(np.int64)
CUT = int(_STARTS[12])  # how a group is cut: 3 bits in 4 · 5 contexts
IS_SILENT = CUT + 64  # 2 · 8
BEYOND = IS_SILENT + 16  # what is left of a large error: 64
COHERENCE = BEYOND + 64  # 64
N_SLOTS = COHERENCE + 64
N_MIXERS = 2 * N_UNARY


class Levels(NamedTuple):
    """Levels `(n_frames, n_bands, n_channels)` in whole steps (SILENT: none), how they are cut `(n_tiles, n_groups)`,
    the first bands of the groups and n_bands, and what levels are near before any is known.
    """

    level: Ints
    cut: Ints
    edges: Ints
    base: int


class Part(NamedTuple):
    """Frames of equal levels: from which of their tile, and how their group is cut; and the band, of how many."""

    at: int
    cut: int
    band: int
    n_bands: int


@leaf
def clip4(value):
    """−4 … 4 as 0 … 8."""
    return min(max(value, -4), 4) + 4


@leaf
def clip2(value):
    """−2 … 2 as 0 … 4."""
    return min(max(value, -2), 2) + 2


@leaf
def code_error(coder, further, contexts, error):
    """A signed number: is it 0, its sign, and its size in unary up to 10, then plainly; `further` is 1 for channels
    after the first.
    """
    rc, buffer, slots, weights, where = coder
    mix = N_UNARY * further
    for i in range(6):
        where[i] = TABLES[6 * further + i] + contexts[i] * N_UNARY
    if code_bit(rc, buffer, slots, where, weights, mix * 6, np.int64(error != 0)) == 0:
        return np.int64(0)
    for i in range(6):
        where[i] += 1
    below = code_bit(rc, buffer, slots, where, weights, (mix + 1) * 6, np.int64(error < 0))
    for i in range(6):
        where[i] += 1 + 11 * below
    size, wanted = np.int64(1), abs(error)
    while size < 11:
        more = code_bit(rc, buffer, slots, where, weights, (mix + 1 + size + 11 * below) * 6, np.int64(wanted > size))
        if more == 0:
            break
        size += 1
        for i in range(6):
            where[i] += 1
    if size == 11:
        size += min(code_number(rc, buffer, slots, np.int64(BEYOND), wanted - 11), LARGEST)
    return -size if below else size


@leaf
def code_cut(coder, before, below, cut):
    """log₂ of the number of parts, 0 … 3; `before` is that of the tile before, `below` that of the group below (4:
    there is none).
    """
    rc, buffer, slots, _, _ = coder
    at = CUT + (before * 5 + below) * 3 if before < 4 else CUT + 60
    found = np.int64(0)
    while found < 3:
        if code_adaptive(rc, buffer, slots, at + found, np.int64(cut > found)) == 0:
            break
        found += 1
    return found


@leaf
def set_contexts(contexts, around, errors, p16, part, mean):
    """The six contexts of a level, sixteen times which is predicted as `p16`; `around` is (before, before that, below,
    below before, above before, two below).
    """
    p = (p16 + 8) >> 4
    fraction = min(max((p16 - 16 * p + 8) >> 2, 0), 3)
    contexts[0] = (fraction * 4 + part.cut) * 8 + part.band * 8 // part.n_bands
    contexts[1] = clip4(around[0] - p) * 9 + clip4(around[2] - p)
    contexts[2] = clip4(around[4] - p) * 9 + clip4(around[1] - p)
    contexts[3] = (clip2(errors[0]) * 5 + clip2(errors[1])) * 4 + fraction
    contexts[4] = min(mean >> 5, 15) * 4 + part.cut
    contexts[5] = (np.int64(part.at == 0) * 4 + part.cut) * 9 + clip4(around[5] - p)


@jit
def code_levels(decoding, record, buffer, slots, weights, levels):
    """Encode or decode `Levels`, in place; returns the number of bytes.

    One long function: to hand its arrays to a function for each level would take half as long again.
    """
    level, cut, edges, base = levels
    n_frames, n_bands, n_channels = level.shape
    rc = np.zeros(N_STATE, np.int64)
    start(rc, buffer, decoding)
    rc[RECORD] = record
    contexts, around, errors = np.zeros(6, np.int64), np.zeros(6, np.int64), np.zeros(2, np.int64)
    coder = (rc, buffer, slots, weights, np.zeros(6, np.int64))
    last = np.full((2, n_bands, n_channels), base)  # the last level of each band and the one before it
    row = np.full((TILE, n_bands, n_channels), base)  # of the tile, with what silence is taken for
    error_at = np.zeros((n_bands, n_channels), np.int64)
    silent_at = np.zeros((n_bands, n_channels), np.int64)
    before_tile = np.full((n_bands, n_channels), base)
    mean = np.full(n_channels, np.int64(64))
    for tile in range(cut.shape[0]):
        first = tile * TILE
        for group in range(cut.shape[1]):
            before = cut[tile - 1, group] if tile else np.int64(4)
            cut[tile, group] = code_cut(coder, before, cut[tile, group - 1] if group else np.int64(4), cut[tile, group])
            size = TILE >> cut[tile, group]
            for at in range(0, TILE, size):
                if first + at >= n_frames:
                    break
                for band in range(edges[group], edges[group + 1]):
                    below_error = np.int64(0)
                    for channel in range(n_channels):
                        value, further = level[first + at, band, channel], np.int64(channel > 0)
                        below_silent = silent_at[band - 1, channel] if band else np.int64(0)
                        other_silent = silent_at[band, 0] if channel else np.int64(0)
                        slot = IS_SILENT + 8 * further + 4 * other_silent + 2 * silent_at[band, channel] + below_silent
                        silent = code_adaptive(rc, buffer, slots, np.int64(slot), np.int64(value == SILENT))
                        silent_at[band, channel] = silent
                        around[0], around[1] = last[0, band, channel], last[1, band, channel]
                        around[2] = row[at, band - 1, channel] if band else around[0]
                        around[3] = before_tile[band - 1, channel] if band else around[0]
                        if band and at:
                            around[3] = row[at - 1, band - 1, channel]
                        around[4] = last[0, band + 1, channel] if band + 1 < n_bands else around[0]
                        around[5] = row[at, band - 2, channel] if band > 1 else around[2]
                        p16 = 9 * around[0] + 2 * around[1] + 9 * around[2] - 4 * around[3] + 10 * below_error
                        p = (p16 + 8) >> 4
                        error = np.int64(0)
                        if silent == 0:
                            errors[0] = error_at[band - 1, channel] if band else np.int64(0)
                            errors[1] = error_at[band, channel]
                            if channel:
                                errors[0] = below_error
                            part = Part(np.int64(at), cut[tile, group], np.int64(band), np.int64(n_bands))
                            set_contexts(contexts, around, errors, p16, part, mean[channel])
                            error = code_error(coder, further, contexts, value - p)
                            value = min(max(p + error, -LARGEST), LARGEST)  # as it is, but in damaged packets
                            mean[channel] += (64 * min(abs(error), 64) - mean[channel]) >> 4
                        else:
                            value, p = np.int64(SILENT), max(p, base - 8)
                        below_error = error
                        error_at[band, channel] = error
                        shown = p if silent else value
                        last[1, band, channel] = last[0, band, channel]
                        last[0, band, channel] = shown
                        for frame in range(at, at + size):
                            row[frame, band, channel] = shown
                            if first + frame < n_frames:
                                level[first + frame, band, channel] = value
        for band in range(n_bands):  # one by one: numba takes three seconds to compile the assignment of a slice
            for channel in range(n_channels):
                before_tile[band, channel] = row[TILE - 1, band, channel]
    return finish(rc, buffer) if not rc[DECODING] else np.int64(0)
