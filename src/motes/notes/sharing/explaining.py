"""A sound in terms of given atoms: the complex share of each atom that explains it best."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motes.events.chirps import chirps_in_samples
from motes.kernels.explaining.least_squares import overlapping_pairs, solve_least_squares
from motes.kernels.windowed_sinusoids import Signal
from motes.kinds.gabor.kernel import project_on_chirped, project_on_gabor
from motes.kinds.gabor.table import Gabor
from motes.notes.sharing.spectrogram import Reals, Spectrogram

Complex = NDArray[np.complex128]
Places = NDArray[np.int64]
# Conjugate gradients, and how strongly shares stay where they begin.
N_STEPS, DAMPING = 40, 0.02
# Atoms of which a mask leaves less power, within so many times 1/window of their frequency, are not the sound's.
LEAST_POWER, BANDWIDTHS = 0.0003, 1.0


class Atoms:
    """Atoms, in samples and rad/sample, and the inner products of all that overlap, each times its complex amplitudes.

    One share is found for all channels. Sums of frequencies are left out of the inner products: they matter to atoms of
    less than one period.
    """

    def __init__(self, events: Gabor, sample_rate_hz: int) -> None:
        self.sample_rate_hz = sample_rate_hz
        self.centre, self.window = events.time_s * sample_rate_hz, events.window_s * sample_rate_hz
        self.omega = 2 * np.pi * events.frequency_hz / sample_rate_hz
        self.chirp = chirps_in_samples(events, sample_rate_hz)
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

    def under(self, spectrogram: Spectrogram, first: int, mask: NDArray[np.float32]) -> tuple[Places, Reals]:
        """The atoms of which a mask `(n_frames, n_bins)` from frame `first` on leaves something, and about which part:
        that of the power within their bandwidth, in the middle of their window and a quarter before and after.
        """
        hop, (n_frames, n_bins) = spectrogram.hop_s * self.sample_rate_hz, mask.shape
        reach = float(self.window.max(initial=0.0)) / 2
        low, high = np.searchsorted(self.centre, ((first - 1) * hop - reach, (first + n_frames) * hop + reach))
        centre, window = self.centre[low:high], self.window[low:high]
        place = self.omega[low:high] / np.pi * (n_bins - 1)
        power = spectrogram.magnitudes[first : first + n_frames].astype(np.float64) ** 2 + 1e-12
        masked, whole = (np.pad(np.cumsum(each, axis=1), ((0, 0), (1, 0))) for each in (power * mask, power))
        beside = BANDWIDTHS * spectrogram.n_fft / window
        below = np.clip(np.floor(place - beside), 0, n_bins - 1).astype(np.int64)
        above = np.clip(np.ceil(place + beside) + 1, 1, n_bins).astype(np.int64)
        parts = np.zeros((3, len(centre)))
        for part, turn in zip(parts, (-0.25, 0.0, 0.25), strict=True):
            frame = np.rint((centre + turn * window) / hop).astype(np.int64) - first
            inside = np.flatnonzero((frame >= 0) & (frame < n_frames))
            t, a, b = frame[inside], below[inside], above[inside]
            part[inside] = (masked[t, b] - masked[t, a]) / (whole[t, b] - whole[t, a])
        chosen = np.flatnonzero(parts.max(axis=0) > LEAST_POWER)
        return chosen + low, parts.mean(axis=0)[chosen]

    def shares(self, first_sample: int, audio: Reals, chosen: Places, start: Reals) -> Complex:
        """Of each of the atoms `chosen`, which part explains best, together, the sound `audio`
        `(n_channels, n_samples)` that begins at `first_sample`; `start` is what these parts are taken to be before.
        """
        shape = (len(chosen), audio.shape[0])
        real, imaginary = np.empty(shape), np.empty(shape)
        signal = Signal.of(audio, first_sample)
        place = self.centre[chosen], self.window[chosen], self.omega[chosen]
        project_on_gabor(signal, *place, real, imaginary)
        if len(self.chirp):
            project_on_chirped(signal, *place, self.chirp[chosen], real, imaginary)
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
            n = overlapping_pairs(self.centre, self.window, self.omega, self.chirp, first, second, products)
            if n <= room:
                return first[:n], second[:n], products[:n]
            room = n
