"""Convolution of real blocks by a Fourier transform that never sorts its bins.

A block of 2M real samples is folded into M complex numbers, (x[n] + i·x[n+M])·e^{iπn/2M}: products of their transforms
are convolutions in which what is pushed out at the end comes back at the beginning with its sign changed ("right-angle"
convolution: Nussbaumer, Fast Fourier Transform and Convolution Algorithms, 1982). Overlap-save throws those samples
away, overlap-add leaves room for them. Bins stay in the order in which decimation in frequency leaves them.
"""

import numpy as np

from motes.kernels._jit import inner, jit
from motes.kernels.simd.fourier import (
    LANES,
    TILE,
    add_turned16,
    add_turned_back16,
    down2,
    down3,
    down4,
    multiply16,
    multiply_add16,
    tile_down,
    tile_up,
    up2,
    up3,
    up4,
)

# Stages on longer runs go through the whole block one by one; runs of at most so many complex numbers, which the
# nearest cache holds, are finished one after the other.
CHUNK = 8192

BANDS = LANES // 2
# Where in a tile the bins of each sixteenth of the circle lie, counted from frequency 0 through the negative ones.
ROWS = LANES * np.array([4 * (k % 4) + k // 4 for k in range(LANES)])


@inner
def _down(re, im, roots, begin, end, run, at, radix):
    """One stage on the runs within begin … end: each becomes `radix` runs."""
    step = run // radix
    for first in range(begin, end, run):
        if radix == 4:
            for j in range(0, step, LANES):
                down4(re, im, roots, first + j, step, at + j)
        elif radix == 3:
            for j in range(0, step, LANES):
                down3(re, im, roots, first + j, step, at + j)
        else:
            for j in range(0, step, LANES):
                down2(re, im, roots, first + j, step, at + j)


@inner
def _up(re, im, roots, begin, end, run, at, radix):
    """Undoes `_down`, times `radix`."""
    step = run // radix
    for first in range(begin, end, run):
        if radix == 4:
            for j in range(0, step, LANES):
                up4(re, im, roots, first + j, step, at + j)
        elif radix == 3:
            for j in range(0, step, LANES):
                up3(re, im, roots, first + j, step, at + j)
        else:
            for j in range(0, step, LANES):
                up2(re, im, roots, first + j, step, at + j)


@inner
def _transform(re, im, stages, roots):
    """In place; `stages` `(n, 3)` are run, radix and where the roots begin."""
    n, s = re.size, 0
    while s < stages.shape[0] and stages[s, 0] > CHUNK:
        _down(re, im, roots, 0, n, stages[s, 0], stages[s, 2], stages[s, 1])
        s += 1
    run = stages[s, 0] if s < stages.shape[0] else n
    for begin in range(0, n, run):
        for t in range(s, stages.shape[0]):
            _down(re, im, roots, begin, begin + run, stages[t, 0], stages[t, 2], stages[t, 1])
        for tile in range(begin, begin + run, TILE):
            tile_down(re, im, tile)


@inner
def _transform_back(re, im, stages, roots):
    """Undoes `_transform`, times the size."""
    n, s = re.size, 0
    while s < stages.shape[0] and stages[s, 0] > CHUNK:
        s += 1
    run = stages[s, 0] if s < stages.shape[0] else n
    for begin in range(0, n, run):
        for tile in range(begin, begin + run, TILE):
            tile_up(re, im, tile)
        for t in range(stages.shape[0] - 1, s - 1, -1):
            _up(re, im, roots, begin, begin + run, stages[t, 0], stages[t, 2], stages[t, 1])
    for t in range(s - 1, -1, -1):
        _up(re, im, roots, 0, n, stages[t, 0], stages[t, 2], stages[t, 1])


@inner
def _fold(x, turn, re, im):
    """re + i·im = (x[n] + i·x[n + M])·turn[n], zero after the end of `x`."""
    m = re.size
    both, alone = max(min(x.size - m, m), 0), min(x.size, m)
    for n in range(both):
        a, b = x[n], x[n + m]
        re[n], im[n] = a * turn[0, n] - b * turn[1, n], a * turn[1, n] + b * turn[0, n]
    for n in range(both, alone):
        re[n], im[n] = x[n] * turn[0, n], x[n] * turn[1, n]
    for n in range(alone, m):
        re[n], im[n] = np.float32(0.0), np.float32(0.0)


@jit
def forward_blocks(x, hop, count, turn, stages, roots, spectra):
    """Spectra `(n_blocks, 2, M)` (Re, Im) of the blocks of `count` ≤ 2M samples of `x` (float32) that begin at 0,
    hop, …; zero after its end.
    """
    for k in range(spectra.shape[0]):
        re, im = spectra[k, 0], spectra[k, 1]
        _fold(x[min(k * hop, x.size) : k * hop + count], turn, re, im)
        _transform(re, im, stages, roots)


@inner
def _unfold(re, im, turn, first, last, y, at):
    """Samples first … last − 1 of the block that `_fold` would make re + i·im of, added to y[at:]."""
    m = re.size
    cosine, sine = turn[0], turn[1]
    n = first
    while n < min(last, m):
        if n + LANES <= min(last, m):
            add_turned16(y, at, re, im, cosine, sine, n)
            n, at = n + LANES, at + LANES
        else:
            y[at] += re[n] * cosine[n] + im[n] * sine[n]
            n, at = n + 1, at + 1
    while n < last:
        if n + LANES <= last:
            add_turned_back16(y, at, im, re, cosine, sine, n - m)
            n, at = n + LANES, at + LANES
        else:
            y[at] += im[n - m] * cosine[n - m] - re[n - m] * sine[n - m]
            n, at = n + 1, at + 1


@jit
def inverse_blocks(inputs, kernels, hop, turn, stages, roots, y):
    """Sum over `inputs` `(n_inputs, n_blocks, 2, M)` times `kernels` `(n_inputs, 2, M)` as samples: block k's 2M
    samples added to y[k·hop:].
    """
    n_inputs, n_blocks, _, m = inputs.shape
    block = np.empty((2, m), np.float32)
    re, im = block[0], block[1]
    for k in range(n_blocks):
        for i in range(n_inputs):
            a, b, c, d = inputs[i, k, 0], inputs[i, k, 1], kernels[i, 0], kernels[i, 1]
            for n in range(0, m, LANES):
                if i == 0:
                    multiply16(re, im, a, b, c, d, n)
                else:
                    multiply_add16(re, im, a, b, c, d, n)
        _transform_back(re, im, stages, roots)
        _unfold(re, im, turn, 0, min(2 * m, y.size - k * hop), y, k * hop)


@jit
def multiply_blocks(spectra, kernels, bands, newest, stride, first, last, total):
    """Adds Σ spectra[newest − p·stride]·kernels[p] to `total` `(2, M)` for first ≤ p < last; `spectra` `(n_held, 2, M)`
    is a ring.

    Of partition p only the lowest `bands[p]` of BANDS bands are added: bins of one band lie in two of the 16 rows of
    every tile.
    """
    n_held, _, m = spectra.shape
    re, im = total[0], total[1]
    for p in range(first, last):
        place = (newest - p * stride) % n_held
        a, b, c, d = spectra[place, 0], spectra[place, 1], kernels[p, 0], kernels[p, 1]
        for tile in range(0, m, TILE):
            for row in range(bands[p]):
                multiply_add16(re, im, a, b, c, d, tile + ROWS[row])
                multiply_add16(re, im, a, b, c, d, tile + ROWS[LANES - 1 - row])


@jit
def inverse_end(total, count, turn, stages, roots, y):
    """Adds the last `count` samples of the block whose spectrum is `total` `(2, M)`, which is overwritten, to `y`."""
    re, im = total[0], total[1]
    _transform_back(re, im, stages, roots)
    _unfold(re, im, turn, 2 * re.size - count, 2 * re.size, y, 0)


def radices(size: int) -> list[int]:
    """How a transform of `size` complex numbers (TILE · 2^a · 3^b with b ≤ 1) is taken apart, long runs first, down
    to runs of 16.
    """
    left, found = size // LANES, []
    while left % 3 == 0:
        found.append(3)
        left //= 3
    if left.bit_length() % 2 == 0:
        found.append(2)
        left //= 2
    while left > 1:
        found.append(4)
        left //= 4
    return found


def tables(size: int):
    """For blocks of 2·size samples: turn `(2, size)`, stages `(n, 3)` and roots, to be handed to the kernels."""
    angle = np.pi / (2 * size) * np.arange(size)
    turn = np.array([np.cos(angle), np.sin(angle)], np.float32)
    stages, roots, run, at = [], [], size, 0
    for radix in radices(size):
        step = run // radix
        for k in range(1, radix):
            angle = 2 * np.pi * k / run * np.arange(step)
            roots += [np.cos(angle), -np.sin(angle)]
        stages.append((run, radix, at))
        at, run = at + 2 * (radix - 1) * step, step
    return turn, np.array(stages, np.int64), np.concatenate(roots).astype(np.float32)
