"""Copies nobody would take for the original, to show what a measure can be made to believe: a claim that these pass
as well is worthless.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from motes.units import erb_rate, erb_rate_to_hz

Audio = NDArray[np.float64]
N_BANDS = 25
LOWEST_HZ, HIGHEST_HZ = 20.0, 20000.0
VOCODER_WINDOW_S = 0.02
RANDOM_PHASE_WINDOW = 2048


def noise_vocoder(audio: ArrayLike, sample_rate_hz: int, seed: int = 0) -> Audio:
    """White noise given the energies of `audio`, `(n,)` or `(channels, n)`, in 25 ERB-spaced bands every 5 ms.

    It has no pitch at all.

    Shannon, Zeng, Kamath, Wygonski & Ekelid: "Speech recognition with primarily temporal cues", Science 270 (1995).
    """
    window = 4 * max(2, round(VOCODER_WINDOW_S * sample_rate_hz / 4))
    x = np.asarray(audio, dtype=np.float64)
    spectra, noise = _spectra(x, window), _spectra(np.random.default_rng(seed).standard_normal(x.shape), window)
    edges = np.searchsorted(np.fft.rfftfreq(window, 1 / sample_rate_hz), _band_edges_hz())
    edges[0], edges[-1] = 0, spectra.shape[-1]
    for low, high in pairwise(edges.tolist()):
        wanted, there = (np.sum(np.abs(s[..., low:high]) ** 2, axis=-1, keepdims=True) for s in (spectra, noise))
        noise[..., low:high] *= np.sqrt(wanted / np.maximum(there, 1e-30))
    return _with_energy_of(x, _signal(noise, window, x.shape[-1]))


def random_phase(audio: ArrayLike, sample_rate_hz: int, seed: int = 0) -> Audio:
    """`audio` with the magnitudes of its short-time spectra (2048 samples, hop 512) and random phases."""
    x = np.asarray(audio, dtype=np.float64)
    spectra = _spectra(x, RANDOM_PHASE_WINDOW)
    turned = np.abs(spectra) * np.exp(2j * np.pi * np.random.default_rng(seed).random(spectra.shape))
    return _with_energy_of(x, _signal(turned, RANDOM_PHASE_WINDOW, x.shape[-1]))


CONTROLS = (noise_vocoder, random_phase)


def _band_edges_hz() -> Audio:
    """Edges of bands equally wide on the ERB-rate scale of Glasberg & Moore (1990)."""
    return erb_rate_to_hz(np.linspace(erb_rate(LOWEST_HZ), erb_rate(HIGHEST_HZ), N_BANDS + 1))


def _spectra(x: Audio, window: int) -> NDArray[np.complex128]:
    """Short-time spectra, Hann, hop of a quarter window: `(…, n_frames, n_bins)`; the first frame ends where the
    signal begins.
    """
    pad = [(0, 0)] * (x.ndim - 1) + [(window, 2 * window)]
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(x, pad), window, axis=-1)[..., :: window // 4, :]
    return np.fft.rfft(frames * _hann(window))


def _signal(spectra: NDArray[np.complex128], window: int, n_samples: int) -> Audio:
    """Frames windowed again, overlapped and added."""
    frames = np.fft.irfft(spectra, window) * _hann(window)
    hop, n_frames = window // 4, spectra.shape[-2]
    out = np.zeros((*spectra.shape[:-2], (n_frames + 3) * hop))
    for part in range(4):
        end = part * hop + n_frames * hop
        out[..., part * hop : end] += frames[..., part * hop : (part + 1) * hop].reshape(*spectra.shape[:-2], -1)
    return out[..., window : window + n_samples]


def _hann(window: int) -> Audio:
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)


def _with_energy_of(x: Audio, y: Audio) -> Audio:
    energy, has = (np.sum(z * z, axis=-1, keepdims=True) for z in (x, y))
    scaled: NDArray[Any] = y * np.sqrt(energy / np.maximum(has, 1e-30))
    return scaled
