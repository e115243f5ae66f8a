"""The multi-window Gabor dictionary on its grid, and how its atoms overlap.

An atom is g(t) = w(t − t₀) e^{iω(t − t₀)} with a periodic Hann window w of W samples and unit norm, centred at a
multiple of the hop W/4, ω a multiple of 2π/W. The Gram matrix of all atoms collapses to one table per ordered pair of
windows: with d the distance of two centres and δ the difference of two frequencies, ⟨g_k, g_l⟩ = e^{iω_k d} B_kl(d, δ),
B_kl(d, δ) = Σ_s w_k(s + d) w_l(s) e^{iδs}. (LTFAT's multi-Gabor pursuit, Průša, Holighaus & Balazs 2021, works in the
same domain.)
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from motes.kernels.simd.atoms import LANES

# Bins per block of the maxima; every frame's row is padded to whole blocks.
BLOCK_BINS = 16
HOP_DIVISOR = 4
# Cross-Gram entries below this are left out: their sum is put right whenever the coefficients are refreshed from the
# true residual.
GRAM_THRESHOLD = 1e-4


def hann(window_samples: int) -> NDArray[np.float64]:
    """Periodic Hann window with its peak of 1 at index window_samples/2."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window_samples) / window_samples)


def unit_window(window_samples: int) -> NDArray[np.float64]:
    """The Hann window scaled to unit energy (Σ w² of the periodic Hann is 3W/8)."""
    return hann(window_samples) / np.sqrt(0.375 * window_samples)


class PairField(IntEnum):
    """Columns of `CrossGram.pair`."""

    FIRST_ROW = 0
    # Of the step between distances, in samples.
    STEP_LOG2 = 1
    # In steps.
    FIRST_DISTANCE = 2
    N_DISTANCES = 3
    # Of the bins of window k to one of window l, which differ in their phase.
    N_PHASES_LOG2 = 4
    # Of the bins of window l to one of window k.
    BINS_PER_BIN_LOG2 = 5
    # Bin offsets of all rows.
    LOWEST_OFFSET = 6
    HIGHEST_OFFSET = 7


class RowField(IntEnum):
    """Columns of `CrossGram.row`."""

    FIRST_OFFSET = 0
    COUNT = 1
    # Place in `re` and `im`.
    START = 2


class CrossGram(NamedTuple):
    """Truncated tables B_kl of every ordered pair of windows, in the flat arrays that the kernels walk."""

    # `(n_windows, n_windows, len(PairField))`.
    pair: NDArray[np.int64]
    # `(n_rows, len(RowField))`, a row a distance and phase. Between the values of two rows lie at least 16 zeros.
    row: NDArray[np.int64]
    re: NDArray[np.float32]
    im: NDArray[np.float32]
    # Of each window, the highest bin whose conjugate image reaches back over DC into the coefficients.
    edge: NDArray[np.int64]
    # Roots of unity, as many as the longest window has samples.
    roots_re: NDArray[np.float32]
    roots_im: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Dictionary:
    """Windows in samples (ascending powers of two) with everything about them that does not depend on the signal."""

    windows: tuple[int, ...]
    gram: CrossGram
    analysis_windows: tuple[NDArray[np.float32], ...]

    @property
    def longest(self) -> int:
        """The longest window, in samples."""
        return self.windows[-1]


@lru_cache(maxsize=8)
def dictionary(windows: tuple[int, ...], threshold: float = GRAM_THRESHOLD) -> Dictionary:
    """The dictionary of these windows (ascending powers of two), without cross-Gram entries below the threshold; tables
    are made at the first call for a set.
    """
    return Dictionary(
        windows, _cross_gram(windows, threshold), tuple(unit_window(w).astype(np.float32) for w in windows)
    )


