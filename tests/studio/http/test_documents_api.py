"""Documents are opened, saved and exported, and nothing is lost."""

from __future__ import annotations

import io
import os

import numpy as np
import pytest

import motes
from motes.audio import read_audio


def test_a_scene_finds_its_recording(client):
    document = client.open()
    assert document["original"]["name"] == "sound.wav"
    assert document["tracks"] == ["original", "reconstruction", "residual"]
    original, rendered, residual = (client.samples(document, 0, track) for track in document["tracks"])
    assert np.array_equal(residual, original - rendered)
    levels = client.get(f"documents/{document['id']}/revisions/0/levels")["tracks"]
    assert levels["original"]["gain"] == 1
    loud = {name: level["rms_db"] + 20 * np.log10(level["gain"]) for name, level in levels.items()}
    assert loud["reconstruction"] == pytest.approx(loud["original"], abs=0.01)


def test_a_file_is_opened_once(client):
    assert client.open()["id"] == client.open()["id"]


def test_saving_and_saving_under_another_name(client, folder):
    document = client.open()
    at = f"documents/{document['id']}"
    client.edit(document, "gain", {"ids": [1]}, db=3)
    saved = client.post(f"{at}/save", {})
    assert (saved["dirty"], saved["saved_revision"]) == (False, 1)
    assert same_sound(motes.load(folder / "sound.mote"), client.scene(document).quantise())
    assert client.post(f"{at}/undo")["document"]["dirty"]
    assert "exists" in client.post(f"{at}/save", {"path": "sound.wav.mote"}, 200)["path"] or True
    (folder / "there.mote").write_bytes(b"mine")
    assert "exists" in client.post(f"{at}/save", {"path": "there.mote"}, 409)["error"]
    assert (folder / "there.mote").read_bytes() == b"mine"
    client.post(f"{at}/save", {"path": "there.mote", "overwrite": True})
    assert motes.load(folder / "there.mote").n_events == document["n_events"]
    client.post(f"{at}/save", {"path": "a.wav"}, 422)
    client.post(f"{at}/save", {"path": "absent/a.mote"}, 422)


def test_a_file_changed_by_others_is_not_overwritten(client, folder):
    document = client.open()
    client.edit(document, "gain", db=1)
    motes.load(folder / "sound.mote").gain(-3).save(folder / "sound.mote")
    os.utime(folder / "sound.mote", (1, 1))
    theirs = (folder / "sound.mote").read_bytes()
    assert "another program" in client.post(f"documents/{document['id']}/save", {}, 409)["error"]
    assert (folder / "sound.mote").read_bytes() == theirs
    client.post(f"documents/{document['id']}/save", {"overwrite": True})


def same_sound(one, other):
    return one.n_samples == other.n_samples and np.array_equal(one.render(), other.render())


