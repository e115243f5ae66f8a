"""The detail event: one record of all that is known of it."""

from motes.kinds.detail.table import Detail
from motes.kinds.kind import Kind, Look

LOOK = Look(
    "detail", "details", light="#8a5a00", dark="#e0b35c", picture="#8a5a00", shape="image", aux=("n_frames", "n_bands")
)
KIND = Kind(Detail, b"D", LOOK, since=2, is_upper=True)
