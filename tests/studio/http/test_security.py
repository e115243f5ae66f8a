"""Who may ask the studio, and what it answers to everybody else."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import soundfile

from motes.studio.errors import Busy


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "", "[::1", "evil.example:9999"]
)
def test_other_names_for_this_machine_are_refused(client, host):
    assert "error" in client.get("studio", 403, headers={"Host": host})


@pytest.mark.parametrize("host", ["localhost:9999", "127.0.0.1:9999", "[::1]:9999", "localhost"])
def test_its_own_names_are_not(client, host):
    client.get("studio", headers={"Host": host})


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://localhost:1", "https://localhost", "file://"]
)
def test_other_origins_are_refused(client, origin):
    client.get("studio", 403, headers={"Origin": origin})
    client.post("documents", {"path": "sound.mote"}, 403, headers={"Origin": origin})


def test_its_own_origin_is_not(client):
    answer = client.http.get("/api/studio", headers={"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 200
    assert not any(name.startswith("access-control") for name in answer.headers)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_other_pages_load_is_refused(client, site):
    client.get("studio", 403, headers={"Sec-Fetch-Site": site})
    assert (
        client.http.get("/", headers={"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}).status_code == 200
    )  # a link to the studio


def test_bodies_must_be_json(client):
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = client.http.post("/api/documents", content=b'{"path": "sound.mote"}', headers={"Content-Type": kind})
        assert answer.status_code == 415, kind
    answer = client.http.post("/api/documents", content=b"{not json", headers={"Content-Type": "application/json"})
    assert (answer.status_code, "error" in answer.json()) == (400, True)


def test_pages_may_only_run_what_the_server_gave_them(client):
    for path in ("/", "/api/studio", "/api/absent"):
        headers = client.http.get(path).headers
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_a_token_is_asked_for_everywhere(studio_of, folder):
    client = studio_of(folder, token="let-me-in")
    for method, path in [
        ("GET", "/"),
        ("GET", "/api/studio"),
        ("GET", "/api/openapi.json"),
        ("POST", "/api/documents"),
        ("GET", "/?token=wrong"),
        ("GET", "/x.js"),
    ]:
        answer = client.http.request(method, path, json={"path": "sound.mote"} if method == "POST" else None)
        assert answer.status_code == 401, path
        assert "let-me-in" not in answer.text
    client.get("studio?token=let-me-in", 401)  # only pages are opened with it
    client.get("studio", 401, headers={"Authorization": "Bearer no"})
    client.get("studio", headers={"Authorization": "Bearer let-me-in"})
    answer = client.http.get("/?token=let-me-in&view=1", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/?view=1")
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "SameSite=Strict" in answer.headers["set-cookie"]
    client.get("studio")  # by the cookie


def test_a_token_does_not_open_the_door_to_other_pages(studio_of, folder):
    client = studio_of(folder, token="let-me-in")
    client.get("studio", 403, headers={"Authorization": "Bearer let-me-in", "Origin": "http://evil.example"})


def test_large_bodies_are_refused_before_they_are_read(client, studio_of, folder):
    answer = client.http.post(
        "/api/documents", content=b"{}", headers={"Content-Type": "application/json", "Content-Length": str(33 << 20)}
    )
    assert answer.status_code == 413
    small = studio_of(folder, upload_bytes=1000)
    answer = small.http.put("/api/uploads?name=a.wav", content=b"x" * 2000)
    assert answer.status_code == 413
    answer = small.http.put("/api/uploads?name=a.wav", content=(b"x" * 500 for _ in range(4)))  # no length is sent
    assert answer.status_code == 413
    assert not small.studio.uploads


def test_long_recordings_are_refused(studio_of, folder):
    client = studio_of(folder, upload_s=2.0)
    assert (
        "at most 2 s"
        in client.http.put("/api/uploads?name=a.wav", content=(folder / "sound.wav").read_bytes()).json()["error"]
    )
    client.post("documents", {"path": "sound.wav"}, 413)
    client.post("jobs", {"path": "sound.wav"}, 413)


def test_recordings_that_unpack_to_much_are_refused(studio_of, folder, tmp_path):
    """Silence in FLAC: a few bytes for any number of samples."""
    soundfile.write(tmp_path / "silence.flac", np.zeros((40_000, 4)), 8000)
    data = (tmp_path / "silence.flac").read_bytes()
    (folder / "silence.flac").write_bytes(data)
    client = studio_of(folder, decoded_samples=150_000)
    sent = client.http.put("/api/uploads?name=a.flac", content=data)
    assert (sent.status_code, "a.flac has 160,000 samples in 4 channels" in sent.json()["error"]) == (413, True)
    client.post("documents", {"path": "silence.flac"}, 413)
    client.post("jobs", {"path": "silence.flac"}, 413)
    assert client.get("studio")["limits"]["decoded_samples"] == 150_000
    client.post("documents", {"path": "sound.wav"}, 201)


def test_no_more_pages_listen_than_there_is_room_for(client):
    async def listen() -> int:
        feed, held = client.studio.feed, []
        for _ in range(100):
            try:
                feed.check_room()
            except Busy:
                break
            held.append(feed.listen(dict))
            await anext(held[-1])
        assert client.http.get("/api/feed").status_code == 503
        for one in held:
            await one.aclose()
        feed.check_room()
        return len(held)

    with ThreadPoolExecutor(1) as pool:  # the loop of a browser may still run in this thread
        assert pool.submit(lambda: asyncio.run(listen())).result(60) == 64


def test_a_bug_is_one_line_and_the_server_goes_on(client, monkeypatch):
    monkeypatch.setattr(client.studio, "to_json", lambda: 1 / 0)
    error = client.get("studio", 500)["error"]
    assert "bug" in error
    assert "\n" not in error
    assert "Traceback" not in error
    monkeypatch.undo()
    client.get("studio")


def test_every_error_is_one_line_of_json(client):
    document = client.open()
    at = f"documents/{document['id']}"
    for answer in (
        client.get("documents/none", 404),
        client.get(f"{at}/revisions/9/events/0/0", 404),
        client.get(f"{at}/revisions/0/events/99999", 404),
        client.get(f"{at}/revisions/0/events/0/99", 404),
        client.get(f"{at}/revisions/x/events/0/0", 422),
        client.get(f"{at}/revisions/0/audio/nothing.wav", 422),
        client.get("nothing", 404),
        client.post(f"{at}/revisions/0/select", {"expression": "frequency > 3"}, 422),
        client.post(f"{at}/revisions/0/select", {"nonsense": 3}, 422),
        client.post(f"{at}/revisions/0/select", {"group": 3}, 422),
        client.post(f"{at}/edits", {"revision": 0, "edit": {"op": "explode"}}, 422),
        client.post("jobs", {"path": "sound.wav", "encoder": "magic"}, 422),
        client.post("jobs", {"path": "sound.wav", "options": {"kbps": 1, "quality": 3}}, 422),
    ):
        assert list(answer) == ["error"]
        assert "\n" not in json.dumps(answer["error"])
