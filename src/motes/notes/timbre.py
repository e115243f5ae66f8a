"""What sounds are like, as points in a space where sounds of one instrument lie near each other.

The levels of a note's harmonics over time, less what is usual at its pitch, level and length, are projected onto the
directions in which instruments differ most beside the notes of one: a linear discriminant analysis [Fisher, 1936]
with within-class covariances of rendered pieces. Hits are projected in the same way from the levels of their bands.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from motes.errors import FormatError

if TYPE_CHECKING:
    from motes.encoders.siam import Described

Reals = NDArray[np.float64]
MODEL = Path(__file__).with_name("models") / "timbre-1.safetensors"
# Of what pitch, level and length say of a note beside its harmonics.
N_ABOUT = 3
SHORTEST_S = 0.03


def embedded(described: Described) -> tuple[Reals, Reals]:
    """Points of the notes with a pitch, and of the hits without, `(n, d)` each, in the order of the events; notes of
    one instrument, or hits of one drum, have about unit variance.
    """
    model, found = _shipped(), described.found
    pitched = found.only(found.is_pitched)
    about = about_notes(pitched.pitch, pitched.loudness_db, pitched.end_s - pitched.onset_s)
    levels = described.harmonics * model["notes.scale"] - usual_of(about) @ model["notes.usual"]
    notes = np.concatenate([levels, about], axis=1) @ model["notes.directions"]
    return notes, described.bands * model["hits.scale"] @ model["hits.directions"]


def about_notes(pitch: Reals, level_db: NDArray[np.floating], length_s: Reals) -> Reals:
    """Octaves from C4, level and length of notes, `(n, N_ABOUT)`."""
    lasting = np.log2(np.maximum(length_s, SHORTEST_S))
    return np.stack([(pitch - 60) / 12, (level_db.astype(np.float64) + 35) / 6, lasting], axis=1)


def usual_of(about: Reals) -> Reals:
    """What the usual levels of a note's harmonics are a linear function of, `(n, 8)`."""
    pitch, level, lasting = about.T
    ones = np.ones_like(pitch)
    return np.stack([ones, pitch, pitch**2, pitch**3, level, lasting, level * pitch, lasting * pitch], axis=1)


@cache
def _shipped() -> dict[str, Reals]:
    from safetensors.numpy import load_file

    arrays = {name: array.astype(np.float64) for name, array in load_file(MODEL).items()}
    wanted = {"notes.scale", "notes.usual", "notes.directions", "hits.scale", "hits.directions"}
    if set(arrays) != wanted:
        raise FormatError(f"{MODEL.name} holds other arrays than {', '.join(sorted(wanted))}")
    return arrays
