"""Learned waveforms of a recording, found before its windowed sinusoids: those that take far more than these would."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from motes.audio import Source
from motes.encoders.learned.shifts import Floats, Search, Shifts
from motes.events.model import Model
from motes.kinds.learned.integers import AMPLITUDE_STEPS
from motes.kinds.learned.table import Learned

# The part of what the best windowed sinusoid would take there that a waveform has to take at least: since it then
# takes the place of several, it may take less.
LEAST_SHARE = 0.1
# Lengths of the windows that it is compared with, in samples.
WINDOWS = (512, 2048, 8192)
# Inner products that are held at once: 64 MiB; and samples of a stretch, at least.
MOST_AT_ONCE, LEAST_STRETCH = 1 << 24, 1 << 15


class WindowEnergies:
    """The most energy that one windowed sinusoid takes, in frames half a window apart."""

    def __init__(self, audio: Floats) -> None:
        self._audio, self._energy = audio, {window: np.zeros(0) for window in WINDOWS}
        for window in WINDOWS:
            self._energy[window] = self._of(window, 0, audio.shape[1] // (window // 2) + 1)

    def _of(self, window: int, first: int, last: int) -> NDArray[np.float64]:
        hop = window // 2
        start, end = (first - 1) * hop, last * hop
        part = self._audio[:, max(0, start) : max(0, end)]
        part = np.pad(part, ((0, 0), (max(0, -start), max(0, end - max(0, start) - part.shape[1]))))
        frames = np.lib.stride_tricks.sliding_window_view(part, window, axis=1)[:, ::hop]
        shape = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
        power = np.square(np.abs(np.fft.rfft(frames * shape))).sum(axis=0)
        return np.asarray(power.max(axis=1) / (0.375 * window / 2))

    def changed(self, first: int, n_samples: int) -> None:
        """Look again at what these samples are in."""
        for window, energy in self._energy.items():
            low, high = self._frames(window, first - window // 2, n_samples + window)
            energy[low:high] = self._of(window, low, high)

    def most(self, first: int, n_samples: int) -> float:
        """The most that a sinusoid centred within these samples takes."""
        return max(
            float(energy[slice(*self._frames(window, first, n_samples))].max(initial=0.0))
            for window, energy in self._energy.items()
        )

    def _frames(self, window: int, first: int, n_samples: int) -> tuple[int, int]:
        hop, n_frames = window // 2, len(self._energy[window])
        return max(0, first // hop), min(n_frames, -(-(first + n_samples) // hop) + 1)


def peel(source: Source, dictionary: Model, least_energy: float) -> Learned:
    """The waveforms that take at least so much energy each, and not much less than windowed sinusoids would, rounded as
    a file stores them, in order of time. They begin at whole samples.

    Works in stretches on a fixed grid, in memory that does not grow with the recording's length.
    """
    sounds = dictionary.sounds()
    norms = np.sqrt(np.square(sounds).sum(axis=1))
    shifts = Shifts((sounds / norms[:, None]).astype(np.float32))
    rows: list[tuple[int, int, Floats]] = []
    length = shifts.length
    stretch = max(LEAST_STRETCH, MOST_AT_ONCE // (len(sounds) * source.n_channels))
    for first, audio in _stretches(source, stretch, 2 * length + WINDOWS[-1]):
        found = _peel_stretch(shifts, norms, audio, least_energy, stretch)
        rows += [(first + place, waveform, amplitude) for place, waveform, amplitude in found]
    rows.sort(key=lambda row: row[:2])
    amplitude = np.array([row[2] for row in rows]).reshape(-1, source.n_channels)
    number = np.array([row[1] for row in rows], np.int64)
    return Learned(
        np.array([row[0] for row in rows], np.float64) / source.sample_rate_hz,
        dictionary.held[number],
        np.abs(amplitude),
        np.full(len(rows), dictionary.length_s),
        inverted=(amplitude < 0).astype(np.int64),
    )


def _stretches(source: Source, stretch: int, beyond: int) -> Iterator[tuple[int, Floats]]:
    """Where each stretch begins, and its audio with what lies `beyond` it, zeros past the end; what is changed of the
    latter stays so.
    """
    blocks, audio, first = source.blocks(), np.zeros((source.n_channels, 0), np.float32), 0
    while first < source.n_samples:
        while audio.shape[1] < stretch + beyond:
            block = next(blocks, None)
            missing = stretch + beyond - audio.shape[1]
            audio = np.concatenate([audio, np.zeros((len(audio), missing), np.float32) if block is None else block], 1)
        whole = audio[:, : stretch + beyond].copy()
        yield first, whole
        audio = np.concatenate([whole[:, stretch:], audio[:, stretch + beyond :]], axis=1)
        first += stretch


def _peel_stretch(
    shifts: Shifts, norms: NDArray[np.float64], audio: Floats, least_energy: float, stretch: int
) -> list[tuple[int, int, Floats]]:
    """Place, waveform and signed peaks of those that begin in the stretch; those after it are chosen too, so that they
    are not taken for others, and given back.
    """
    search, windows = Search(shifts, audio), WindowEnergies(audio)
    found, later = [], []
    while True:
        energy, place, waveform = search.strongest()
        if energy < least_energy:
            break
        if energy < LEAST_SHARE * windows.most(place, shifts.length):
            search.pass_over(place)
            continue
        peaks = _rounded(search.coefficients(place, waveform) / norms[waveform])
        taken = (peaks * norms[waveform]).astype(np.float32)
        search.take(place, waveform, taken)
        windows.changed(place, shifts.length)
        (found if place < stretch else later).append((place, waveform, peaks))
    for place, waveform, peaks in later:
        given = (peaks * norms[waveform]).astype(np.float32)
        audio[:, place : place + shifts.length] += given[:, None] * shifts.waveforms[waveform]
    return found


def _rounded(peaks: NDArray[np.floating]) -> Floats:
    """Peaks on the grid of amplitudes that files have; channels 60 dB below the loudest are silent."""
    size = np.abs(peaks.astype(np.float64))
    rounded = np.exp2(np.rint(np.log2(np.maximum(size, 1e-300)) * AMPLITUDE_STEPS) / AMPLITUDE_STEPS)
    return np.asarray(np.where(size > 1e-3 * size.max(), np.sign(peaks) * rounded, 0.0))
