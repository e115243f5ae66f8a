"""Events of a stream, as they happen: each frame is looked at as soon as its samples are there, by a causal network.

Of the delay, half a window is 46 ms, the frames that the network looks ahead 93 ms, those among which an onset has to
be the largest 46 ms, half a frame 12 ms, and resampling up to 42 ms: 239 ms in all at 44.1 kHz.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from motes.audio.checks import check_array, check_sample_rate
from motes.audio.resample import resample_blocks
from motes.encoders.siam.layout import SOUNDING, STREAMING
from motes.encoders.siam.network import Maps, Network, silence
from motes.encoders.siam.peaks import (
    FRAME_S,
    FRAMES_TO_SOUND,
    NEIGHBOURS,
    UNPITCHED_S,
    Thresholds,
    band_peaks,
    key_peaks,
    logit_of,
    starts,
)
from motes.encoders.siam.spectra import HOP, LOWEST_KEY, N_FFTS, SAMPLE_RATE_HZ, Floats, levels_db, n_frames
from motes.encoders.siam.weights import Weights, shipped_weights
from motes.errors import ParameterError

MODEL = "siam-streaming-1"


class Start(NamedTuple):
    """An event has begun: its number, by which its end is known, its onset in seconds, its pitch as a MIDI number (of
    what has no pitch, the middle of its band), its level in dBFS, the probability of its onset, and whether it has a
    pitch.
    """

    number: int
    onset_s: float
    pitch: float
    loudness_db: float
    sureness: float
    is_pitched: bool


class End(NamedTuple):
    """An event has ended: its number, and when, in seconds."""

    number: int
    end_s: float


@dataclass
class _Open:
    """A key that sounds, or has not begun to."""

    number: int
    onset_s: float
    frame: int
    has_begun: bool = False


def hear_stream(
    blocks: Iterable[NDArray[np.floating]],
    sample_rate_hz: float,
    thresholds: Thresholds | None = None,
    weights: Weights | None = None,
) -> Iterator[Start | End]:
    """Events of a stream of blocks, each `(n,)` or `(channels, n)` of any size, mixed to mono.

    Every start is followed by one end of its number, at the latest where the stream ends; starts come within 250 ms
    of the sound, ends a frame of 23 ms sooner. What is yielded does not depend on how the stream is cut into blocks.
    With `events_per_second`, so many starts of each second are yielded, the first ones.
    """
    weights = shipped_weights(MODEL) if weights is None else weights
    if weights.layout != STREAMING:
        raise ParameterError(f"{weights.name} is no network for streams: it has the layout {weights.layout.name!r}")
    rate = check_sample_rate(sample_rate_hz)
    quality = "HQ" if rate > SAMPLE_RATE_HZ else "LQ"
    mono = resample_blocks(_mixed(blocks), 1, rate, SAMPLE_RATE_HZ, quality)
    listener = _Listener(thresholds or Thresholds())
    for frame, maps in _frames(mono, Network(weights)):
        yield from listener.frame(frame, maps)
    yield from listener.close()


def _mixed(blocks: Iterable[NDArray[np.floating]]) -> Iterator[Floats]:
    for block in blocks:
        audio, scale = check_array(block)
        if not np.isfinite(audio).all():
            raise ParameterError("a block of the stream holds numbers that are not finite")
        if audio.shape[1]:
            yield (audio.astype(np.float32) * np.float32(scale)).mean(axis=0, keepdims=True, dtype=np.float32)


def _frames(mono: Iterable[Floats], network: Network) -> Iterator[tuple[int, Maps]]:
    """Frames from the first on, each with the maps of itself and NEIGHBOURS on either side."""
    layout = network.layout
    reach, spectra = N_FFTS[max(layout.spectra)] // 2, layout.spectra
    levels = silence(layout.past + 1 + layout.ahead)
    nothing = network.maps(levels)
    near = deque([nothing] * (2 * NEIGHBOURS + 1), 2 * NEIGHBOURS + 1)
    samples, first_sample, n_samples, frame = np.zeros(0, np.float32), 0, 0, 0
    behind = layout.ahead + NEIGHBOURS

    def looked_at(row: Floats) -> Iterator[tuple[int, Maps]]:
        levels[:-1] = levels[1:]
        levels[-1] = row
        near.append(network.maps(levels))
        if frame >= behind:
            yield frame - behind, Maps(*(np.concatenate(parts) for parts in zip(*near, strict=True)))

    for block in mono:
        samples, n_samples = np.concatenate([samples, block[0]]), n_samples + block.shape[1]
        while frame * HOP + reach <= n_samples:
            yield from looked_at(levels_db(samples, frame - first_sample // HOP, 1, spectra)[0])
            frame += 1
        drop = max((frame * HOP - reach - first_sample) // HOP, 0) * HOP
        samples, first_sample = samples[drop:], first_sample + drop
    n = n_frames(n_samples)
    while frame < n + behind:
        yield from looked_at(levels_db(samples, frame - first_sample // HOP, 1, spectra)[0])
        frame += 1


class _Listener:
    """What sounds, frame by frame."""

    def __init__(self, thresholds: Thresholds) -> None:
        self.thresholds, self.open, self.number, self.n_frames = thresholds, dict[int, _Open](), 0, 0
        self.high, self.low = logit_of(thresholds.sounding), logit_of(thresholds.silent)
        self.second, self.n_in_second = 0, 0

    def frame(self, frame: int, maps: Maps) -> Iterator[Start | End]:
        """Ends and starts of one frame, in the middle of the maps."""
        self.n_frames = frame + 1
        sounding = maps.keys[NEIGHBOURS, :, SOUNDING]
        for key in sorted(self.open):
            each = self.open[key]
            each.has_begun |= bool(sounding[key] >= self.high)
            waited = frame - each.frame >= FRAMES_TO_SOUND
            if (each.has_begun and sounding[key] < self.low) or (waited and not each.has_begun):
                yield self._end(key, (frame if each.has_begun else each.frame + 1) * FRAME_S)
        yield from self._starts(frame, maps)

    def close(self) -> Iterator[End]:
        """Ends of all that sounds yet."""
        for key in sorted(self.open):
            yield self._end(key, self.n_frames * FRAME_S)

    def _starts(self, frame: int, maps: Maps) -> Iterator[Start | End]:
        keys, bands = key_peaks(maps, frame), band_peaks(maps, frame)
        if not len(keys.frames) and not len(bands.frames):
            return
        found = starts(keys, bands, self.thresholds)
        for onset_s, _, pitch, level, sureness, is_pitched, _ in zip(*found, strict=True):
            if self._is_full(onset_s):
                continue
            key = int(pitch) - LOWEST_KEY
            if is_pitched and key in self.open:
                yield self._end(key, onset_s)
            self.number += 1
            yield Start(self.number, float(onset_s), float(pitch), float(level), float(sureness), bool(is_pitched))
            if is_pitched:
                self.open[key] = _Open(self.number, float(onset_s), frame)
            else:
                yield End(self.number, float(onset_s) + UNPITCHED_S)

    def _is_full(self, onset_s: float) -> bool:
        """Whether the second of an onset holds as many events as it may."""
        most = self.thresholds.events_per_second
        if int(onset_s) > self.second:
            self.second, self.n_in_second = int(onset_s), 0
        self.n_in_second += 1
        return most is not None and self.n_in_second > most

    def _end(self, key: int, end_s: float) -> End:
        each = self.open.pop(key)
        return End(each.number, max(float(end_s), each.onset_s))
