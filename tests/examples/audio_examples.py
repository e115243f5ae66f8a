"""Made audio, and a source read to its end."""

from __future__ import annotations

import numpy as np


def sound(n_samples: int, n_channels: int = 1, seed: int = 0) -> np.ndarray:
    return (np.random.default_rng(seed).standard_normal((n_channels, n_samples)) * 0.1).astype(np.float32)


def whole(source) -> np.ndarray:
    blocks = list(source.blocks())
    for block in blocks:
        assert block.dtype == np.float32
        assert block.flags.c_contiguous
        assert block.shape[0] == source.n_channels
        assert block.shape[1] >= 1
    joined = np.concatenate([np.zeros((source.n_channels, 0), np.float32), *blocks], axis=1)
    assert joined.shape[1] == source.n_samples
    return joined
