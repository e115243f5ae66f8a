"""Unsaved work is kept, found after a crash, and not offered once it is saved or discarded."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

import motes


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
