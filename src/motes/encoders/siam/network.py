"""The network, computed without PyTorch: levels of frames in, maps over frames × keys and frames × bands out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from motes.encoders.siam.layout import HARMONIC_BINS, N_BANDS, N_STEM_BINS
from motes.encoders.siam.spectra import (
    BINS_PER_KEY,
    FLOOR_DB,
    MIDDLE_DB,
    N_BINS,
    N_FFTS,
    N_KEYS,
    SCALE_DB,
    Floats,
    scaled,
)
from motes.encoders.siam.weights import Weights
from motes.kernels.network.convolution import MARGIN, STEM_WIDTH, add_layer, add_stem, layer_terms, stem_terms
from motes.kernels.network.layers import add_context, convolve_frames, read_keys, rectify

KEY_TAPS = (-2, -1, 0, 1, 2)
SILENCE = (FLOOR_DB - MIDDLE_DB) / SCALE_DB
# Zeros beyond the lowest and the highest bin that a key's place in a shifted spectrum has.
_EDGE = (N_STEM_BINS - BINS_PER_KEY) // 2


class Maps(NamedTuple):
    """Of each frame and key the outputs of `layout` `(n_frames, N_KEYS, n_key_outputs)`, of each frame and band onset,
    time within the frame and level `(n_frames, N_BANDS, 3)`, and the features that they were read off
    `(n_frames, N_KEYS, channels)`.
    """

    keys: Floats
    bands: Floats
    features: Floats

    def only(self, part: slice) -> Maps:
        """Some of the frames."""
        return Maps(self.keys[part], self.bands[part], self.features[part])


class Network:
    """A network with its weights; many threads may call it at once."""

    def __init__(self, weights: Weights) -> None:
        self.layout, self.arrays = weights.layout, weights.arrays
        self._stem = stem_terms(self.layout.stem_frames, self.layout.n_inputs)
        self._layers = [
            layer_terms(frames, tuple(key * over_keys for key in KEY_TAPS), self.layout.channels)
            for frames, over_keys in self.layout.layers
        ]

    def maps(self, levels_db: Floats) -> Maps:
        """Maps of the frames of `(n_frames, len(N_FFTS), N_BINS)` but for the first `layout.past` and the last
        `layout.ahead`, which are all that those depend on.
        """
        layout, arrays = self.layout, self.arrays
        n = len(levels_db)
        first, last = _narrowed(0, n, layout.stem_frames)
        x = np.empty((n, N_KEYS, layout.channels), np.float32)
        x[:] = arrays["stem.bias"]
        add_stem(_stacked(levels_db[:, list(layout.spectra)]), 0, self._stem, arrays["stem.weight"], x, first, last)
        rectified = np.zeros((n, N_KEYS + 2 * MARGIN, layout.channels), np.float32)
        none = np.zeros(layout.channels, np.float32)
        bias, context = none, 0
        for i, (frames, _) in enumerate(layout.layers):
            rectify(x, bias, rectified, first, last)
            first, last = _narrowed(first, last, frames)
            add_layer(rectified, self._layers[i], arrays[f"layers.{i}.weight"], x, first, last)
            bias = arrays[f"layers.{i}.bias"]
            if i in layout.context_after:
                dense = arrays[f"contexts.{context}.weight"], arrays[f"contexts.{context}.bias"]
                add_context(x, bias, *dense, first, last)
                bias, context = none, context + 1
        return self._heads(x, bias, first, last)

    def _heads(self, x: Floats, bias: Floats, first: int, last: int) -> Maps:
        arrays, frames = self.arrays, np.array(self.layout.head_frames, np.int64)
        keys = np.empty((len(x), N_KEYS, self.layout.n_key_outputs), np.float32)
        pooled = np.empty((len(x), self.layout.channels, N_BANDS), np.float32)
        norm = np.stack([arrays["norm.scale"], bias * arrays["norm.scale"] + arrays["norm.shift"]])
        read_keys(x, norm, arrays["keys.weight"], arrays["keys.bias"], keys, pooled, first, last)
        values = pooled.reshape(len(x), -1)
        for i in range(2):
            bias = arrays[f"bands.{i}.bias"]
            out = np.empty((len(x), len(bias)), np.float32)
            first, last = _narrowed(first, last, self.layout.head_frames)
            convolve_frames(values, frames, arrays[f"bands.{i}.weight"], bias, out, first, last)
            values = np.maximum(out, 0) if i == 0 else out
        bands = values.reshape(len(x), 3, N_BANDS).transpose(0, 2, 1)
        return Maps(keys, bands, x).only(slice(first, last))


def silence(n_frames: int) -> Floats:
    """Levels of frames without sound."""
    return np.full((n_frames, len(N_FFTS), N_BINS), FLOOR_DB, np.float32)


def _narrowed(first: int, last: int, taps: tuple[int, ...]) -> tuple[int, int]:
    return first - min(taps), last - max(taps)


def _stacked(levels_db: NDArray[np.float32]) -> Floats:
    """Scaled levels shifted by each harmonic: `(frames, spectra, N_BINS)` to `(frames, inputs, STEM_WIDTH)`."""
    n, n_spectra = levels_db.shape[:2]
    wide = N_KEYS * BINS_PER_KEY
    out = np.zeros((n, n_spectra, len(HARMONIC_BINS), STEM_WIDTH), np.float32)
    levels = scaled(levels_db)
    for i, bins in enumerate(HARMONIC_BINS):
        place = out[:, :, i, _EDGE : _EDGE + wide]
        place[:] = SILENCE
        low, high = max(bins, 0), min(bins + wide, N_BINS)
        place[:, :, low - bins : high - bins] = levels[:, :, low:high]
    return out.reshape(n, n_spectra * len(HARMONIC_BINS), STEM_WIDTH)
