"""Estimates of the modes that a recording may hold: ESPRIT in bands (Roy & Kailath 1989), on the whole of it and on its
parts, and a coarse grid for short sounds.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from motes.events.instrument import Reals
from motes.units import NEPERS_60_DB

# The constants of this file are chosen by hand. Bands: the lowest edge, the least width, their width as a part of their
# frequency, and what of it they overlap; the last lower edge is a part of the sample rate.
LOWEST_HZ, LEAST_BAND_HZ, BAND_WIDTH, BAND_OVERLAP, HIGHEST_OF_RATE = 25.0, 100.0, 0.1, 0.25, 0.48
# Zeros after the recording, so that the ends of its bands do not meet.
PADDING = 4096
# Length of ESPRIT's window times the width of the band: how finely frequencies are resolved.
WINDOW_BANDWIDTHS = 32
# Windows of ESPRIT on all segments together are that much longer.
LONGER = 1.5
# Eigenvalues of a covariance that are noise, relative to the largest, and poles that decay too fast to be modes.
NOISE_EIGENVALUE, LEAST_POLE = 1e-4, 0.2
SHORTEST_T60_S, LONGEST_T60_S = 0.01, 40.0
# The grid of short modes: decay times, its lowest frequency, and where it ends as a part of the sample rate.
GRID_T60_S, GRID_PER_OCTAVE, GRID_LOWEST_HZ, GRID_HIGHEST_OF_RATE = (0.012, 0.04, 0.12), 6, 50, 0.4
# Modes of one band that all segments alone may add, but for two each.
MODES_OF_SEGMENTS = 120
# Modes are one within this part of their bandwidth, but at least so many Hz, and a step of their decay times.
NEAR_BANDWIDTHS, NEAREST_HZ, T60_STEP = 0.2, 0.1, 1.25


def candidate_modes(
    audio: Reals, sample_rate_hz: int, cuts: NDArray[np.int64], per_band: int = 10
) -> tuple[Reals, Reals]:
    """Frequencies in Hz (ascending) and 60 dB decay times of modes that `audio` `(n,)` may hold.

    `cuts` are samples between which it rings undisturbed. Bands are 100 Hz wide at first, then a tenth of their
    frequency.
    """
    spectrum = np.fft.fft(audio, _good_length(len(audio)))
    found = [_grid(sample_rate_hz)]
    low = LOWEST_HZ
    while low < HIGHEST_OF_RATE * sample_rate_hz and len(audio):
        high = min(low + max(LEAST_BAND_HZ, BAND_WIDTH * low), 0.5 * sample_rate_hz)
        band, rate, centre = _band_signal(spectrum, sample_rate_hz, low, high)
        n_band = int(len(audio) / sample_rate_hz * rate)
        places = np.round(cuts / sample_rate_hz * rate).astype(np.int64)
        for frequency, decay in _modes_of_band(band[:n_band], rate, places, per_band):
            hz = frequency + centre
            if low <= hz < high:
                found.append(
                    np.array([[hz], [np.clip(NEPERS_60_DB / max(decay, 1e-9), SHORTEST_T60_S, LONGEST_T60_S)]])
                )
        low = high
    return _distinct(np.concatenate(found, axis=1))


def _good_length(n: int) -> int:
    import scipy.fft

    return int(scipy.fft.next_fast_len(n + PADDING))


def _band_signal(
    spectrum: NDArray[np.complex128], sample_rate_hz: int, low: float, high: float
) -> tuple[NDArray[np.complex128], float, float]:
    """The analytic signal of a band, shifted to 0 Hz and decimated; its sample rate and the frequency that is now 0."""
    n, guard = len(spectrum), BAND_OVERLAP * (high - low)
    first, last = (
        int(max(1, (low - guard) / sample_rate_hz * n)),
        int(min(n // 2 - 1, (high + guard) / sample_rate_hz * n)),
    )
    bins = np.arange(first, last)
    hz = bins * sample_rate_hz / n
    edge = np.clip(np.minimum(hz - (low - guard), (high + guard) - hz) / guard, 0, 1)
    part = spectrum[first:last] * (0.5 - 0.5 * np.cos(np.pi * edge))
    middle = len(part) // 2
    return np.fft.ifft(np.roll(part, -middle)), len(part) * sample_rate_hz / n, (first + middle) * sample_rate_hz / n


def _modes_of_band(
    band: NDArray[np.complex128], rate: float, cuts: NDArray[np.int64], per_band: int
) -> list[tuple[float, float]]:
    """(Hz, nepers per second) by ESPRIT: long windows over all segments between cuts together, then shorter ones
    over each.
    """
    modes: list[tuple[float, float]] = []
    edges = np.unique(np.concatenate([[0], cuts[(cuts > 0) & (cuts < len(band))], [len(band)]]))
    segments = [band[a:b] for a, b in itertools.pairwise(edges)]
    long = int(WINDOW_BANDWIDTHS * LONGER)
    poles = _esprit([s for s in segments if len(s) > long] or [band], min(long, len(band) // 2), per_band)
    alone = max(2, min(per_band // 2, MODES_OF_SEGMENTS // max(1, len(segments))))
    for segment in segments:
        poles = np.concatenate([poles, _esprit([segment], min(long // 2, len(segment) // 2), alone)])
    with np.errstate(divide="ignore"):
        exponents = np.log(poles) * rate
    modes.extend(zip(exponents.imag / (2 * np.pi), -exponents.real, strict=True))
    return modes


def _esprit(segments: list[NDArray[np.complex128]], window: int, most: int) -> NDArray[np.complex128]:
    """Poles shared by all segments: rotational invariance of the signal subspace of their windows' covariance."""
    if window < 3:
        return np.empty(0, np.complex128)
    covariance = np.zeros((window, window), np.complex128)
    for segment in segments:
        if len(segment) >= window:
            views = np.lib.stride_tricks.sliding_window_view(segment, window)
            covariance += views.T @ views.conj()
    values, vectors = np.linalg.eigh(covariance)
    order = min(
        most, window // 2, int(np.count_nonzero(values > NOISE_EIGENVALUE * values[-1])) if values[-1] > 0 else 0
    )
    if order == 0:
        return np.empty(0, np.complex128)
    basis = vectors[:, -order:]
    poles = np.linalg.eigvals(np.linalg.lstsq(basis[:-1], basis[1:], rcond=None)[0]).astype(np.complex128)
    return poles[(np.abs(poles) > LEAST_POLE) & np.isfinite(poles)]


