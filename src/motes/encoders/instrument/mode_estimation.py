"""Which modes a recording may hold: ESPRIT in bands (Roy & Kailath 1989), on the whole of it and on its parts, and
a coarse grid for short sounds.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from motes.events.instrument import Reals
from motes.units import NEPERS_60_DB

LOWEST_HZ = 25.0
BAND_OVERLAP = 0.25
# Length of ESPRIT's window times the width of the band: how finely frequencies are told apart.
WINDOW_BANDWIDTHS = 32
SHORTEST_T60_S, LONGEST_T60_S = 0.01, 40.0
GRID_T60_S = (0.012, 0.04, 0.12)
GRID_PER_OCTAVE = 6
# Modes of one band that all stretches alone may add, but for two each.
STRETCH_MODES = 120


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
    while low < 0.48 * sample_rate_hz and len(audio):
        high = min(low + max(100.0, 0.1 * low), 0.5 * sample_rate_hz)
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
    return _without_twins(np.concatenate(found, axis=1))


def _good_length(n: int) -> int:
    import scipy.fft

    return int(scipy.fft.next_fast_len(n + 4096))


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
    """(Hz, nepers per second) by ESPRIT: long windows over all stretches between cuts together, then shorter ones
    over each stretch.
    """
    modes: list[tuple[float, float]] = []
    edges = np.unique(np.concatenate([[0], cuts[(cuts > 0) & (cuts < len(band))], [len(band)]]))
    stretches = [band[a:b] for a, b in itertools.pairwise(edges)]
    long = int(WINDOW_BANDWIDTHS * 1.5)
    poles = _esprit([s for s in stretches if len(s) > long] or [band], min(long, len(band) // 2), per_band)
    alone = max(2, min(per_band // 2, STRETCH_MODES // max(1, len(stretches))))
    for stretch in stretches:
        poles = np.concatenate([poles, _esprit([stretch], min(long // 2, len(stretch) // 2), alone)])
    with np.errstate(divide="ignore"):
        exponents = np.log(poles) * rate
    modes.extend(zip(exponents.imag / (2 * np.pi), -exponents.real, strict=True))
    return modes


def _esprit(stretches: list[NDArray[np.complex128]], window: int, most: int) -> NDArray[np.complex128]:
    """Poles shared by all stretches: rotational invariance of the signal subspace of their windows' covariance."""
    if window < 3:
        return np.empty(0, np.complex128)
    covariance = np.zeros((window, window), np.complex128)
    for stretch in stretches:
        if len(stretch) >= window:
            views = np.lib.stride_tricks.sliding_window_view(stretch, window)
            covariance += views.T @ views.conj()
    values, vectors = np.linalg.eigh(covariance)
    order = min(most, window // 2, int(np.count_nonzero(values > 1e-4 * values[-1])) if values[-1] > 0 else 0)
    if order == 0:
        return np.empty(0, np.complex128)
    basis = vectors[:, -order:]
    poles = np.linalg.eigvals(np.linalg.lstsq(basis[:-1], basis[1:], rcond=None)[0]).astype(np.complex128)
    return poles[(np.abs(poles) > 0.2) & np.isfinite(poles)]


def _grid(sample_rate_hz: int) -> Reals:
    """Short modes all over the spectrum, for attacks."""
    octaves = np.log2(0.4 * sample_rate_hz / 50)
    hz = 50 * 2 ** (np.arange(int(octaves * GRID_PER_OCTAVE)) / GRID_PER_OCTAVE)
    return np.stack([np.repeat(hz, len(GRID_T60_S)), np.tile(GRID_T60_S, len(hz))])


def _without_twins(modes: Reals) -> tuple[Reals, Reals]:
    """One for all modes that sound alike: closer than a tenth of their bandwidth, decay times within an eighth."""
    width = NEPERS_60_DB / (2 * np.pi * modes[1])
    cell = np.stack(
        [
            np.round(np.log(modes[1]) / np.log(1.25)),
            np.round(modes[0] / np.maximum(0.2 * 1.25 ** np.round(np.log(width) / np.log(1.25)), 0.1)),
        ]
    )
    _, first = np.unique(cell, axis=1, return_index=True)
    kept = modes[:, first]
    kept = kept[:, np.argsort(kept[0], kind="stable")]
    return kept[0], kept[1]
