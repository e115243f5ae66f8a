"""Events of a recording: its spectra, the network over a fixed grid of windows, peaks of the maps, fine pitches."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from motes.audio.resample import resample_blocks
from motes.audio.source import ArraySource, Source
from motes.encoders.siam.layout import SOUNDING, WHOLE
from motes.encoders.siam.network import Maps, Network, silence
from motes.encoders.siam.peaks import (
    NEIGHBOURS,
    Candidates,
    Detections,
    Thresholds,
    band_peaks,
    detections,
    joined,
    key_peaks,
)
from motes.encoders.siam.pitch import with_fine_pitch
from motes.encoders.siam.spectra import HOP, N_FFTS, SAMPLE_RATE_HZ, Floats, levels_db, n_frames
from motes.encoders.siam.weights import Weights, shipped_weights
from motes.encoders.threads import ThreadPool
from motes.errors import ParameterError

# Frames of a window; the grid is a part of what the events are, so it is no option.
WINDOW_FRAMES = 256
MODEL = "siam-1"


class Window(NamedTuple):
    """What is kept of a window: peaks over keys and bands, and the output `SOUNDING` of its frames."""

    keys: Candidates
    bands: Candidates
    sounding: Floats


def hear(
    audio: ArrayLike,
    sample_rate_hz: float,
    thresholds: Thresholds | None = None,
    weights: Weights | None = None,
    n_threads: int = 0,
) -> Detections:
    """Events of a recording, `(n,)` or `(channels, n)` at any rate, mixed to mono; with the weights that ship by
    default. The same events for any number of threads; 0 takes one for each core.
    """
    return hear_source(ArraySource(audio, sample_rate_hz), thresholds, weights, n_threads)


def hear_source(
    source: Source, thresholds: Thresholds | None = None, weights: Weights | None = None, n_threads: int = 0
) -> Detections:
    """Events of a recording that is read in blocks, of whatever size: see `hear`."""
    mono = mono_of(source)
    windows = windows_of(mono, network_of(weights), n_threads or os.cpu_count() or 1)
    return with_fine_pitch(events_of(windows, thresholds or Thresholds()), mono)


def network_of(weights: Weights | None) -> Network:
    """The network with these weights, or with those that ship; ParameterError for those of the streaming one."""
    weights = shipped_weights(MODEL) if weights is None else weights
    if weights.layout != WHOLE:
        raise ParameterError(f"{weights.name} is a network for streams: a recording needs one of the layout {WHOLE.name!r}")
    return Network(weights)


def mono_of(source: Source) -> Floats:
    """The mean of all channels at SAMPLE_RATE_HZ, `(n,)`."""
    mixed = (block.mean(axis=0, keepdims=True, dtype=np.float32) for block in source.blocks())
    blocks = resample_blocks(mixed, 1, source.sample_rate_hz, SAMPLE_RATE_HZ)
    return np.concatenate([np.zeros(0, np.float32), *(block[0] for block in blocks)])


def windows_of(mono: Floats, network: Network, n_threads: int = 1) -> list[Window]:
    """The network over a recording in windows, each on one thread; around the recording there is silence."""
    nothing = network.maps(silence(network.layout.past + network.layout.ahead + 1))
    n = n_frames(len(mono))
    with ThreadPool(n_threads) as pool:
        return pool.map(
            lambda first: _window(mono, network, nothing, first, min(WINDOW_FRAMES, n - first)),
            range(0, n, WINDOW_FRAMES),
        )


def events_of(windows: Iterable[Window], thresholds: Thresholds) -> Detections:
    """Events of the windows of a recording, in their order, with whole pitches."""
    windows = list(windows)
    if not windows:
        channels = WHOLE.channels
        nothing, none = np.zeros(0), np.zeros(0, np.float32)
        return Detections(nothing, nothing, nothing, none, none, np.zeros(0, bool), np.zeros((0, channels), np.float32))
    keys, bands = (joined([getattr(window, name) for window in windows]) for name in ("keys", "bands"))
    return detections(keys, bands, np.concatenate([window.sounding for window in windows]), thresholds)


def _window(mono: Floats, network: Network, nothing: Maps, first: int, n: int) -> Window:
    low, high = first - NEIGHBOURS, first + n + NEIGHBOURS
    maps = maps_of(mono, network, nothing, low, high)
    sounding = np.ascontiguousarray(maps.keys[NEIGHBOURS : NEIGHBOURS + n, :, SOUNDING])
    return Window(key_peaks(maps, first), band_peaks(maps, first), sounding)


def maps_of(mono: Floats, network: Network, nothing: Maps, low: int, high: int) -> Maps:
    """Maps of frames low … high − 1; where there is no sound, they are those of silence, `nothing`."""
    low_in, high_in = low - network.layout.past, high + network.layout.ahead
    reach = max(N_FFTS) // 2
    if not mono[max(low_in * HOP - reach, 0) : max(high_in * HOP + reach, 0)].any():
        return Maps(*(np.repeat(part, high - low, axis=0) for part in nothing))
    return network.maps(levels_db(mono, low_in, high_in - low_in))
