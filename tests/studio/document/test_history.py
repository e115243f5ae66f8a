"""The history is looked at, jumped in, and survives a crash to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from motes.studio.document import history as history_module


def labels(client, document) -> list[str]:
    return [step["label"] for step in client.get(f"documents/{document['id']}/history")["steps"]]


def test_any_step_is_gone_to_and_back(client):
    document = client.open()
    for db in (1, 2, 3):
        client.edit(document, "gain", {"ids": [db]}, db=db)
    scenes = [client.scene(document, revision) for revision in range(4)]
    assert labels(client, document) == ["", "gain 1 event", "gain 1 event", "gain 1 event"]
    for revision, chosen in ((0, [1, 2]), (3, [3, 4]), (1, [2, 3]), (2, [2, 3])):
        gone = client.post(f"documents/{document['id']}/history", {"revision": revision})
        assert (gone["revision"], gone["selection"]["ranges"]) == (revision, chosen)
        assert client.scene(document) is scenes[revision]
        found = client.get(f"documents/{document['id']}/history")
        assert (found["revision"], [step["revision"] for step in found["steps"]]) == (revision, [0, 1, 2, 3])
        assert [step["saved"] for step in found["steps"]] == [True, False, False, False]
    client.edit(document, "gain", {"ids": [9]}, db=1)
    client.post(f"documents/{document['id']}/history", {"revision": 3}, 404)
    assert len(labels(client, document)) == 4


def test_edits_of_one_gesture_are_one_step(client):
    document = client.open()
    before = client.samples(document, 0)

    def edit(gesture: str | None, db: float) -> dict:
        now = client.get(f"documents/{document['id']}")["revision"]
        body = {"revision": now, "what": {"ids": [5]}, "edit": {"op": "gain", "db": db}, "gesture": gesture}
        return client.post(f"documents/{document['id']}/edits", body)

    for gesture, n_steps in (("a", 2), ("a", 2), ("a", 2), ("b", 3), (None, 4), (None, 5), ("b", 6)):
        edit(gesture, 1)
        assert len(labels(client, document)) == n_steps
    client.post(f"documents/{document['id']}/history", {"revision": 3})
    louder = client.scene(document).gabor.amplitude[5] / client.scene(document, 0).gabor.amplitude[5]
    assert 20 * np.log10(louder) == pytest.approx(3)
    undone = client.post(f"documents/{document['id']}/undo")
    assert (undone["revision"], undone["selection"]["ranges"]) == (0, [5, 6])
    assert np.array_equal(client.samples(document, 0), before)


def test_the_history_survives_a_crash(studio_of, folder, monkeypatch):
    monkeypatch.setattr(history_module, "IN_MEMORY_BYTES", 0)
    client = studio_of(folder, autosave_s=0.02)
    document = client.open()
    client.edit(document, "transpose", {"ids": list(range(50))}, semitones=1.5)
    client.edit(document, "mute", {"ids": [7]})
    client.edit(document, "delete", {"ids": [3]})
    client.edit(document, "gain", {"ids": [3]}, db=3)
    client.post(f"documents/{document['id']}/undo")
    expected = client.get(f"documents/{document['id']}/history")
    history = client.studio.documents[document["id"]].history
    held = {
        step["revision"]: (history[step["revision"]].scene, history[step["revision"]].muted)
        for step in expected["steps"]
    }
    client.studio.close()
    again = studio_of(folder)
    (found,) = again.get("studio")["recovered"]
    recovered = again.post("documents", {"recovered": found["id"]}, 201)
    assert (recovered["revision"], recovered["dirty"], recovered["redo"]) == (3, True, "gain 1 event")
    assert again.get(f"documents/{recovered['id']}/history") == expected
    for revision, (scene, muted) in held.items():
        gone = again.post(f"documents/{recovered['id']}/history", {"revision": revision})
        assert gone["document"]["dirty"] == (revision != 0)
        now = again.studio.documents[recovered["id"]].history.current
        assert all(a.equals(b) for a, b in zip(now.scene.tables, scene.tables, strict=True))
        assert np.array_equal(now.muted, muted)
        assert np.allclose(again.samples(recovered, revision)[0], now.audible.render(), atol=1e-6)
    again.post(f"documents/{recovered['id']}/history", {"revision": 2})
    undone = again.post(f"documents/{recovered['id']}/undo")
    assert undone["selection"]["ranges"] == [7, 8]
    assert again.edit(recovered, "gain", {"ids": [1]}, db=1)["revision"] == 5
    again.delete(f"documents/{recovered['id']}?discard=true")
    again.studio.close()
    assert list(again.studio.options.state.glob("*")) == []
