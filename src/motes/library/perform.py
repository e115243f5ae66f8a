"""New music on an instrument that was found in a recording: each performance is a scene of strikes, from chance,
from another scene or from MIDI.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from motes.edit.tables import numbers_of
from motes.errors import ParameterError
from motes.events.deformation import Deformation
from motes.events.instrument import Instrument, Reals
from motes.events.room import Room
from motes.kinds.strike.table import Strike
from motes.scene.scene import Scene
from motes.synth.keys import PLAYABLE_DB, REFERENCE_VELOCITY, VELOCITY_EXPONENT, keys_of, usual_amplitudes
from motes.synth.player import ROOM_S
from motes.units import require_finite, require_positive

MAX_DENSITY = 1000.0
LONGEST_TAIL_S = 10.0


def deformed(scene: Scene, deformation: Deformation, gain_db: float = 0.0) -> Scene:
    """The scene with its instruments played so, and louder by `gain_db`. What goes into a room goes into the scene's
    first, or a synthetic one. ParameterError where `spread` would make two channels of a scene that holds more than
    strikes.
    """
    if deformation.spread and scene.n_channels == 1:
        scene = _in_stereo(scene)
    changed = tuple(deformation.of(instrument) for instrument in scene.instruments)
    shaped = replace(scene, instruments=changed, strike=_ringing(scene.strike, changed))
    if deformation.transpose:
        shaped = shaped.transpose(deformation.transpose)
    if deformation.send:
        strikes = shaped.select([*_numbers_of_strikes(shaped)])
        shaped = strikes.room(1 if shaped.rooms else Room.synthetic(ROOM_S), deformation.send)
    return shaped.gain(require_finite("gain_db", gain_db)) if gain_db else shaped


def _in_stereo(scene: Scene) -> Scene:
    if scene.n_events > len(scene.strike):
        raise ParameterError("spread makes two channels of one: this scene holds other events beside its strikes")
    return Scene(
        scene.sample_rate_hz,
        scene.n_samples,
        2,
        strike=scene.strike,
        groups=scene.groups,
        rooms=scene.rooms,
        instruments=tuple(instrument.in_stereo() for instrument in scene.instruments),
        metadata=scene.metadata,
        tags=scene.tags,
    )


def _numbers_of_strikes(scene: Scene) -> range:
    there = numbers_of(scene, "strike")
    return range(there.start, there.stop)


def instrument_of(scene: Scene) -> Instrument:
    """The instrument that most strikes of a scene play; ParameterError if it holds none."""
    if not scene.instruments:
        raise ParameterError("the scene holds no instrument: motes encode --encoder instrument makes one")
    counts = np.bincount(scene.strike.instrument_id, minlength=len(scene.instruments))
    return scene.instruments[int(np.argmax(counts))]


def random_strikes(scene: Scene, seed: int, density_per_s: float = 4.0, duration_s: float | None = None) -> Scene:
    """Strikes at random moments (a Poisson process of `density_per_s`), of controls as often as loud in the scene,
    3 dB louder or softer.
    """
    require_positive("density_per_s", density_per_s)
    if density_per_s > MAX_DENSITY:
        raise ParameterError(f"at most {MAX_DENSITY:g} strikes per second, not {density_per_s:g}")
    duration_s = scene.duration_s if duration_s is None else require_positive("duration_s", duration_s)
    instrument, random = instrument_of(scene), np.random.default_rng(seed)
    n = int(random.poisson(density_per_s * duration_s))
    time_s = np.sort(random.uniform(0, duration_s, n))
    control, amplitude = usual_amplitudes(instrument, scene.strike)
    loudness = _loudness(instrument)[control] * amplitude**2
    loudness = loudness * (loudness >= loudness.max(initial=0.0) * 10 ** (-PLAYABLE_DB / 10))
    if not loudness.any():
        return _scene_of_strikes(scene, instrument, np.empty(0), np.empty(0, np.int64), np.empty(0))
    chance = np.sqrt(loudness) / np.sqrt(loudness).sum()
    which = random.choice(len(control), n, p=chance)
    return _scene_of_strikes(
        scene,
        instrument,
        time_s,
        control[which],
        amplitude[which] * 10 ** (random.normal(0, 3, n) / 20),
        duration_s=duration_s,
    )


def permuted(scene: Scene, seed: int) -> Scene:
    """A scene with strikes at the moments of this one, the controls exchanged among them, each with its amplitude."""
    strikes, order = scene.strike, np.random.default_rng(seed).permutation(len(scene.strike))
    columns = ("control", "amplitude", "ring_s", "instrument_id", "frequency_ratio", "low_hz", "high_hz")
    moved = {name: strikes.column(name)[order] for name in columns}
    return replace(
        scene, strike=strikes.replace(**moved, since_s=np.zeros(len(strikes)), turn_s=np.zeros(len(strikes)))
    )


def on_instrument(scene: Scene, other: Scene) -> Scene:
    """The strikes of `other` on the instrument of `scene`: controls of another instrument become those that lie as
    high among its own.
    """
    instrument = instrument_of(scene)
    if not len(other.strike):
        raise ParameterError("the other scene holds no strikes")
    theirs, score = instrument_of(other), other.strike
    control = score.control
    if not theirs.equals(instrument):
        rank = np.argsort(np.argsort(theirs.centroid_hz(), kind="stable"))[np.minimum(control, theirs.n_controls - 1)]
        control = np.argsort(instrument.centroid_hz(), kind="stable")[rank * instrument.n_controls // theirs.n_controls]
    return _scene_of_strikes(
        scene, instrument, score.time_s, control, score.amplitude, score.frequency_ratio, other.duration_s
    )


@dataclass(frozen=True)
class Notes:
    """Notes of a melody: when each begins, its key (69 is A4, 440 Hz) and its velocity, 1 … 127."""

    time_s: Reals
    key: Reals
    velocity: Reals


def play_notes(scene: Scene, notes: Notes) -> Scene:
    """Each note by a control with a clear pitch nearby, its modes transposed the rest of the way; notes of one
    velocity are equally loud, and ring out undamped.
    """
    instrument = instrument_of(scene)
    control = np.zeros(len(notes.key), np.int64)
    ratio, strength = np.ones(len(control)), np.zeros(len(control))
    wanted = np.unique(notes.key)
    for number, key in zip(wanted, keys_of(instrument, scene.strike, wanted), strict=True):
        here = notes.key == number
        control[here], ratio[here], strength[here] = key
    strength = strength * (notes.velocity / REFERENCE_VELOCITY) ** VELOCITY_EXPONENT
    return _scene_of_strikes(
        scene, instrument, notes.time_s, control, strength, ratio, float(notes.time_s.max(initial=0.0))
    )


def _loudness(instrument: Instrument) -> Reals:
    loud: Reals = (np.abs(instrument.weights) ** 2) @ instrument.energy()
    return loud


def _ringing(strikes: Strike, instruments: tuple[Instrument, ...]) -> Strike:
    """The strikes with the time for which they ring on these instruments."""
    if not len(strikes):
        return strikes
    rings = [np.minimum(instrument.ring_s(), 1e5) for instrument in instruments]
    return strikes.replace(
        ring_s=np.array([rings[i][k] for i, k in zip(strikes.instrument_id, strikes.control, strict=True)])
    )


def _scene_of_strikes(
    scene: Scene,
    instrument: Instrument,
    time_s: Reals,
    control: NDArray[np.int64],
    amplitude: Reals,
    ratio: Reals | None = None,
    duration_s: float = 0.0,
) -> Scene:
    """A scene of these strikes: as long as `duration_s` and the last resonance, of which at most ten seconds."""
    strikes = _ringing(Strike(time_s, control, amplitude, np.zeros(len(time_s)), frequency_ratio=ratio), (instrument,))  # type: ignore[arg-type]
    tail = float(np.max(np.minimum(strikes.time_s + np.minimum(strikes.ring_s, LONGEST_TAIL_S), 1e6), initial=0.0))
    n_samples = int(np.ceil(max(duration_s, tail) * scene.sample_rate_hz))
    return Scene(
        scene.sample_rate_hz,
        n_samples,
        scene.n_channels,
        strike=strikes,
        instruments=(instrument,),
        metadata=scene.metadata,
        tags=scene.tags,
    )
