"""Waveforms at every place of a recording: how well each fits there, and the greedy search for those that take most.

Matching pursuit (Mallat & Zhang 1993) over all shifts of a few waveforms: inner products are correlations, found by
FFT, and after each waveform that is taken they are changed where it overlaps others, by cross-correlations of
waveforms that are found once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft

Floats = NDArray[np.float32]
# Places whose largest inner product is kept together.
BLOCK = 1024


class Shifts:
    """Waveforms `(n_waveforms, length)` of energy 1, and how they overlap."""

    def __init__(self, waveforms: Floats) -> None:
        self.waveforms = np.asarray(waveforms, np.float32)
        self.n_waveforms, self.length = self.waveforms.shape
        self._size = next_fast_len(2 * self.length, True)
        self._spectra = rfft(self.waveforms, self._size)
        self._crossed: dict[int, Floats] = {}

    def correlations(self, audio: Floats) -> Floats:
        """Inner products of audio `(n_channels, n)` with all waveforms from each of its samples on, zeros after its
        end: `(n_channels, n_waveforms, n)`, as many places more as make whole blocks.
        """
        n = audio.shape[1]
        n_places = -(-n // BLOCK) * BLOCK
        size = next_fast_len(n_places + self.length, True)
        spectra = np.conj(rfft(self.waveforms, size))
        found = np.empty((len(audio), self.n_waveforms, n_places), np.float32)
        for channel, spectrum in enumerate(rfft(audio, size)):
            for k in range(self.n_waveforms):
                found[channel, k] = irfft(spectrum * spectra[k], size)[:n_places]
        found[..., n:] = 0
        return found

    def crossed(self, waveform: int) -> Floats:
        """Inner products of a waveform with all that begin length − 1 samples before it … length − 1 after it,
        `(n_waveforms, 2 length − 1)`.
        """
        if waveform not in self._crossed:
            made = irfft(self._spectra[waveform] * np.conj(self._spectra), self._size)
            both = made[:, self._size - self.length + 1 :], made[:, : self.length]
            self._crossed[waveform] = np.concatenate(both, axis=1).astype(np.float32)
        return self._crossed[waveform]


class Search:
    """The search in a stretch of audio `(n_channels, n)` float32, of which what is taken is subtracted in place; the
    last `length` − 1 samples are of no use but as what follows.
    """

    def __init__(self, shifts: Shifts, audio: Floats) -> None:
        self.shifts, self.audio = shifts, audio
        self._found = shifts.correlations(audio)
        self._found[..., max(0, audio.shape[1] - shifts.length + 1) :] = 0
        self._best = np.zeros(self._found.shape[2] // BLOCK, np.float32)
        self._look(0, len(self._best))

    def strongest(self) -> tuple[float, int, int]:
        """The most energy that any waveform takes, from which sample on, and which."""
        block = int(np.argmax(self._best))
        energy = np.square(self._found[:, :, block * BLOCK : (block + 1) * BLOCK]).sum(axis=0)
        waveform, place = divmod(int(np.argmax(energy)), BLOCK)
        return float(self._best[block]), block * BLOCK + place, waveform

    def coefficients(self, place: int, waveform: int) -> Floats:
        """Inner products in all channels."""
        return self._found[:, waveform, place].copy()

    def pass_over(self, place: int) -> None:
        """Look no further at the block that a place is in, until something in it changes."""
        self._best[place // BLOCK] = 0

    def take(self, place: int, waveform: int, coefficients: Floats) -> None:
        """Subtract a waveform times the coefficients of the channels."""
        length, n_places = self.shifts.length, self.audio.shape[1] - self.shifts.length + 1
        self.audio[:, place : place + length] -= coefficients[:, None] * self.shifts.waveforms[waveform]
        first, last = max(0, place - length + 1), min(n_places, place + length)
        change = self.shifts.crossed(waveform)[:, first - place + length - 1 : last - place + length - 1]
        for channel, coefficient in enumerate(coefficients):
            self._found[channel, :, first:last] -= coefficient * change
        self._look(first // BLOCK, -(-last // BLOCK))

    def _look(self, first: int, last: int) -> None:
        part = self._found[:, :, first * BLOCK : last * BLOCK]
        energy = np.square(part[0]) if len(part) == 1 else np.square(part).sum(axis=0)
        self._best[first:last] = energy.reshape(len(energy), -1, BLOCK).max(axis=(0, 2))
