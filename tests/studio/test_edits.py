"""Edits over HTTP do what the functions of scenes do, and can be undone without limit."""

from __future__ import annotations

import numpy as np
import pytest
from kind_examples import EXAMPLES, example, scene_of

from motes.edit.joining import joined
from motes.edit.selection import Selection
from motes.studio.document.documents import Document
from motes.studio.schemas import EditBody
from motes.studio.sound.sound import BLOCK_SAMPLES
from motes.synth.render import render_blocks
from motes.units import HIGHEST_HZ

LOW = {"expression": "frequency_hz < 500 and time_s < 1"}


def same(one, other):
    return (
        one.n_samples == other.n_samples
        and all(a.equals(b) for a, b in zip(one.tables, other.tables, strict=True))
        and one.groups.equals(other.groups)
    )


def whole(scene):
    return np.concatenate(list(render_blocks(scene, BLOCK_SAMPLES)), axis=1)


@pytest.mark.parametrize(
    ("op", "fields", "direct"),
    [
        ("move", {"by_s": 0.25}, lambda chosen: chosen.move(0.25)),
        ("transpose", {"semitones": 3}, lambda chosen: chosen.transpose(3)),
        ("stretch", {"factor": 1.5}, lambda chosen: chosen.stretch(1.5)),
        ("gain", {"db": -6}, lambda chosen: chosen.gain(-6)),
        ("reverse", {}, lambda chosen: chosen.reverse()),
        ("filter", {"low_hz": 100, "high_hz": None}, lambda chosen: chosen.filter(100, None)),
        ("delete", {}, lambda chosen: chosen.drop()),
        ("keep", {}, lambda chosen: chosen.only()),
        ("duplicate", {"at_s": 2.0}, lambda chosen: chosen.duplicate(2.0)),
    ],
)
def test_an_edit_is_that_of_the_scene(client, op, fields, direct):
    document = client.open()
    before = client.scene(document)
    edited = client.edit(document, op, LOW, **fields)
    expected = direct(before.select(LOW["expression"]))
    assert same(client.scene(document), expected)
    assert edited["document"]["n_events"] == expected.n_events
    assert edited["document"]["dirty"]
    assert np.array_equal(client.samples(document, edited["revision"]), whole(expected))


def test_only_blocks_that_an_edit_touches_are_rendered_again(client):
    document = client.open()
    sound = client.studio.documents[document["id"]].sound
    client.samples(document, 0)
    n_blocks = sound.n_rendered
    edited = client.edit(document, "gain", {"expression": "time_s > 2.2 and window_s < 0.02"}, db=3)
    audio = client.samples(document, edited["revision"])
    assert 0 < sound.n_rendered - n_blocks < n_blocks
    assert np.array_equal(audio, whole(client.scene(document)))
    assert edited["changed"]["start_s"] > 2.1
    before = whole(client.scene(document, 0))
    rate = document["sample_rate_hz"]
    first, last = int(edited["changed"]["start_s"] * rate), int(edited["changed"]["end_s"] * rate)
    assert np.array_equal(audio[:, :first], before[:, :first])
    assert np.array_equal(audio[:, last:], before[:, last:])
    assert not np.array_equal(audio, before)


@pytest.mark.parametrize("kind", EXAMPLES)
def test_every_kind_is_edited_block_by_block_like_as_a_whole(kind):
    scene = scene_of(example(kind, 2), n_channels=2)
    document = Document("d", "d.mote", scene)
    random = np.random.default_rng(1)
    for op, fields in [
        ("gain", {"db": 4}),
        ("move", {"by_s": 0.1}),
        ("transpose", {"semitones": -2}),
        ("duplicate", {"at_s": 2.9}),
        ("delete", {}),
    ]:
        n = document.history.current.scene.n_events
        ids = sorted(random.choice(n, 2, replace=False).tolist())
        body = EditBody(revision=document.history.current.number, what={"ids": ids}, edit={"op": op, **fields})
        document.edit(body, lambda *_: None)
        now = document.history.current
        assert np.array_equal(
            document.sound.samples("reconstruction", now, 0, now.scene.n_samples), whole(now.scene)
        ), op


