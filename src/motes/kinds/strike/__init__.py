"""The strike event: one record of all that is known of it."""

from motes.kinds.strike.table import Strike
from motes.kinds.kind import Kind

KIND = Kind(Strike, b"S")