def test_damaged_files_are_refused_and_the_server_goes_on(client, folder):
    data = bytearray((folder / "sound.mote").read_bytes())
    data[len(data) // 2] ^= 255
    (folder / "damaged.mote").write_bytes(data)
    (folder / "empty.mote").write_bytes(b"")
    (folder / "noise.wav").write_bytes(bytes(range(256)) * 10)
    for name in ("damaged.mote", "empty.mote", "noise.wav"):
        error = client.post("documents", {"path": name}, 422)["error"]
        assert "\n" not in error
        assert client.http.put(f"/api/uploads?name={name}", content=(folder / name).read_bytes()).status_code in (
            201,
            422,
        )
    assert client.open()["n_events"] > 0


def test_exports_are_what_is_heard(client, folder):
    document = client.open()
    at = f"documents/{document['id']}/revisions"
    edited = client.edit(document, "mute", {"expression": "frequency_hz > 2000"})
    revision = edited["revision"]
    (folder / "x.wav").write_bytes(client.get(f"{at}/{revision}/export/x.wav").content)
    audio, rate = read_audio(folder / "x.wav")
    assert rate == document["sample_rate_hz"]
    assert np.allclose(audio, client.samples(document, revision)[0], atol=2e-6)
    (folder / "x.mote").write_bytes(client.get(f"{at}/{revision}/export/x.mote").content)
    assert motes.load(folder / "x.mote").n_events == document["n_events"] - edited["document"]["n_muted"]
    answer = client.get(f"{at}/{revision}/export/x.csv")
    (folder / "x.csv").write_bytes(answer.content)
    assert motes.from_csv(folder / "x.csv").n_events == document["n_events"] - edited["document"]["n_muted"]
    assert answer.headers["content-disposition"] == 'attachment; filename="x.csv"'
    assert client.get(f"{at}/0/export/x.png", params={"start_s": 1, "end_s": 2}).content[:4] == b"\x89PNG"
    few = client.get(f"{at}/0/export/few.csv", params={"what": '{"ids": [1, 2, 3]}'})
    (folder / "few.csv").write_bytes(few.content)
    assert motes.from_csv(folder / "few.csv").n_events == 3
    client.get(f"{at}/0/export/x.exe", 404)
    client.get(f"{at}/0/export/x.csv", 422, params={"what": "{"})


def test_the_export_of_nothing(client, folder):
    motes.Scene(8000, 0, 1).save(folder / "none.mote")
    document = client.open("none.mote")
    at = f"documents/{document['id']}/revisions/0"
    assert client.get(f"{at}/audio/reconstruction.wav").content[:4] == b"RIFF"
    assert client.get(f"{at}/events/0/0").content[:4] == b"MTE1"
    assert client.get(f"{at}/spectrogram/reconstruction/0/0").content[:4] == b"MTS1"
    assert client.post(f"{at}/table", {})["n"] == 0
    assert io.BytesIO(client.get(f"{at}/export/x.csv").content).readline()


def test_an_exported_sound_passes_through_a_file_that_is_gone_afterwards(client, tmp_path, monkeypatch):
    import tempfile

    place = tmp_path / "temporary"
    place.mkdir()
    document = client.open()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    answer = client.get(f"documents/{document['id']}/revisions/0/export/out.wav")
    assert answer.headers["content-type"] == "audio/wav"
    assert int(answer.headers["content-length"]) == len(answer.content) > 3 * document["n_samples"]
    assert list(place.iterdir()) == []


def test_markers_and_names_of_groups_are_steps_that_files_keep(client, folder):
    document = client.open()
    at = f"documents/{document['id']}"
    body = {
        "revision": 0,
        "markers": [{"start_s": 1.0, "end_s": 1.5, "name": "middle"}, {"start_s": 0.5, "name": "in"}],
    }
    told = client.post(f"{at}/names", body)
    assert [one["name"] for one in told["document"]["markers"]] == ["in", "middle"]
    assert told["document"]["undo"] == "set markers"
    client.post(f"{at}/names", body, 409)
    revision = told["revision"]
    labels = client.get(f"{at}/revisions/{revision}/export/x.labels.txt").text
    assert labels == "0.500000\t0.500000\tin\n1.000000\t1.500000\tmiddle\n"
    assert client.get(f"{at}/revisions/{revision}/export/x.markers.csv").text.splitlines()[1] == "0.5,,in"
    wav = client.get(f"{at}/revisions/{revision}/export/x.wav").content
    assert wav.count(b"cue ") == wav.count(b"ltxt") == 1
    assert int.from_bytes(wav[4:8], "little") == len(wav) - 8
    assert client.post(f"{at}/undo")["document"]["markers"] == []
    client.post(f"{at}/redo")
    client.post(f"{at}/save", {"path": "marked.mote"})
    assert [one.name for one in motes.load(folder / "marked.mote").markers] == ["in", "middle"]
    client.post(f"{at}/names", {"revision": revision, "group_names": {"7": "x"}}, 422)


@pytest.mark.parametrize(("name", "bits"), [("x.wav", "16"), ("x.wav", "32"), ("x.flac", "16"), ("x.flac", "24")])
def test_tracks_and_stretches_are_exported_in_many_formats(client, folder, name, bits):
    document = client.open()
    at = f"documents/{document['id']}/revisions/0/export"
    rate, tolerance = document["sample_rate_hz"], {"16": 4e-5, "24": 2e-6, "32": 1e-9}[bits]
    for track in ("original", "reconstruction", "residual"):
        asked = {"track": track, "bits": bits, "start_s": 0.5, "end_s": 1.0}
        (folder / name).write_bytes(client.get(f"{at}/{name}", params=asked).content)
        audio, _ = read_audio(folder / name)
        wanted = client.samples(document, 0, track)[0][rate // 2 : rate]
        assert audio.shape == wanted.shape
        assert np.allclose(audio, wanted, atol=tolerance)


def test_opus_takes_any_rate_and_what_makes_no_sense_is_told(client, folder):
    document = client.open()
    at = f"documents/{document['id']}/revisions/0/export"
    (folder / "x.opus").write_bytes(client.get(f"{at}/x.opus", params={"end_s": 1.0}).content)
    audio, rate = read_audio(folder / "x.opus")
    assert (rate, len(audio)) == (48000, 48000)
    assert "floats" in client.get(f"{at}/x.flac", 422, params={"bits": "32"})["error"]
    client.delete(f"documents/{document['id']}/original", 200)
    client.get(f"{at}/x.wav", 404, params={"track": "residual"})


def test_a_selection_has_what_belongs_to_it(client):
    document = client.open()
    at = f"documents/{document['id']}/revisions/0/select"
    one = client.post(at, {"ids": [40]})
    for widen in ("similar", "harmonics", "in_time", "partials", "notes"):
        found = client.post(at, {"ids": [40], "widen": widen})
        assert one["n"] <= found["n"] < document["n_events"]
    assert client.post(at, {"ids": [40], "widen": "similar", "invert": True})["n"] < document["n_events"] - 1


def test_folders_are_made_and_files_saved_there(client, folder):
    document = client.open()
    assert client.post("folder", {"path": "takes"}, 201)["path"] == "takes"
    client.post("folder", {"path": "takes"}, 409)
    client.post("folder", {"path": "../elsewhere"}, 403)
    client.post("folder", {"path": "no/such"}, 403)
    saved = client.post(f"documents/{document['id']}/save", {"path": "takes/x.mote"})
    assert (saved["path"], saved["n_bytes"]) == ("takes/x.mote", (folder / "takes/x.mote").stat().st_size)
