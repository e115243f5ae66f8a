"""The splat event: one record of all that is known of it."""

from motes.kinds.splat.table import Splat
from motes.kinds.kind import Kind

KIND = Kind(Splat, b"P")
