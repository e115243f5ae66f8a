"""The texture event: one record of all that is known of it."""

from motes.kinds.kind import Kind, Look
from motes.kinds.texture.table import Texture

LOOK = Look(
    "texture", "textures", light="#007a55", dark="#43d3a0", picture="#9a6b1f", shape="image", aux=("n_bands", "frame_s")
)
KIND = Kind(Texture, b"T", LOOK)