def test_undo_goes_back_to_the_scenes_that_were_and_redo_forward_again(client):
    document = client.open()
    scenes, sounds = [client.scene(document)], [client.samples(document, 0)]
    for step in range(12):
        edited = client.edit(
            document, "gain" if step % 2 else "move", {"ids": [step * 7]}, **({"db": 1} if step % 2 else {"by_s": 0.01})
        )
        scenes.append(client.scene(document))
        sounds.append(client.samples(document, edited["revision"]))
    for step in reversed(range(12)):
        back = client.post(f"documents/{document['id']}/undo")
        assert back["revision"] == step
        assert client.scene(document) is scenes[step]
        assert back["selection"]["n"] == 1
        assert np.array_equal(client.samples(document, step), sounds[step])
    assert not back["document"]["dirty"]
    client.post(f"documents/{document['id']}/undo", status=409)
    for step in range(1, 13):
        assert client.post(f"documents/{document['id']}/redo")["revision"] == step
        assert client.scene(document) is scenes[step]
    client.post(f"documents/{document['id']}/redo", status=409)


def test_states_that_are_put_away_on_disk_come_back_to_the_bit(tmp_path):
    scene = scene_of(example("gabor", 1).with_more(*[example("gabor", 1)] * 20))
    document = Document("d", "d.mote", scene, folder=tmp_path)
    document.history._most = 200_000
    kept = [scene]
    for step in range(60):
        body = EditBody(revision=step, what={"ids": [step]}, edit={"op": "move", "by_s": 0.01})
        document.edit(body, lambda *_: None)
        kept.append(document.history.current.scene)
    away = [number for number in range(61) if not document.history[number].is_in_memory]
    assert len(away) > 30
    assert 60 not in away
    for step in reversed(range(60)):
        document.undo()
        assert same(document.history.current.scene, kept[step])


def test_edits_of_an_older_revision_are_refused(client):
    document = client.open()
    client.edit(document, "gain", db=1)
    body = {"revision": 0, "what": {}, "edit": {"op": "gain", "db": 1}}
    assert "current" in client.post(f"documents/{document['id']}/edits", body, 409)["error"]


def test_muted_events_are_silent_stay_and_come_back(client):
    document = client.open()
    n, before = document["n_events"], client.samples(document, 0)
    edited = client.edit(document, "mute", LOW)
    assert edited["document"]["n_events"] == n
    assert edited["document"]["n_muted"] == edited["selection"]["n"] > 0
    silent = client.samples(document, edited["revision"])
    assert np.allclose(silent, whole(client.scene(document, 0).select(LOW["expression"]).drop()), atol=1e-6)
    client.edit(document, "gain", {"muted": True}, db=0)
    edited = client.edit(document, "unmute")
    assert edited["document"]["n_muted"] == 0
    assert np.allclose(client.samples(document, edited["revision"]), before, atol=1e-6)


@pytest.mark.parametrize(
    "edit",
    [
        {"op": "transpose", "semitones": 5},
        {"op": "reverse"},
        {"op": "duplicate", "at_s": 1.0},
        {"op": "delete"},
        {"op": "move", "by_s": 0.5},
    ],
)
def test_muted_events_stay_muted_wherever_an_edit_takes_them(client, edit):
    document = client.open()
    scene = client.scene(document)
    marked = [3, 50, 51, 700, 1400]
    level_of = dict(enumerate(scene.gabor.amplitude[:, 0].tolist()))
    early = {i for i in marked if scene.gabor.time_s[i] < 1.5}
    assert 0 < len(early) < len(marked)
    client.edit(document, "mute", {"ids": marked})
    client.edit(document, edit["op"], {"expression": "time_s < 1.5"}, **{k: v for k, v in edit.items() if k != "op"})
    now = client.studio.documents[document["id"]].history.current
    muted = now.scene.gabor.take(now.muted[: len(now.scene.gabor)])
    left = [i for i in marked if edit["op"] != "delete" or i not in early] + (
        sorted(early) if edit["op"] == "duplicate" else []
    )
    assert sorted(muted.amplitude[:, 0].tolist()) == sorted(level_of[i] for i in left)


def test_solo_mutes_all_others(client):
    document = client.open()
    edited = client.edit(document, "solo", LOW)
    only = client.scene(document).select(LOW["expression"]).only()
    assert np.allclose(client.samples(document, edited["revision"]), whole(only), atol=1e-6)


