"""Learned decoders: sixteen numbers ▶ splats, in NumPy and in a fixed order of sums.

A released decoder stays for ever, by its id, so that files of its time sound as they did.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from motes.errors import ParameterError
from motes.events.event_table import Array, Ints
from motes.kinds.splat.table import Splat
from motes.kinds.vector.structure import N_GROUPS, N_NOISE, N_SINGLE, NOISE_SHAPES, SHAPE, Structure, structure
from motes.kinds.vector.weights import Weights, mlp, weights_of
from motes.units import NEPERS_60_DB, SILENCE_DB

# The decoders of this release by id: the SHA-256 of each file of weights.
RELEASED = {"notes-1": "5075fcaf7bdb704ba8a9bf781449415215090a33e31688bd3d17349779de3811"}
# With which encoders of this release write.
CURRENT = "notes-1"
# Splats of this much less energy than the strongest of their vector are left out.
AUDIBLE_DB = 40.0
# Above this the training has seen nothing.
HIGHEST_KNOWN_HZ = 11025.0
# Of a sinusoid's amplitude above its RMS, in which noise is measured.
RMS_DB = 10 * np.log10(2.0)
# Of what does not ring.
SHORTEST_S = 1e-5
# Of the scale of a gamma that hardly rings: where it did not at all, fast renders would miss its onset.
RINGS_FOR = 0.5
# A splat of one partial alone.
FLAT_OCTAVES = 1e3
# Partials start apart: their phases are multiples of the golden ratio's turn.
GOLDEN_TURN = 2 * np.pi * 0.6180339887498949
FIELDS = (
    *("time_s", "width_s", "f0_hz", "centre_hz", "width_octaves", "t60_s", "gain_db", "shape", "phase_rad"),
    *("inharmonicity", "tremolo", "modulation_hz", "modulation_rad", "noise", "n_partials", "low_hz", "high_hz"),
    "backward",
)


@dataclass(frozen=True, eq=False)
class Prior:
    """What vectors are like: normal, with this mean `(16,)` and covariance `(16, 16)`."""

    mean: Array
    covariance: Array


class Decoder:
    """One released decoder."""

    # Splats that one vector becomes, at most.
    MOST: ClassVar[int] = 4 * N_GROUPS + N_NOISE

    def __init__(self, model_id: str, weights: Weights) -> None:
        self.id, self.digest, self.weights = model_id, RELEASED[model_id], weights
        self.prior = Prior(weights["prior_mean"], weights["prior_covariance"])

    @classmethod
    def named(cls, model_id: str) -> Decoder:
        """The decoder of this id; ParameterError where this release has none."""
        return _named(model_id)

    def splats(self, numbers: Any, time_s: Any, gain_db: Any) -> tuple[Splat, Ints]:
        """The splats of vectors: sixteen numbers `(n, 16)`, onsets in seconds `(n,)`, gains in dB `(n, n_channels)`;
        and of which vector each splat is, `(n_splats,)`.

        The splats of a vector are the same to the bit whichever vectors stand beside it.
        """
        numbers = np.asarray(numbers, np.float64).reshape(-1, 16)
        onset, gain = np.asarray(time_s, np.float64), np.asarray(gain_db, np.float64)
        if not len(numbers):
            return Splat.empty(gain.shape[1] if gain.ndim == 2 else 1), np.zeros(0, np.int64)
        rows = _rows(self.structure(numbers))
        inside = (rows["noise"] > 0) | (np.maximum(rows["f0_hz"], rows["low_hz"]) < HIGHEST_KNOWN_HZ)
        energy = rows["gain_db"] + 10 * np.log10(rows["width_s"] + rows["t60_s"] / NEPERS_60_DB)
        energy = np.where(inside, energy, -np.inf)
        kept = energy > energy.max(axis=1, keepdims=True) - AUDIBLE_DB
        kept &= inside & (rows["gain_db"] > SILENCE_DB)
        of, _ = np.nonzero(kept)
        columns: dict[str, Any] = {name: rows[name][kept] for name in FIELDS}
        columns["time_s"] = columns["time_s"] + onset[of]
        silent = gain[of] <= SILENCE_DB
        columns["gain_db"] = np.where(
            silent, SILENCE_DB, np.clip(columns["gain_db"][:, None] + gain[of], SILENCE_DB, 400.0)
        )
        for name in ("n_partials", "backward"):
            columns[name] = columns[name].astype(np.int64)
        return Splat(**columns, seed=np.flatnonzero(kept.ravel()) % kept.shape[1]), of

    def structure(self, numbers: Array) -> Structure:
        """The parameters of the splats of sixteen numbers, `(n, 16)`, before they are laid out."""
        normal = np.clip((numbers - self.weights["number_mean"]) / self.weights["number_deviation"], -6.0, 6.0)
        return structure(numbers, mlp(normal, self.weights, "decoder"), np)


@lru_cache
def _named(model_id: str) -> Decoder:
    if model_id not in RELEASED:
        raise ParameterError(f"this release has no model {model_id!r}, only {', '.join(RELEASED)}")
    return Decoder(model_id, weights_of(model_id))


def _rows(made: Structure) -> dict[str, Array]:
    """Columns of the splats, `(n, splats per vector)` each: four parts of every group, then the noises."""
    n = len(made.f0_hz)
    wide = np.ones((n, N_GROUPS))
    hz = np.concatenate([made.f0_hz * made.ratio, made.f0_hz + np.zeros((n, N_GROUPS - N_SINGLE))], axis=1)
    group = {
        "f0_hz": hz,
        "centre_hz": np.concatenate([hz[:, :N_SINGLE], np.clip(made.high[0], 1e-2, 1e7)], axis=1),
        "width_octaves": np.concatenate([wide[:, :N_SINGLE] * FLAT_OCTAVES, made.high[1]], axis=1),
        "inharmonicity": np.concatenate([wide[:, :N_SINGLE] * 0, made.inharmonicity * wide[:, N_SINGLE:]], axis=1),
        "n_partials": wide * np.repeat([1, 32], [N_SINGLE, N_GROUPS - N_SINGLE]),
        "low_hz": np.concatenate([wide[:, :N_SINGLE] * 0, made.f0_hz * (N_SINGLE + 0.5) * wide[:, N_SINGLE:]], axis=1),
    }
    group["high_hz"] = np.maximum(group["low_hz"], HIGHEST_KNOWN_HZ)
    start = np.tile(GOLDEN_TURN * np.arange(1, N_GROUPS + 1) ** 2, (n, 1))
    start[:, N_SINGLE:] = GOLDEN_TURN
    parts = []
    for at, width, shape, t60, gain, swell, backward in _parts(made):
        time_s = at + 0.0 * wide
        phase = (start + 2 * np.pi * np.fmod(hz * time_s, 1.0)) * (-1 if backward else 1)
        part = dict(group, time_s=time_s, width_s=width * wide, t60_s=t60 * wide, gain_db=gain + 0.0 * wide)
        part |= {"shape": shape * wide, "phase_rad": np.fmod(phase, 2 * np.pi), "noise": 0.0 * wide}
        for name, value in zip(("tremolo", "modulation_hz", "modulation_rad"), swell, strict=True):
            part[name] = value * wide
        parts.append(part | {"backward": backward * wide})
    parts.append(_noises(made))
    return {name: np.concatenate([part[name] for part in parts], axis=1) for name in FIELDS}


def _parts(made: Structure) -> Any:
    """The four parts of the groups: time of the peak, standard deviation, shape, t60, gain, tremolo, backward."""
    still = (0.0, 5.0, 0.0)
    for (delay, theta, t60, gain), swell in ((made.fast, still), (made.slow, made.swell)):
        yield delay + theta, theta * SHAPE**0.5, SHAPE, t60, gain, swell, 0
    at, sigma, gain = made.middle
    yield at, sigma, 0.0, SHORTEST_S, gain, still, 0
    at, theta, gain = made.end
    yield at - theta, theta * SHAPE**0.5, SHAPE, RINGS_FOR * theta, gain, still, 1


def _noises(made: Structure) -> dict[str, Array]:
    gain, centre, octaves, at, sigma = made.noise
    wide = np.ones((len(gain), N_NOISE))
    return {
        "time_s": np.concatenate(at, axis=1),
        "width_s": np.concatenate(sigma, axis=1),
        "f0_hz": made.f0_hz * wide,
        "centre_hz": centre,
        "width_octaves": octaves,
        "t60_s": SHORTEST_S * wide,
        "gain_db": gain - RMS_DB,
        "shape": np.array(NOISE_SHAPES) * wide,
        "modulation_hz": 5.0 * wide,
        "noise": wide,
        "n_partials": wide,
        "high_hz": HIGHEST_KNOWN_HZ * wide,
        **dict.fromkeys(("phase_rad", "inharmonicity", "tremolo", "modulation_rad", "low_hz", "backward"), 0.0 * wide),
    }
