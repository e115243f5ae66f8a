"""What each atom of a scene is worth to the ear: its energy, weighted by what the scene's own render masks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from motes.audio import Source
from motes.encoders.pursuit.masking import MaskingModel
from motes.encoders.pursuit.options import WINDOWS
from motes.kernels.dictionary import HOP_DIVISOR, unit_window
from motes.kinds.gabor.table import Gabor

Array = NDArray[np.float64]
# The render is analysed in stretches of this length, with so much of it before and after: multiples of every hop.
STRETCH_SAMPLES = 1 << 18
MARGIN_SAMPLES = WINDOWS[-1]
FRAMES_AT_ONCE = 1 << 21


def benefits(events: Gabor, source: Source) -> Array:
    """Benefit of each atom, `(n_events,)`: energy over masking power to an exponent, as pursuit weighs it, the masking
    power being that of `source`.
    """
    rate = source.sample_rate_hz
    masking = MaskingModel(rate)
    # An atom's energy is 3/16 of its window's length, times its squared amplitude.
    energy = np.sum(np.square(events.amplitude), axis=1) * events.window_s * rate * (3 / 16)
    log2 = np.rint(np.log2(np.maximum(events.window_s * rate, 1.0))).astype(np.int64)
    windows = np.left_shift(1, np.clip(log2, int(np.log2(WINDOWS[0])), int(np.log2(WINDOWS[-1]))))
    centre = np.rint(events.time_s * rate).astype(np.int64).clip(0, max(0, source.n_samples - 1))
    result = np.zeros(len(events))
    for first, audio in _stretches(source):
        here = (centre >= first) & (centre < first + STRETCH_SAMPLES)
        for window in np.unique(windows[here]).tolist():
            rows = np.flatnonzero(here & (windows == window))
            weights = masking.weights(_power(audio, window), window)
            frame = (centre[rows] - first + MARGIN_SAMPLES // 2) * HOP_DIVISOR // window
            bins = np.rint(events.frequency_hz[rows] * window / rate).astype(np.int64).clip(0, window // 2)
            result[rows] = energy[rows] * weights[frame, bins]
    return result


def _stretches(source: Source) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """First sample of each stretch, and its audio with a margin before and after, zeros outside the recording."""
    length = STRETCH_SAMPLES + 2 * MARGIN_SAMPLES
    held, first = np.zeros((source.n_channels, MARGIN_SAMPLES), np.float32), 0
    for block in source.blocks():
        held = np.concatenate([held, block], axis=1)
        while held.shape[1] >= length:
            yield first, held[:, :length]
            held, first = held[:, STRETCH_SAMPLES:], first + STRETCH_SAMPLES
    while first < source.n_samples:
        yield first, np.pad(held, ((0, 0), (0, max(0, length - held.shape[1]))))[:, :length]
        held, first = held[:, STRETCH_SAMPLES:], first + STRETCH_SAMPLES


def _power(audio: NDArray[np.float32], window: int) -> NDArray[np.float32]:
    """Squared magnitudes by windows of unit energy, summed over channels, `(n_frames, window/2 + 1)`: the first frame
    is centred half a margin into the audio.
    """
    from scipy.fft import rfft

    hop, shape = window // HOP_DIVISOR, unit_window(window).astype(np.float32)
    start = MARGIN_SAMPLES // 2 - window // 2
    frames = np.lib.stride_tricks.sliding_window_view(audio[:, start:], window, axis=1)[:, ::hop]
    frames = frames[:, : (STRETCH_SAMPLES + MARGIN_SAMPLES) // hop]
    power = np.zeros((frames.shape[1], window // 2 + 1), np.float32)
    at_once = max(1, FRAMES_AT_ONCE // window)
    for channel in frames:
        for f in range(0, len(channel), at_once):
            spectra = rfft(channel[f : f + at_once] * shape)
            power[f : f + at_once] += spectra.real**2 + spectra.imag**2
    return power
