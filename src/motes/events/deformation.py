"""How an instrument is changed while it is played: damping, brightness, transposition, inharmonicity, the position of
the strike, spread in stereo, and how much goes into a room. The page's player has the same formulas.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from motes.errors import ParameterError
from motes.events.instrument import T60_RANGE_S, Instrument, Reals
from motes.units import require_finite

# Brightness and inharmonicity leave modes of this frequency as they are.
PIVOT_HZ = 1000.0
# Modes are spread over the stereo field by multiples of the golden ratio, so that neighbours lie far apart.
_GOLDEN = (np.sqrt(5) - 1) / 2
_HIGHEST_HZ = 1e6
# The least and the most of each.
LIMITS = {
    "damping": (1e-3, 1e3),
    "brightness": (-60.0, 60.0),
    "transpose": (-120.0, 120.0),
    "inharmonicity": (-0.9, 2.0),
    "position": (0.0, 1.0),
    "spread": (0.0, 1.0),
    "send": (0.0, 1.0),
}


@dataclass(frozen=True)
class Deformation:
    """How an instrument is played; raises ParameterError for a value out of `LIMITS`.

    Decay times are divided by `damping`; `brightness` in dB per octave above 1 kHz; `transpose` in semitones;
    frequencies become f′ = 1 kHz · (f / 1 kHz)^(1 + `inharmonicity`); a strike at `position` 0 … 1 excites a mode of h
    times the control's lowest by cos(π · position · (h − 1)); `spread` 0 … 1 puts modes to the left and the right;
    `send` 0 … 1 of the sound goes into a room.
    """

    damping: float = 1.0
    brightness: float = 0.0
    transpose: float = 0.0
    inharmonicity: float = 0.0
    position: float = 0.0
    spread: float = 0.0
    send: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = require_finite(field.name, getattr(self, field.name))
            low, high = LIMITS[field.name]
            if not low <= value <= high:
                raise ParameterError(f"{field.name} must lie in {low:g} … {high:g}, not {value:g}")

    @property
    def ratio(self) -> float:
        """What `transpose` multiplies frequencies by."""
        return float(2 ** (self.transpose / 12))

    def on(self, other: Deformation) -> Deformation:
        """This on top of another: damping multiplies, everything else adds, within the limits."""
        sums = {
            field.name: float(np.clip(getattr(self, field.name) + getattr(other, field.name), *LIMITS[field.name]))
            for field in fields(self)
            if field.name != "damping"
        }
        return Deformation(float(np.clip(self.damping * other.damping, *LIMITS["damping"])), **sums)

    def of(self, instrument: Instrument) -> Instrument:
        """The instrument played so, all but transposition, which strikes have, and the room.

        ParameterError where `spread` asks for two channels of one: see `Instrument.in_stereo`.
        """
        if self.spread and instrument.n_channels < 2:
            raise ParameterError("spread needs two channels, the instrument has one: instrument.in_stereo() has two")
        if replace(self, transpose=0.0, send=0.0) == NEUTRAL:
            return instrument
        hz = instrument.frequency_hz
        stretched = PIVOT_HZ * (hz / PIVOT_HZ) ** (1 + self.inharmonicity) if self.inharmonicity else hz
        gain = 10 ** (self.brightness * np.log2(np.maximum(hz, 1.0) / PIVOT_HZ) / 20)
        return replace(
            instrument,
            frequency_hz=np.where(hz > 0, np.minimum(stretched, _HIGHEST_HZ), 0.0),
            t60_s=np.clip(instrument.t60_s / self.damping, *T60_RANGE_S),
            weights=instrument.weights * gain * self._comb(instrument) if self.position else instrument.weights * gain,
            mixing=instrument.mixing * self._sides(instrument) if self.spread else instrument.mixing,
        )

    def _comb(self, instrument: Instrument) -> Reals:
        """What a strike at the position injects into each mode, `(n_controls, n_modes)`."""
        root = instrument.root_hz()[:, None]
        harmonic = instrument.frequency_hz / np.where(root > 0, root, 1.0)
        return np.where(root > 0, np.cos(np.pi * self.position * (harmonic - 1)), 1.0)

    def _sides(self, instrument: Instrument) -> Reals:
        """Gains of the modes on the left and the right, and 1 in further channels."""
        place = 2 * ((np.arange(1, instrument.n_modes + 1) * _GOLDEN) % 1) - 1
        angle = np.pi / 4 * (1 + self.spread * place)
        sides = np.ones((instrument.n_channels, instrument.n_modes))
        sides[:2] = np.sqrt(2) * np.stack([np.cos(angle), np.sin(angle)])
        return sides


NEUTRAL = Deformation()
