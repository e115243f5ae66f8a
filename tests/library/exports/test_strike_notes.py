"""Strikes of a clear pitch are notes where a scene has no others."""

import numpy as np
import pytest
from instrument_scenes import instrument_scene
from mido import MidiFile

from motes.errors import ParameterError
from motes.library.exports.export import Export
from motes.library.exports.strike_notes import with_strike_notes
from motes.library.plan import Job


def test_what_was_played_is_exported_as_midi(tmp_path):
    scene = instrument_scene(24)
    noted = with_strike_notes(scene)
    starts = [note.onset_s for note in noted.notes]
    assert len(starts) >= 6
    hz = {round(float(value)) for value in noted.groups.notes.f0_hz}
    assert {220, 330, 440} <= hz
    scene.save(tmp_path / "bells.mote")
    Export("midi")(Job(str(tmp_path / "bells.mote"), str(tmp_path / "bells.mid")), lambda *_: None)
    keys = [message.note for message in MidiFile(tmp_path / "bells.mid") if message.type == "note_on"]
    assert keys[:3] == [57, 64, 69]


def test_what_carries_on_begins_no_note():
    scene = instrument_scene(24)
    carried = scene.with_tables([scene.strike.replace(since_s=np.ones(8))])
    with pytest.raises(ParameterError, match="no strike of the scene has a pitch"):
        with_strike_notes(carried)
