"""How a note's partials swell and fade: the envelope of a splat that comes nearest to what was measured.

Splats swell by a gaussian burst, fade exponentially, and may be damped by the cross-fade of their low-pass; places and
lengths are searched on a grid, amplitudes follow by least squares.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfcx

from motes.units import NEPERS_60_DB

Reals = NDArray[np.float64]

# What is searched; all chosen by hand. Bursts in seconds, and for sounds that swell, as parts of the note's length.
ATTACKS_S = (0.0015, 0.004, 0.01, 0.025)
SWELLS = (0.12, 0.2, 0.3, 0.42)
# How long after its onset the burst is strongest, in widths.
LATER = (0.0, 1.0, 1.6, 2.2)
T60_S = np.geomspace(0.08, 12.0, 28)
# When it is damped, as parts of the note's length.
DAMPED = (0.6, 0.8, 1.0, 1.25)
# A damped envelope, or one that swells, has to be nearer than a plain one by this part of the error, and of all energy.
SIMPLER, WORTH = 0.85, 0.01


@dataclass(frozen=True)
class Envelope:
    """A gaussian burst of the standard deviation `width_s`, strongest at `time_s`, that rings for `t60_s`; damped about
    2 `crossfade_s` later, or never.
    """

    time_s: float
    width_s: float
    t60_s: float
    crossfade_s: float = float("inf")

    def at(self, times_s: Reals, smeared_s: float = 0.0) -> Reals:
        """Its values, `(n,)`, as a window of the standard deviation `smeared_s` shows them."""
        since = times_s - self.time_s
        width = float(np.hypot(self.width_s, smeared_s))
        return rung(since, width, NEPERS_60_DB / self.t60_s) * self._passed(since)

    def _passed(self, since: Reals) -> Reals:
        if not np.isfinite(self.crossfade_s):
            return np.ones_like(since)
        return np.asarray(0.5 - 0.5 * np.tanh(0.5 * (since / self.crossfade_s - 2)))


def rung(since: Reals, width: float, decay: float) -> Reals:
    """A gaussian burst convolved with an exponential of `decay` nepers per second, about 1 at most, as
    `motes.kinds.splat.table` defines it.
    """
    u, damped = since / width, decay * width
    argument = (damped - u) / np.sqrt(2)
    late = argument < -5
    bump = np.exp(-0.5 * np.minimum(u * u, 1400)) * erfcx(np.where(late, 0, argument))
    tail = 2 * np.exp(np.clip(damped * (0.5 * damped - u), -700, 50))
    return np.asarray((damped + 1 / np.sqrt(2 * np.pi)) * np.sqrt(np.pi / 2) * np.where(late, tail, bump))


def fitted(measured: Reals, times_s: Reals, onset_s: float, end_s: float, smeared_s: float) -> Envelope:
    """The envelope nearest to `measured`, `(n,)`, of a note that begins and ends about then: struck where that does
    about as well as one that swells, and never damped where that does about as well.
    """
    length = max(0.02, end_s - onset_s)
    bursts = [(w, onset_s + shift) for w in ATTACKS_S for shift in (-0.02, -0.01, 0.0, 0.01, 0.02, 0.035)]
    swells = [(part * length, onset_s + later * part * length) for part, later in product(SWELLS, LATER)]
    fadings = [np.inf, *(0.5 * part * length for part in DAMPED)]
    best, least = (np.inf, Envelope(onset_s, ATTACKS_S[1], 1.0)), WORTH * float(np.sum(measured**2))
    for places, crossfade in product((bursts, swells), fadings):
        found = min(
            (
                _error(Envelope(time, width, float(t60), crossfade), measured, times_s, smeared_s)
                for (width, time), t60 in product(places, T60_S[:: 1 if places is bursts else 4])
            ),
            key=lambda pair: pair[0],
        )
        if found[0] < min(SIMPLER * best[0], best[0] - least) or np.isinf(best[0]):
            best = found
    return best[1]


def decays(measured: Reals, times_s: Reals, envelope: Envelope, smeared_s: float) -> tuple[Reals, Reals]:
    """Of each row of `measured`, `(n_partials, n)`: the amplitude and the 60 dB decay time in seconds with which this
    envelope comes nearest, `(n_partials,)`.
    """
    shapes = np.stack(
        [
            Envelope(envelope.time_s, envelope.width_s, float(t60), envelope.crossfade_s).at(times_s, smeared_s)
            for t60 in T60_S
        ]
    )
    energy = np.maximum(np.sum(shapes**2, axis=1), 1e-30)
    products = measured @ shapes.T
    nearest = np.argmax(np.maximum(products, 0) ** 2 / energy, axis=1)
    rows = np.arange(len(measured))
    return np.maximum(products[rows, nearest], 0) / energy[nearest], T60_S[nearest]


def _error(envelope: Envelope, measured: Reals, times_s: Reals, smeared_s: float) -> tuple[float, Envelope]:
    shape = envelope.at(times_s, smeared_s)
    amplitude = max(0.0, float(measured @ shape)) / max(1e-30, float(shape @ shape))
    return float(np.sum((measured - amplitude * shape) ** 2)), envelope
