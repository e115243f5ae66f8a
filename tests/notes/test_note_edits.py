"""Every edit of a note changes that note and leaves the rest of the sound as it was."""

from __future__ import annotations

import numpy as np
import pytest

from motes.codec import dumps, loads
from motes.edit.edits import EDITS
from motes.kinds.gabor.edits.rendered import atoms_as_rendered
from motes.notes.splitting import rest_change_db, split

NOTE = 2
# By edit: what is done to the note, and what undoes it.
DONE = {
    "only": None,
    "drop": (lambda note: note.drop(), None),
    "mute": (lambda note: note.mute(), None),
    "filter": (lambda note: note.filter(low_hz=500), None),
    "gain": (lambda note: note.gain(-3), lambda note: note.gain(3)),
    "transpose": (lambda note: note.transpose(2), lambda note: note.transpose(-2)),
    "keep_formants": (
        lambda note: note.transpose(-3, keep_formants=True),
        lambda note: note.transpose(3, keep_formants=True),
    ),
    "stretch": (lambda note: note.stretch(1.5), lambda note: note.stretch(1 / 1.5)),
    "reverse": (lambda note: note.reverse(), lambda note: note.reverse()),
    "fade": (lambda note: note.fade(1.0, 1.0), None),
    "envelope": (lambda note: note.envelope([(0, -6), (1, -3)]), None),
    "move": (lambda note: note.move(0.3), lambda note: note.move(-0.3)),
    "duplicate": (lambda note: note.duplicate(1.5), None),
    "set": (lambda note: note.set(amplitude=0.01), None),
    "group": (lambda note: note.group("voice"), None),
    "ungroup": (lambda note: note.ungroup(), None),
}
# Of two channels, of whole scenes, of rooms that ring on, of everything else, and those of test_changing.
ELSEWHERE = {"pan", "width", "join", "slice", "room", "embed_rooms", "solo", "split_note", "merge_notes", "add_note"}
CHANGING = [name for name, done in DONE.items() if done and name not in ("group", "ungroup")]
UNDONE = [name for name in CHANGING if DONE[name][1]]


def test_every_edit_is_here():
    assert {edit.name for edit in EDITS} == set(DONE) - {"keep_formants"} | ELSEWHERE


def reach_s(*scenes):
    """From when to when the note sounds in any of these, as it is rendered."""
    atoms = [atoms_as_rendered(scene.gabor, scene.sample_rate_hz) for scene in scenes]
    mine = [table.take(table.group_id >= NOTE) for table in atoms if np.any(table.group_id >= NOTE)]
    return min(table.start_s.min() for table in mine), max(table.end_s.max() for table in mine)


@pytest.mark.parametrize("name", CHANGING)
def test_the_rest_is_unchanged(melody, name):
    before = split(melody, [NOTE])
    edited = DONE[name][0](melody.select(note=NOTE))
    assert rest_change_db(melody, edited) < -100
    start_s, end_s = reach_s(before, edited)
    rate, old, new = melody.sample_rate_hz, before.render(), edited.render()
    first, last = max(0, int(start_s * rate) - 1), min(int(end_s * rate) + 2, len(old))
    assert np.array_equal(old[:first], new[:first])
    assert np.array_equal(old[last:], new[last : len(old)])
    assert not np.array_equal(old, new[: len(old)])


@pytest.mark.parametrize("name", CHANGING)
def test_files_hold_it(melody, name):
    edited = DONE[name][0](melody.select(note=NOTE)).quantise()
    read = loads(dumps(edited))
    assert np.array_equal(read.render(), edited.render())
    assert read.groups.notes.equals(edited.groups.notes)
    assert dumps(read) == dumps(edited)
    if name not in ("drop", "mute"):
        assert rest_change_db(split(melody, [NOTE]).quantise(), read) < -100


@pytest.mark.parametrize("name", UNDONE)
def test_the_opposite_undoes_it(melody, name):
    do, undo = DONE[name]
    back = undo(do(melody.select(note=NOTE)).select(note=NOTE))
    before = split(melody, [NOTE])
    assert np.abs(back.render()[: melody.n_samples] - before.render()).max() < 1e-6
    ours, theirs = back.groups.notes, melody.groups.notes
    for column in ("onset_s", "end_s", "f0_hz", "gain_db"):
        assert np.allclose(getattr(ours, column), getattr(theirs, column))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("transpose", (0.4, 1.2, 330 * 2 ** (2 / 12))),
        ("keep_formants", (0.4, 1.2, 330 * 2 ** (-3 / 12))),
        ("stretch", (0.4, 1.6, 330.0)),
        ("move", (0.7, 1.5, 330.0)),
    ],
)
def test_the_table_of_notes_follows(melody, name, expected):
    edited = DONE[name][0](melody.select(note=NOTE))
    note = next(note for note in edited.notes if note.number == NOTE)
    assert (note.onset_s, note.end_s, note.f0_hz) == pytest.approx(expected, rel=1e-3)


def test_partials_say_whose_they_are(melody):
    rows = split(melody, [NOTE]).partials
    mine = [row for row in rows if row.note == NOTE]
    assert mine
    assert {row.note for row in rows} == {None, NOTE}
    assert any(abs(row.frequency_hz - 330) < 5 for row in mine)
