"""What a studio holds in memory is bounded, and what is closed is given back."""

from __future__ import annotations

import gc
import time
import weakref

import numpy as np
from studio_page import chimes

from motes.studio.document import history as history_module
from motes.studio.document.memory import give_back, held_bytes
from motes.studio.sound import solo


def test_what_is_held_counts_once_with_what_is_derived():
    scene = chimes(100)
    n_bytes = held_bytes([scene])
    assert n_bytes >= scene.gabor.time_s.nbytes * 3
    assert held_bytes([scene, scene, scene.gabor]) == n_bytes
    scene.gabor.once("test", lambda: np.zeros(1000))
    assert held_bytes([scene]) == n_bytes + 8000


def test_states_beyond_the_bound_are_on_disk_and_come_back(client, monkeypatch):
    document = client.open()
    history = client.studio.documents[document["id"]].history
    one = held_bytes([history.current.scene])
    monkeypatch.setattr(history, "_most", 3 * one)
    scenes = []
    for k in range(12):
        client.edit(document, "transpose", {"ids": [k]}, semitones=1)
        scenes.append(history.current.scene.gabor.frequency_hz.copy())
        held = [step for step in history.steps() if step.is_in_memory]
        assert len(held) <= 3 or held_bytes(held) <= 6 * one
    history.put_away(writes=True)  # as the thread that stores unsaved work does
    held = [step for step in history.steps() if step.is_in_memory]
    assert len(held) <= 3 or held_bytes(held) <= 3 * one
    assert not history[3].is_in_memory
    for k in reversed(range(11)):
        client.post(f"documents/{document['id']}/undo")
        assert np.array_equal(history.current.scene.gabor.frequency_hz, scenes[k])
    assert history_module.IN_MEMORY_BYTES <= 128 << 20


def test_selections_that_were_heard_are_bounded(client, monkeypatch):
    document = client.open()
    sounds = [client.post(f"documents/{document['id']}/revisions/0/sounds", {"what": {}}, 201) for _ in range(3)]
    monkeypatch.setattr(solo, "_KEPT_BYTES", 1)
    last = client.post(f"documents/{document['id']}/revisions/0/sounds", {"what": {}}, 201)
    client.get(f"sounds/{sounds[0]['sound']}.wav", 404)
    client.get(f"sounds/{last['sound']}.wav")


def test_a_closed_document_is_held_by_nothing(client):
    document = client.open()
    client.edit(document, "transpose", {"ids": [3]}, semitones=1)
    client.post(f"documents/{document['id']}/undo")
    held = weakref.ref(client.studio.documents[document["id"]])
    client.delete(f"documents/{document['id']}?discard=true")
    end = time.monotonic() + 20
    while held() is not None:
        assert time.monotonic() < end, gc.get_referrers(held())
        time.sleep(0.05)
        give_back()


def test_lines_of_what_is_closed_are_forgotten(client):
    from motes.kinds.gabor.partials import tracking

    document = client.open()
    client.edit(document, "transpose", {"ids": [3]}, semitones=1)
    assert tracking._SEARCHES
    kept = set(tracking._SEARCHES)
    client.delete(f"documents/{document['id']}?discard=true")
    assert len(set(tracking._SEARCHES) & kept) == len(kept) - 1


def test_no_renderer_holds_what_the_history_has_put_away(client):
    document = client.open()
    sound = client.studio.documents[document["id"]].sound
    for k in range(3):
        client.edit(document, "gain", {"ids": [k]}, db=1)
        assert set(sound._renderers) <= {k}
        client.samples(document, k + 1)
        assert k + 1 in sound._renderers