def _cross_gram(windows: tuple[int, ...], threshold: float) -> CrossGram:
    n = len(windows)
    pair = np.zeros((n, n, len(PairField)), np.int64)
    rows: list[NDArray[np.int64]] = []
    values: list[NDArray[np.complex64]] = [np.zeros(LANES, np.complex64)]
    n_rows, n_values = 0, LANES
    for k, from_window in enumerate(windows):
        for j, to_window in enumerate(windows):
            first_step, n_distances, table, first_offset = _pair_table(from_window, to_window)
            row, value = _trim(table, first_offset, n_values, threshold)
            pair[k, j, PairField.FIRST_ROW] = n_rows
            pair[k, j, PairField.STEP_LOG2] = _log2(min(from_window, to_window) // HOP_DIVISOR)
            pair[k, j, PairField.FIRST_DISTANCE] = first_step
            pair[k, j, PairField.N_DISTANCES] = n_distances
            pair[k, j, PairField.N_PHASES_LOG2] = _log2(table.shape[1])
            pair[k, j, PairField.BINS_PER_BIN_LOG2] = _log2(max(1, to_window // from_window))
            pair[k, j, PairField.LOWEST_OFFSET] = row[:, RowField.FIRST_OFFSET].min()
            pair[k, j, PairField.HIGHEST_OFFSET] = (row[:, RowField.FIRST_OFFSET] + row[:, RowField.COUNT] - 1).max()
            rows.append(row)
            values.append(value)
            n_rows += len(row)
            n_values += len(value)
    flat = np.concatenate(values)
    # The image of bin m lies at −m: it reaches bin 0 of window j while ⌊−m / phases⌋ · multiplier + highest offset ≥ 0.
    highest, per_bin = pair[:, :, PairField.HIGHEST_OFFSET], pair[:, :, PairField.BINS_PER_BIN_LOG2]
    edge = (((highest >> per_bin) + 1) << pair[:, :, PairField.N_PHASES_LOG2]).max(axis=1)
    angle = 2 * np.pi * np.arange(windows[-1]) / windows[-1]
    roots = np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)
    re, im = np.ascontiguousarray(flat.real), np.ascontiguousarray(flat.imag)
    return CrossGram(pair, np.concatenate(rows), re, im, edge, *roots)


def _pair_table(from_window: int, to_window: int) -> tuple[int, int, NDArray[np.complex128], int]:
    """B(d, δ) for atoms of `from_window` onto `to_window`: (first distance step, count, table (distance, phase, q),
    first q).
    """
    step = min(from_window, to_window) // HOP_DIVISOR
    reach = (from_window + to_window) // 2 // step - 1  # at the next step the windows just touch
    distances = np.arange(-reach, reach + 1) * step
    phases = max(1, from_window // to_window)
    # Bins either side that can pass the threshold: at the largest distances the overlap is short, and its spectrum
    # wide.
    reach_bins = 16 * max(1, to_window // from_window)
    q = np.arange(-reach_bins, reach_bins + 1)
    longest, short = max(from_window, to_window), min(from_window, to_window)
    p = np.arange(phases)[:, None] - q * phases if to_window <= from_window else -q
    p = p.reshape(-1)
    s = np.arange(short) - short // 2
    w_short, w_long = unit_window(short), unit_window(longest)
    padded = np.zeros(longest + 4 * short + 2 * np.abs(distances).max())
    middle = len(padded) // 2
    padded[middle - longest // 2 : middle + longest // 2] = w_long
    apart = distances if to_window <= from_window else -distances
    table = _spectra_at(
        padded[middle + s[None, :] + apart[:, None]] * w_short, p, longest
    )  # s runs over the shorter window
    if to_window > from_window:
        table *= np.exp(-2j * np.pi / longest * np.outer(distances, p))
    return -reach, len(distances), table.reshape(len(distances), phases, len(q)), -reach_bins


def _spectra_at(rows: NDArray[np.float64], p: NDArray[np.int64], n: int) -> NDArray[np.complex128]:
    """Σ_s row[s] e^{2πi p s / n} of each row, s = 0 in its middle, |p| ≤ n/2: by FFT, for BLAS's sums depend on how
    many threads it has.
    """
    from scipy.fft import rfft

    half, per_lot = rows.shape[1] // 2, max(1, (1 << 20) // n)
    found = np.empty((len(rows), len(p)), np.complex128)
    for first in range(0, len(rows), per_lot):
        lot = rows[first : first + per_lot]
        ring = np.zeros((len(lot), n))
        ring[:, :half], ring[:, n - half :] = lot[:, half:], lot[:, :half]
        found[first : first + per_lot] = rfft(ring)[:, np.abs(p)]
    np.conjugate(found, out=found, where=p > 0)
    return found


def _log2(power_of_two: int) -> int:
    return power_of_two.bit_length() - 1


def _trim(
    table: NDArray[np.complex128], first_offset: int, position: int, threshold: float
) -> tuple[NDArray[np.int64], NDArray[np.complex64]]:
    """Rows, as `RowField` has them, and values of a table without what lies below the threshold at either end of each
    row.
    """
    flat = table.reshape(-1, table.shape[2])
    keep = np.abs(flat) > threshold
    any_kept = keep.any(axis=1)
    first = np.where(any_kept, keep.argmax(axis=1), 0)
    last = np.where(any_kept, flat.shape[1] - keep[:, ::-1].argmax(axis=1), 0)
    count = last - first
    length = count + LANES  # LANES zeros after each row, and before the first
    start = position + np.concatenate(([0], np.cumsum(length)[:-1]))
    column = np.arange(flat.shape[1] + LANES)
    padded = np.concatenate([flat, np.zeros((len(flat), LANES))], axis=1)
    padded[(column < first[:, None]) | (column >= last[:, None])] = 0
    kept = padded[(column >= first[:, None]) & (column < (first + length)[:, None])]
    return np.stack([first_offset + first, count, start], axis=1).astype(np.int64), kept.astype(np.complex64)
