"""What instruments are measured against: planted modes, and melodies whose notes are known, with pitches that come
again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from motes.data.rendering.sounds.additive import AdditiveInstrument
from motes.data.rendering.sounds.soundfont import SoundFont
from motes.encoders.instrument import InstrumentOptions
from motes.encoders.instrument import encode as fit
from motes.events.instrument import Instrument
from motes.kinds.strike.table import Strike
from motes.metrics.signal import spectral_convergence
from motes.scene.scene import Scene

RATE = 16000
# Of a melody: its rate, its notes, how many pitches it chooses from.
MELODY_RATE, N_NOTES, N_PITCHES = 22050, 20, 5
# A note is the strike that brings most energy within this time of its onset, and is missed where there is none.
NEAR_S = 0.05
# Noise of planted sounds, relative to full scale.
NOISE = 1e-4


@dataclass(frozen=True)
class Melody:
    """A recording `(n,)` and its notes: onsets in seconds, keys."""

    audio: NDArray[np.float64]
    onset_s: NDArray[np.float64]
    key: NDArray[np.int64]


def planted_modes(seed: int, n_modes: int = 10, seconds: float = 2.6) -> tuple[Scene, NDArray[np.float64]]:
    """Three controls of four modes each, struck eight times; and how it sounds, with noise 80 dB below full scale."""
    rng = np.random.default_rng(seed)
    hz = 200 * 2 ** (np.arange(n_modes) * 0.41 + rng.uniform(-0.05, 0.05, n_modes))
    weights = np.zeros((3, n_modes), complex)
    for control in range(3):
        weights[control, rng.choice(n_modes, 4, replace=False)] = rng.uniform(0.04, 0.1, 4) * np.exp(
            1j * rng.uniform(-3, 3, 4)
        )
    model = Instrument(RATE, hz, rng.uniform(0.3, 1.2, n_modes), weights, np.ones((1, n_modes)))
    at, control = 0.1 + np.cumsum(rng.uniform(0.15, 0.35, 8)), rng.integers(0, 3, 8)
    events = Strike(at, control, rng.uniform(0.4, 1, 8), model.ring_s()[control])
    scene = Scene(RATE, int(seconds * RATE), 1, strike=events, instruments=(model,))
    return scene, scene.render() + NOISE * rng.normal(size=scene.n_samples)


def decay_errors(seed: int) -> tuple[float, float, float, int]:
    """Of the planted modes that are struck: the largest error of a decay time, as a part of it, and of a frequency in
    cents, each of the strongest mode that was found near; the largest error of a strike's time in ms; strikes found.
    """
    truth_scene, audio = planted_modes(seed)
    found = fit(audio, InstrumentOptions(refine=0), sample_rate_hz=RATE)
    model, truth = found.instruments[0], truth_scene.instruments[0]
    loud = np.max(np.abs(model.weights) ** 2, axis=0) * model.energy()
    decays, cents = [], []
    for mode in np.flatnonzero(truth.weights[np.unique(truth_scene.strike.control)].any(axis=0)):
        off = 1200 * np.log2(model.frequency_hz / truth.frequency_hz[mode])
        nearest = int(np.argmax(np.where(np.abs(off) < 30, loud, -1)))
        decays.append(abs(model.t60_s[nearest] / truth.t60_s[mode] - 1))
        cents.append(abs(off[nearest]))
    late = [np.abs(found.strike.time_s - at).min() for at in truth_scene.strike.time_s]
    return max(decays), max(cents), 1e3 * max(late), len(found.strike)


def _score(rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Onsets in seconds, keys and velocities."""
    keys = rng.choice(np.arange(52, 80), N_PITCHES, replace=False)
    onset_s = 0.1 + np.cumsum(rng.choice((0.2, 0.3, 0.4), N_NOTES))
    return onset_s, rng.choice(keys, N_NOTES), rng.integers(50, 127, N_NOTES)


