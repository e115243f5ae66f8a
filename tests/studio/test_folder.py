"""Folders are listed, and nothing outside of the one that is open is read or written."""

from __future__ import annotations

import pytest

import motes
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
