"""From the coefficients of one detail event to audio, and what edits do to that; docs/format.md has it in words."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from motes.events.event_table import Array, Ints
from motes.kinds.detail.grid import frame_samples, places
from motes.kinds.detail.table import BAND_TAIL_S, CUT_FADE, HIGHEST_HZ, MASK_UNITS, STEPS_PER_DOUBLING, Detail
from motes.kinds.detail.transform import inverse
from motes.kinds.detail.vocoder import stretched, transposed, window_samples
from motes.settings import check_limit
from motes.units import erb_rate

# The edges of a band of its own are this wide, as a raised cosine.
BAND_SLOPE_HZ = 60.0
# Bands of the masks that edits make: two thirds of an ERB each at 44.1 kHz.
N_BANDS = 64

Inverse = Callable[[Array, Ints, int, int], Array]


def amplitudes(events: Detail, i: int, sample_rate_hz: int) -> Array:
    """The coefficients of event i times their steps, by channel: `(n_channels, n)`."""
    sizes = events.sizes[events.block_start[i] : events.block_start[i + 1]]
    rows = slice(events.step_start[i], events.step_start[i + 1])
    n_bands, frame = int(events.n_bands[i]), int(events.frame_samples[i])
    step = np.exp2(events.steps[rows].T.reshape(events.n_channels, -1, n_bands) / STEPS_PER_DOUBLING)
    place = places(sizes, frame, n_bands, sample_rate_hz)
    values = events.coefficients[events.coefficient_start[i] : events.coefficient_start[i + 1]].T
    found = values * step.reshape(events.n_channels, -1)[:, place]
    if events.n_channels == 2:
        turned = events.mid_side[rows][place] == 1
        mid, side = found[0].copy(), found[1].copy()
        found[0] = np.where(turned, (mid + side) * np.sqrt(0.5), mid)
        found[1] = np.where(turned, (mid - side) * np.sqrt(0.5), side)
    return np.asarray(found)


def audio_of(events: Detail, i: int, sample_rate_hz: int, transform: Inverse = inverse) -> tuple[Array, float]:
    """Audio of event i, `(n_channels, n)`, and how many samples of it lie before the event's `time_s`."""
    rise, fall = int(events.rise[i]), int(events.fall[i])
    sizes = events.sizes[events.block_start[i] : events.block_start[i + 1]]
    audio = transform(amplitudes(events, i, sample_rate_hz), sizes, rise, fall) * events.gain[i]
    lead = float(rise // 2)
    if (mask := events.mask_of(i)) is not None:
        audio, whole = masked(audio, rise // 2, mask, int(sizes.sum()), sample_rate_hz)
        lead = float(whole)
    pitch, longer = float(events.frequency_ratio[i]), float(events.time_ratio[i])
    length = int(sizes.sum()) * longer
    tail = tail_samples(sample_rate_hz)
    if pitch != 1 or longer != 1:
        audio, lead = _vocoded(audio, longer, pitch, sample_rate_hz), (lead + tail) * longer
    low, high = float(events.low_hz[i]), float(events.high_hz[i])
    if low > 0 or high < HIGHEST_HZ:
        audio, lead = _in_band(np.pad(audio, ((0, 0), (tail, tail))), low, high, sample_rate_hz), lead + tail
    first, last = events.from_s[i] * longer * sample_rate_hz, events.until_s[i] * longer * sample_rate_hz
    if first > 0 or last < length:
        audio = audio * _fade(np.arange(audio.shape[1]) - lead, first, last, length)
    if events.backward[i]:
        audio, lead = (
            audio[:, ::-1],
            audio.shape[1] - lead - length - 1,
        )  # scenes are mirrored about their middle sample
    return audio, lead


def tail_samples(sample_rate_hz: int) -> int:
    """By how many samples an event with a band of its own rings longer at either end."""
    return int(BAND_TAIL_S * sample_rate_hz)


def _vocoded(audio: Array, longer: float, pitch: float, sample_rate_hz: int) -> Array:
    """A tail added at either end, stretched and transposed; energy grows with length alone, whatever a vocoder
    loses where phases no longer agree.
    """
    tail = tail_samples(sample_rate_hz)
    padded = np.pad(audio, ((0, 0), (tail, tail)))
    n = int(padded.size * max(1.0, longer, longer * pitch))
    check_limit("motes_max_detail_samples", n, f"a detail event would be stretched to {n} samples")
    longest = round(padded.shape[1] * longer)
    made = transposed(stretched(padded, longer * pitch, window_samples(sample_rate_hz)), pitch, longest)
    wanted, found = longer * np.sum(np.square(audio)), np.sum(np.square(made))
    return made * np.sqrt(np.clip(wanted / max(found, 1e-300), 0.25, 4.0))


def _in_band(audio: Array, low_hz: float, high_hz: float, sample_rate_hz: int) -> Array:
    import scipy.fft

    n = scipy.fft.next_fast_len(audio.shape[1], real=True)
    frequency_hz = np.arange(n // 2 + 1) * (sample_rate_hz / n)
    kept = _rising(frequency_hz, low_hz) if low_hz > 0 else np.ones(len(frequency_hz))
    if high_hz < HIGHEST_HZ:
        kept = kept - _rising(frequency_hz, high_hz)
    spectrum = scipy.fft.rfft(audio, n, axis=1) * np.maximum(kept, 0.0)
    return np.asarray(scipy.fft.irfft(spectrum, n, axis=1)[:, : audio.shape[1]])


def _rising(frequency_hz: Array, edge_hz: float) -> Array:
    """0 below an edge, 1 above it; the same for all events, so that bands side by side add up to the whole."""
    part = np.clip((frequency_hz - edge_hz) / BAND_SLOPE_HZ + 0.5, 0.0, 1.0)
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * part))


def _fade(at: Array, first: float, last: float, length: float) -> Array:
    """1 between two moments, fading at those that lie inside an event, so that parts side by side add up to it."""
    risen = _step(at - first) if first > 0 else np.ones(len(at))
    return np.asarray(risen - _step(at - last) if last < length else risen)


def _step(at: Array) -> Array:
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * np.clip(at / CUT_FADE + 0.5, 0.0, 1.0)))


