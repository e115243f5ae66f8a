"""Texture events by their definition: slow, and what faster renderers are tested against."""

from __future__ import annotations

import numpy as np

from motes.events.event_table import Array
from motes.kinds.renderer import SceneContext
from motes.kinds.texture.table import LOWEST_LEVEL_DB, Texture, band_weights, grid_place, hop_samples
from motes.noise import white


def render_texture_oracle(events: Texture, sample_rate_hz: int, n_samples: int, n_channels: int) -> Array:
    """Sum of the events by their definition, `(n_channels, n_samples)` float64: slow, and what faster renderers are
    tested against.

    White noise is cut into frames of two hops under a sine window; in each, every band is scaled to the power that its
    level tells; the frames overlap and add under the same window.
    """
    audio, hop = np.zeros((n_channels, n_samples)), hop_samples(sample_rate_hz)
    window = np.sin(np.pi * (np.arange(2 * hop) + 0.5) / (2 * hop))
    both_sides = np.where(np.arange(hop + 1) % hop == 0, 1.0, 2.0) / (
        2 * hop * hop
    )  # Parseval's, and the window's energy
    for i in range(len(events)):
        place, levels = grid_place(events, i, sample_rate_hz), events.levels(i)
        weights = band_weights(events.band_edges_hz(i), sample_rate_hz)
        correlation = events.coherence[events.band_start[i] : events.band_start[i + 1]]
        for k in range(place.first, place.last):
            start = k * hop - hop // 2
            spectra = [np.fft.rfft(window * white(int(events.seed[i]), c, start, 2 * hop)) for c in range(n_channels)]
            for c in range(n_channels):
                spectrum = spectra[c]
                if c:
                    shared, own = correlation[:, c - 1] @ weights, np.sqrt(1 - correlation[:, c - 1] ** 2) @ weights
                    spectrum = shared * spectra[0] + own * spectra[c]
                noise_power = weights @ (both_sides * np.abs(spectrum) ** 2)
                level_db = levels[place.level_frame[k - place.first], :, c]
                power = np.where(level_db > LOWEST_LEVEL_DB, 10 ** (level_db / 10), 0.0) / np.maximum(
                    noise_power, 1e-12
                )
                frame = window * np.fft.irfft(spectrum * np.sqrt(power @ weights))
                if place.backward:
                    _add(audio[c], frame[::-1], place.origin - start - 2 * hop + 1)
                else:
                    _add(audio[c], frame, place.origin + start)
    return audio


def _add(audio: Array, frame: Array, at: int) -> None:
    first, last = max(0, -at), min(len(frame), len(audio) - at)
    if first < last:
        audio[at + first : at + last] += frame[first:last]


def render(events: Texture, context: SceneContext) -> Array:
    """The events as all of a scene, `(n_channels, n_samples)` float64."""
    return render_texture_oracle(events, context.sample_rate_hz, context.n_samples, context.n_channels)