def test_pasting_between_documents(client, folder):
    one = client.open()
    client.scene(one).gain(-20).save(folder / "other.mote")
    other = client.open("other.mote")
    edited = client.edit(other, "paste", LOW, document=one["id"], revision=0, at_s=1.25)
    copied = client.scene(one).select(LOW["expression"])
    assert edited["selection"]["n"] == len(copied)
    assert edited["document"]["n_events"] == other["n_events"] + len(copied)
    chosen = client.post(f"documents/{other['id']}/revisions/1/select", {"ranges": edited["selection"]["ranges"]})
    assert chosen["n"] == len(copied)
    assert chosen["start_s"] == pytest.approx(1.25, abs=1e-6)
    pasted = Selection(
        client.scene(other), np.isin(np.arange(client.scene(other).n_events), expand(edited["selection"]["ranges"]))
    ).only()
    before = copied.only().render()
    first, start = round(1.25 * 44100), round(copied.onset_s * 44100)
    n = min(len(before) - start, client.scene(other).n_samples - first)
    assert np.allclose(pasted.render()[first : first + n], before[start : start + n], atol=2e-3)


def test_pasting_resamples(client, folder):
    document = client.open()
    scene_of(example("gabor", 1)).save(folder / "slow.mote")
    slow = client.open("slow.mote")
    assert slow["sample_rate_hz"] == 16000
    edited = client.edit(document, "paste", {}, document=slow["id"], revision=0, at_s=0.5)
    assert edited["selection"]["n"] == slow["n_events"]


def expand(ranges):
    return np.concatenate([np.arange(a, b) for a, b in zip(ranges[::2], ranges[1::2], strict=True)])


def test_groups_are_made_and_taken_apart(client):
    document = client.open()
    edited = client.edit(document, "group", {"ids": [1, 2, 3]}, role="note")
    groups = client.get(f"documents/{document['id']}/revisions/{edited['revision']}/groups")
    assert [(g["role"], g["n_events"], g["parent"]) for g in groups] == [("note", 3, 0)]
    note = groups[0]["id"]
    edited = client.edit(document, "group", {"ids": [9]}, parent=note)
    at = f"documents/{document['id']}/revisions/{edited['revision']}"
    assert client.post(f"{at}/select", {"group": note})["n"] == 4
    client.edit(document, "ungroup", {"ids": [9]})
    assert client.scene(document).gabor.group_id[9] == note
    client.edit(document, "ungroup", {"group": note})
    assert len(client.scene(document).groups) == 0
    assert "no group" in client.edit(document, "set", {"ids": [0]}, 422, values={"group_id": 77})["error"]


@pytest.mark.parametrize("kind", EXAMPLES)
def test_every_parameter_can_be_set(kind, tmp_path):
    scene = scene_of(example(kind, 2), n_channels=2)
    table = scene.table(kind)
    # Of detail the coefficients are fixed, and with them what counts them; its length is that of its stretch.
    fixed = ("group_id", "room_id", *((*table.COUNTS, "rise", "fall") if kind == "detail" else ()))
    fixed += ("waveform", "length_s") if kind == "learned" else ()  # as its dictionary has them
    linked = ("n_bands", "n_frames", *(("duration_s", "time_ratio") if kind == "detail" else ()))
    for param in (param for param in table.PARAMS if param.public and param.name not in fixed):
        was = np.ravel(table.column(param.name)[1])[0]
        value = float(was) + (1 if param.whole else 0.001 * (abs(float(was)) or 1.0))
        value = min(value, param.high) if value <= param.high else float(was) - (1 if param.whole else 0.001)
        if param.name in ("instrument_id", "control", "model"):  # the scene has but one
            value = 0.0
        if param.unit == "Hz" and param.high == HIGHEST_HZ:  # above it nothing can sound
            value = min(value, scene.sample_rate_hz / 2)
        document = Document("d", "d.mote", scene)
        body = EditBody(revision=0, what={"ids": [1]}, edit={"op": "set", "values": {param.name: value}})
        edited = document.edit(body, lambda *_: None)
        (place,) = edited["selection"]["ranges"][:1]
        after = document.history.current.scene
        assert np.all(after.table(kind).column(param.name)[place] == value), param.name
        others = [name.name for name in table.PARAMS if name.public and name.name not in (param.name, *linked)]
        for name in others:  # and nothing else has changed
            assert np.array_equal(after.table(kind).column(name)[place], table.column(name)[1]), (param.name, name)
        assert len(after.table(kind)) == len(table)
        assert after.render().shape[0] == 2
        assert np.all(np.isfinite(after.render()))
        saved = after.quantise()
        assert saved.n_events <= after.n_events