def delayed(audio: Array, samples: float) -> Array:
    """Later by part of a sample, by the phases of its spectrum."""
    import scipy.fft

    n = scipy.fft.next_fast_len(audio.shape[1] + 64, real=True)
    turned = np.exp(-2j * np.pi * np.arange(n // 2 + 1) * (samples / n))
    return np.asarray(scipy.fft.irfft(scipy.fft.rfft(audio, n, axis=1) * turned, n, axis=1)[:, : audio.shape[1]])


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
    begin = (2 * int(frames[0]) - 1) * hop // 2
    padded = np.zeros((len(audio), (len(frames) + 1) * hop))
    padded[:, -lead - begin : -lead - begin + audio.shape[1]] = audio
    window = np.sin(np.pi * (np.arange(2 * hop) + 0.5) / (2 * hop))
    cut = np.lib.stride_tricks.sliding_window_view(padded, 2 * hop, axis=1)[:, ::hop]
    rows, bands = rows_at(frames, hop, length, len(mask)), bands_of_bins(sample_rate_hz, hop, mask.shape[1])
    spectra = scipy.fft.rfft(cut * window, axis=2) * (mask / MASK_UNITS)[rows][:, bands]
    made = scipy.fft.irfft(spectra, 2 * hop, axis=2) * window
    found = np.zeros((len(audio), len(frames) + 1, hop))
    found[:, :-1] += made[:, :, :hop]
    found[:, 1:] += made[:, :, hop:]
    return found.reshape(len(audio), -1), -begin


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
