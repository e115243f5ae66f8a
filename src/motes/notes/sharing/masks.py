"""Which part of a spectrum is a note's: its power over that of all notes (Wiener, 1949; Févotte et al., 2009)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motes.notes.sharing.factorisation import Factorisation
from motes.notes.sharing.spectrogram import Spectrogram


class Masks:
    """The masks of all notes of a factorisation, each made when it is asked for."""

    def __init__(self, spectrogram: Spectrogram, factorisation: Factorisation) -> None:
        self.factorisation = factorisation
        self._power = np.full(spectrogram.magnitudes.shape, 1e-20, np.float32)
        for note, first in enumerate(factorisation.first):
            magnitudes = factorisation.magnitudes(note)
            self._power[first : first + len(magnitudes)] += magnitudes**2

    def of(self, note: int) -> tuple[int, NDArray[np.float32]]:
        """The first frame of a note's mask, and the mask `(n_frames, n_bins)`, 0 … 1: what part of each bin is its."""
        first = int(self.factorisation.first[note])
        magnitudes = self.factorisation.magnitudes(note)
        return first, magnitudes**2 / self._power[first : first + len(magnitudes)]
