"""Splats, strikes and vectors of a scene as rows of a catalogue."""

from __future__ import annotations

import numpy as np

from motes.edit.tables import numbers_of
from motes.events.event_table import Array, Ints
from motes.kinds.splat.integers import amplitudes
from motes.kinds.splat.table import N_PARTIALS
from motes.library.catalogue.descriptor import Components, Course, centre_hz, numbers
from motes.library.catalogue.rows import DESCRIPTOR, Rows, rows
from motes.scene.notes import MOST_NOISE, TENTH
from motes.scene.scene import Scene
from motes.synth.keys import CLEAR
from motes.synth.pitch import control_pitch, control_rms
from motes.units import SILENCE_DB

# A strike rings for as long as it takes to fall by 100 dB.
RING_DB = 100.0


def splat_rows(scene: Scene) -> Rows:
    """A row for each splat."""
    splats, n = scene.splat, len(scene.splat)
    k = np.arange(1, N_PARTIALS + 1.0)
    stiff = splats.inharmonicity[:, None]
    frequency = splats.f0_hz[:, None] * k * np.sqrt((1 + stiff * k**2) / (1 + stiff))
    energy = amplitudes(splats) ** 2
    sounding = energy > 0
    parts = Components(np.nonzero(sounding)[0], frequency[sounding], energy[sounding], np.zeros(int(sounding.sum())))
    has_pitch = splats.noise <= MOST_NOISE
    gain_db = np.maximum(splats.gain_db.max(axis=1, initial=SILENCE_DB), SILENCE_DB)
    gain_db = gain_db + 10 * np.log10(np.maximum(energy.sum(axis=1) / 2, 1e-10))
    rise_s = TENTH * splats.width_s
    length_s = np.minimum(splats.end_s - splats.start_s, 2 * rise_s + splats.t60_s)
    reference_hz = np.where(has_pitch, splats.f0_hz, np.nan_to_num(centre_hz(parts, n), nan=1000.0))
    vector = numbers(reference_hz, gain_db, length_s, Course(rise_s, splats.t60_s), splats.noise, parts)
    pitch_hz = np.where(has_pitch, splats.f0_hz, np.nan)
    return rows("splat", _ids(scene, "splat"), splats.time_s, pitch_hz, vector, DESCRIPTOR, group_id=splats.group_id)


def strike_rows(scene: Scene) -> Rows:
    """A row for each strike, by the modes that its control excites."""
    strikes, n = scene.strike, len(scene.strike)
    played, of = np.unique(np.stack([strikes.instrument_id, strikes.control], axis=1), axis=0, return_inverse=True)
    of = of.reshape(-1)
    struck = [(scene.instruments[i], k) for i, k in played.tolist()]
    pitch = [control_pitch(instrument, control) for instrument, control in struck]
    hz = np.array([found.hz if found.clarity >= CLEAR else np.nan for found in pitch])[of] * strikes.frequency_ratio
    rms = np.array([control_rms(instrument, control) for instrument, control in struck])[of]
    gain_db = 20 * np.log10(np.maximum(rms * strikes.amplitude, 10 ** (SILENCE_DB / 20)))
    parts = _modes(scene, played, of)
    reference_hz = np.where(hz > 0, hz, np.nan_to_num(centre_hz(parts, n), nan=1000.0))
    how = Course(np.full(n, 1e-3), np.maximum(strikes.ring_s * (60 / RING_DB), 1e-3))
    vector = numbers(reference_hz, gain_db, strikes.ring_s * (60 / RING_DB), how, np.where(hz > 0, 0.0, 1.0), parts)
    pitch_hz = np.where(hz > 0, hz, np.nan)
    ids = _ids(scene, "strike")
    return rows("strike", ids, strikes.time_s, pitch_hz, vector, DESCRIPTOR, group_id=strikes.group_id)


def _modes(scene: Scene, played: Ints, of: Ints) -> Components:
    """The modes of each strike's control, with their energy."""
    low, high = scene.strike.low_hz, scene.strike.high_hz
    parts = []
    for i, (instrument_id, control) in enumerate(played.tolist()):
        instrument = scene.instruments[instrument_id]
        used = np.flatnonzero(instrument.weights[control])
        energy = np.abs(instrument.weights[control, used]) ** 2 * instrument.energy()[used]
        mine = np.flatnonzero(of == i)
        hz = instrument.frequency_hz[used] * scene.strike.frequency_ratio[mine, None]
        sounding = (hz >= low[mine, None]) & (hz <= high[mine, None])
        row, mode = np.nonzero(sounding)
        parts.append((mine[row], hz[sounding], energy[mode], np.zeros(len(row))))
    if not parts:
        none = np.zeros(0)
        return Components(none.astype(np.int64), none, none, none)
    return Components(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def vector_rows(scene: Scene) -> Rows:
    """A row for each vector, by its own sixteen numbers."""
    vectors = scene.vector
    names = np.array([model.id for model in scene.models] or [""], object)
    hz: Array = 440 * 2 ** ((vectors.pitch_semitones - 69) / 12)
    louder_db = vectors.gain_db.max(axis=1, initial=SILENCE_DB)
    return rows(
        "vector",
        _ids(scene, "vector"),
        vectors.time_s,
        np.where(vectors.noise <= MOST_NOISE, hz, np.nan),
        vectors.numbers,
        names[vectors.model],
        group_id=vectors.group_id,
        gain_db=vectors.loudness_db + louder_db,
    )


def _ids(scene: Scene, kind: str) -> Ints:
    """What `scene.select` calls the events of a kind."""
    there = numbers_of(scene, kind)
    return np.arange(there.start, there.stop, dtype=np.int64)
