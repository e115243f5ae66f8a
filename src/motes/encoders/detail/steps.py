"""How coarse coefficients may be, band by band: steps follow what masks the error, by a part of its power."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from motes.events.event_table import Array, Ints
from motes.kernels.masking import spread_masking
from motes.kinds.detail.grid import band_edges
from motes.units import erb_rate, erb_rate_to_hz, threshold_in_quiet_db

# Tuned together to Zimtohrli's mean over ten clips at 24 and 48 kbps; docs/perception.md has what else was tried.
# Steps grow with masking power to this, where 1/2 would keep the error as far below the masking everywhere.
EXPONENT = 0.33
# And with frequency to this from a kHz on: higher up more coefficients share an auditory band, and noise does as well.
TILT = 0.5
TILT_HZ = 1000.0
# And from here on to so much more: what detail lacks there noise brings in fewer bits.
STEEPER, STEEPER_HZ = 0.5, 5000.0
UPWARD_DB, DOWNWARD_DB = 5.0, 10.0
POST_MASKING_S = 0.02
FULL_SCALE_DB_SPL = 90.0
BANDS_PER_ERB = 3
# The mean of a frame's masking and its least, half and half, so that the quiet before a sound counts.
LEAST_WEIGHT = 0.5
# Analysis windows in a frame.
HOPS_PER_FRAME = 4


class Scale(NamedTuple):
    """The points, three to an ERB, on which masking is spread, for windows of `n_fft` samples."""

    above: Ints
    to_above: Array
    to_below: Array
    # Threshold in quiet at the points.
    quiet: Array
    # Where the middle of each band lies on the points.
    middle: Array


@lru_cache(maxsize=8)
def scale_of(sample_rate_hz: int, frame: int) -> Scale:
    """The points for frames of this length."""
    n_fft = frame // 2
    place = erb_rate(np.arange(n_fft // 2 + 1) * (sample_rate_hz / n_fft)) * BANDS_PER_ERB
    points = np.arange(int(place[-1]) + 2)
    above = np.ceil(place)
    to_above = 10 ** (-UPWARD_DB * (above - place) / BANDS_PER_ERB / 10)
    to_below = 10 ** (-DOWNWARD_DB * (place - (above - 1)) / BANDS_PER_ERB / 10)
    quiet_db = threshold_in_quiet_db(erb_rate_to_hz(points / BANDS_PER_ERB)) - FULL_SCALE_DB_SPL
    edges = erb_rate(band_edges(sample_rate_hz, frame) * (sample_rate_hz / 2 / frame)) * BANDS_PER_ERB
    return Scale(
        above.astype(np.int64), to_above, to_below, 10 ** (quiet_db / 10) * n_fft / 8, (edges[1:] + edges[:-1]) / 2
    )


def log_steps(audio: NDArray[np.floating], sample_rate_hz: int, frame: int) -> Array:
    """Natural logarithms of steps of frames and bands `(n_channels, n_frames, n_bands)`, up to what is common to all,
    of audio `(n_channels, n_frames · frame + frame)` that begins half a frame before the first.
    """
    import scipy.fft

    scale, n_fft, hop = scale_of(sample_rate_hz, frame), frame // 2, frame // HOPS_PER_FRAME
    n_frames = audio.shape[1] // frame - 1
    window = np.hanning(n_fft + 1)[:-1]
    window /= np.sqrt(np.sum(window**2))
    first = frame // 2 - n_fft // 2
    cut = np.lib.stride_tricks.sliding_window_view(audio, n_fft, axis=1)[:, first::hop]
    cut = cut[:, : n_frames * HOPS_PER_FRAME + 1]
    found = np.empty((len(audio), n_frames, len(scale.middle)))
    for channel, windows in enumerate(cut):
        spectra = scipy.fft.rfft(windows * window, axis=1)
        power = (np.square(spectra.real) + np.square(spectra.imag)).astype(np.float32)
        masking = _masking(power, scale, hop / sample_rate_hz)
        points = np.arange(masking.shape[1])
        in_bands = np.array([np.interp(scale.middle, points, row) for row in masking])
        frames = np.stack([in_bands[k : k + n_frames * HOPS_PER_FRAME : HOPS_PER_FRAME] for k in range(5)])
        found[channel] = (1 - LEAST_WEIGHT) * frames.mean(axis=0) + LEAST_WEIGHT * frames.min(axis=0)
    edges_hz = band_edges(sample_rate_hz, frame) * (sample_rate_hz / 2 / frame)
    middle_hz = np.sqrt(np.maximum(edges_hz[1:], 50.0) * np.maximum(edges_hz[:-1], 50.0))
    tilt = TILT * np.log(middle_hz / TILT_HZ) + STEEPER * np.log(np.maximum(middle_hz / STEEPER_HZ, 1.0))
    return EXPONENT * found + tilt


def _masking(power: NDArray[np.float32], scale: Scale, hop_s: float) -> Array:
    """Logarithm of masking power, `(n_windows, n_points)`."""
    masking = np.empty((len(power), len(scale.quiet)), np.float32)
    upward, downward = (10 ** (-slope_db / BANDS_PER_ERB / 10) for slope_db in (UPWARD_DB, DOWNWARD_DB))
    kept = np.exp(-hop_s / POST_MASKING_S)
    spread_masking(power, scale.above, scale.to_above, scale.to_below, upward, downward, kept, masking)
    return np.log(masking + scale.quiet)