def planted_melody(seed: int) -> Melody:
    """Of an instrument that is one: each pitch is a control of eight slightly inharmonic modes."""
    rng = np.random.default_rng(seed)
    onset_s, key, velocity = _score(rng)
    pitches, control = np.unique(key, return_inverse=True)
    k = np.arange(1, 9)
    f0 = 440 * 2 ** ((pitches - 69) / 12)
    hz = f0[:, None] * k * np.sqrt(1 + 3e-4 * k**2)
    t60_s = rng.uniform(0.8, 2.0) * (hz / 300) ** -0.4
    weights = np.zeros((len(pitches), hz.size), complex)
    for number in range(len(pitches)):
        own = slice(8 * number, 8 * number + 8)
        weights[number, own] = 0.08 / k**1.1 * np.exp(rng.normal(0, 0.3, 8) + 1j * rng.uniform(-3, 3, 8))
    order = np.argsort(hz.ravel())
    mixing = np.ones((1, hz.size))
    model = Instrument(MELODY_RATE, hz.ravel()[order], t60_s.ravel()[order], weights[:, order], mixing)
    events = Strike(onset_s, control, (velocity / 127) ** 1.5, model.ring_s()[control])
    scene = Scene(MELODY_RATE, int((onset_s[-1] + 0.8) * MELODY_RATE), 1, strike=events, instruments=(model,))
    return Melody(scene.render() + NOISE * rng.normal(size=scene.n_samples), onset_s, key)


def rendered_melody(note: Callable[[int, int, float], NDArray[np.float32]], seed: int) -> Melody:
    """Of notes that each sound until the next but one begins."""
    onset_s, key, velocity = _score(np.random.default_rng(seed))
    audio = np.zeros(int((onset_s[-1] + 1.0) * MELODY_RATE))
    ends = np.append(onset_s[2:], [onset_s[-1] + 0.4, onset_s[-1] + 0.8])
    for at, end, pitch, loud in zip(onset_s, ends, key, velocity, strict=True):
        first = round(at * MELODY_RATE)
        sound = note(int(pitch), int(loud), float(end - at))[: len(audio) - first]
        audio[first : first + len(sound)] += sound
    return Melody(0.5 * audio / np.abs(audio).max(), onset_s, key)


def computed_melody(seed: int) -> Melody:
    """Of a struck instrument by additive synthesis: decays in two stages, noise of the stroke, brighter when loud,
    damped at its end. The phases of a key are the same at each stroke, as those of a hammer are.
    """
    number = 100 * seed
    while not AdditiveInstrument(number, MELODY_RATE).is_struck:
        number += 1

    def note(key: int, velocity: int, duration_s: float) -> NDArray[np.float32]:
        made = AdditiveInstrument(number, MELODY_RATE)
        made.rng = np.random.default_rng(key)
        return made.note(key, velocity, duration_s)

    return rendered_melody(note, seed)


def melodies(kind: str, soundfont: str | None) -> Callable[[int], Melody]:
    """The melodies of a kind: `planted`, `computed`, or a program of a SoundFont by its number."""
    if kind in ("planted", "computed"):
        return planted_melody if kind == "planted" else computed_melody
    font = SoundFont(soundfont or "", MELODY_RATE)
    return lambda seed: rendered_melody(partial(font.note, int(kind)), seed)


@dataclass(frozen=True)
class Found:
    """What was found of a melody: of notes whose pitch came before the share whose control is that of its note before;
    of notes the share whose control no other pitch has; strikes for each note; numbers in percent; the error.
    """

    repeats: float
    own: float
    strikes_per_note: float
    numbers_percent: float
    convergence: float


def found_in(melody: Melody, options: InstrumentOptions) -> Found:
    """What the encoder makes of a melody."""
    scene = fit(melody.audio, options, sample_rate_hz=MELODY_RATE)
    model, strikes = scene.instruments[0], scene.strike
    control = _controls_of_notes(melody, scene)
    same = [control[i] == control[before[-1]] >= 0 for i in range(N_NOTES) if len(before := _before(melody, i))]
    own = [control[i] >= 0 and not np.any(control[melody.key != melody.key[i]] == control[i]) for i in range(N_NOTES)]
    numbers = model.n_numbers + 3 * len(strikes)
    error = spectral_convergence(scene.render(), melody.audio)
    return Found(
        float(np.mean(same)), float(np.mean(own)), len(strikes) / N_NOTES, 100 * numbers / len(melody.audio), error
    )


def _before(melody: Melody, note: int) -> NDArray[np.int64]:
    """Earlier notes of its pitch."""
    return np.flatnonzero(melody.key[:note] == melody.key[note])


def _controls_of_notes(melody: Melody, scene: Scene) -> NDArray[np.int64]:
    """The control of each note's strike, −1 where none is near."""
    model, strikes = scene.instruments[0], scene.strike
    energy = strikes.amplitude**2 * (np.abs(model.weights) ** 2 @ model.energy())[strikes.control]
    control = np.full(N_NOTES, -1, np.int64)
    for note, at in enumerate(melody.onset_s):
        near = np.flatnonzero(np.abs(strikes.time_s - at) < NEAR_S)
        if len(near):
            control[note] = strikes.control[near[np.argmax(energy[near])]]
    return control
