"""Notes of a page: each is one thing to click, with all that is its own, and is drawn where its pitch runs."""

from __future__ import annotations

import numpy as np
import pytest
from report_examples import chimes
from studio_notes import NOTES, noted_scene

from motes.report.items import items_of, lines, parameters
from motes.report.sound import choose, event_sounds


@pytest.fixture(scope="module")
def items():
    return items_of(noted_scene())


def test_a_note_is_one_item_and_all_items_together_are_the_scene(items):
    assert items.sorts.count("note") == 4
    assert sorted(items.notes[items.notes > 0]) == [1, 2, 3, 4]
    assert len(items.number) == items.scene.n_events
    assert np.abs(items.scene.render() - noted_scene().render()).max() < 1e-5


def test_a_note_sounds_as_its_own_events_do(items):
    first = int(np.flatnonzero(items.notes == 3)[0])
    sounds = event_sounds(items, np.array([first]))
    rate = items.scene.sample_rate_hz
    at, n = round(sounds.start_s[0] * rate), round(sounds.length_s[0] * rate)
    alone = noted_scene().notes[2].render()
    onset = int(items.start_s[first] * rate)
    heard = sounds.audio[at : at + n - 800] * sounds.gain[0]
    assert np.abs(heard - alone[onset : onset + n - 800]).max() < 1e-3


def test_notes_are_drawn_from_onset_to_end_along_their_pitch(items):
    for k, note in enumerate(NOTES):
        (item,) = np.flatnonzero(items.notes == k + 1)
        (stroke,) = lines(items, np.array([item]))[0]
        time_s, hz = np.array(stroke).T
        assert time_s[0] == pytest.approx(note.onset_s, abs=2e-3)
        assert note.end_s - 0.012 <= time_s[-1] <= note.end_s + 2e-3
        assert np.abs(1200 * np.log2(hz / note.f0_hz)).max() < 40


def test_notes_come_first_and_say_what_they_are(items):
    chosen = choose(items, 60.0, 4)
    assert [items.sorts[i] for i in chosen] == ["note"] * 4
    found = parameters(items, chosen)["note"]
    names = [name for name, *_ in found["params"]]
    rows = dict(zip(names, found["values"], strict=True))
    assert rows["part"].tolist() == [1, 1, 2, 1]  # in order of time
    assert rows["f0_hz"][:2] == pytest.approx([220, 330], rel=2e-3)
    assert np.isfinite(np.array(found["values"])).all()


def test_a_scene_without_notes_has_the_items_it_had():
    items = items_of(chimes(3))
    assert not items.notes.any()
    assert "note" not in items.sorts
