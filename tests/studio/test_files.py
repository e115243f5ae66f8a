"""Opening, saving, uploading and exporting; nothing outside of the folder, and nothing is lost."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from kind_examples import EXAMPLES, example, scene_of

import motes
from motes.audio import read_audio
from motes.errors import FormatError
from motes.studio.document.snapshot import about_of, pack, unpack
from motes.studio.folder import Folder


def test_a_folder_is_listed_without_what_leads_out(client, folder, tmp_path):
    (folder / "inner").mkdir()
    (folder / "notes.txt").write_text("no sound")
    (folder / ".hidden.mote").write_bytes(b"")
    (tmp_path / "secret.mote").write_bytes(b"secret")
    (folder / "out").symlink_to(tmp_path)
    (folder / "secret.mote").symlink_to(tmp_path / "secret.mote")
    (folder / "inside.mote").symlink_to(folder / "sound.mote")
    listing = client.get("folder")
    assert [(e["name"], e["type"]) for e in listing["entries"]] == [
        ("inner", "folder"),
        ("inside.mote", "scene"),
        ("sound.mote", "scene"),
        ("sound.wav", "recording"),
    ]
    assert listing["parent"] is None
    assert client.get("folder", params={"path": "inner"})["parent"] == ""
    for path in ("out", "../", "inner/../..", "/etc", str(tmp_path)):
        client.get("folder", 403, params={"path": path})


@pytest.mark.parametrize(
    "path", ["../secret.mote", "/etc/passwd", "out/secret.mote", "secret.mote", "\0", "inner/../../secret.mote"]
)
def test_nothing_outside_is_opened_or_written(client, folder, tmp_path, path):
    (tmp_path / "secret.mote").write_bytes((folder / "sound.mote").read_bytes())
    (folder / "out").symlink_to(tmp_path)
    (folder / "secret.mote").symlink_to(tmp_path / "secret.mote")
    before = (tmp_path / "secret.mote").read_bytes()
    for body in ({"path": path}, {"path": path, "encoder": "pursuit"}):
        answer = client.http.post("/api/documents" if len(body) == 1 else "/api/jobs", json=body)
        assert answer.status_code in (403, 404), answer.text
    document = client.open()
    answer = client.http.post(f"/api/documents/{document['id']}/save", json={"path": path, "overwrite": True})
    assert answer.status_code in (403, 422), answer.text
    assert (tmp_path / "secret.mote").read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder", "secret.mote", "state"]


def test_paths_are_confined_whatever_they_are(tmp_path):
    from hypothesis import given
    from hypothesis import strategies as st

    (tmp_path / "a" / "b").mkdir(parents=True)
    folder = Folder(tmp_path / "a")

    @given(st.lists(st.sampled_from(["..", ".", "b", "", "~", "a", "/", "\\", "\0", "c:"]), max_size=8).map("/".join))
    def check(path):
        try:
            real = folder.inside(path)
        except motes.MotesError:
            return
        assert real == folder.root or folder.root in real.parents

    check()


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


def test_uploads_become_documents(client, folder):
    for name in ("sound.mote", "sound.wav"):
        upload = client.http.put(f"/api/uploads?name=../../{name}", content=(folder / name).read_bytes()).json()
        assert (upload["name"], upload["duration_s"]) == (name, pytest.approx(3.0, abs=0.01))
        document = client.post("documents", {"upload": upload["upload"]}, 201)
        assert document["path"] is None
        assert not document["dirty"]
        client.post(f"documents/{document['id']}/save", {}, 409)
        client.post(f"documents/{document['id']}/save", {"path": f"{name}.mote"})
    assert client.http.put("/api/uploads?name=a.exe", content=b"MZ").status_code == 422
    client.post("documents", {"upload": "none"}, 404)


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


@pytest.mark.parametrize("kind", EXAMPLES)
def test_a_snapshot_is_the_scene_to_the_bit(kind):
    scene = scene_of(example(kind, 2), n_channels=2)
    scene = scene.select([0, 1]).transpose(1.0)
    muted = np.arange(scene.n_events) % 2 == 0
    found, marks, about = unpack(pack(scene, muted, {"name": "x"}))
    assert all(a.equals(b) for a, b in zip(found.tables, scene.tables, strict=True))
    assert np.array_equal(found.render(), scene.render())
    assert np.array_equal(marks, muted)
    assert about == {"name": "x"}


def test_damaged_snapshots_are_refused():
    data = pack(scene_of(example("gabor", 1)), np.zeros(12, bool), {})
    pickled = io.BytesIO()
    np.savez(pickled, head=np.array([{}], object))
    for broken in (b"", data[:40], data[:-100], b"x" + data, pickled.getvalue(), b"motes snapshot 1\n" + bytes(100)):
        with pytest.raises(FormatError):
            unpack(broken)
        with pytest.raises(FormatError):
            about_of(broken)


def test_no_flipped_byte_of_a_snapshot_raises_anything_else():
    data = pack(scene_of(example("gabor", 1)), np.zeros(12, bool), {"name": "x"})
    for place in range(0, len(data), 7):
        broken = bytearray(data)
        broken[place] ^= 0xFF
        with contextlib.suppress(FormatError):
            unpack(bytes(broken))


def test_unsaved_work_survives_a_clean_end(studio_of, folder):
    client = studio_of(folder, autosave_s=100.0)
    document = client.open()
    client.edit(document, "transpose", {"ids": list(range(200))}, semitones=1.5)
    client.edit(document, "mute", {"ids": [7]})
    expected = client.studio.documents[document["id"]].history.current
    client.studio.close()
    again = studio_of(folder)
    (found,) = again.get("studio")["recovered"]
    assert (found["name"], found["path"], found["n_events"]) == ("sound.mote", "sound.mote", expected.scene.n_events)
    recovered = again.post("documents", {"recovered": found["id"]}, 201)
    assert recovered["dirty"]
    assert recovered["original"]["name"] == "sound.wav"
    revision = again.studio.documents[recovered["id"]].history.current
    assert all(a.equals(b) for a, b in zip(revision.scene.tables, expected.scene.tables, strict=True))
    assert np.array_equal(revision.muted, expected.muted)
    assert again.get("studio")["recovered"] == []
    assert len(list(again.studio.options.state.glob("*/*.unsaved"))) == 1  # it is still unsaved
    again.post(f"documents/{recovered['id']}/save", {})
    assert list((again.studio.options.state).glob("*/*.unsaved")) == []


def test_saved_and_discarded_work_is_not_offered(studio_of, folder):
    client = studio_of(folder)
    document = client.open()
    client.edit(document, "gain", db=1)
    client.post(f"documents/{document['id']}/undo")
    client.edit(document, "gain", db=1)
    assert "not saved" in client.http.delete(f"/api/documents/{document['id']}").json()["error"]
    client.delete(f"documents/{document['id']}?discard=true")
    client.studio.close()
    assert studio_of(folder).get("studio")["recovered"] == []


SERVE = """
import sys
from pathlib import Path
from motes.studio.options import StudioOptions
from motes.studio.serve import serve
options = StudioOptions(Path(sys.argv[1]), Path(sys.argv[2]), autosave_s=0.05)
serve(options, "127.0.0.1", 0, browser=False, tell=lambda line: print(line, flush=True))
"""


def test_unsaved_work_survives_a_killed_server(studio_of, folder, tmp_path):
    import httpx

    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(folder), str(tmp_path / "state")], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    address = next(line for line in process.stdout if line.startswith("http")).split()[0]
    with httpx.Client(base_url=address) as client:
        document = client.post("/api/documents", json={"path": "sound.mote"}).json()
        body = {"revision": 0, "what": {"ids": [5]}, "edit": {"op": "set", "values": {"frequency_hz": 1234.5678}}}
        assert client.post(f"/api/documents/{document['id']}/edits", json=body).status_code == 200
        other = studio_of(folder)
        end = time.monotonic() + 20
        while not list((tmp_path / "state").glob("*/*.unsaved")):
            assert time.monotonic() < end
            time.sleep(0.02)
        time.sleep(0.1)
        assert other.get("studio")["recovered"] == []  # its owner lives
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    (found,) = other.get("studio")["recovered"]
    recovered = other.post("documents", {"recovered": found["id"]}, 201)
    assert 1234.5678 in other.scene(recovered).gabor.frequency_hz
    assert Path(folder / "sound.mote").is_file()
    assert motes.load(folder / "sound.mote").n_events == document["n_events"]


def test_ctrl_c_ends_the_command_with_130(folder, tmp_path):
    import httpx

    environment = os.environ | {"MOTES_STATE": str(tmp_path / "state")}
    arguments = [sys.executable, "-m", "motes.cli", "studio", str(folder / "sound.mote"), "--port", "0", "--no-browser"]
    process = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True, env=environment)
    assert process.stderr is not None
    address = next(line for line in process.stderr if line.startswith("http")).split()[0]
    with httpx.Client(base_url=address, timeout=20) as client:
        studio = client.get("/api/studio").json()
        assert studio["opened"] == studio["documents"][0]["id"]
        with client.stream("GET", "/api/feed") as feed:  # an open stream does not hold it up
            assert next(feed.iter_lines()) == "event: hello"
            begun = time.monotonic()
            process.send_signal(signal.SIGINT)
            assert process.wait(15) == 130
            assert time.monotonic() - begun < 8
    rest = process.stderr.read()
    assert "Traceback" not in rest
    assert rest.strip().endswith("motes: interrupted")


def test_a_damaged_file_is_said_in_one_line(tmp_path, monkeypatch, capsys):
    from motes.cli import main

    (tmp_path / "bad.mote").write_bytes(b"nothing")
    monkeypatch.setenv("MOTES_STATE", str(tmp_path / "state"))
    assert main(["studio", str(tmp_path / "bad.mote"), "--no-browser", "--port", "0"]) == 1
    error = capsys.readouterr().err
    assert "bad.mote" in error
    assert "Traceback" not in error


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["absent"], 2, "no file or folder"),
        (["--port", "99999"], 2, "65535"),
        (["--host", "no.such.host.invalid", "--port", "0"], 1, "no host"),
    ],
)
def test_mistakes_of_the_command_line(arguments, status, says, tmp_path, monkeypatch, capsys):
    from motes.cli import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MOTES_STATE", str(tmp_path / "state"))
    assert main(["studio", "--no-browser", *arguments]) == status
    assert says in capsys.readouterr().err


def test_a_taken_port_is_said_in_one_line(tmp_path, monkeypatch, capsys):
    import socket

    from motes.cli import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MOTES_STATE", str(tmp_path / "state"))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert main(["studio", "--no-browser", "--port", str(taken.getsockname()[1])]) == 1
    assert "is taken" in capsys.readouterr().err


def test_without_the_extra_the_pip_command_is_named(tmp_path, monkeypatch, capsys):
    from motes.cli import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert main(["studio", "--no-browser", "--port", "0"]) == 1
    assert "pip install 'motes[studio]'" in capsys.readouterr().err


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
