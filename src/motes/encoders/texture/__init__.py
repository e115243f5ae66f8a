"""Texture: what atoms or other events leave of a recording, as noise of its levels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from motes.encoders.texture.options import TextureOptions

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

    from motes.audio import Source
    from motes.encoders.threads import Mapped
    from motes.kinds.texture.table import Texture
    from motes.scene.scene import Scene

__all__ = ["TextureOptions", "add_texture", "texture_of"]


def add_texture(scene: Scene, source: Source, options: TextureOptions | None = None, mapped: Mapped = map) -> Scene:
    """The scene with texture in place of what it lacks of its recording; `mapped`, which is like `map`, may share the
    work out among threads.
    """
    from motes.encoders.texture.analysis import add_texture

    return add_texture(scene, source, options, mapped)


def texture_of(
    blocks: Iterable[NDArray[np.floating]],
    n_channels: int,
    sample_rate_hz: int,
    options: TextureOptions,
    mapped: Mapped = map,
) -> Texture:
    """Texture events that sound like a residual in blocks, `(n_channels, any length)`, or of twice as many
    channels with what has been rendered so far below it: noise then brings no more power than this lacks.
    """
    from motes.encoders.texture.analysis import analyse_blocks

    return analyse_blocks(blocks, n_channels, sample_rate_hz, options, mapped)
