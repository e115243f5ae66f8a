"""The splat event: one record of all that is known of it."""

from motes.kinds.kind import Kind
from motes.kinds.splat.table import Splat

KIND = Kind(Splat, b"P")
