"""The texture event: one record of all that is known of it."""

from motes.kinds.texture.table import Texture
from motes.kinds.kind import Kind

KIND = Kind(Texture, b"T")
