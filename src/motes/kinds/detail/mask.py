"""Which part of a detail event is left: factors by band and time that act on its short-time Fourier transform, so that
parts of one event whose factors add up to 1 add up to it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motes.events.event_table import Array, Ints
from motes.kinds.detail.grid import frame_samples
from motes.kinds.detail.table import MASK_UNITS
from motes.units import erb_rate

# Bands of the masks that edits make: two thirds of an ERB each at 44.1 kHz.
N_BANDS = 64


def hop_samples(sample_rate_hz: int) -> int:
    """Samples between frames of the transform, which are twice as long: half a frame of detail."""
    return frame_samples(sample_rate_hz) // 2


def masked(audio: Array, lead: int, mask: NDArray[np.int8], length: int, sample_rate_hz: int) -> tuple[Array, int]:
    """Audio `(n_channels, n)` of an event of this length whose first sample is number `lead`, times a mask; and how
    many samples come before that first one now. Frame k is centred k + ½ hops after it.
    """
    import scipy.fft

    hop = hop_samples(sample_rate_hz)
    frames = frames_over(-lead, audio.shape[1] - lead, hop)
    start = (2 * int(frames[0]) - 1) * hop // 2
    padded = np.zeros((len(audio), (len(frames) + 1) * hop))
    padded[:, -lead - start : -lead - start + audio.shape[1]] = audio
    window = np.sin(np.pi * (np.arange(2 * hop) + 0.5) / (2 * hop))
    cut = np.lib.stride_tricks.sliding_window_view(padded, 2 * hop, axis=1)[:, ::hop]
    rows, bands = rows_at(frames, hop, length, len(mask)), bands_of_bins(sample_rate_hz, hop, mask.shape[1])
    spectra = scipy.fft.rfft(cut * window, axis=2) * (mask / MASK_UNITS)[rows][:, bands]
    made = scipy.fft.irfft(spectra, 2 * hop, axis=2) * window
    found = np.zeros((len(audio), len(frames) + 1, hop))
    found[:, :-1] += made[:, :, :hop]
    found[:, 1:] += made[:, :, hop:]
    return found.reshape(len(audio), -1), -start


def frames_over(first: int, last: int, hop: int) -> Ints:
    """The frames in which samples `first` … `last` − 1 lie."""
    return np.arange((2 * first - 3 * hop) // (2 * hop) + 1, -((-2 * last - hop) // (2 * hop)))


def rows_at(frames: Ints, hop: int, length: int, n_rows: int) -> Ints:
    """The row of a mask for each frame: that in which its centre lies."""
    return np.clip((2 * frames + 1) * hop * n_rows // (2 * length), 0, n_rows - 1)


def bands_of_bins(sample_rate_hz: int, hop: int, n_bands: int) -> Ints:
    """The band of a mask in which each bin lies, `(hop + 1,)`; bands reach up to half the sample rate."""
    place = erb_rate(np.arange(hop + 1) * (sample_rate_hz / 2 / hop)) / erb_rate(sample_rate_hz / 2)
    return np.minimum(np.floor(place * n_bands).astype(np.int64), n_bands - 1)
