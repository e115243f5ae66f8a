"""The pitch of an instrument's controls: the lag at which what a strike sets off repeats itself, from its modes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from motes.events.instrument import Complexes, Instrument, Reals
from motes.units import NEPERS_60_DB

LOWEST_HZ, HIGHEST_HZ = 25.0, 4200.0
# When the pitch is found: neither in the attack nor where only the longest modes are left.
PITCH_WINDOW_S = (0.03, 0.4)
LOUDNESS_WINDOW_S = (0.0, 0.3)
# Modes whose energy is below the strongest one's by more do not matter.
_WEAK_DB = 50.0
_STEPS_PER_PERIOD = 12
# Of peaks nearly as high as the highest, which the multiples of a period are, the first is the period.
_NEARLY = 0.9
# The least part of the energy at the first or second harmonic: without it the period is one that a chord has in common.
_LEAST_AT_ROOT = 0.05
_ROOT_WIDTH = 0.03


class Pitch(NamedTuple):
    """A pitch in Hz, 0 for none, and which part of the energy repeats at its period, 0 … 1."""

    hz: float
    clarity: float


class Modes(NamedTuple):
    """What rings of a control in a stretch of time: ω in rad/s, and the energy of each mode with its beats against
    the others.
    """

    omega: Reals
    energy: Reals


def control_pitch(instrument: Instrument, control: int) -> Pitch:
    """The pitch of what a control sets off, by the normalised autocorrelation of its modes."""
    modes = _ringing(instrument, control, PITCH_WINDOW_S)
    total = modes.energy.sum()
    if total <= 0:
        return Pitch(0.0, 0.0)
    top = min(modes.omega.max(), 2 * np.pi * HIGHEST_HZ * 2)
    lag_s = np.arange(1 / HIGHEST_HZ, 1 / LOWEST_HZ, 2 * np.pi / top / _STEPS_PER_PERIOD)
    similarity = _similarity(modes, lag_s)
    peaks = 1 + np.flatnonzero((similarity[1:-1] > similarity[:-2]) & (similarity[1:-1] >= similarity[2:]))
    peaks = peaks[[_has_root(modes, 1 / lag) for lag in lag_s[peaks]]] if len(peaks) else peaks
    if not len(peaks) or similarity[peaks].max() <= 0:
        return Pitch(0.0, 0.0)
    first = peaks[similarity[peaks] >= _NEARLY * similarity[peaks].max()][0]
    lag = _refined(modes, float(lag_s[first]), float(lag_s[1] - lag_s[0]))
    return Pitch(1 / lag, float(_similarity(modes, np.array([lag]))[0]))


def control_rms(instrument: Instrument, control: int, frequency_ratio: float = 1.0) -> float:
    """Root mean square of the beginning of what a control of amplitude 1 sets off, its modes transposed."""
    modes = _ringing(instrument, control, LOUDNESS_WINDOW_S, frequency_ratio)
    length_s = LOUDNESS_WINDOW_S[1] - LOUDNESS_WINDOW_S[0]
    return float(np.sqrt(max(0.0, modes.energy.sum()) / length_s))


def _ringing(
    instrument: Instrument, control: int, window_s: tuple[float, float], frequency_ratio: float = 1.0
) -> Modes:
    """Modes of a control from window_s[0] to window_s[1] after the strike."""
    weights: Complexes = instrument.weights[control]
    strength = np.abs(weights) ** 2 * instrument.energy()
    audible = instrument.frequency_hz * frequency_ratio < instrument.sample_rate_hz / 2
    used = np.flatnonzero(audible & (strength > strength.max(initial=0.0) * 10 ** (-_WEAK_DB / 10)))
    omega = 2 * np.pi * instrument.frequency_hz[used] * frequency_ratio
    pole = -NEPERS_60_DB / instrument.t60_s[used] + 1j * omega
    both = pole[:, None] + pole[None, :].conj()
    begin, end = window_s
    overlap = (np.exp(both * end) - np.exp(both * begin)) / both
    energy = np.zeros(len(used))
    for mixing in instrument.mixing[:, used]:
        amplitude = mixing * weights[used]
        energy += 0.5 * (amplitude.conj() * (amplitude @ overlap)).real
    return Modes(omega, energy)


def _similarity(modes: Modes, lag_s: Reals) -> Reals:
    """Autocorrelation at these lags as if nothing decayed meanwhile, 1 at lag 0."""
    found: Reals = np.cos(np.outer(lag_s, modes.omega)) @ modes.energy / modes.energy.sum()
    return found


def _has_root(modes: Modes, hz: float) -> bool:
    """Whether there is enough at the first or the second harmonic."""
    harmonic = modes.omega / (2 * np.pi * hz)
    near = np.abs(harmonic[:, None] / np.array([1.0, 2.0]) - 1) < _ROOT_WIDTH
    return bool(modes.energy[near.any(axis=1)].sum() >= _LEAST_AT_ROOT * modes.energy.sum())


def _refined(modes: Modes, lag_s: float, step_s: float) -> float:
    """The top of the peak near a lag, by Newton's method."""
    lag = lag_s
    for _ in range(20):
        slope = -(modes.energy * modes.omega) @ np.sin(modes.omega * lag)
        bend = -(modes.energy * modes.omega**2) @ np.cos(modes.omega * lag)
        if bend >= 0:
            break
        lag = float(np.clip(lag - slope / bend, lag_s - step_s, lag_s + step_s))
    return lag
