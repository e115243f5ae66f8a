"""The texture event: one record of all that is known of it."""

from motes.kinds.kind import Kind
from motes.kinds.texture.table import Texture

KIND = Kind(Texture, b"T")
