"""Texture events to audio by overlap-add, many frames at a time."""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from motes.kernels.bands import Bands, bands_of, spread_over_bins, sum_in_bands
from motes.kernels.noise import white
from motes.kinds.renderer import EventRenderer, SceneContext
from motes.kinds.texture.table import (
    LOWEST_LEVEL_DB,
    GridPlace,
    Texture,
    band_edges_hz,
    band_weights,
    grid_place,
    hop_samples,
)

FRAMES_AT_ONCE = 256
Array = NDArray[np.float64]


@lru_cache(maxsize=16)
def layout_weights(low_hz: float, high_hz: float, n_bands: int, ratio: float, sample_rate_hz: int) -> Bands:
    """`band_weights` of a layout of bands, kept since nearly all events of a scene share one."""
    return bands_of(band_weights(band_edges_hz(low_hz, high_hz, n_bands) * ratio, sample_rate_hz))


@lru_cache(maxsize=4)
def sine_window(hop: int) -> Array:
    """The window under which frames of two hops are cut out and added up again, `(2 hop,)`."""
    return np.sin(np.pi * (np.arange(2 * hop) + 0.5) / (2 * hop))


def spectra_of(audio: Array, hop: int) -> NDArray[np.complex128]:
    """Spectra of audio `(…, (n + 1) hop)` in frames of two hops, `(…, n, hop + 1)`."""
    import scipy.fft

    frames = np.lib.stride_tricks.sliding_window_view(audio, 2 * hop, axis=-1)[..., ::hop, :]
    return scipy.fft.rfft(frames * sine_window(hop), axis=-1)


def band_power(spectra: NDArray[np.complex128], weights: Bands) -> Array:
    """Mean square of each band in each frame of `spectra_of`, `(…, n, n_bands)`."""
    hop = spectra.shape[-1] - 1
    power = np.square(spectra.real) + np.square(spectra.imag)
    power *= np.where(np.arange(hop + 1) % hop == 0, 1.0, 2.0) / (2 * hop * hop)
    return sum_in_bands(power, weights)


def overlap_add(spectra: NDArray[np.complex128]) -> Array:
    """The inverse of `spectra_of` but for the first and last hop: `(…, n, hop + 1)` to `(…, (n + 1) hop)`."""
    import scipy.fft

    hop = spectra.shape[-1] - 1
    frames = scipy.fft.irfft(spectra, axis=-1) * sine_window(hop)
    audio = np.zeros((*spectra.shape[:-2], spectra.shape[-2] + 1, hop))
    audio[..., :-1, :] += frames[..., :hop]
    audio[..., 1:, :] += frames[..., hop:]
    return audio.reshape(*audio.shape[:-2], -1)


def mixed_noise(
    seed: int, first: int, n_frames: int, hop: int, coherence: Array, weights: Bands
) -> NDArray[np.complex128]:
    """Spectra of the noise of frames first … first + n_frames − 1, `(n_channels, n_frames, hop + 1)`, correlated as
    `coherence` tells.
    """
    n_channels = coherence.shape[1] + 1
    start = first * hop - hop // 2
    spectra = spectra_of(np.stack([white(seed, c, start, (n_frames + 1) * hop) for c in range(n_channels)]), hop)
    for c in range(1, n_channels):
        correlation = coherence[:, c - 1]
        shared, own = spread_over_bins(correlation, weights), spread_over_bins(np.sqrt(1 - correlation**2), weights)
        spectra[c] = shared * spectra[0] + own * spectra[c]
    return spectra


class TextureRenderer(EventRenderer):
    """Renders any stretch of the texture events of a scene."""

    SHARES: ClassVar[bool] = False

    def __init__(self, events: Texture, context: SceneContext) -> None:
        self.events, self.sample_rate_hz = events, context.sample_rate_hz
        sample_rate_hz, self.hop = self.sample_rate_hz, hop_samples(self.sample_rate_hz)
        margin = 2 * self.hop
        self._first = np.floor(events.start_s * sample_rate_hz) - margin
        self._last = np.ceil(events.end_s * sample_rate_hz) + margin
        self._level_start, self._band_start = events.level_start, events.band_start

    def add(self, audio: Array, first: int, n_samples: int) -> None:
        """Add the events of a stretch; as `EventRenderer`."""
        audio = audio[:, :n_samples]
        last = first + audio.shape[1]
        for i in np.flatnonzero((self._first < last) & (self._last > first)):
            self._add_event(audio, first, int(i), grid_place(self.events, int(i), self.sample_rate_hz))

    def _add_event(self, audio: Array, first: int, i: int, place: GridPlace) -> None:
        hop = self.hop
        low, high = first - place.origin, first + audio.shape[1] - place.origin
        if place.backward:
            low, high = 1 - high, 1 - low
        # Frame k reaches from (k − ½) hop to (k + 3/2) hop of the clock.
        begin = max(place.first, int(np.ceil(low / hop - 1.5)))
        end = min(place.last, int(np.ceil(high / hop + 0.5)))
        for at in range(begin, end, FRAMES_AT_ONCE):
            until = min(at + FRAMES_AT_ONCE, end)
            sound = self._frames(i, at, until, place.level_frame[at - place.first : until - place.first])
            sound = -sound if self.events.subtracted[i] else sound
            start = place.origin + at * hop - hop // 2
            if place.backward:
                start = place.origin - (at * hop - hop // 2) - sound.shape[1] + 1
                sound = sound[:, ::-1]
            inside, outside = max(0, first - start), max(0, start - first)
            n = min(sound.shape[1] - inside, audio.shape[1] - outside)
            if n > 0:
                audio[:, outside : outside + n] += sound[:, inside : inside + n]

    def _frames(self, i: int, first: int, last: int, level_frame: NDArray[np.int64]) -> Array:
        events, n_bands = self.events, int(self.events.n_bands[i])
        weights = layout_weights(
            float(events.low_hz[i]),
            float(events.high_hz[i]),
            n_bands,
            float(events.frequency_ratio[i]),
            self.sample_rate_hz,
        )
        coherence = events.coherence[self._band_start[i] : self._band_start[i + 1]]
        noise = mixed_noise(int(events.seed[i]), first, last - first, self.hop, coherence, weights)
        rows = self._level_start[i] + level_frame[:, None] * n_bands + np.arange(n_bands)
        return shaped(noise, np.moveaxis(events.level_db[rows].astype(np.float64), -1, 0), weights)


def shaped(noise: NDArray[np.complex128], level_db: Array, weights: Bands) -> Array:
    """Noise `(n_channels, n, hop + 1)` with each band's power in each frame as `level_db` `(n_channels, n,
    n_bands)` tells, as audio.
    """
    power = np.exp(level_db * (np.log(10.0) / 10)) * (level_db > LOWEST_LEVEL_DB)
    power /= np.maximum(band_power(noise, weights), 1e-12)
    return overlap_add(noise * np.sqrt(spread_over_bins(power, weights)))


RENDERER = TextureRenderer
