"""Chirped atoms of a stretch of audio: where a ridge of its spectrogram rises or falls, and one atom that follows it
takes clearly more than any steady one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motes.encoders.pursuit.atoms import Atoms
from motes.encoders.pursuit.masking import MaskingModel
from motes.kernels.chirps.search import Found, Places, Rules, take_chirps
from motes.kernels.dictionary import Dictionary, unit_window
from motes.kernels.simd.rounding import Stretch

Floats = NDArray[np.float64]
# Windows of the spectrograms in which ridges are looked for, in samples; their frames are a quarter of that apart.
RIDGE_WINDOWS = (512, 2048)
# Chirped atoms have windows from here on, in samples.
SHORTEST = 512
# How many times more an atom may be worth than the ridge where it is looked for.
RIDGE_PART = 8.0
# A ridge rises if it sweeps so many bins within its window, is followed so many bins to either side, is straight to a
# bin and this part of what it moves, and stands out from the bins around it, and after two frames more, by these.
LEAST_SWEPT_BINS, FOLLOWED_BINS, BENT = 0.75, 4, 0.25
AROUND_BINS, OUTSTANDING, GOES_ON = 12, 4.0, 0.05
# By what factor a chirped atom's energy exceeds a steady one's, since it takes more bits.
GAIN = 2.5
# None are looked for in a stretch of whose energy the ridges of both windows hold less than this part, or of which the
# chirped atoms within so much of the strongest ridge would take a smaller part.
LEAST_RIDGES, LEAST_PART, WITHIN = 0.05, 0.2, 0.01


class ChirpSearch:
    """Where chirped atoms may be in a stretch of audio, found once: taking atoms away adds no ridges worth following.

    `audio` `(n_channels, n)` begins with sample number `first_sample`; atoms are centred in samples `centres`, the
    second excluded.
    """

    def __init__(
        self,
        audio: NDArray[np.float32],
        first_sample: int,
        centres: tuple[int, int],
        dictionary: Dictionary,
        masking: MaskingModel | None,
    ) -> None:
        self._first_sample, self._n_channels = first_sample, audio.shape[0]
        parts = [_ridges(audio, first_sample, centres, window, masking) for window in RIDGE_WINDOWS]
        time, frequency, chirp, weight, self._most = np.concatenate(parts, axis=1)
        self._places = Places(time, frequency, chirp, weight)
        self._rules = Rules(np.array(dictionary.windows, np.int64), SHORTEST, *centres, GAIN)
        if not self._pay(audio):
            self._most = np.zeros(len(time))

    def _pay(self, audio: NDArray[np.float32]) -> bool:
        """Whether there is so much to be taken that what chirps save makes up for the packets that hold them."""
        energy, most = float(np.sum(np.square(audio, dtype=np.float64))), self._most
        if most.sum() / RIDGE_PART < LEAST_RIDGES * energy:
            return False
        least = WITHIN / RIDGE_PART / GAIN * float(np.max(most * self._places.weight, initial=0.0))
        self._most = most.copy()
        taken = float(self.take(audio.copy(), least).energy.sum())
        self._most = most
        return taken >= LEAST_PART * energy

    def take(self, residual: NDArray[np.float32], least: float) -> Atoms:
        """Atoms that are worth as much as steady ones of this benefit, subtracted from the residual, which lies where
        the audio did.
        """
        least *= GAIN
        if not np.any(self._most * self._places.weight >= least):
            return Atoms.empty(self._n_channels)
        n = 2 * len(self._most)
        window, frame, bin_, steps = np.zeros((4, n), np.int64)
        found, order = Found(window, frame, bin_, steps, np.zeros(n)), np.zeros(n, np.int64)
        amplitude_re, amplitude_im = np.zeros((2, n, self._n_channels))
        stretch = Stretch.of(residual, self._first_sample)
        taken = take_chirps(
            stretch, self._rules, self._places, self._most, least, found, order, (amplitude_re, amplitude_im)
        )
        if taken:
            residual[:] = stretch.channels()
        place, rise = (window[:taken], frame[:taken], bin_[:taken]), steps[:taken]
        amplitude = (amplitude_re + 1j * amplitude_im)[:taken].astype(np.complex64)
        energy = found.energy[:taken].copy()
        return Atoms.of(place, amplitude, energy, energy * self._places.weight[order[:taken]], rise)


def _ridges(
    audio: NDArray[np.float32], first_sample: int, centres: tuple[int, int], window: int, masking: MaskingModel | None
) -> Floats:
    """Where ridges rise or fall: time in samples, cycles per sample, cycles per sample², weight, and the most energy
    that an atom there may have, `(5, n)`.
    """
    hop, (first, end) = window // 4, centres
    begin = -(-first // hop)
    n_frames = max(0, -(-end // hop) - begin)
    power = _spectrogram(audio, begin * hop - first_sample, n_frames, window)
    frame, bin_ = np.nonzero(_peaks(power)[4:-4:2])
    frame = 2 * frame + 4
    at = [_peak_near(power, frame + d, bin_, FOLLOWED_BINS if d else 0) for d in (-2, 0, 2)]
    moved = at[2] - at[0]
    straight = np.abs(at[0] + at[2] - 2 * at[1]) < 1.0 + BENT * np.abs(moved)
    on = [_peak_near(power, frame + d, np.rint(at[1] + d / 4 * moved).astype(np.int64), 2) for d in (-4, 4)]
    here = power[frame, bin_]
    for d, where in zip((-4, 4), on, strict=True):
        straight &= np.abs(where - at[1] - d / 4 * moved) < 1.0 + BENT * np.abs(moved)
        straight &= power[frame + d, np.rint(where).astype(np.int64).clip(0, power.shape[1] - 1)] > GOES_ON * here
    chosen = straight & (np.abs(moved) >= LEAST_SWEPT_BINS * 4 * hop / window)
    frame, bin_ = frame[chosen], bin_[chosen]
    weight = (np.ones_like(power) if masking is None else masking.weights(power, window))[frame, bin_]
    slope, time = moved[chosen] / (4 * hop * window), (frame - 4 + begin) * hop
    return np.stack([time, at[1][chosen] / window, slope, weight, RIDGE_PART * here[chosen]]).astype(np.float64)


def _spectrogram(audio: NDArray[np.float32], start: int, n_frames: int, window: int) -> NDArray[np.float32]:
    """Power, all channels together, of the frames centred from `start` on and four more to either side,
    `(n_frames + 8, window / 2 + 1)`.
    """
    from scipy.fft import rfft

    hop, n_frames = window // 4, n_frames + 8
    start -= 4 * hop + window // 2
    low = max(0, -start)
    padded = np.pad(audio, ((0, 0), (low, max(0, start + (n_frames - 1) * hop + window - audio.shape[1]))))
    frames = np.lib.stride_tricks.sliding_window_view(padded[:, start + low :], window, axis=1)[:, ::hop][:, :n_frames]
    power = np.zeros((n_frames, window // 2 + 1), np.float32)
    for channel in frames:
        spectra = rfft(channel * unit_window(window).astype(np.float32))
        power += spectra.real**2 + spectra.imag**2
    return power


def _peaks(power: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which bins are higher than those beside them and stand out from those around."""
    total = np.pad(np.cumsum(power, axis=1, dtype=np.float64), ((0, 0), (1, 0)))
    far, n = AROUND_BINS, power.shape[1]
    found = np.zeros(power.shape, np.bool_)
    middle = power[:, far : n - far]
    around = (total[:, 2 * far + 1 :] - total[:, : n - 2 * far]) / (2 * far + 1)
    found[:, far : n - far] = (
        (middle > power[:, far - 1 : n - far - 1])
        & (middle >= power[:, far + 1 : n - far + 1])
        & (middle > OUTSTANDING * around)
    )
    return found


def _peak_near(power: NDArray[np.float32], frame: NDArray[np.int64], bin_: NDArray[np.int64], reach: int) -> Floats:
    """Of some frames the bin of the highest peak within `reach` of a bin, by a parabola through logarithms."""
    offsets, last = np.arange(-reach, reach + 1), power.shape[1] - 1
    near = (bin_[:, None] + offsets).clip(0, last)
    best = near[np.arange(len(near)), np.argmax(power[frame[:, None], near], axis=1)]
    below, top, above = (np.log(power[frame, (best + d).clip(0, last)] + 1e-30) for d in (-1, 0, 1))
    bend = below - 2 * top + above
    return best + np.where(bend < 0, 0.5 * (below - above) / np.where(bend < 0, bend, -1.0), 0.0).clip(-0.5, 0.5)
