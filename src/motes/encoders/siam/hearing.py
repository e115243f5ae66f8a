"""Events of a recording: its spectra, the network over a fixed grid of windows, peaks of the maps, fine pitches."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from itertools import count
from threading import Lock
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from motes.audio.resample import resample_blocks
from motes.audio.source import ArraySource, Source
from motes.encoders.siam.ends import Course, course_of, joined_courses, with_ends
from motes.encoders.siam.layout import WHOLE
from motes.encoders.siam.network import Maps, Network, silence
from motes.encoders.siam.peaks import (
    NEIGHBOURS,
    RELATED,
    Candidates,
    Detections,
    Thresholds,
    band_peaks,
    joined,
    key_peaks,
    levels_db_of,
    starts,
    surest,
)
from motes.encoders.siam.pitch import with_fine_pitch
from motes.encoders.siam.reading import (
    FEATURE_FRAMES,
    LONG_FRAMES,
    N_BAND_FEATURES,
    N_KEY_FEATURES,
    SOUNDING_FRAMES,
    band_features,
    key_features,
    sounding_features,
)
from motes.encoders.siam.spectra import HOP, N_FFTS, SAMPLE_RATE_HZ, Floats, levels_db, n_frames
from motes.encoders.siam.weights import Weights, shipped_weights
from motes.encoders.threads import ThreadPool
from motes.errors import ParameterError

# Frames of a window; the grid is a part of what the events are, so it is no option.
WINDOW_FRAMES = 256
MODEL = "siam-2"
# Where what is known when all has been looked at stands in `reading.key_features`.
FIRST_SOUNDING_COLUMN = N_KEY_FEATURES - len(SOUNDING_FRAMES)
LENGTH_COLUMN = FIRST_SOUNDING_COLUMN - 2


class Window(NamedTuple):
    """What is kept of a window: peaks over keys and bands, what the numbers of each are read off (see `reading`, but
    for lengths, which are not known yet), and the course of the keys in its frames.
    """

    keys: Candidates
    bands: Candidates
    key_features: Floats
    band_features: Floats
    course: Course


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
        raise ParameterError(
            f"{weights.name} is a network for streams: a recording needs one of the layout {WHOLE.name!r}"
        )
    return Network(weights)


def mono_of(source: Source) -> Floats:
    """The mean of all channels at SAMPLE_RATE_HZ, `(n,)`."""
    mixed = (block.mean(axis=0, keepdims=True, dtype=np.float32) for block in source.blocks())
    blocks = resample_blocks(mixed, 1, source.sample_rate_hz, SAMPLE_RATE_HZ)
    return np.concatenate([np.zeros(0, np.float32), *(block[0] for block in blocks)])


def windows_of(
    mono: Floats, network: Network, n_threads: int = 1, on_part: Callable[[float], None] = lambda _: None
) -> list[Window]:
    """The network over a recording in windows, each on one thread; around the recording there is silence. `on_part` is
    called with the part of the windows that are done, by one thread at a time.
    """
    nothing = network.maps(silence(network.layout.past + network.layout.ahead + 1))
    n, lock, done = n_frames(len(mono)), Lock(), count(1)

    def window(first: int) -> Window:
        made = _window(mono, network, nothing, first, min(WINDOW_FRAMES, n - first))
        with lock:
            on_part(min(1.0, next(done) * WINDOW_FRAMES / n))
        return made

    with ThreadPool(n_threads) as pool:
        return pool.map(window, range(0, n, WINDOW_FRAMES))


def events_of(windows: Sequence[Window], thresholds: Thresholds) -> Detections:
    """Events of the windows of a recording, in their order, with whole pitches."""
    keys, bands = (joined([getattr(window, name) for window in windows]) for name in ("keys", "bands"))
    found = with_ends(starts(keys, bands, thresholds), _course(windows))
    return found if thresholds.events_per_second is None else surest(found, thresholds.events_per_second)


def features_of(windows: Sequence[Window], found: Detections) -> tuple[Floats, Floats]:
    """What the numbers of events are read off: of those with a pitch `(n, N_KEY_FEATURES)`, and of the others
    `(n, N_BAND_FEATURES)`, each in the order of the events.
    """
    nothing = np.zeros((0, N_KEY_FEATURES), np.float32), np.zeros((0, N_BAND_FEATURES), np.float32)
    keys = np.concatenate([nothing[0], *(window.key_features for window in windows)])
    bands = np.concatenate([nothing[1], *(window.band_features for window in windows)])
    pitched = found.candidate[found.is_pitched]
    keys = keys[pitched]
    keys[:, LENGTH_COLUMN] = np.log2((found.end_s - found.onset_s)[found.is_pitched])
    if len(keys):
        seen = joined([window.keys for window in windows]).only(pitched)
        keys[:, FIRST_SOUNDING_COLUMN:] = sounding_features(_course(windows).sounding, seen.frames, seen.places)
    return keys, bands[found.candidate[~found.is_pitched]]


def _course(windows: Sequence[Window]) -> Course:
    return joined_courses([window.course for window in windows])


def _window(mono: Floats, network: Network, nothing: Maps, first: int, n: int) -> Window:
    """The window of frames first … first + n − 1."""
    past, ahead, n_all = network.layout.past, network.layout.ahead, n_frames(len(mono))
    low, high = first - NEIGHBOURS, first + n + max(FEATURE_FRAMES)
    low_in, high_in = low - past, max(high + ahead, first + n + max(LONG_FRAMES))
    if is_silent(mono, low_in, high_in):
        levels = silence(high_in - low_in)
        maps = Maps(*(np.repeat(part, high - low, axis=0) for part in nothing))
    else:
        levels = levels_db(mono, low_in, high_in - low_in)
        maps = network.maps(levels[: high + ahead - low_in])
    inside = maps.only(slice(0, n + 2 * NEIGHBOURS))
    keys, bands = key_peaks(inside, first, RELATED), band_peaks(inside, first)
    # Frames before and after the recording are as the first and the last.
    begin, end = max(low, 0), min(high_in, n_all)
    features, seen = maps.features[begin - low : end - low], levels[begin - low_in : end - low_in]
    rows = (_key_rows(features, seen, keys, begin), _band_rows(seen, bands, begin))
    course = course_of(inside.keys[NEIGHBOURS : NEIGHBOURS + n], levels[first - low_in : first - low_in + n])
    return Window(keys, bands, *rows, course)


def _key_rows(features: Floats, levels: Floats, keys: Candidates, begin: int) -> Floats:
    if not len(keys.frames):
        return np.zeros((0, N_KEY_FEATURES), np.float32)
    ones = np.ones(len(keys.frames), np.float32)
    return key_features(features, levels, keys.frames - begin, keys.places, levels_db_of(keys), ones)


def _band_rows(levels: Floats, bands: Candidates, begin: int) -> Floats:
    if not len(bands.frames):
        return np.zeros((0, N_BAND_FEATURES), np.float32)
    return band_features(levels, bands.frames - begin, bands.places, levels_db_of(bands))


def is_silent(mono: Floats, low: int, high: int) -> bool:
    """Whether the windows of the frames low … high − 1 hold nothing but zeros."""
    reach = max(N_FFTS) // 2
    return not mono[max(low * HOP - reach, 0) : max(high * HOP + reach, 0)].any()
