"""Keys of a keyboard, and notes, by the controls of an instrument: the nearest with a clear pitch, its modes transposed
the rest of the way.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from motes.errors import ParameterError
from motes.events.instrument import Instrument, Reals
from motes.kinds.strike.table import Strike
from motes.synth.pitch import control_pitch, control_rms

A4_HZ, A4_KEY = 440.0, 69
# Controls weaker than the strongest by more are not chosen by chance or by pitch.
PLAYABLE_DB = 30.0
# A note of this velocity sounds as loud as the control did in the recording; amplitude goes by velocity to this power.
REFERENCE_VELOCITY, VELOCITY_EXPONENT = 100, 1.5
# The least clarity of pitch of a control that melodies are played on.
CLEAR = 0.9
# Keys of a piano, as MIDI numbers.
PIANO = range(21, 109)


class Key(NamedTuple):
    """What plays a key: a control, what the frequencies of its modes are multiplied by, and its amplitude at
    `REFERENCE_VELOCITY`.
    """

    control: int
    frequency_ratio: float
    amplitude: float

    @property
    def semitones(self) -> float:
        """By how many its modes are transposed."""
        return 12 * math.log2(self.frequency_ratio)


def keys_of(instrument: Instrument, strikes: Strike, keys: Iterable[float] = PIANO) -> list[Key]:
    """What plays each of these keys (MIDI numbers, 69 is A4), all equally loud; `strikes` are how it is usually played.

    ParameterError where no control has a pitch.
    """
    voices = _voices(instrument, strikes)
    reference = np.sqrt(np.mean(voices.rms**2))
    found = []
    for key in keys:
        wanted = A4_HZ * 2 ** ((key - A4_KEY) / 12)
        best = int(np.argmin(np.abs(np.log2(wanted / voices.pitch)) + voices.reluctance))
        control, ratio = int(voices.control[best]), float(np.clip(wanted / voices.pitch[best], 1e-3, 1e3))
        rms = control_rms(instrument, control, ratio)
        found.append(Key(control, ratio, float(reference / rms) if rms > 0 else 0.0))  # 0: all its modes are too high
    return found


def keys_or_controls(instrument: Instrument, strikes: Strike) -> list[Key]:
    """What plays each key of a piano; of an instrument without a pitch its controls, the lowest first, over again."""
    try:
        return keys_of(instrument, strikes)
    except ParameterError:
        control, amplitude = usual_amplitudes(instrument, strikes)
        if not len(control):
            return []
        order = control[np.argsort(instrument.centroid_hz(), kind="stable")]
        return [Key(int(k), 1.0, float(amplitude[k])) for k in np.resize(order, len(PIANO))]


def usual_amplitudes(instrument: Instrument, strikes: Strike) -> tuple[NDArray[np.int64], Reals]:
    """The controls, and the amplitude at which each is usually struck (1 if it is not)."""
    control = np.arange(instrument.n_controls)
    mean = np.ones(len(control))
    for k in np.unique(strikes.control[strikes.control < len(control)]):
        mean[k] = strikes.amplitude[strikes.control == k].mean()
    return control, mean


class _Voices(NamedTuple):
    """Controls that melodies are played on: their pitch in Hz, how loud they are in the scene, and by how many octaves
    farther another may lie that is clearer or louder.
    """

    control: NDArray[np.int64]
    pitch: Reals
    rms: Reals
    reluctance: Reals


def _voices(instrument: Instrument, strikes: Strike) -> _Voices:
    """The controls with a clear pitch, or the clearest where none has one; ParameterError where none has any."""
    control, amplitude = usual_amplitudes(instrument, strikes)
    pitches = [control_pitch(instrument, int(k)) for k in control]
    pitch, clarity = (np.array([getattr(one, name) for one in pitches]) for name in ("hz", "clarity"))
    rms = amplitude * np.array([control_rms(instrument, int(k)) for k in control])
    level_db = 20 * np.log10(np.maximum(rms, 1e-30) / max(1e-30, rms.max(initial=0.0)))
    good = (level_db > -PLAYABLE_DB) & (pitch > 0)
    if not good.any():
        raise ParameterError("no control of the instrument has a pitch: --random plays it by chance")
    good &= clarity >= min(CLEAR, clarity[good].max())
    reluctance = 2 * (1 - clarity) - 0.01 * level_db
    return _Voices(control[good], pitch[good], rms[good], reluctance[good])
