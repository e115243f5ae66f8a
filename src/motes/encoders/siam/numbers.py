"""The sixteen numbers of detected events, by two small networks; their weights ship beside the large one's."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from motes.encoders.siam.peaks import Detections
from motes.encoders.siam.reading import N_BAND_FEATURES, N_HIDDEN, N_KEY_FEATURES, N_NUMBERS, Floats, dense
from motes.encoders.siam.weights import MODELS, read_arrays
from motes.errors import FormatError
from motes.scene.notes import NOTE_PART

SHIPPED = "siam-2-numbers"
# Of an event: how long it may be, in seconds, and how far its pitch may lie from that of its key.
SHORTEST_S, LONGEST_S = 0.02, 30.0
FARTHEST_SEMITONES = 0.6


class Readers:
    """Features of events to their numbers."""

    N_FEATURES: ClassVar[dict[str, int]] = {"keys": N_KEY_FEATURES, "bands": N_BAND_FEATURES}

    def __init__(self, arrays: dict[str, Floats]) -> None:
        """FormatError for arrays of other names or shapes."""
        wanted: dict[str, tuple[int, ...]] = {}
        for name, n in self.N_FEATURES.items():
            sizes = (n, N_HIDDEN, N_HIDDEN, N_NUMBERS)
            for i in range(3):
                wanted |= {f"{name}.{i}.weight": (sizes[i + 1], sizes[i]), f"{name}.{i}.bias": (sizes[i + 1],)}
        if wanted != {name: array.shape for name, array in arrays.items()}:
            raise FormatError("these are not the weights of what reads the numbers of events: other names or shapes")
        self.arrays = arrays

    @classmethod
    def read(cls, path: str | Path) -> Readers:
        """Those in a file; FormatError where there are none in it."""
        return cls(read_arrays(Path(path))[0])

    @classmethod
    def shipped(cls) -> Readers:
        """Those that are part of the package."""
        return _shipped()

    def numbers(self, name: str, features: Floats) -> Floats:
        """Of `keys` or `bands`: `(n, n_features)` to `(n, N_NUMBERS)`; each row by itself, summed in order."""
        x = features
        for i in range(3):
            x = dense(np.maximum(x, 0) if i else x, self.arrays[f"{name}.{i}.weight"], self.arrays[f"{name}.{i}.bias"])
        return x

    def numbers_of(self, found: Detections, key_features: Floats, band_features: Floats) -> NDArray[np.float64]:
        """The numbers of events by their features, `(n, N_NUMBERS)` within what they can be; of those with a pitch the
        length is that which was found.
        """
        out = np.zeros((len(found.onset_s), N_NUMBERS))
        out[found.is_pitched] = self.numbers("keys", key_features)
        out[~found.is_pitched] = self.numbers("bands", band_features)
        pitch = np.where(found.is_pitched, found.pitch, out[:, 0])
        out[:, 0] = np.clip(out[:, 0], pitch - FARTHEST_SEMITONES, pitch + FARTHEST_SEMITONES)
        out[:, 6] = np.clip(out[:, 6], 0.0, 1.0)
        lengths = np.log2([SHORTEST_S, LONGEST_S])
        length_s = np.maximum(found.end_s - found.onset_s, SHORTEST_S) / NOTE_PART
        out[:, 2] = np.clip(np.where(found.is_pitched, np.log2(length_s), out[:, 2]), *lengths)
        out[:, 7:16] = np.clip(out[:, 7:16], -6.0, 6.0)
        return out


@cache
def _shipped() -> Readers:
    return Readers.read(MODELS / f"{SHIPPED}.safetensors")
