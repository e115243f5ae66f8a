"""Music played with the notes of a recording."""

from __future__ import annotations

import mido
import numpy as np
import pytest

import motes
from motes.codec import dumps, loads
from motes.errors import ParameterError
from motes.events.groups import ROLES, Groups
from motes.events.note_table import NoteTable

RATE = 16_000


@pytest.fixture(scope="module")
def scene():
    """Two notes one after the other, whose atoms are their own, and noise that is a drum."""
    time_s = np.arange(2 * RATE) / RATE

    def tone(onset_s, hz, level):
        u = time_s - onset_s
        return level * np.clip(u / 0.02, 0, 1) * (u > 0) * (u < 0.6) * np.exp(-2 * u) * np.sin(2 * np.pi * hz * u)

    noise = np.random.default_rng(1).standard_normal(len(time_s)) * 0.1 * (time_s > 1.6) * (time_s < 1.7)
    found = motes.encode(tone(0.1, 220, 0.3) + tone(0.8, 440, 0.1) + noise, sample_rate_hz=RATE, snr_db=20)
    middle = found.gabor.time_s
    owner = np.where(middle < 0.75, 1, np.where(middle < 1.5, 2, 3))
    table = NoteTable(
        np.array([1, 2, 3]),
        np.array([0.1, 0.8, 1.6]),
        np.array([0.7, 1.4, 1.7]),
        np.array([220.0, 440.0, np.nan]),
        np.array([-10.0, -20.0, -20.0]),
        np.ones(3),
        np.array([-1, -1, 128]),
    )
    groups = Groups(np.array([1, 2, 3]), np.zeros(3), np.full(3, ROLES.index("note")), table)
    return found.replace(gabor=found.gabor.replace(group_id=owner), groups=groups)


def midi(path, *notes):
    """A file of these notes: key, velocity, length in ticks of 1/960 s, channel."""
    file = mido.MidiFile(ticks_per_beat=480)
    track = mido.MidiTrack()
    file.tracks.append(track)
    for key, velocity, ticks, channel in notes:
        track.append(mido.Message("note_on", note=key, velocity=velocity, channel=channel, time=0))
        track.append(mido.Message("note_off", note=key, channel=channel, time=ticks))
    file.save(path)
    return path


def test_midi_is_played_by_the_nearest_notes(scene, tmp_path):
    path = midi(tmp_path / "x.mid", (58, 100, 960, 0), (71, 50, 288, 0), (38, 90, 480, 9))
    played = motes.perform(scene, midi=path)
    notes = played.notes
    assert [note.name for note in notes] == ["Bb3", "B4", ""]
    assert [note.onset_s for note in notes] == pytest.approx([0, 1.0, 1.3])
    assert notes[0].end_s == pytest.approx(1.0)
    assert notes[1].end_s == pytest.approx(1.3)
    assert notes[0].gain_db > notes[1].gain_db + 5
    stored = played.quantise()
    assert np.array_equal(loads(dumps(stored)).render(), stored.render())


def test_a_scene_played_with_its_own_notes_is_itself(scene):
    played = motes.perform(scene, notes_of=scene)
    assert len(played.notes) == 3
    n = min(played.n_samples, scene.n_samples)
    assert np.abs(played.render()[:n] - scene.render()[:n]).max() < 1e-5


def test_what_makes_no_sense_is_said(scene, tmp_path):
    path = midi(tmp_path / "x.mid", (58, 100, 960, 0))
    with pytest.raises(ParameterError, match="no instrument"):
        motes.perform(scene.replace(groups=None, gabor=scene.gabor.replace(group_id=None)), midi=path)
    with pytest.raises(ParameterError, match="no notes"):
        motes.perform(scene, notes_of=scene.replace(groups=None, gabor=scene.gabor.replace(group_id=None)))
    with pytest.raises(ParameterError, match="damping"):
        motes.perform(scene, midi=path, damping=2)
    with pytest.raises(ParameterError, match="both"):
        motes.perform(scene, midi=path, notes_of=scene)
    drums = scene.select(note=3).only()
    with pytest.raises(ParameterError, match="none of the 1 notes"):
        motes.perform(drums, midi=path)
