"""Strikes of a scene to audio, any stretch of it: what strikes before the stretch have left in the modes has a
closed form.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motes.events.instrument import Instrument, Reals
from motes.kinds.renderer import EventRenderer, SceneContext
from motes.kinds.strike.kernel import Controls, Modes, Strikes, ring
from motes.kinds.strike.table import Strike, in_samples
from motes.settings import check_limit

# A strike that has fallen by this much is over.
SILENT_DB = 200.0
# Patterns are made of so many weights at once; nor is a setting read for fewer modes.
_CELLS_AT_ONCE = 1 << 18


class StrikeRenderer(EventRenderer):
    """Struck modes, by `motes.kinds.strike.kernel`: one voice for each instrument and frequency ratio."""

    def __init__(self, events: Strike, context: SceneContext) -> None:
        strikes = events.take(events.amplitude > 0)
        kinds = np.stack([strikes.instrument_id, strikes.frequency_ratio]) if len(strikes) else np.empty((2, 0))
        self._voices = []
        for instrument_id, ratio in np.unique(kinds, axis=1).T:
            part = strikes.take((strikes.instrument_id == instrument_id) & (strikes.frequency_ratio == ratio))
            self._voices.append(_Voice(context.instruments[int(instrument_id)], float(ratio), part))

    def add(self, audio: Reals, first: int, n_samples: int) -> None:
        """Add the events of a stretch; as `EventRenderer`."""
        for voice in self._voices:
            voice.add(audio[:, :n_samples], first)


class _Voice:
    """All strikes of one instrument at one frequency ratio, on the modes that they use."""

    def __init__(self, instrument: Instrument, ratio: float, strikes: Strike) -> None:
        rate = instrument.sample_rate_hz
        order = np.argsort(strikes.time_s, kind="stable")
        strikes = strikes.take(order)
        self._at, self._turn, self._amplitude = (
            in_samples(strikes.time_s, rate),
            strikes.turn_s * rate,
            strikes.amplitude.copy(),
        )
        starts, modes, value, self._control = _patterns(instrument, ratio, strikes)
        self._over = self._at + instrument.ring_s(SILENT_DB)[strikes.control] * rate
        used, mode = np.unique(modes, return_inverse=True)
        poles, mixing = instrument.rate(ratio)[:, used], instrument.mixing_in_band(ratio)[:, :, used]
        self._modes = Modes(np.ascontiguousarray(poles), np.ascontiguousarray(mixing))
        self._controls = Controls(starts, mode.reshape(-1).astype(np.int64), value)
        whole = (strikes.low_hz <= 0) & (strikes.high_hz >= ratio * rate / 2)
        self._direct, self._direct_gain = (
            instrument.direct,
            instrument.direct_gain[strikes.control] * whole * strikes.amplitude,
        )

    def add(self, audio: Reals, first: int) -> None:
        n_samples = audio.shape[1]
        ringing = np.flatnonzero((self._at <= first + n_samples - 1) & (self._over > first))
        if len(ringing) and n_samples:
            at, turn, amplitude = self._at[ringing] - first, self._turn[ringing], self._amplitude[ringing]
            strikes = Strikes(at, turn, amplitude, self._control[ringing])
            ring(audio, np.zeros((2, self._modes.poles.shape[1])), self._modes, strikes, self._controls)
        for i in np.flatnonzero(self._direct_gain) if self._direct.shape[1] else ():
            add_at(audio, int(np.ceil(self._at[i])) - first, self._direct_gain[i] * self._direct)


def _patterns(
    instrument: Instrument, ratio: float, strikes: Strike
) -> tuple[NDArray[np.int64], NDArray[np.int64], Reals, NDArray[np.int64]]:
    """The different patterns that strikes inject, controls without modes out of band: where each starts
    `(n_patterns + 1,)`, modes, Re and Im of the weights `(2, n)`; and which of the patterns each strike injects.
    """
    key = np.stack([strikes.control.astype(np.float64), strikes.low_hz, strikes.high_hz])
    unique, number = np.unique(key, axis=1, return_inverse=True)
    hz, total = instrument.frequency_hz * ratio, 0
    counts, modes, values = [np.zeros(1, np.int64)], [np.empty(0, np.int64)], [np.empty((2, 0))]
    step = max(1, _CELLS_AT_ONCE // max(1, len(hz)))
    for first in range(0, unique.shape[1], step):
        control, low, high = unique[:, first : first + step]
        weights = instrument.weights[control.astype(np.int64)] * ((hz >= low[:, None]) & (hz <= high[:, None]))
        pattern, mode = np.nonzero(weights)
        found = weights[pattern, mode]
        counts.append(np.bincount(pattern, minlength=len(control)))
        modes.append(mode)
        values.append(np.stack([found.real, found.imag]))
        total += len(mode)
        if total > _CELLS_AT_ONCE:
            check_limit("motes_max_strike_modes", total, f"strikes of one instrument excite {total} modes")
    starts = np.cumsum(np.concatenate(counts)).astype(np.int64)
    value = np.ascontiguousarray(np.concatenate(values, axis=1))
    return starts, np.concatenate(modes), value, np.ascontiguousarray(number.reshape(-1).astype(np.int64))


def add_at(audio: Reals, place: int, sound: Reals) -> None:
    """Add a sound that begins at sample `place` of `audio`, both `(n_channels, n)`: what of it falls into the audio."""
    first, last = max(0, place), min(audio.shape[1], place + sound.shape[1])
    if first < last:
        audio[:, first:last] += sound[:, first - place : last - place]


RENDERER = StrikeRenderer
