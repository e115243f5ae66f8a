"""What a scene leaves of its recording."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from motes.audio import Source
from motes.scene.scene import Scene
from motes.synth.render import render_blocks


def residual_blocks(
    scene: Scene, source: Source, mapped: Callable[..., Iterable[NDArray[np.float32]]] = map
) -> Iterator[NDArray[np.float64]]:
    """Source − render, block after block of the source, `(n_channels, n)`; `mapped`, which is like `map`, may share
    rendering out among threads.
    """
    blocks = render_blocks(scene, mapped=mapped)
    rendered = np.empty((scene.n_channels, 0), np.float32)
    for block in source.blocks():
        while rendered.shape[1] < block.shape[1]:
            rendered = np.concatenate([rendered, next(blocks)], axis=1)
        yield np.subtract(block, rendered[:, : block.shape[1]], dtype=np.float64)
        rendered = rendered[:, block.shape[1] :]


def energy_of(blocks: Iterator[NDArray[np.floating]]) -> float:
    """Sum of squares of all blocks, all channels together."""
    return sum(float(np.sum(np.square(block, dtype=np.float64))) for block in blocks)
