"""A sound in terms of given atoms: the complex share of each atom that explains it best."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motes.kernels.explaining.least_squares import overlapping_pairs, solve_least_squares
from motes.kernels.windowed_sinusoids import Signal
from motes.kinds.gabor.kernel import project_on_gabor
from motes.kinds.gabor.table import Gabor
from motes.notes.sharing.spectrogram import Reals

Complex = NDArray[np.complex128]
Places = NDArray[np.int64]
N_STEPS, DAMPING = 40, 0.02


class Atoms:
    """Atoms, in samples and rad/sample, and the inner products of all that overlap, each times its complex amplitudes.

    One share is found for all channels. Sums of frequencies are left out of the inner products: they matter to atoms of
    less than one period.
    """

    def __init__(self, events: Gabor, sample_rate_hz: int) -> None:
        self.centre, self.window = events.time_s * sample_rate_hz, events.window_s * sample_rate_hz
        self.omega = 2 * np.pi * events.frequency_hz / sample_rate_hz
        self.amplitude = events.amplitude * np.exp(1j * events.phase_rad)
        first, second, products = self._pairs()
        products = products * np.sum(np.conj(self.amplitude[first]) * self.amplitude[second], axis=1) / 2
        rows, columns = np.concatenate([first, second]), np.concatenate([second, first])
        order = np.lexsort((columns, rows))
        values = np.concatenate([products, np.conj(products)])[order]
        starts = np.searchsorted(rows[order], np.arange(len(events) + 1)).astype(np.int64)
        energy = np.sum(np.abs(self.amplitude) ** 2, axis=1) * 0.375 * self.window / 2
        # What is silent keeps a place: its share is whatever it began as.
        self._matrix = (starts, columns[order], values, np.maximum(energy, 1e-30))
        self._local = np.full(len(events), -1, np.int64)

    def shares(self, first_sample: int, audio: Reals, chosen: Places, start: Reals) -> Complex:
        """Of each of the atoms `chosen`, which part explains best, together, the sound `audio`
        `(n_channels, n_samples)` that begins at `first_sample`; `start` is what these parts are taken to be before.
        """
        shape = (len(chosen), audio.shape[0])
        real, imaginary = np.empty(shape), np.empty(shape)
        signal = Signal.of(audio, first_sample)
        project_on_gabor(signal, self.centre[chosen], self.window[chosen], self.omega[chosen], real, imaginary)
        right = np.sum(np.conj(self.amplitude[chosen]) * (real + 1j * imaginary), axis=1)
        self._local[chosen] = np.arange(len(chosen))
        found = solve_least_squares(
            chosen, self._local, self._matrix, right, start.astype(np.complex128), DAMPING, N_STEPS
        )
        self._local[chosen] = -1
        return found

    def _pairs(self) -> tuple[Places, Places, Complex]:
        room = 16 * len(self.centre)
        while True:
            first, second = np.empty(room, np.int64), np.empty(room, np.int64)
            products = np.empty(room, np.complex128)
            n = overlapping_pairs(self.centre, self.window, self.omega, first, second, products)
            if n <= room:
                return first[:n], second[:n], products[:n]
            room = n
