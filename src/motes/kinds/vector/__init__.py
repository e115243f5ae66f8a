"""The vector event: one record of all that is known of it."""

from motes.kinds.kind import Kind, Look
from motes.kinds.vector.table import Vector

LOOK = Look("vector", "vectors", light="#0b6e6e", dark="#5fd3cd", shape="line", aux=("pitch_semitones", "loudness_db"))
KIND = Kind(Vector, b"V", LOOK)
