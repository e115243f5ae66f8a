"""Files that pages send become documents."""

from __future__ import annotations

import pytest


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
