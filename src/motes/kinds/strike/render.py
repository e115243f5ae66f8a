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

# A strike that has fallen by this much is over.
SILENT_DB = 200.0


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
        patterns, self._control = _patterns(instrument, ratio, strikes)
        self._over = self._at + instrument.ring_s(SILENT_DB)[strikes.control] * rate
        used = np.flatnonzero(patterns.any(axis=0))
        poles, mixing = instrument.rate(ratio)[:, used], instrument.mixing_in_band(ratio)[:, :, used]
        self._modes = Modes(np.ascontiguousarray(poles), np.ascontiguousarray(mixing))
        pattern, mode = np.nonzero(patterns[:, used])
        value = patterns[:, used][pattern, mode]
        starts = np.searchsorted(pattern, np.arange(len(patterns) + 1)).astype(np.int64)
        weight = np.ascontiguousarray(np.stack([value.real, value.imag]))
        self._controls = Controls(starts, mode.astype(np.int64), weight)
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
) -> tuple[NDArray[np.complex128], NDArray[np.int64]]:
    """The different patterns that strikes inject, `(n_patterns, n_modes)`: controls without modes out of band; and
    which of them each strike does.
    """
    key = np.stack([strikes.control.astype(np.float64), strikes.low_hz, strikes.high_hz])
    unique, number = np.unique(key, axis=1, return_inverse=True)
    hz = instrument.frequency_hz * ratio
    inside = (hz >= unique[1][:, None]) & (hz <= unique[2][:, None])
    return instrument.weights[unique[0].astype(np.int64)] * inside, np.ascontiguousarray(
        number.reshape(-1).astype(np.int64)
    )


def add_at(audio: Reals, place: int, sound: Reals) -> None:
    """Add a sound that begins at sample `place` of `audio`, both `(n_channels, n)`: what of it falls into the audio."""
    first, last = max(0, place), min(audio.shape[1], place + sound.shape[1])
    if first < last:
        audio[:, first:last] += sound[:, first - place : last - place]


RENDERER = StrikeRenderer
