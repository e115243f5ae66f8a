"""Events in rooms: sent there, heard, undone, kept, pasted and saved."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

import motes
from motes.events.room import Room
from motes.studio.sound.sound import BLOCK_SAMPLES
from motes.synth.render import render_blocks

EARLY = {"expression": "time_s < 1"}


def whole(scene):
    return np.concatenate(list(render_blocks(scene, BLOCK_SAMPLES)), axis=1)


@pytest.fixture
def impulse_responses(tmp_path, monkeypatch):
    """A folder with two responses, and a file that is none."""
    folder = tmp_path / "responses"
    (folder / "halls").mkdir(parents=True)
    random = np.random.default_rng(0)
    for name, rt60_s, channels in (("booth", 0.2, 1), ("halls/long", 1.5, 2)):
        n = int(rt60_s * 16000)
        decay = 10.0 ** (-3.0 * np.arange(n) / n)
        soundfile.write(folder / f"{name}.wav", random.standard_normal((n, channels)) * decay[:, None] * 0.1, 16000)
    (folder / "notes.wav").write_bytes(b"no sound")
    monkeypatch.setenv("IMPULSE_RESPONSE_PATH", str(folder))
    return folder


def test_rooms_are_those_of_the_folder_and_synthetic_ones(client, impulse_responses):
    rooms = client.get("rooms")
    assert [room["name"] for room in rooms[:2]] == ["booth.wav", "halls/long.wav"]
    assert [room["n_channels"] for room in rooms[:2]] == [1, 2]
    assert {room["sample_rate_hz"] for room in rooms[:2]} == {16000}
    assert rooms[0]["rt60_s"] == pytest.approx(0.2, rel=0.1)
    assert rooms[1]["duration_s"] == pytest.approx(1.5)
    assert all(room["synthetic"] and room["name"].startswith("synthetic:") for room in rooms[2:])
    assert len(rooms) > 2


def test_without_a_folder_rooms_are_synthetic(client, monkeypatch, tmp_path):
    monkeypatch.setenv("IMPULSE_RESPONSE_PATH", str(tmp_path / "gone"))
    assert all(room["synthetic"] for room in client.get("rooms"))


def test_a_room_is_edited_heard_undone_and_saved(client, folder, impulse_responses):
    document = client.open()
    dry, before = client.scene(document), client.samples(document, 0)
    edited = client.edit(document, "room", EARLY, room="halls/long", wetness=0.4)
    scene = client.scene(document)
    direct = dry.select(EARLY["expression"]).room(motes.room("halls/long"), 0.4)
    assert all(a.equals(b) for a, b in zip(scene.tables, direct.tables, strict=True))
    assert scene.n_samples == direct.n_samples
    wet = client.samples(document, edited["revision"])
    assert np.array_equal(wet, whole(direct))
    assert not np.array_equal(wet[:, : before.shape[1]], before)
    assert edited["document"]["rooms"] == [{"id": 1, "name": "halls/long.wav", "missing": False}]
    chosen = client.post(f"documents/{document['id']}/revisions/{edited['revision']}/select", EARLY)
    assert (chosen["rooms"], chosen["wetness"]) == ([1], [0.4, 0.4])
    everything = client.post(f"documents/{document['id']}/revisions/{edited['revision']}/select", {})
    assert (everything["rooms"], everything["wetness"]) == ([0, 1], [0.0, 0.4])
    again = client.edit(document, "room", EARLY, room=1, wetness=0.9)
    assert len(again["document"]["rooms"]) == 1
    assert np.array_equal(client.samples(document, again["revision"]), whole(client.scene(document)))
    assert not np.array_equal(client.samples(document, again["revision"]), wet)
    assert client.post(f"documents/{document['id']}/undo")["revision"] == edited["revision"]
    assert np.array_equal(client.samples(document, edited["revision"]), wet)
    client.post(f"documents/{document['id']}/save", {})
    saved = motes.load(folder / "sound.mote")
    assert [room.digest for room in saved.rooms] == [room.digest for room in scene.rooms]
    assert saved.gabor.wetness.max() == pytest.approx(0.4, abs=0.01)
    client.delete(f"documents/{document['id']}")
    reopened = client.open()
    assert reopened["rooms"] == [{"id": 1, "name": "halls/long.wav", "missing": False}]
    assert np.array_equal(client.samples(reopened, 0), whole(saved))
    out = client.edit(reopened, "room", room=None)
    assert out["document"]["rooms"] == []
    assert np.array_equal(client.samples(reopened, out["revision"]), whole(saved.select().room(None)))


def test_other_edits_of_a_scene_in_rooms_render_as_a_whole(client):
    document = client.open()
    client.edit(document, "room", EARLY, room="synthetic:0.6", wetness=0.5)
    client.edit(document, "mute", {"ids": [3]})
    edited = client.edit(document, "move", {"ids": [7, 9]}, by_s=0.2)
    audible = client.studio.documents[document["id"]].history.current.audible
    assert np.array_equal(client.samples(document, edited["revision"]), whole(audible))
    assert edited["changed"]["end_s"] > 0.6


def test_what_is_heard_alone_rings_out(client):
    document = client.open()
    client.edit(document, "room", {"ids": [0]}, room="synthetic:1.2", wetness=1.0)
    revision = client.get(f"documents/{document['id']}")["revision"]
    dry = client.get(f"documents/{document['id']}/revisions/{revision}/events/0")
    sound = client.post(f"documents/{document['id']}/revisions/{revision}/sounds", {"what": {"ids": [0]}}, 201)
    assert sound["end_s"] > dry["end_s"] + 0.5
    samples = np.frombuffer(client.get(sound["url_f32"].removeprefix("/api/")).content, "<f4")
    only = np.atleast_2d(client.scene(document).select([0]).only().render())[0]
    assert np.allclose(samples, only[sound["first"] : sound["first"] + len(samples)], atol=1e-6)


def test_rooms_outlive_a_crash_and_the_disk(studio_of, folder, impulse_responses):
    import time

    client = studio_of(folder)
    document = client.open()
    client.edit(document, "room", EARLY, room="booth", wetness=0.7)
    wanted = client.scene(document)
    held = client.studio.documents[document["id"]].history
    held._most = 0
    for _ in range(3):
        client.edit(document, "gain", {"ids": [0]}, db=1)
    assert not held[1].is_in_memory
    assert held[1].scene.rooms[0].equals(wanted.rooms[0])
    assert np.array_equal(client.samples(document, 1), whole(wanted))
    end = time.monotonic() + 10
    while not list(client.studio.autosaver.store.folder.glob("*.unsaved")) or not client.studio.autosaver.is_idle:
        assert time.monotonic() < end
        time.sleep(0.02)
    last = client.scene(document)
    client.studio.close()
    again = studio_of(folder)
    (found,) = again.get("studio")["recovered"]
    recovered = again.post("documents", {"recovered": found["id"]}, 201)
    scene = again.scene(recovered)
    assert recovered["rooms"] == [{"id": 1, "name": "booth.wav", "missing": False}]
    assert np.array_equal(whole(scene), whole(last))


def test_events_are_pasted_with_their_rooms(client, folder, impulse_responses):
    motes.load(folder / "sound.mote").save(folder / "other.mote")
    one, other = client.open(), client.open("other.mote")
    client.edit(one, "room", {"ids": [5]}, room="synthetic:0.3", wetness=0.2)
    client.edit(one, "room", {"ids": [1, 2]}, room="booth", wetness=0.5)
    revision = client.get(f"documents/{one['id']}")["revision"]
    client.edit(other, "room", {"ids": [0]}, room="synthetic:0.3", wetness=0.1)
    edited = client.edit(other, "paste", {"ids": [1, 2]}, document=one["id"], revision=revision, at_s=0.5)
    scene = client.scene(other)
    assert [room.name for room in scene.rooms] == ["synthetic:0.3", "booth.wav"]
    pasted = client.post(
        f"documents/{other['id']}/revisions/{edited['revision']}/select", {"ranges": edited["selection"]["ranges"]}
    )
    assert (pasted["n"], pasted["rooms"], pasted["wetness"]) == (2, [2], [0.5, 0.5])
    assert np.array_equal(client.samples(other, edited["revision"]), whole(scene))
    last = client.edit(other, "paste", {"ids": [5]}, document=one["id"], revision=revision, at_s=scene.duration_s)
    assert len(last["document"]["rooms"]) == 2  # that of the same name is the same
    assert last["document"]["duration_s"] > scene.duration_s + 0.3  # until it is no longer heard


def test_a_missing_room_is_told_and_replaced(client, folder, impulse_responses, monkeypatch):
    scene = motes.load(folder / "sound.mote")
    scene.select([0]).room(motes.room("booth"), 0.5).save(folder / "sent.mote")
    for path in impulse_responses.glob("*.wav"):
        path.unlink()
    document = client.open("sent.mote")
    assert document["rooms"] == [{"id": 1, "name": "booth.wav", "missing": True}]
    with pytest.warns(motes.errors.MotesWarning, match="booth"):
        client.samples(document, 0)
    client.edit(document, "room", {"ids": [0]}, 422, room="booth", wetness=0.5)
    edited = client.edit(document, "room", {"ids": [0]}, room="synthetic:0.3", wetness=0.5)
    assert edited["document"]["rooms"] == [{"id": 1, "name": "synthetic:0.3", "missing": False}]


@pytest.mark.parametrize(
    "fields",
    [
        {"room": "nowhere"},
        {"room": "../../etc/passwd"},
        {"room": 3},
        {"room": "synthetic:99"},
        {"room": "synthetic:x"},
        {"room": 1, "wetness": 1.5},
        {"room": -1},
        {"room": ""},
        {},
    ],
)
def test_rooms_that_make_no_sense_are_refused_in_one_line(client, impulse_responses, fields):
    document = client.open()
    refusal = client.edit(document, "room", {"ids": [0]}, 422, **fields)
    assert "\n" not in refusal["error"]
    assert client.get(f"documents/{document['id']}")["revision"] == 0


def test_a_room_with_a_response_of_its_own_stays_in_the_file(client, folder):
    random = np.random.default_rng(1)
    room = Room.of(random.standard_normal(4000) * 0.999 ** np.arange(4000), 16000, "mine")
    with pytest.warns(motes.errors.MotesWarning, match="licence"):
        motes.load(folder / "sound.mote").select([0]).room(room, 0.5).embed_rooms().save(folder / "own.mote")
    document = client.open("own.mote")
    edited = client.edit(document, "room", {"ids": [4]}, room="mine", wetness=0.3)
    assert len(edited["document"]["rooms"]) == 1
    client.post(f"documents/{document['id']}/save", {})
    (saved,) = motes.load(folder / "own.mote").rooms
    assert saved.is_embedded
