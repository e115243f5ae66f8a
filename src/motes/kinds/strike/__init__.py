"""The strike event: one record of all that is known of it."""

from motes.kinds.kind import Kind, Look
from motes.kinds.strike.table import Strike

LOOK = Look(
    "strike",
    "strikes",
    light="#8a3ea0",
    dark="#d69bea",
    shape="lane",
    aux=("control", "frequency_ratio"),
    lane="control",
)
KIND = Kind(Strike, b"S", LOOK)
