"""Texture: what atoms or other events leave of a recording, as noise of its levels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from motes.encoders.texture.options import TextureOptions

if TYPE_CHECKING:
    from motes.audio import Source
    from motes.scene.scene import Scene

__all__ = ["TextureOptions", "add_texture"]


def add_texture(scene: Scene, source: Source, options: TextureOptions | None = None) -> Scene:
    """The scene with texture in place of what it lacks of its recording."""
    from motes.encoders.texture.analysis import add_texture

    return add_texture(scene, source, options)
