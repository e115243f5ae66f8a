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
# A ridge rises if it sweeps so many bins within its window, and is followed so many bins to either side.
LEAST_SWEPT_BINS, FOLLOWED_BINS = 0.75, 4
# By what factor a chirped atom's energy exceeds a steady one's, since it takes more bits.
GAIN = 1.4


def take_chirped(
    residual: NDArray[np.float32],
    first_sample: int,
    centres: tuple[int, int],
    least: float,
    dictionary: Dictionary,
    masking: MaskingModel | None,
) -> Atoms:
    """Chirped atoms, each worth as much as steady ones of this benefit and centred in samples `centres`, the second
    excluded; they are subtracted from `residual` `(n_channels, n)`, whose first sample is number `first_sample`.
    """
    n_channels, least = residual.shape[0], least * GAIN
    parts = [_ridges(residual, first_sample, centres, window, masking, least) for window in RIDGE_WINDOWS]
    time, frequency, chirp, weight = np.concatenate(parts, axis=1)
    if not len(time):
        return Atoms.empty(n_channels)
    places = Places(time, frequency, chirp, weight)
    n = 2 * len(places.time)
    window, frame, bin_, steps = np.zeros((4, n), np.int64)
    found, order = Found(window, frame, bin_, steps, np.zeros(n)), np.zeros(n, np.int64)
    amplitude_re, amplitude_im = np.zeros((2, n, n_channels))
    stretch = Stretch.of(residual, first_sample)
    rules = Rules(np.array(dictionary.windows, np.int64), SHORTEST, *centres, GAIN, least)
    taken = take_chirps(stretch, n_channels, rules, places, found, order, amplitude_re, amplitude_im)
    residual[:] = stretch.channels()
    w, m, t, s = (column[:taken].astype(np.int32) for column in (window, bin_, frame, steps))
    amplitude = (amplitude_re + 1j * amplitude_im)[:taken].astype(np.complex64)
    energy = found.energy[:taken].copy()
    return Atoms(w, t, m, amplitude, energy, energy * places.weight[order[:taken]], s)


def _ridges(
    audio: NDArray[np.float32],
    first_sample: int,
    centres: tuple[int, int],
    window: int,
    masking: MaskingModel | None,
    least: float,
) -> Floats:
    """Where ridges rise or fall: time in samples, cycles per sample, cycles per sample², weight, `(4, n)`."""
    from scipy.fft import rfft

    hop, (first, end) = window // 4, centres
    begin = -(-first // hop)
    n_frames = -(-end // hop) - begin + 4
    start = (begin - 2) * hop - window // 2 - first_sample
    low = max(0, -start)
    padded = np.pad(audio, ((0, 0), (low, max(0, start + (n_frames - 1) * hop + window - audio.shape[1]))))
    frames = np.lib.stride_tricks.sliding_window_view(padded[:, start + low :], window, axis=1)[:, ::hop][:, :n_frames]
    power = np.zeros((n_frames, window // 2 + 1), np.float32)
    for channel in frames:
        spectra = rfft(channel * unit_window(window).astype(np.float32))
        power += spectra.real**2 + spectra.imag**2
    weights = np.ones_like(power) if masking is None else masking.weights(power, window)
    worth = power * weights
    at = slice(2, -2)
    middle = power[at, FOLLOWED_BINS + 1 : -FOLLOWED_BINS - 1]
    peak = (middle > power[at, FOLLOWED_BINS : -FOLLOWED_BINS - 2]) & (
        middle >= power[at, FOLLOWED_BINS + 2 : -FOLLOWED_BINS]
    )
    peak &= worth[at, FOLLOWED_BINS + 1 : -FOLLOWED_BINS - 1] > least / 2 / RIDGE_PART
    frame, bin_ = np.nonzero(peak)
    frame, bin_ = frame + 2, bin_ + FOLLOWED_BINS + 1
    before, after, here = (
        _peak_near(power, frame + d, bin_, reach) for d, reach in ((-2, FOLLOWED_BINS), (2, FOLLOWED_BINS), (0, 0))
    )
    slope = (after - before) / (4 * hop * window)
    straight = np.abs(after + before - 2 * here) < 1.0 + 0.5 * np.abs(after - before)
    chosen = straight & (np.abs(slope) * window**2 >= LEAST_SWEPT_BINS) & ((frame + begin) % 2 == 0)
    frame, bin_ = frame[chosen], bin_[chosen]
    time = (frame - 2 + begin) * hop
    return np.stack([time, here[chosen] / window, slope[chosen], weights[frame, bin_]]).astype(np.float64)


def _peak_near(power: NDArray[np.float32], frame: NDArray[np.int64], bin_: NDArray[np.int64], reach: int) -> Floats:
    """Of some frames the bin of the highest peak within `reach` of a bin, by a parabola through logarithms."""
    offsets = np.arange(-reach, reach + 1)
    best = bin_ + offsets[np.argmax(power[frame[:, None], bin_[:, None] + offsets], axis=1)]
    below, top, above = (np.log(power[frame, (best + d).clip(0, power.shape[1] - 1)] + 1e-30) for d in (-1, 0, 1))
    bend = below - 2 * top + above
    return best + np.where(bend < 0, 0.5 * (below - above) / np.where(bend < 0, bend, -1.0), 0.0).clip(-0.5, 0.5)
