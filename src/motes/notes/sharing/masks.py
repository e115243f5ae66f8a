"""Which part of a spectrum is a note's: its power over that of all notes (Wiener, 1949; Févotte et al., 2009)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motes.notes.sharing.band_shares import BandShares, band_edges
from motes.notes.sharing.factorisation import Factorisation
from motes.notes.sharing.spectrogram import Spectrogram

# Power of a band that counts as none.
SILENT = 1e-12


class Masks:
    """The masks of all notes of a factorisation, each made when it is asked for."""

    def __init__(self, spectrogram: Spectrogram, factorisation: Factorisation) -> None:
        self.factorisation, self._spectrogram = factorisation, spectrogram
        self._power = np.full(spectrogram.magnitudes.shape, 1e-20, np.float32)
        self._rest = spectrogram.magnitudes.copy()
        for note, first in enumerate(factorisation.first):
            magnitudes = factorisation.magnitudes(note)
            self._power[first : first + len(magnitudes)] += magnitudes**2
            self._rest[first : first + len(magnitudes)] -= magnitudes

    def of(self, note: int) -> tuple[int, NDArray[np.float32]]:
        """The first frame of a note's mask, and the mask `(n_frames, n_bins)`, 0 … 1: what part of each bin is its."""
        first = int(self.factorisation.first[note])
        magnitudes = self.factorisation.magnitudes(note)
        return first, magnitudes**2 / self._power[first : first + len(magnitudes)]

    def bands(self, note: int) -> BandShares:
        """Which part of each band of a noise is a note's: its power there over that of all notes and of what these
        leave of the spectrum.
        """
        first, magnitudes = int(self.factorisation.first[note]), self.factorisation.magnitudes(note)
        here = slice(first, first + len(magnitudes))
        edges = band_edges(magnitudes.shape[1], self._spectrogram.bin_hz)
        mine = np.add.reduceat(magnitudes**2, edges, axis=1)
        rest = np.maximum(self._rest[here], 0)
        all_of_it = np.add.reduceat(self._power[here] + rest**2, edges, axis=1)
        share = np.asarray(mine / np.maximum(all_of_it, SILENT), np.float32)
        return BandShares(first * self._spectrogram.hop_s, self._spectrogram.hop_s, share)
