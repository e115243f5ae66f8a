"""What predicts the bits of gabor events: the slots of each set of contexts, and which of them a bit uses.

docs/format.md has them as tables.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from motes.coding.classes import COARSE, ZONE
from motes.coding.range_coder import N_INPUTS
from motes.events.event_table import Ints
from motes.kernels._jit import inner, leaf

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


class Grid(NamedTuple):
    """The grid of one window: its place in `windows`, its length, log₂ of that less 6, its frames and bins."""

    which: int
    window: int
    size: int
    n_frames: int
    n_bins: int


class Memory(NamedTuple):
    """What is known of the cells of a grid: the levels of its atoms and their number in each block, by frames four late
    and bins two late; where the number of atoms of longer windows changes, by bin and block, that number in this frame,
    and their highest level; and the fading count of its own atoms, by bin and block.
    """

    level: NDArray[np.uint8]
    counts: Ints
    change: NDArray[np.int16]
    change_block: NDArray[np.int16]
    near: Ints
    near_block: Ints
    peak: NDArray[np.uint8]
    slow: Ints
    slow_block: Ints


@leaf
def class_of(value):
    """Floating-point-like class of a whole number: 0 1 2 3, then two classes per doubling."""
    if value < 4:
        return value
    k = np.int64(0)
    while value >> (k + 1):
        k += 1
    return 2 * k + ((value >> (k - 1)) & 1)


@leaf
def coarse(value):
    """Class of a whole number, at most 15."""
    return COARSE[min(value, 255)]


@leaf
def ratio(part, whole):
    """Coarse logarithm of a share: 0 for all, four steps per doubling, at most 31."""
    return RATIO[min((whole << 4) // part, 4095)]


@inner
def no_memory(grid):
    """What is known of a window's grid before its first atom."""
    n_blocks = (grid.n_bins + BLOCK - 1) // BLOCK
    n_bins = n_blocks * BLOCK
    return Memory(
        np.zeros((grid.n_frames + 4, n_bins + 4), np.uint8),
        np.zeros((grid.n_frames + 4, n_blocks + 4), np.int64),
        np.zeros((grid.n_frames + 1, n_bins), np.int16),
        np.zeros((grid.n_frames + 1, n_blocks), np.int16),
        np.zeros(n_bins, np.int64),
        np.zeros(n_blocks, np.int64),
        np.zeros((grid.n_frames, n_bins), np.uint8),
        np.zeros(n_bins + 4, np.int64),
        np.zeros(n_blocks + 4, np.int64),
    )


@leaf
def spread(grid, memory, windows, events, done):
    """Mark the cells near the events coded so far on this window's grid: where their number changes, and the
    strongest's level.
    """
    window, n_frames, n_bins = grid.window, grid.n_frames, grid.n_bins
    change, change_block, peak = memory.change, memory.change_block, memory.peak
    hop = window >> 2
    for i in range(done):
        other = windows[events.which[i]]
        centre = events.frame[i] * (other >> 2)
        middle = (events.bin[i] * window + (other >> 1)) // other
        width = max(window // other, 1)
        low, high = max(middle - width, 0), min(middle + width, n_bins - 1)
        level = np.uint8(min(events.strength[i] + 1, N_LEVELS - 1))
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


@leaf
def next_frame(slow, near, change):
    """Memory fades by a sixteenth, and the count of neighbours moves on."""
    for m in range(len(slow)):
        slow[m] -= slow[m] >> 4
    for m in range(len(near)):
        near[m] += change[m]


@leaf
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


@leaf
def bin_contexts(where, size, k, at, found, level, shares):
    """What predicts whether bin `k` of an active block holds an atom: rows as for blocks, and its `shares` of
    what is expected in the rest, by memory and by longer windows.
    """
    l0, l1, l2, l3, l4 = level
    by_slow, by_near = shares
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


@leaf
def strength_contexts(steps, size, zone, at, level, around):
    """What predicts how strong an atom is: its neighbours in time and frequency, longer windows, and the mean of
    those before.
    """
    l0, l1, l2, l3, l4 = level
    peak, mean, slow = around
    own = max(max(l1[at], l2[at]), max(l3[at], l4[at]))
    sides = max(max(l1[at - 1], l1[at + 1]), max(l2[at - 1], l2[at + 1]))
    steps[0] = size * 8 + (zone >> 2)
    steps[1] = max(own, sides)
    steps[2] = max(l0[at - 1], l0[at - 2])
    steps[3] = peak
    steps[4] = min((mean + 128) >> 8, 15)
    steps[5] = coarse(slow >> 8)
