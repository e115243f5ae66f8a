"""The gabor event: one record of all that is known of it."""

from motes.kinds.gabor.table import Gabor
from motes.kinds.kind import Kind, Look

LOOK = Look("atom", "atoms", light="#c25700", dark="#ffa552", aux=("window_s", ""), has_partials=True)
KIND = Kind(Gabor, b"G", LOOK)
