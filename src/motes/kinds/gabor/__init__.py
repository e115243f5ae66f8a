"""The gabor event: one record of all that is known of it."""

from motes.kinds.gabor.table import Gabor
from motes.kinds.kind import Kind

KIND = Kind(Gabor, b"G")
