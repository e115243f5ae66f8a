"""Notes as MIDI, read back by mido: onsets, velocities, bends and channels."""

import io
from dataclasses import replace

import mido
import numpy as np
import pytest
from note_scenes import Sounding, scene_of

from motes.data.note_labels import read_notes
from motes.errors import MotesWarning, ParameterError
from motes.events.notes import gain_db_of, velocity_of
from motes.library.exports.chosen_notes import Chosen, chosen_notes
from motes.library.exports.midi import MidiOptions, write_midi
from motes.notes.note import Note

A_TUNE = [Sounding(0.1, 0.6, 60), Sounding(0.6, 1.1, 64), Sounding(1.2, 1.8, 67)]
PLAIN = MidiOptions(bend_range=0)


def written(chosen, options=PLAIN):
    handle = io.BytesIO()
    write_midi(chosen, handle, options)
    return mido.MidiFile(file=io.BytesIO(handle.getvalue()))


def of_scene(notes, options=PLAIN, **more):
    return written(chosen_notes(scene_of(notes, **more)), options)


def messages(file, kind, **wanted):
    """All messages of a kind, with their times in ticks."""
    found = []
    for track in file.tracks:
        now = 0
        for message in track:
            now += message.time
            if message.type == kind and all(getattr(message, name) == value for name, value in wanted.items()):
                found.append((now, message))
    return found


def test_onsets_of_five_thousand_notes_are_where_they_were(tmp_path):
    scene, random = scene_of(A_TUNE[:1]), np.random.default_rng(1)
    onsets = np.cumsum(random.uniform(0.01, 0.25, 5000))
    notes = tuple(Note(k, t, t + 0.2, 440.0, -12.0, 0.9, 1, -1, scene) for k, t in enumerate(onsets.tolist()))
    for tempo in (None, 37.0, 133.7):
        written(Chosen(scene, notes), replace(PLAIN, tempo=tempo)).save(tmp_path / "long.mid")
        assert np.abs(read_notes(tmp_path / "long.mid").onset_s - onsets).max() < 0.0006


def test_velocities_rise_with_levels_and_say_what_these_were():
    levels = np.arange(-80, 6.5, 0.5)
    assert np.all(np.diff(velocity_of(levels)) >= 0)
    assert (velocity_of(levels).min(), velocity_of(levels).max()) == (1, 127)
    inside = levels[(levels >= -63) & (levels <= 0)]
    np.testing.assert_array_equal(gain_db_of(velocity_of(inside)), inside)


def test_each_part_has_a_track_and_a_channel_and_drums_the_tenth():
    drums = [Sounding(0.2, 0.3, None, 3, click_hz=90.0), Sounding(1.2, 1.3, None, 4, click_hz=3000.0)]
    file = of_scene([*A_TUNE[:2], Sounding(0.1, 1.0, 48, 2, program=33), *drums])
    assert [track.name for track in file.tracks] == ["", "part 1", "part 2", "part 3", "part 4"]
    assert {(m.channel, m.note) for _, m in messages(file, "note_on")} == {(0, 60), (0, 64), (1, 48), (9, 36), (9, 38)}
    assert [(m.channel, m.program) for _, m in messages(file, "program_change")] == [(1, 33)]


def test_seventeen_parts_share_fifteen_channels():
    file = of_scene([Sounding(0.1 * k, 0.1 * k + 0.05, 60, k) for k in range(1, 18)])
    assert {m.channel for _, m in messages(file, "note_on")} == set(range(16)) - {9}
    assert len(file.tracks) == 18


def test_two_notes_on_one_key_do_not_overlap():
    file = of_scene([Sounding(0.1, 0.9, 60), Sounding(0.5, 1.0, 60)], MidiOptions(0, tempo=120))
    assert [tick for tick, _ in messages(file, "note_on")] == [192, 960]
    assert [tick for tick, _ in messages(file, "note_off")] == [960, 1920]


def test_a_steady_note_is_not_bent_and_a_vibrato_is():
    steady = of_scene([Sounding(0.1, 1.5, 69.08)], MidiOptions())
    assert not messages(steady, "pitchwheel")
    moving = of_scene([Sounding(0.1, 1.5, 69, vibrato=50), Sounding(1.6, 2.0, 69)], MidiOptions())
    wheels = messages(moving, "pitchwheel")
    cents = 200 * np.array([m.pitch for _, m in wheels]) / 8192
    assert 25 < cents.max() <= 60
    assert -60 <= cents.min() < -25
    assert cents[-1] == 0  # as the next note begins
    assert wheels[-1][0] == messages(moving, "note_on")[-1][0]
    controls = [(m.control, m.value) for _, m in messages(moving, "control_change")]
    assert controls[:4] == [(101, 0), (100, 0), (6, 2), (38, 0)]
    assert not messages(of_scene([Sounding(0.1, 1.5, 69, vibrato=50)]), "pitchwheel")


def test_chords_are_bent_by_mpe_alone():
    chord = [Sounding(0.1, 1.5, 60, vibrato=50), Sounding(0.1, 1.5, 67.3)]
    assert not messages(of_scene(chord, MidiOptions()), "pitchwheel")
    file = of_scene(chord, MidiOptions(mpe=True))
    channels = {m.note: m.channel for _, m in messages(file, "note_on")}
    assert sorted(channels.values()) == [1, 2]
    still = [m.pitch for _, m in messages(file, "pitchwheel", channel=channels[67])]
    assert len(still) == 1
    assert still[0] == pytest.approx(0.3 / 48 * 8192, abs=2)
    assert len(messages(file, "pitchwheel", channel=channels[60])) > 10
    zone = [(m.control, m.value) for _, m in messages(file, "control_change", channel=0)]
    assert zone[:3] == [(101, 0), (100, 6), (6, 15)]


def test_drums_keep_their_channel_beside_mpe():
    file = of_scene([*A_TUNE, Sounding(0.3, 0.4, None, 2)], MidiOptions(0, mpe=True))
    assert {m.channel for _, m in messages(file, "note_on")} == {1, 2, 3, 9}
    assert (6, 8) in [(m.control, m.value) for _, m in messages(file, "control_change", channel=0)]


def test_bends_that_do_not_reach_are_said():
    with pytest.warns(MotesWarning, match="bend_range=2 would hold them"):
        of_scene([Sounding(0.1, 1.5, 76, vibrato=140)], MidiOptions(bend_range=1))


def test_mistakes():
    for bad in ({"bend_range": 97}, {"bend_range": -1}, {"tempo": 0.0}, {"tempo": float("nan")}):
        with pytest.raises(ParameterError):
            MidiOptions(**bad)