def test_what_is_set_after_edits_is_what_is_saved(client):
    document = client.open()
    client.edit(document, "transpose", {"expression": "time_s < 1"}, semitones=2)
    client.edit(document, "set", {"ids": [40]}, values={"frequency_hz": 777.25, "amplitude": [0.25]})
    scene = client.scene(document)
    i = int(np.flatnonzero(scene.gabor.frequency_hz == 777.25)[0])
    rounded = scene.quantise()
    j = int(
        np.argmin(np.abs(rounded.gabor.time_s - scene.gabor.time_s[i]) + np.abs(rounded.gabor.frequency_hz - 777.25))
    )
    assert rounded.gabor.frequency_hz[j] == pytest.approx(777.25, rel=1e-3)
    assert rounded.gabor.amplitude[j, 0] == pytest.approx(0.25, rel=0.1)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"frequency_hz": -5}, "0 … 1e+06"),
        ({"frequency": 5}, "no parameter"),
        ({"amplitude": [0.1, 0.2]}, "one for each channel"),
        ({"group_id": 1.5}, "group"),
        ({"time_s": -50}, "before 0"),
    ],
)
def test_values_that_make_no_sense_are_refused_in_one_line(client, values, says):
    document = client.open()
    error = client.edit(document, "set", {"ids": [3]}, 422, values=values)["error"]
    assert says in error
    assert "\n" not in error
    assert client.get(f"documents/{document['id']}")["revision"] == 0


def test_joined_selects_the_other_scene():
    scene = scene_of(example("gabor", 1))
    found = joined(scene, scene, 1.0)
    assert same(found.scene, scene.join(scene, 1.0))
    assert len(found) == scene.n_events
    assert found.onset_s >= 1.0


def test_requests_that_name_events_by_number_name_the_revision_of_these_numbers(client):
    """In the path, or in the body beside them: numbers without it would be those of a neighbour after an edit."""
    described = client.get("openapi.json")
    schemas = described["components"]["schemas"]

    def names(schema, seen=()):
        """All that a schema holds, at any depth."""
        if isinstance(schema, list):
            return set().union(*(names(part, seen) for part in schema), set())
        if not isinstance(schema, dict):
            return set()
        reference = schema.get("$ref", "").rpartition("/")[2]
        inside = names(schemas[reference], (*seen, reference)) if reference and reference not in seen else set()
        own = set(schema.get("properties", {}))
        return own | inside | set().union(*(names(part, seen) for part in schema.values()), set())

    checked = 0
    for path, methods in described["paths"].items():
        for method, about in methods.items():
            body = about.get("requestBody", {})
            if {"ids", "ranges", "find"} & names(body) or "{event}" in path:
                checked += 1
                assert "{revision}" in path or "revision" in names(body), (method, path)
    assert checked >= 6


@pytest.mark.parametrize("what", [{"ids": [5]}, {"ranges": [5, 6]}, {"group": 1}, {"expression": "id == 5"}, {}])
@pytest.mark.parametrize(
    "edit", [{"op": "delete"}, {"op": "set", "values": {"time_s": 0.5}}, {"op": "room", "room": 1}, {"op": "mute"}]
)
def test_an_edit_of_a_revision_that_is_not_in_force_does_nothing(client, what, edit):
    document = client.open()
    client.edit(document, "delete", {"ids": [0]})
    before = client.scene(document)
    answer = client.post(f"documents/{document['id']}/edits", {"revision": 0, "what": what, "edit": edit}, 409)
    assert "edited meanwhile" in answer["error"]
    assert client.scene(document) is before


def test_a_document_of_a_studio_before_is_not_one_of_this(studio_of, folder):
    """A page that outlives its server speaks to the next one of documents that only that one had."""
    first, second = studio_of(folder), studio_of(folder)
    one, other = first.open(), second.open()
    assert one["id"] != other["id"]
    second.post(f"documents/{one['id']}/edits", {"revision": 0, "what": {"ids": [5]}, "edit": {"op": "delete"}}, 404)
