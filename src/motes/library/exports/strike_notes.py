"""Strikes of an instrument as notes, to be exported: those that begin a sound of a clear pitch."""

from __future__ import annotations

import numpy as np

from motes.errors import ParameterError
from motes.events.groups import ROLES, Groups
from motes.events.note_table import NoteTable
from motes.events.notes import NO_PROGRAM
from motes.scene.scene import Scene
from motes.synth.keys import CLEAR, PLAYABLE_DB
from motes.synth.pitch import control_pitch, control_rms

# A note has ended where its sound has fallen by so much.
ENDED_DB = 26.0


def with_strike_notes(scene: Scene) -> Scene:
    """The scene with a note for each strike that begins a sound and has a pitch; ParameterError where none has one.

    Left out are strikes that carry on what rings, and those 30 dB below the loudest.
    """
    strikes = scene.strike
    pairs = np.stack([strikes.instrument_id, strikes.control], axis=1)
    kinds, of_strike = np.unique(pairs, axis=0, return_inverse=True)
    struck = [(scene.instruments[i], k) for i, k in kinds.tolist()]
    pitches = [control_pitch(instrument, control) for instrument, control in struck]
    hz, clarity, rms, ring_s = (
        np.array(values)[of_strike.reshape(-1)]
        for values in (
            [pitch.hz for pitch in pitches],
            [pitch.clarity for pitch in pitches],
            [control_rms(instrument, control) for instrument, control in struck],
            [instrument.ring_s(ENDED_DB)[control] for instrument, control in struck],
        )
    )
    level_db = 20 * np.log10(np.maximum(rms * strikes.amplitude, 1e-20))
    found = (strikes.since_s == 0) & (hz > 0) & (clarity >= CLEAR)
    found &= level_db > level_db.max(where=found, initial=-400) - PLAYABLE_DB
    if not found.any():
        raise ParameterError("no strike of the scene has a pitch, so none is a note")
    rows = np.flatnonzero(found)
    ids = int(scene.groups.id.max(initial=0)) + 1 + np.arange(len(rows))
    time_s = strikes.time_s[rows]
    notes = NoteTable(
        ids,
        time_s,
        np.maximum(np.minimum(time_s + ring_s[rows], scene.duration_s), time_s),
        hz[rows] * strikes.frequency_ratio[rows],
        level_db[rows],
        clarity[rows].clip(0, 1),
        np.full(len(rows), NO_PROGRAM),
    )
    groups = scene.groups
    role = np.append(groups.role, np.full(len(rows), ROLES.index("note")))
    known = Groups(np.append(groups.id, ids), np.append(groups.parent, np.zeros_like(ids)), role, notes)
    of_note = strikes.group_id.copy()
    of_note[rows] = ids
    return scene.with_tables([strikes.replace(group_id=of_note)], groups=known)