def _grid(sample_rate_hz: int) -> Reals:
    """Short modes all over the spectrum, for attacks."""
    octaves = np.log2(GRID_HIGHEST_OF_RATE * sample_rate_hz / GRID_LOWEST_HZ)
    hz = GRID_LOWEST_HZ * 2 ** (np.arange(int(octaves * GRID_PER_OCTAVE)) / GRID_PER_OCTAVE)
    return np.stack([np.repeat(hz, len(GRID_T60_S)), np.tile(GRID_T60_S, len(hz))])


def _distinct(modes: Reals) -> tuple[Reals, Reals]:
    """One of all modes that sound alike: closer than a tenth of their bandwidth, decay times within an eighth."""
    width = NEPERS_60_DB / (2 * np.pi * modes[1])
    cell = np.stack(
        [
            np.round(np.log(modes[1]) / np.log(T60_STEP)),
            np.round(modes[0] / np.maximum(NEAR_BANDWIDTHS * _stepped(width), NEAREST_HZ)),
        ]
    )
    _, first = np.unique(cell, axis=1, return_index=True)
    kept = modes[:, first]
    kept = kept[:, np.argsort(kept[0], kind="stable")]
    return kept[0], kept[1]


def _stepped(values: Reals) -> Reals:
    """Values rounded to powers of T60_STEP."""
    return T60_STEP ** np.round(np.log(values) / np.log(T60_STEP))
