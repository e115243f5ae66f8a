"""The splat event: one record of all that is known of it."""

from motes.kinds.kind import Kind, Look
from motes.kinds.splat.table import FALL, Splat
from motes.units import NEPERS_60_DB

LOOK = Look(
    "splat",
    "splats",
    light="#b3215f",
    dark="#ff86b4",
    shape="burst",
    aux=("t60_s", "f0_hz"),
    more=("peak_s", "partials", "noise", "backward"),
    ring_t60s=FALL / NEPERS_60_DB,
)
KIND = Kind(Splat, b"P", LOOK)
