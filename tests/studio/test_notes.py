"""Notes in the studio: found, chosen as wholes, and edited in one step each; all else stays as it was."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from studio_notes import NOTES, noted_scene

import motes
from motes.notes.splitting import division_of


@pytest.fixture
def opened(client, folder) -> dict[str, Any]:
    """A document of two notes that sound together, one after them, and a hit."""
    noted_scene().save(folder / "noted.mote", version=2)
    document = client.open("noted.mote")
    wait_for_notes(client, document)
    return document


def wait_for_notes(client, document, work: str = "ready") -> dict[str, Any]:
    end = time.monotonic() + 60
    while (state := client.get(f"documents/{document['id']}")["notes"])["work"] != work:
        assert time.monotonic() < end, state
        time.sleep(0.02)
    return state


def rows(client, document, revision: int | None = None) -> dict[int, dict[str, Any]]:
    now = client.get(f"documents/{document['id']}")["revision"] if revision is None else revision
    return {row["note"]: row for row in client.get(f"documents/{document['id']}/revisions/{now}/notes")["notes"]}


def test_the_notes_of_a_file_are_there_when_it_is_opened(client, opened):
    found = rows(client, opened)
    assert list(found) == [1, 2, 3, 4]
    assert [row["name"] for row in found.values()] == ["A3", "E4", "B3", ""]
    assert found[1]["f0_hz"] == pytest.approx(220, rel=1e-3)
    assert found[4]["f0_hz"] is None
    assert found[4]["cents"] is None
    assert [row["part"] for row in found.values()] == [1, 1, 1, 2]
    assert not any(row["muted"] or row["n_events"] for row in found.values())
    assert client.get(f"documents/{opened['id']}")["notes"]["n"] == 4


def test_to_choose_a_note_changes_nothing(client, opened):
    before = client.get(f"documents/{opened['id']}")
    path = f"documents/{opened['id']}/revisions/0"
    chosen = client.post(f"{path}/select", {"notes": [2]})
    assert (chosen["notes"], chosen["n"], chosen["revision"]) == ([2], 0, 0)
    assert (chosen["start_s"], chosen["end_s"]) == pytest.approx((NOTES[1].onset_s, NOTES[1].end_s), abs=2e-3)
    assert client.post(f"{path}/select", {"expression": "pitch >= B3 and part == 1"})["notes"] == [2, 3]
    assert client.post(f"{path}/select", {"expression": "note == 77"})["notes"] == []
    assert "there is no note 9" in client.post(f"{path}/select", {"notes": [9]}, 422)["error"]
    after = client.get(f"documents/{opened['id']}")
    assert {name: after[name] for name in after if name != "notes"} == {n: before[n] for n in before if n != "notes"}


def test_a_note_sounds_alone(client, opened):
    path = f"documents/{opened['id']}/revisions/0"
    made = client.post(f"{path}/sounds", {"what": {"notes": [1]}}, 201)
    alone = np.frombuffer(client.get(made["url_f32"].removeprefix("/api/")).content, "<f4")
    note = client.scene(opened).notes[0].render()
    assert np.abs(alone - note[made["first"] : made["first"] + len(alone)]).max() < 1e-6
    assert made["end_s"] < NOTES[2].onset_s


def test_one_edit_of_a_note_is_one_step_and_the_rest_stays(client, opened):
    before = client.samples(opened, 0)
    edited = client.edit(opened, "transpose", {"notes": [3]}, semitones=2)
    assert edited["label"] == "transpose note 3 (B3)"
    assert edited["selection"]["notes"] == [3]
    assert edited["selection"]["n"] > 0
    found = rows(client, opened)
    assert found[3]["name"] == "C#4"
    assert found[3]["n_events"] == edited["selection"]["n"]
    assert found[1]["n_events"] == 0
    after = client.samples(opened, edited["revision"])
    first = int(edited["changed"]["start_s"] * client.scene(opened).sample_rate_hz)
    assert first > 0
    assert np.array_equal(before[:, :first], after[:, :first])
    assert not np.array_equal(before, after)
    undone = client.post(f"documents/{opened['id']}/undo")
    assert undone["selection"]["notes"] == [3]
    assert np.array_equal(client.samples(opened, undone["revision"]), before)
    assert client.post(f"documents/{opened['id']}/redo")["selection"]["notes"] == [3]


def test_what_a_hand_does_at_once_is_one_step(client, opened):
    body = {
        "revision": 0,
        "what": {"notes": [1]},
        "edit": {"op": "move", "by_s": 0.05},
        "then": [{"op": "transpose", "semitones": -2}, {"op": "stretch", "factor": 1.5}],
    }
    edited = client.post(f"documents/{opened['id']}/edits", body)
    assert edited["label"] == "move and transpose and stretch note 1 (A3)"
    row = rows(client, opened)[1]
    assert row["name"] == "G3"
    assert row["end_s"] - row["onset_s"] == pytest.approx(1.5 * (NOTES[0].end_s - NOTES[0].onset_s), abs=5e-3)
    assert client.post(f"documents/{opened['id']}/undo")["document"]["undo"] is None
    assert rows(client, opened)[1]["name"] == "A3"


def test_a_note_is_muted_and_heard_again_to_the_bit(client, opened):
    muted = client.edit(opened, "mute", {"notes": [3]})
    assert rows(client, opened)[3]["muted"]
    assert muted["document"]["n_muted"] == muted["selection"]["n"] > 0
    path = f"documents/{opened['id']}/revisions/{muted['revision']}"
    assert client.post(f"{path}/select", {"notes": [3]})["n_muted"] == muted["selection"]["n"]
    # Another note of the same time is divided while this one is silent.
    louder = client.edit(opened, "gain", {"notes": [1]}, db=3)
    assert louder["document"]["n_muted"] == muted["document"]["n_muted"]
    assert [number for number, row in rows(client, opened).items() if row["muted"]] == [3]
    client.edit(opened, "unmute", {"notes": [3]})
    assert not rows(client, opened)[3]["muted"]


def test_solo_of_a_note_leaves_it_alone(client, opened):
    made = client.edit(opened, "solo", {"notes": [1]})
    alone = client.samples(opened, made["revision"])[0]
    note = client.scene(opened, 0).notes[0].render()
    assert np.abs(alone - note).max() < 1e-5


def test_a_copy_of_a_note_is_a_note_and_a_deleted_one_is_gone(client, opened):
    made = client.edit(opened, "duplicate", {"notes": [1]}, at_s=1.5)
    (copy,) = made["selection"]["notes"]
    assert copy not in (1, 2, 3, 4)
    assert rows(client, opened)[copy]["name"] == "A3"
    gone = client.edit(opened, "delete", {"notes": [copy]})
    assert gone["selection"] == {"n": 0, "ranges": [], "notes": []}
    assert list(rows(client, opened)) == [1, 2, 3, 4]
    client.edit(opened, "delete", {"notes": [2]})
    assert list(rows(client, opened)) == [1, 3, 4]


def test_some_events_of_a_note_are_chosen_in_a_state_that_sounds_alike(client, opened):
    before = client.samples(opened, 0)
    path = f"documents/{opened['id']}/revisions/0"
    chosen = client.post(f"{path}/select", {"expression": "note == 1 and frequency_hz > 300"})
    assert chosen["revision"] == 1
    assert chosen["n"] > 0
    assert chosen["notes"] == []
    document = client.get(f"documents/{opened['id']}")
    assert (document["revision"], document["undo"], document["dirty"]) == (1, None, False)
    assert np.abs(client.samples(opened, 1) - before).max() < 1e-5
    again = client.post(
        f"documents/{opened['id']}/revisions/1/select", {"expression": "note == 1 and frequency_hz > 300"}
    )
    assert (again["revision"], again["ranges"]) == (1, chosen["ranges"])
    client.edit(opened, "gain", {"ranges": chosen["ranges"]}, db=-6)
    assert client.post(f"documents/{opened['id']}/undo")["document"]["undo"] is None


def test_curves_follow_the_pitch(client, opened):
    found = client.get(f"documents/{opened['id']}/revisions/0/curves", params={"start_s": 0, "end_s": 0.3})
    assert found["n_left"] == 0
    assert [curve["note"] for curve in found["curves"]] == [1, 2]
    for curve, note in zip(found["curves"], NOTES, strict=False):
        cents = 1200 * np.log2(np.array(curve["f0_hz"]) / note.f0_hz)
        assert np.abs(cents).max() < 30
    client.edit(opened, "transpose", {"notes": [1]}, semitones=12)
    found = client.get(f"documents/{opened['id']}/revisions/1/curves", params={"start_s": 0, "end_s": 0.3})
    assert np.median(found["curves"][0]["f0_hz"]) == pytest.approx(2 * NOTES[0].f0_hz, rel=0.02)


def test_a_note_opens_to_its_partials_and_events(client, opened):
    found = client.get(f"documents/{opened['id']}/revisions/0/notes/1")
    assert {partial["harmonic"] for partial in found["partials"]} >= {1, 2, 3}
    assert found["events"]["n"] == len(found["events"]["time_s"]) > 0
    assert "there is no note 99" in client.get(f"documents/{opened['id']}/revisions/0/notes/99", 404)["error"]


def test_only_some_notes_are_exported(client, opened):
    answer = client.get(f"documents/{opened['id']}/revisions/0/export/note.csv", params={"what": '{"notes": [3]}'})
    n_rows = answer.text.count("\n") - 1
    assert 0 < n_rows < client.scene(opened).n_events


def test_notes_that_were_edited_are_saved(client, folder, opened):
    client.edit(opened, "transpose", {"notes": [1]}, semitones=3)
    client.post(f"documents/{opened['id']}/save")
    saved = motes.load(folder / "noted.mote")
    assert [note.name for note in saved.notes] == ["C4", "E4", "B3", ""]


def test_notes_are_found_in_the_background_in_one_step(client, monkeypatch):
    from motes.studio.document import note_work

    heard: list[int] = []

    def found(recording, sureness, progress):
        heard.append(recording.n_samples)
        from motes.notes.finding import Found

        notes = noted_scene().groups.notes
        return Found(notes, np.zeros(len(notes), np.int64))

    monkeypatch.setattr(note_work, "notes_in", found)
    document = client.open()
    assert document["notes"]["work"] == "none"
    client.edit(document, "mute", {"ids": [0]})
    before = client.samples(document, 1)
    client.post(f"documents/{document['id']}/notes", status=202)
    state = wait_for_notes(client, document)
    assert state["n"] == 4
    assert heard == [document["original"] and client.scene(document).n_samples]
    now = client.get(f"documents/{document['id']}")
    assert now["undo"] == "find 4 notes"
    assert now["n_muted"] == 1
    assert np.array_equal(client.samples(document, now["revision"]), before)
    client.post(f"documents/{document['id']}/undo")
    wait_for_notes(client, document, "none")


def test_without_events_there_is_nothing_to_find(client):
    document = client.open("sound.wav")
    assert "encode" in client.post(f"documents/{document['id']}/notes", status=422)["error"]


def test_the_division_found_in_the_background_is_used(client, opened, monkeypatch):
    from motes.notes import splitting

    scene = client.scene(opened)
    division = division_of(scene)
    monkeypatch.setattr(splitting, "_derived", lambda *_: pytest.fail("it was found again"))
    client.edit(opened, "gain", {"notes": [1]}, db=1)
    client.edit(opened, "move", {"notes": [2]}, by_s=0.01)
    assert division is division_of(scene)


def test_what_has_no_events_of_its_own_is_not_edited(client, folder):
    """A hit of which nothing but noise is there."""
    scene = noted_scene()
    scene.select(lambda events: events.window_s < 0.02).drop().save(folder / "without.mote")
    document = client.open("without.mote")
    answer = client.edit(document, "move", {"notes": [4]}, 422, by_s=0.1)
    assert "has no events of its own" in answer["error"]
    assert client.get(f"documents/{document['id']}")["undo"] is None


def test_what_is_done_to_a_note_further_is_one_step_with_it(client, folder):
    noted_scene().save(folder / "noted.mote")
    document = client.open("noted.mote")
    body = {"revision": 0, "edit": {"op": "add_note", "like": 3, "pitch": 62, "onset_s": 1.0}}
    done = client.post(f"documents/{document['id']}/edits", body | {"then": [{"op": "gain", "db": 6}]})
    assert (done["revision"], done["document"]["undo"]) == (1, "add a note and gain")
    rows = {row["note"]: row for row in client.get(f"documents/{document['id']}/revisions/1/notes")["notes"]}
    (new,) = done["selection"]["notes"]
    assert rows[new]["name"] == "D4"
    split = {"op": "split_note", "note": 3, "at_s": 2.4}
    client.post(f"documents/{document['id']}/edits", body | {"revision": 1, "then": [split]}, 422)
