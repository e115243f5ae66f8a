"""Which part of each band of a noise is a note's, over time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from motes.notes.sharing.spectrogram import Reals
from motes.units import erb_rate, erb_rate_to_hz

# Bands are equal on the ERB-rate scale from 0 to 24 kHz.
N_BANDS, HIGHEST_HZ = 64, 24_000.0


class BandShares(NamedTuple):
    """Shares `(n_frames, N_BANDS)`, 0 … 1, of frames that are `hop_s` apart, the first centred at `first_s`; before and
    after them nothing is the note's.
    """

    first_s: float
    hop_s: float
    share: NDArray[np.float32]

    def at(self, time_s: Reals, frequency_hz: Reals) -> Reals:
        """At these times and frequencies, `(n_times, n_frequencies)`: between frames linear in time."""
        band = np.floor(erb_rate(np.clip(frequency_hz, 0, HIGHEST_HZ)) / erb_rate(HIGHEST_HZ) * N_BANDS)
        share = np.pad(self.share.astype(np.float64), ((1, 1), (0, 0)))[:, np.minimum(band, N_BANDS - 1).astype(int)]
        place = np.clip((time_s - self.first_s) / self.hop_s + 1, 0, len(share) - 1)
        before = np.minimum(np.floor(place), len(share) - 2).astype(int)
        part = (place - before)[:, None]
        return np.asarray((1 - part) * share[before] + part * share[before + 1])


def band_edges(n_bins: int, bin_hz: float) -> NDArray[np.int64]:
    """The first of `n_bins` bins, which are `bin_hz` apart, of each band, `(N_BANDS,)`; a band above them all has the
    last.
    """
    hz = erb_rate_to_hz(np.arange(N_BANDS) / N_BANDS * erb_rate(HIGHEST_HZ))
    return np.minimum(np.rint(hz / bin_hz), n_bins - 1).astype(np.int64)
