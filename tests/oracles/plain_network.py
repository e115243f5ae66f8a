"""The event network by its definition, in float64: the twin of `motes.encoders.siam.network`."""

from __future__ import annotations

import numpy as np

from motes.encoders.siam.layout import HARMONIC_BINS, N_BANDS
from motes.encoders.siam.spectra import BINS_PER_KEY, FLOOR_DB, MIDDLE_DB, N_BINS, N_KEYS, SCALE_DB


def shifted(x, by, axis, fill=0.0):
    """x[i + by] along an axis, and what there is not."""
    index = np.arange(x.shape[axis]) + by
    taken = np.take(x, np.clip(index, 0, x.shape[axis] - 1), axis=axis)
    inside = (index >= 0) & (index < x.shape[axis])
    return np.where(np.expand_dims(inside, [i for i in range(x.ndim) if i != axis]), taken, fill)


def stacked(levels, spectra):
    """`(frames, inputs, 3 · 88)`: levels at the places of each harmonic."""
    scaled = (levels.astype(float) - MIDDLE_DB) / SCALE_DB
    silence = (FLOOR_DB - MIDDLE_DB) / SCALE_DB
    rows = []
    for spectrum in spectra:
        wide = np.pad(scaled[:, spectrum], ((0, 0), (0, 200)), constant_values=silence)
        rows += [shifted(wide, bins, 1, silence)[:, : N_KEYS * BINS_PER_KEY] for bins in HARMONIC_BINS]
    assert scaled.shape[2] == N_BINS
    return np.stack(rows, axis=1)


def maps(levels, layout, arrays):
    """Keys, bands and features of all frames; zeros around them, so that those near the ends differ."""
    arrays = {name: array.astype(float) for name, array in arrays.items()}
    inputs = stacked(levels, layout.spectra)
    n, n_inputs, _ = inputs.shape
    x = np.tile(arrays["stem.bias"], (n, 1, 1))
    for i, frames in enumerate(layout.stem_frames):
        row = shifted(inputs, frames, 0)
        for j in range(9):
            taps = shifted(row, j - 3, 2)[:, :, ::BINS_PER_KEY]
            x += np.einsum("tck,co->tko", taps, arrays["stem.weight"][i * n_inputs : (i + 1) * n_inputs, j])
    contexts = iter(range(len(layout.context_after)))
    for i, (over_frames, over_keys) in enumerate(layout.layers):
        rectified, weights = np.maximum(x, 0), arrays[f"layers.{i}.weight"]
        taps = [(frames, keys * over_keys) for frames in over_frames for keys in (-2, -1, 0, 1, 2)]
        for weight, (frames, keys) in zip(weights, taps, strict=True):
            x = x + shifted(shifted(rectified, frames, 0), keys, 1) @ weight
        x = x + arrays[f"layers.{i}.bias"]
        if i in layout.context_after:
            context = next(contexts)
            common = np.concatenate([x.mean(axis=1), x.max(axis=1)], axis=1)
            dense = common @ arrays[f"contexts.{context}.weight"] + arrays[f"contexts.{context}.bias"]
            x = x + np.tanh(dense)[:, None]
    x = np.maximum(x * arrays["norm.scale"] + arrays["norm.shift"], 0)
    keys = x @ arrays["keys.weight"] + arrays["keys.bias"]
    values = x.reshape(n, N_BANDS, -1, x.shape[2]).mean(axis=2).transpose(0, 2, 1).reshape(n, -1)
    for i in range(2):
        pairs = zip(layout.head_frames, arrays[f"bands.{i}.weight"], strict=True)
        values = arrays[f"bands.{i}.bias"] + sum(shifted(values, frames, 0) @ weight for frames, weight in pairs)
        values = np.maximum(values, 0) if i == 0 else values
    return keys, values.reshape(n, 3, N_BANDS).transpose(0, 2, 1), x
