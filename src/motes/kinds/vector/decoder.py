"""Learned decoders: sixteen numbers ▶ the parameters of splats, in NumPy and in a fixed order of sums.

A released decoder stays for ever, by its id and digest, so that files of its time sound as they did.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np

from motes.errors import ParameterError
from motes.events.event_table import Array, Ints
from motes.kinds.splat.table import LEAST_SHAPE, Splat
from motes.kinds.vector.table import NUMBERS, Vector
from motes.units import HIGHEST_HZ, NEPERS_60_DB

# The decoders of this release by id: the SHA-256 of each file.
RELEASED = {"placeholder": hashlib.sha256(b"motes placeholder decoder 1").hexdigest()}
# With which encoders of this release write.
CURRENT = "placeholder"


@dataclass(frozen=True, eq=False)
class Prior:
    """What vectors are like: normal, with this mean `(16,)` and covariance `(16, 16)`, in the order of NUMBERS."""

    mean: Array
    covariance: Array


class Decoder:
    """One released decoder."""

    # Splats that one vector becomes, at most.
    MOST: ClassVar[int] = 1

    def __init__(self, model_id: str, digest: str, prior: Prior) -> None:
        self.id, self.digest, self.prior = model_id, digest, prior

    @classmethod
    def named(cls, model_id: str) -> Decoder:
        """The decoder of this id; ParameterError where this release has none."""
        return _named(model_id)

    def splats(self, vectors: Vector) -> tuple[Splat, Ints]:
        """The splats of these vectors, and of which vector each is, `(n_splats,)`.

        Only `time_s` and the sixteen numbers count: forward, of one channel, at 0 dB. `motes.kinds.vector.decoding`
        does the rest. The splats of a vector are the same to the bit whichever vectors stand beside it.
        """
        hz = np.minimum(440 * 2 ** ((vectors.pitch_semitones - 69) / 12), HIGHEST_HZ / 2)
        length, t60, attack = (2.0 ** vectors.column(name) for name in ("log2_length_s", "log2_t60_s", "log2_attack_s"))
        width = np.clip(0.25 * length, 2e-5, 500.0)
        rise = np.maximum(attack / width, 0.06)  # of a gamma: from onset to peak over the deviation, √shape − 1/√shape
        shape = np.clip((0.5 * (rise + np.sqrt(rise**2 + 4))) ** 2, LEAST_SHAPE, 1e3)
        peak_s = (shape - 1) * width / np.sqrt(shape)
        centre = np.clip(hz * 2**vectors.brightness_octaves, 1e-2, HIGHEST_HZ)
        width_octaves = 0.5 + 0.5 * np.abs(vectors.brightness_octaves)
        lasts = np.sqrt(np.pi) * width + np.clip(t60, 1e-5, 1e4) / (2 * NEPERS_60_DB)
        level = vectors.loudness_db - 10 * np.log10(self._power(hz, centre, width_octaves, vectors.noise))
        level -= 10 * np.log10(np.minimum(lasts / 0.05, 1.0))
        return Splat(
            time_s=vectors.time_s + peak_s,
            width_s=width,
            f0_hz=np.maximum(hz, 1e-2),
            centre_hz=centre,
            width_octaves=width_octaves,
            t60_s=np.clip(t60, 1e-5, 1e4),
            gain_db=np.clip(level, -199.0, 400.0)[:, None],
            shape=shape,
            noise=vectors.noise,
        ), np.arange(len(vectors))

    @staticmethod
    def _power(hz: Array, centre: Array, width_octaves: Array, noise: Array) -> Array:
        """Mean square where the envelope is 1: of all partials, and of the noise."""
        power = np.zeros(len(hz))
        for k in range(1, 33):
            power += 0.5 * np.exp(-((np.log2(hz * k / centre) / width_octaves) ** 2))
        return np.maximum((1 - noise) ** 2 * power + noise**2, 1e-6)


@lru_cache
def _named(model_id: str) -> Decoder:
    digest = RELEASED.get(model_id)
    if digest is None:
        raise ParameterError(f"this release has no model {model_id!r}, only {', '.join(RELEASED)}")
    mean = np.array([60.0, -25.0, -1.0, -0.5, -5.0, 1.0, 0.1, *np.zeros(9)])
    deviation = np.array([12.0, 8.0, 0.8, 1.0, 1.2, 0.7, 0.1, *np.ones(9)])
    assert len(mean) == len(NUMBERS)
    return Decoder(model_id, digest, Prior(mean, np.diag(deviation**2)))
