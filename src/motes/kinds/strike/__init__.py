"""The strike event: one record of all that is known of it."""

from motes.kinds.kind import Kind
from motes.kinds.strike.table import Strike

KIND = Kind(Strike, b"S")
