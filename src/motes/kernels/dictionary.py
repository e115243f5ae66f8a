"""The multi-window Gabor dictionary on its grid, and how its atoms overlap.

An atom is g(t) = w(t − t₀) e^{iω(t − t₀)} with a periodic Hann window w of W samples and unit norm, centred at a
multiple of the hop W/4, ω a multiple of 2π/W. The Gram matrix of all atoms collapses to one table per ordered pair of
windows: with d the distance of two centres and δ the difference of two frequencies, ⟨g_k, g_l⟩ = e^{iω_k d} B_kl(d, δ),
B_kl(d, δ) = Σ_s w_k(s + d) w_l(s) e^{iδs}. (LTFAT's multi-Gabor pursuit, Průša, Holighaus & Balazs 2021, works in the
same domain.)
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from motes.kernels._simd import LANES

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


@dataclass(frozen=True, eq=False)
class CrossGram:
    """Truncated tables B_kl of every ordered pair of windows, in the flat arrays that the kernels walk.

    `pair` is (n_windows, n_windows, 8) int64: first row, log2 of the distance step in samples, first distance and
    number of distances in steps, log2 of the phases R (bins of window k for one of window l), log2 of the bins of
    window l for one of window k, lowest and highest q of all rows. `row` is (n_rows, 3), a row a distance and phase:
    first bin offset q, count, position in `re` and `im`, between any two of which lie at least 16 zeros.
    """

    pair: NDArray[np.int64]
    row: NDArray[np.int64]
    re: NDArray[np.float32]
    im: NDArray[np.float32]
    edge: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Dictionary:
    """Windows in samples (ascending powers of two) with everything about them that does not depend on the signal."""

    windows: tuple[int, ...]
    gram: CrossGram
    roots_re: NDArray[np.float32]
    roots_im: NDArray[np.float32]
    analysis_windows: tuple[NDArray[np.float32], ...]

    @property
    def longest(self) -> int:
        """The longest window, in samples."""
        return self.windows[-1]


@lru_cache(maxsize=8)
def dictionary(windows: tuple[int, ...]) -> Dictionary:
    """The dictionary of these windows (ascending powers of two); tables are made at the first call for a set."""
    longest = windows[-1]
    angle = 2 * np.pi * np.arange(longest) / longest
    return Dictionary(
        windows,
        _cross_gram(windows),
        np.cos(angle).astype(np.float32),
        np.sin(angle).astype(np.float32),
        tuple(unit_window(w).astype(np.float32) for w in windows),
    )


def _cross_gram(windows: tuple[int, ...]) -> CrossGram:
    n = len(windows)
    pair = np.zeros((n, n, 8), np.int64)
    rows: list[NDArray[np.int64]] = []
    values: list[NDArray[np.complex64]] = []
    values.append(np.zeros(LANES, np.complex64))
    n_rows, n_values = 0, LANES
    for k, from_window in enumerate(windows):
        for j, to_window in enumerate(windows):
            first_step, n_distances, table, q_first = _pair_table(from_window, to_window)
            n_phases = table.shape[1]
            row, value = _trim(table, q_first, n_values)
            step_log2 = _log2(min(from_window, to_window) // HOP_DIVISOR)
            pair[k, j, :6] = (
                n_rows,
                step_log2,
                first_step,
                n_distances,
                _log2(n_phases),
                _log2(max(1, to_window // from_window)),
            )
            pair[k, j, 6:] = row[:, 0].min(), (row[:, 0] + row[:, 1] - 1).max()
            rows.append(row)
            values.append(value)
            n_rows += len(row)
            n_values += len(value)
    flat = np.concatenate(values)
    # The image of bin m lies at −m: it reaches bin 0 of window j while ⌊−m / phases⌋ · multiplier + highest q ≥ 0.
    edge = (((pair[:, :, 7] >> pair[:, :, 5]) + 1) << pair[:, :, 4]).max(axis=1)
    return CrossGram(pair, np.concatenate(rows), np.ascontiguousarray(flat.real), np.ascontiguousarray(flat.imag), edge)


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
    table: NDArray[np.complex128], q_first: int, position: int
) -> tuple[NDArray[np.int64], NDArray[np.complex64]]:
    """Rows (first q, count, position) and values of a table without what lies below the threshold at either end of
    each row.
    """
    flat = table.reshape(-1, table.shape[2])
    keep = np.abs(flat) > GRAM_THRESHOLD
    any_kept = keep.any(axis=1)
    first = np.where(any_kept, keep.argmax(axis=1), 0)
    last = np.where(any_kept, flat.shape[1] - keep[:, ::-1].argmax(axis=1), 0)
    count = last - first
    room = count + LANES
    start = position + np.concatenate(([0], np.cumsum(room)[:-1]))  # LANES zeros after each row, and before the first
    column = np.arange(flat.shape[1] + LANES)
    padded = np.concatenate([flat, np.zeros((len(flat), LANES))], axis=1)
    padded[(column < first[:, None]) | (column >= last[:, None])] = 0
    kept = padded[(column >= first[:, None]) & (column < (first + room)[:, None])]
    return np.stack([q_first + first, count, start], axis=1).astype(np.int64), kept.astype(np.complex64)
