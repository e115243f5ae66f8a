"""Spectrograms a stretch of time at a time, at any zoom: 256 columns of 256 levels. docs/studio-api.md has the
bytes.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from motes.events.event_table import Array
from motes.kinds.detail.drawing import levels_db, sounding_edges_hz
from motes.kinds.detail.table import Detail
from motes.kinds.texture.table import LOWEST_LEVEL_DB, Texture
from motes.stft import hann
from motes.studio.drawing.tiles import check_tile, span_s
from motes.units import erb_rate, erb_rate_to_hz

COLUMNS = ROWS = 256
DEEPEST_DB = 120.0
# For each column, of long stretches; the rest is passed over.
MOST_FRAMES = 4
WINDOW_S = 0.046
_HEADER = struct.Struct("<4s5I2dfI")
Levels = NDArray[np.uint8]
# Samples first … last − 1 of a track, `(n_channels, last − first)`, inside it.
Reader = Callable[[int, int], NDArray[np.float32]]


def fft_length(window_s: float, rate: int) -> int:
    """The power of two of samples nearest to a window."""
    return int(2 ** max(5, round(math.log2(window_s * rate))))


def spectrogram_tile(
    read: Reader, read_sparse: Reader, n_samples: int, rate: int, level: int, index: int, window_s: float = WINDOW_S
) -> Levels:
    """Levels `(COLUMNS, ROWS)` of a tile of a track of `n_samples`."""
    start, span = check_tile(level, index, n_samples / rate), span_s(level)
    n_fft = fft_length(window_s, rate)
    column = span * rate / COLUMNS
    per_column = min(MOST_FRAMES, max(1, math.ceil(column / (n_fft / 2))))
    centres = np.rint(start * rate + (np.arange(COLUMNS * per_column) + 0.5) * column / per_column).astype(np.int64)
    dense = column / per_column <= n_fft
    power = _frames(read if dense else read_sparse, centres, n_fft, n_samples, dense)
    power = power.reshape(COLUMNS, per_column, -1).mean(axis=1) * (16 / n_fft**2)  # a sinusoid of full scale: 1
    return in_steps(10 * np.log10(np.maximum(_in_rows(power, rate / n_fft, rate / 2), 1e-20)))


def _frames(read: Reader, centres: NDArray[np.int64], n_fft: int, n_samples: int, dense: bool) -> Array:
    """Power `(n_frames, n_fft // 2 + 1)` of frames about these samples, meant over the channels."""
    import scipy.fft

    window, half = hann(n_fft), n_fft // 2
    if dense:
        first = int(centres[0]) - half
        audio = padded(read, first, int(centres[-1]) + half, n_samples)
        frames = np.lib.stride_tricks.sliding_window_view(audio, n_fft, axis=1)[:, centres - centres[0]]
        return _power(scipy.fft.rfft(frames * window, axis=-1))
    found = np.zeros((len(centres), half + 1))
    for i, centre in enumerate(centres.tolist()):
        if centre - half < n_samples:
            found[i] = _power(
                scipy.fft.rfft(padded(read, centre - half, centre + half, n_samples)[:, None] * window, axis=-1)
            )[0]
    return found


def _power(spectra: NDArray[np.complex64]) -> Array:
    return np.asarray(np.mean(np.square(spectra.real) + np.square(spectra.imag), axis=0), np.float64)


def padded(read: Reader, first: int, last: int, n_samples: int) -> NDArray[np.float32]:
    """A stretch of a track that may reach over its ends, where it is silent."""
    low, high = min(max(first, 0), n_samples), min(max(last, 0), n_samples)
    inside = read(low, high)
    return np.pad(inside, ((0, 0), (max(0, low - first), max(0, last - first - max(0, low - first) - inside.shape[1]))))


def row_frequencies_hz(top_hz: float) -> Array:
    """The frequency at the middle of each row."""
    rates = (np.arange(ROWS) + 0.5) / ROWS * erb_rate(top_hz)
    return erb_rate_to_hz(rates)


def _in_rows(power: Array, bin_hz: float, top_hz: float) -> Array:
    """Power at the rows' frequencies: read off between bins where rows are narrower than these, else the strongest
    bin of each row.
    """
    at = row_frequencies_hz(top_hz) / bin_hz
    edges = np.clip(
        np.rint(erb_rate_to_hz(np.arange(ROWS + 1) / ROWS * erb_rate(top_hz)) / bin_hz).astype(int),
        0,
        power.shape[1] - 1,
    )
    low = np.clip(np.floor(at).astype(int), 0, power.shape[1] - 2)
    part = at - low
    between = power[:, low] * (1 - part) + power[:, low + 1] * part
    wide = np.diff(edges) > 1
    peaks = np.maximum.reduceat(power, np.minimum(edges[:-1], power.shape[1] - 1), axis=1)
    return np.where(wide, peaks, between)


def in_steps(decibels: Array) -> Levels:
    """Levels as bytes: 0 is −120 dB or less, 255 is 0 dB."""
    return np.rint(np.clip(1 + decibels / DEEPEST_DB, 0, 1) * 255).astype(np.uint8)


def texture_tile(
    events: Texture, muted: NDArray[np.bool_], duration_s: float, rate: int, level: int, index: int
) -> Levels:
    """The levels of texture events as they are stored, `(COLUMNS, ROWS)`: the power in the width of a window's bin,
    as a spectrogram would show it.
    """
    start, span = check_tile(level, index, duration_s), span_s(level)
    times = start + (np.arange(COLUMNS) + 0.5) * span / COLUMNS
    hz = row_frequencies_hz(rate / 2)
    power = np.zeros((COLUMNS, ROWS))
    ends = events.time_s + events.duration_s
    bin_hz = 1.5 / WINDOW_S  # a Hann window lets through the noise of one and a half bins
    for i in np.flatnonzero((events.time_s < start + span) & (ends > start) & ~muted):
        inside = (times >= events.time_s[i]) & (times < ends[i])
        if not inside.any():
            continue
        into = times[inside] - events.time_s[i]
        into = events.duration_s[i] - into if events.backward[i] else into
        frame = np.clip(((into + events.into_s[i]) / events.frame_s[i]).astype(int), 0, events.n_frames[i] - 1)
        edges = events.band_edges_hz(i)
        band = np.searchsorted(edges, hz, side="right") - 1
        there = (band >= 0) & (band < events.n_bands[i])
        levels = events.levels(int(i)).max(axis=-1)
        density = (
            np.where(levels > LOWEST_LEVEL_DB, 10 ** (levels / 10), 0.0) * np.minimum(1.0, bin_hz / np.diff(edges)) * 2
        )
        columns = np.flatnonzero(inside)
        power[np.ix_(columns, np.flatnonzero(there))] += density[frame][:, band[there]]
    return in_steps(10 * np.log10(np.maximum(power, 1e-20)))


def detail_tile(
    events: Detail, muted: NDArray[np.bool_], duration_s: float, rate: int, level: int, index: int
) -> Levels:
    """The levels of detail events by band and frame, `(COLUMNS, ROWS)`, as `texture_tile`."""
    start, span = check_tile(level, index, duration_s), span_s(level)
    times, hz = start + (np.arange(COLUMNS) + 0.5) * span / COLUMNS, row_frequencies_hz(rate / 2)
    power = np.zeros((COLUMNS, ROWS))
    for i in np.flatnonzero((events.start_s < start + span) & (events.end_s > start) & ~muted).tolist():
        into = times - events.time_s[i]
        into = (events.duration_s[i] - into if events.backward[i] else into) / events.time_ratio[i]
        there = (into >= max(0.0, events.from_s[i])) & (into < events.until_s[i])
        there &= into < events.duration_s[i] / events.time_ratio[i]
        edges = sounding_edges_hz(events, i, rate)
        frame = (into[there] / events.duration_s[i] * events.time_ratio[i] * events.n_frames[i]).astype(int)
        band = np.searchsorted(edges, hz, side="right") - 1
        inside = (hz >= events.low_hz[i]) & (hz <= events.high_hz[i]) & (band >= 0) & (band < events.n_bands[i])
        density = 10 ** (levels_db(events, i, rate) / 10) * np.minimum(
            1.0, 1.5 / WINDOW_S / np.maximum(np.diff(edges), 1)
        )
        power[np.ix_(np.flatnonzero(there), np.flatnonzero(inside))] += 2 * density[frame][:, band[inside]]
    return in_steps(10 * np.log10(np.maximum(power, 1e-20)))


def packed(levels: Levels, level: int, index: int, revision: int, rate: int) -> bytes:
    """The bytes of a tile."""
    span = span_s(level)
    return (
        _HEADER.pack(b"MTS1", COLUMNS, ROWS, level, index, revision, index * span, span, rate / 2, _HEADER.size)
        + levels.tobytes()
    )


def png(levels: Levels) -> bytes:
    """A grey picture, low frequencies at the bottom."""
    from PIL import Image

    buffer = BytesIO()
    Image.fromarray(np.ascontiguousarray(levels.T[::-1])).save(buffer, "PNG")
    return buffer.getvalue()
