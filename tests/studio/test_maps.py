"""The map and matrix of a document, and edits by chance: what the library draws, one step each, again from the same
state.
"""

from __future__ import annotations

import numpy as np
import pytest
from studio_notes import NOTES, noted_scene
from studio_page import chimes

from motes.report.items import items_of
from motes.report.remix import Chance, remixed


def map_of(client, document, **query):
    return client.get(f"documents/{document['id']}/revisions/{document['revision']}/map", params=query)


def test_items_of_the_map_are_all_events_each_in_one(client):
    document = client.open()
    found, items = map_of(client, document), items_of(client.scene(document), "none")
    assert found["method"] == "PCA"
    assert set(found["sort"]) == {"partial", "gabor", "texture"}
    events = sorted(
        event
        for ranges in found["ranges"]
        for first, end in zip(ranges[::2], ranges[1::2], strict=True)
        for event in range(first, end)
    )
    assert found["n_items"] == len(items)
    assert events == sorted(np.flatnonzero(items.strength[items.number] > 0).tolist())
    assert np.allclose(found["start"], np.sort(found["start"]), rtol=1e-3)
    assert min(found["x"] + found["y"]) == 0
    assert max(found["x"]) == max(found["y"]) == 1
    assert sum(len(sort["items"]) for sort in found["sorts"].values()) == len(found["sort"])
    assert all(0.5 <= abs(r) <= 1 for axis in found["along"] for _, r in axis)


def test_notes_have_a_map_of_their_own_and_events_say_whose_they_are(client, folder):
    noted_scene().save(folder / "notes.mote")
    document = client.open("notes.mote")
    notes, events = (map_of(client, document, of=of) for of in ("notes", "events"))
    assert sorted(notes["note"]) == [1, 2, 3, 4]
    assert notes["ranges"] == []
    low = dict(zip(notes["note"], notes["low"], strict=True))
    assert [low[number] for number in (1, 2, 3)] == pytest.approx([note.f0_hz for note in NOTES], rel=0.01)
    assert set(events["note"]) >= {1, 2, 3}
    assert set(events["sort"]) <= {"gabor", "partial"}
    late = [note for note, start in zip(events["note"], events["start"], strict=True) if start > 2]
    assert set(late) == {3}


def test_chance_draws_what_the_library_draws_and_again_from_the_same_state(client, folder):
    chimes().save(folder / "chimes.mote")
    document = client.open("chimes.mote")
    scene = client.scene(document)
    mask = scene.select("frequency_hz > 800").mask
    what = {"expression": "frequency_hz > 800"}
    first = client.edit(document, "chance", what, events=True, times=True, strength=0.5, seed=7)
    assert first["label"] == f"random events and times, seed 7, 50 %, of {mask.sum()} events"
    wanted = remixed(items_of(scene), Chance(True, True, 0.5, 7), mask).selection
    assert np.allclose(client.samples(document, first["revision"])[0], wanted.scene.render(), atol=1e-7)
    assert first["selection"]["n"] == mask.sum()
    again = client.edit(document, "chance", what, times=True, seed=8, of=document["revision"])
    assert again["document"]["undo"] == f"random times, seed 8, 100 %, of {mask.sum()} events"
    wanted = remixed(items_of(scene), Chance(times=True, seed=8), mask).selection.scene
    assert np.allclose(client.samples(document, again["revision"])[0], wanted.render(), atol=1e-7)
    undone = client.post(f"documents/{document['id']}/undo")
    assert undone["revision"] == first["revision"]
    client.edit(document, "chance", what, 422, seed=1)
    client.edit(document, "chance", what, 422, times=True, strength=2)
    client.edit(document, "chance", what, 404, times=True, of=99)


def test_without_a_selection_all_but_noise_is_drawn_notes_as_wholes_and_mutes_follow(client, folder):
    document = client.open()
    scene = client.scene(document)
    made = client.scene(document, client.edit(document, "chance", times=True)["revision"])
    assert np.array_equal(made.texture.time_s, scene.texture.time_s)
    assert not np.allclose(np.sort(made.gabor.time_s), np.sort(scene.gabor.time_s), atol=0.01)
    noted_scene().save(folder / "notes.mote")
    document = client.open("notes.mote")
    client.edit(document, "mute", {"notes": [3]})
    edited = client.edit(document, "chance", times=True, seed=2)
    made = client.scene(document, edited["revision"])
    own = next(note for note in made.notes if note.number == 3)
    muted = client.studio.documents[document["id"]].history.current.muted
    times = np.concatenate([table.time_s for table in made.tables])[muted]
    assert own.onset_s != pytest.approx(NOTES[2].onset_s, abs=0.01)
    assert times.min() >= own.onset_s - 0.05
    assert times.max() <= own.end_s + 0.05
