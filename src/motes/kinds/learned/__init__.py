"""The learned event: one record of all that is known of it."""

from motes.kinds.kind import Kind, Look
from motes.kinds.learned.table import Learned

LOOK = Look(
    "learned waveform",
    "learned waveforms",
    light="#a0522d",
    dark="#e8a87c",
    shape="lane",
    aux=("waveform", "frequency_ratio"),
    lane="waveform",
)
KIND = Kind(Learned, b"L", LOOK, since=2)
