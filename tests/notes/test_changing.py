"""Notes changed as notes: what they become, what stays, and what makes no sense."""

from __future__ import annotations

import numpy as np
import pytest

from motes.codec import dumps, loads
from motes.errors import ParameterError
from motes.events.shares import SHARE_UNITS, part_of, united
from motes.notes.splitting import rest_change_db, split


def by_number(scene):
    return {note.number: note for note in scene.notes}


def test_a_split_note_is_two_that_sound_as_it_did(melody):
    made = melody.split_note(2, at_s=0.8)
    old, new = by_number(made)[2], by_number(made)[6]
    assert (old.onset_s, old.end_s, new.onset_s, new.end_s) == pytest.approx((0.4, 0.8, 0.8, 1.2))
    assert (old.f0_hz, old.part) == (new.f0_hz, new.part)
    assert old.events.only().gabor.time_s.max() < 0.8 <= new.events.only().gabor.time_s.min()
    assert np.abs(made.render() - melody.render()).max() < 1e-6
    assert rest_change_db(melody, made) < -100


def test_merging_undoes_a_split(melody):
    one = split(melody, [2])
    both = melody.split_note(2, 0.8).merge_notes(2, 6)
    assert [note.number for note in both.notes] == [note.number for note in melody.notes]
    assert both.groups.notes.equals(one.groups.notes)
    ours, theirs = (scene.select(note=2).only().gabor for scene in (both, one))
    for name in ("time_s", "frequency_hz", "amplitude", "phase_rad", "share_re", "share_im"):
        assert np.array_equal(ours.column(name), theirs.column(name))


def test_merged_notes_have_the_pitch_and_the_part_of_the_strongest(melody):
    made = melody.merge_notes(2, 1)
    assert [note.number for note in made.notes] == [2, 3, 4]
    note = by_number(made)[2]
    assert (note.onset_s, note.end_s, note.f0_hz) == pytest.approx((0.2, 1.2, 220.0))
    assert np.abs(made.render() - melody.render()).max() < 1e-6
    assert len(loads(dumps(made)).notes) == 3


def test_parts_of_one_atom_become_one(melody):
    atoms = melody.gabor.take(slice(0, 6))
    shares = np.tile([[40, 8]], (6, 1))
    ours, theirs = part_of(atoms, shares), part_of(atoms, np.array([[SHARE_UNITS, 0]]) - shares)
    mask = np.ones(12, np.bool_)
    whole, left = united(ours.with_more(theirs), mask)
    assert left.sum() == 6
    assert len(whole) == 6
    assert np.allclose(whole.amplitude, atoms.amplitude)
    assert np.allclose(whole.share_re, 1)
    apart, left = united(ours.with_more(theirs), np.arange(12) < 6)
    assert left.all()
    assert len(apart) == 12


def test_an_added_note_is_like_one_at_another_pitch_and_time(melody):
    made = melody.add_note(pitch="A4", onset_s=2.2, like=1, end_s=3.2, gain_db=-6)
    note, like = by_number(made)[6], by_number(made)[1]
    assert (note.name, note.onset_s, note.end_s, note.part) == ("A4", 2.2, pytest.approx(3.2), like.part)
    assert note.gain_db == like.gain_db - 6
    assert made.n_samples >= melody.n_samples
    assert rest_change_db(melody, made) < -100
    first = int(made.sample_rate_hz * 1.9)
    assert np.array_equal(made.render()[:first], split(melody, [1]).render()[:first])
    spectrum = np.abs(np.fft.rfft(note.render()[int(2.3 * made.sample_rate_hz) :]))
    peak_hz = np.argmax(spectrum) * made.sample_rate_hz / (made.n_samples - int(2.3 * made.sample_rate_hz))
    assert peak_hz == pytest.approx(440, rel=0.01)


def test_a_copy_at_its_own_place_sounds_as_the_note(melody):
    made = melody.add_note(None, 0.4, like=2)
    assert np.abs(by_number(made)[6].render() - by_number(melody)[2].render()).max() < 1e-6


def test_an_added_note_may_begin_at_0(melody):
    made = melody.add_note("C4", 0.0, like=3)
    assert by_number(made)[6].onset_s == 0


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda scene: scene.split_note(99, 0.5), "no note 99: they are numbered 1 … 4"),
        (lambda scene: scene.split_note(2, 5.0), "sounds from 0.4 to 1.2 s"),
        (lambda scene: scene.split_note(2, -1.0), "at_s"),
        (lambda scene: scene.split_note(2, float("nan")), "at_s"),
        (lambda scene: scene.split_note(2.5, 0.8), "note"),
        (lambda scene: scene.merge_notes(1), "two notes or more"),
        (lambda scene: scene.merge_notes(1, 1), "two notes or more"),
        (lambda scene: scene.merge_notes(), "two notes or more"),
        (lambda scene: scene.merge_notes(1, 7), "no note 7"),
        (lambda scene: scene.add_note("H2", 1.0, like=1), "no pitch"),
        (lambda scene: scene.add_note("A4", 1.0, like=77), "no note 77"),
        (lambda scene: scene.add_note("A4", 90_000.0, like=1), "were these samples"),
        (lambda scene: scene.add_note("A4", 1.0, like=1, end_s=0.5), "cannot end"),
        (lambda scene: scene.add_note("A4", -1.0, like=1), "onset_s"),
        (lambda scene: scene.add_note("A4", 1.0, like=1, gain_db=1e9), "gain"),
        (lambda scene: scene.replace(groups=None).add_note("A4", 1.0, like=1), "the scene has none"),
    ],
)
def test_what_makes_no_sense_is_said(melody, edit, words):
    with pytest.raises(ParameterError, match=words):
        edit(melody)


def test_a_copy_of_what_has_no_pitch_takes_none(melody):
    notes = melody.groups.notes
    drum = melody.replace(
        groups=melody.groups.with_notes(notes.replace(f0_hz=np.where(notes.id == 4, np.nan, notes.f0_hz)))
    )
    with pytest.raises(ParameterError, match="no pitch"):
        drum.add_note("A4", 1.0, like=4)
