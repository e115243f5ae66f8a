"""Publishing to a bucket: tried on a server in this process that speaks S3, without a network."""

import http.server
import json
import os
import threading
import urllib.request

import pytest

from motes.cli import main
from motes.errors import MissingExtraError, ParameterError
from motes.files import digest_of
from motes.library import publish as publishing
from motes.library.publish import Bucket, ChangedError, PublishError, plan_uploads, publish

pytest.importorskip("obstore")
KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}


@pytest.fixture
def bucket(bucket_name):
    return bucket_name


@pytest.fixture
def page(tmp_path, monkeypatch):
    """A folder as a report with its sounds makes it."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "my page"
    (folder / "audio").mkdir(parents=True)
    (folder / ".hidden").mkdir()
    (folder / "index.html").write_text("<p>ü</p>", encoding="utf-8")
    (folder / "audio/a b é.flac").write_bytes(b"fLaC")
    (folder / "scene.mote").write_bytes(b"mote")
    (folder / ".hidden/key.txt").write_text("secret")
    (folder / ".DS_Store").write_text("x")
    return folder


def objects(name):
    """Keys in a bucket, each with its content type and content."""
    there = Bucket(name)
    keys = [one["path"] for chunk in there._obstore.list(there._store) for one in chunk]
    found = {key: there._obstore.get(there._store, key) for key in keys}
    return {key: (got.attributes["Content-Type"], got.bytes().to_bytes()) for key, got in found.items()}


def sent(uploads, name, **options):
    return [done.status for done in publish(uploads, Bucket(name), **options)]


def test_a_folder_is_published_under_its_name_with_the_right_types(bucket, page):
    uploads = plan_uploads([page], "talks/2026/")
    assert sent(uploads, bucket) == ["published"] * 3
    assert objects(bucket) == {
        "talks/2026/my page/index.html": ("text/html; charset=utf-8", "<p>ü</p>".encode()),
        "talks/2026/my page/audio/a b é.flac": ("audio/flac", b"fLaC"),
        "talks/2026/my page/scene.mote": ("application/x-mote", b"mote"),
    }
    assert uploads[-1].key.endswith(".html")  # after what it points to


def test_what_is_there_is_not_sent_again_and_what_changed_is(bucket, page, monkeypatch):
    uploads = plan_uploads([page])
    sent(uploads, bucket)
    with monkeypatch.context() as patched:
        patched.setattr(Bucket, "put", lambda *_: pytest.fail("it was sent again"))
        assert sent(uploads, bucket) == ["present"] * 3
    (page / "scene.mote").write_bytes(b"Mote")  # as long as before
    assert sorted(sent(plan_uploads([page]), bucket)) == ["present", "present", "published"]
    assert objects(bucket)["my page/scene.mote"][1] == b"Mote"


def test_the_same_content_under_another_type_is_sent_again(bucket, tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"1")
    upload = plan_uploads([path])[0]
    there = Bucket(bucket)
    there.put(upload, digest_of(path), lambda _: None)
    assert there.holds(upload, digest_of(path))
    assert not there.holds(publishing.Upload(path, "a.bin", "text/plain", 1), digest_of(path))


@pytest.mark.parametrize("error", [KeyboardInterrupt, ChangedError])
def test_interrupted_uploads_leave_nothing_and_are_resumed(bucket, tmp_path, error):
    """Of three files the second breaks off in the middle of its parts."""
    for number, size in enumerate((10, 20 << 20, 10)):
        (tmp_path / f"{number}.bin").write_bytes(bytes([number]) * size)
    uploads, n_sent = plan_uploads(sorted(tmp_path.glob("*.bin"))), 0

    def stop(n_bytes):
        nonlocal n_sent
        n_sent += n_bytes
        if 12 << 20 < n_sent < 20 << 20:
            raise error("stop")

    if error is KeyboardInterrupt:
        with pytest.raises(KeyboardInterrupt):
            sent(uploads, bucket, on_bytes=stop)
        assert list(objects(bucket)) == ["0.bin"]
        assert sent(uploads, bucket) == ["present", "published", "published"]
    else:
        assert sent(uploads, bucket, on_bytes=stop) == ["published", "failed", "published"]
        assert sorted(objects(bucket)) == ["0.bin", "2.bin"]
        assert sent(uploads, bucket) == ["present", "published", "present"]
    assert objects(bucket)["1.bin"][1] == b"\1" * (20 << 20)


def test_a_file_that_changes_on_the_way_is_not_published(bucket, tmp_path):
    path = tmp_path / "a.mote"
    path.write_bytes(b"one")
    digest = digest_of(path)
    path.write_bytes(b"two")
    with pytest.raises(ChangedError, match="changed while"):
        Bucket(bucket).put(plan_uploads([path])[0], digest, lambda _: None)
    assert objects(bucket) == {}


def test_an_empty_file_is_published(bucket, tmp_path):
    (tmp_path / "none.csv").write_bytes(b"")
    assert sent(plan_uploads([tmp_path / "none.csv"]), bucket) == ["published"]
    assert objects(bucket) == {"none.csv": ("text/csv; charset=utf-8", b"")}


def test_progress_counts_every_byte_once(bucket, page):
    for _ in range(2):
        counted = []
        sent(plan_uploads([page]), bucket, on_bytes=counted.append)
        assert sum(counted) == sum(upload.n_bytes for upload in plan_uploads([page]))


def test_links_are_made_only_when_asked_for(bucket, page, capfd):
    assert main(["publish", str(page), "--bucket", bucket, "--json"]) == 0
    assert {json.loads(line)["link"] for line in capfd.readouterr().out.splitlines()} == {""}
    assert main(["publish", str(page), "--bucket", bucket, "--public", "--days", "1", "--json"]) == 0
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert {line["status"] for line in lines} == {"present"}
    page_line = next(line for line in lines if line["key"].endswith(".html"))
    assert "X-Amz-Expires=86400" in page_line["link"]
    assert "secret" not in page_line["link"]
    assert urllib.request.urlopen(page_line["link"]).read() == "<p>ü</p>".encode()


def test_command_line_publishes_to_the_bucket_of_the_settings(bucket, page, monkeypatch, capfd):
    monkeypatch.setenv("S3_BUCKET", bucket)
    assert main(["publish", str(page / "scene.mote")]) == 0
    out, err = capfd.readouterr()
    assert out == f"{os.environ['AWS_ENDPOINT_URL']}/{bucket}/scene.mote\n"
    assert f"published as s3://{bucket}/scene.mote (application/x-mote, 4 bytes)" in err
    assert main(["publish", str(page / "scene.mote")]) == 0
    assert "is there already" in capfd.readouterr().err


def test_a_dry_run_needs_no_network_and_no_credentials(page, monkeypatch, capfd):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert main(["publish", str(page), "--bucket", "b", "--prefix", "x", "--dry-run"]) == 0
    out, err = capfd.readouterr()
    assert out.splitlines()[-1] == "s3://b/x/my page/index.html"
    assert "would be published" in err


@pytest.mark.parametrize(
    ("environment", "name", "message"),
    [
        ({"AWS_ACCESS_KEY_ID": ""}, None, "there are no credentials for the bucket: set AWS_ACCESS_KEY_ID"),
        ({}, "nobody-made-this", "there is no bucket 'nobody-made-this'"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, None, "cannot reach http://127.0.0.1:9"),
        ({"AWS_ENDPOINT_URL": "nonsense"}, None, "nonsense"),
    ],
)
def test_what_is_wrong_is_one_line(bucket, page, monkeypatch, capfd, environment, name, message):
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    assert main(["publish", str(page), "--bucket", name or bucket]) == 1
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 1
    assert message in lines[0]


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("<Code>InvalidAccessKeyId</Code>", "AWS_ACCESS_KEY_ID"),
        ("403 Forbidden", "may not write"),
        ("Received redirect without LOCATION", "AWS_REGION"),
        ("object 403 of NoSuchBucket", "refused: Generic S3 error"),
    ],
)
def test_refusals_are_explained(bucket, text, meaning):
    assert meaning in str(Bucket(bucket)._explained(RuntimeError(f"Generic S3 error\n{text}")))


class Refusing(http.server.BaseHTTPRequestHandler):
    """Every request is answered with `status` and S3's `code`."""

    status, code = 200, ""

    def answer(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        body = f"<Error><Code>{self.code}</Code></Error>".encode()
        self.send_response(self.status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if self.command != "HEAD" else b"")

    do_HEAD = do_PUT = do_POST = answer

    def log_message(self, *_):
        pass


@pytest.mark.parametrize("n_bytes", [3, 9 << 20], ids=["in one piece", "in parts"])
@pytest.mark.parametrize(
    ("status", "code", "meaning"),
    [
        (403, "AccessDenied", "may not write to the bucket 'b'"),
        (403, "", "may not write to the bucket 'b'"),
        (403, "SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY"),
        (404, "NoSuchBucket", "there is no bucket 'b'"),
        (301, "PermanentRedirect", "AWS_REGION"),
    ],
)
def test_a_bucket_that_lets_nobody_in_says_why(tmp_path, n_bytes, status, code, meaning):
    (tmp_path / "x.mote").write_bytes(bytes(n_bytes))
    handler = type("Handler", (Refusing,), {"status": status, "code": code})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        there = Bucket("b", KEYS | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}"})
        with pytest.raises(PublishError, match=meaning):
            list(publish(plan_uploads([tmp_path / "x.mote"]), there))
        server.shutdown()


def test_a_file_that_cannot_be_read_fails_alone(bucket, page, capfd):
    uploads = plan_uploads([page])
    (page / "scene.mote").unlink()
    assert sorted(sent(uploads, bucket)) == ["failed", "published", "published"]


def test_interrupting_the_command_ends_it_with_130(bucket, page, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Bucket, "put", interrupt)
    assert main(["publish", str(page), "--bucket", bucket]) == 130


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["."], "which bucket"),
        (["nothing.html", "--bucket", "b"], "there is no file or folder nothing.html"),
        (["--bucket", "b"], "nothing to do"),
        (["empty", "--bucket", "b"], "holds no files"),
        (["a", "b/a", "--bucket", "b"], "would both become a/x.txt"),
    ],
)
def test_mistakes_of_the_command_line(tmp_path, monkeypatch, capfd, arguments, message):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("S3_BUCKET", raising=False)
    (tmp_path / "empty").mkdir()
    for folder in ("a", "b/a"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "x.txt").write_text("x")
    assert main(["publish", *arguments]) == 2
    assert message in capfd.readouterr().err


def test_links_are_open_for_a_week_at_most(bucket, page):
    with pytest.raises(ParameterError, match="up to 7 days"):
        sent(plan_uploads([page]), bucket, link_days=8)
    assert objects(bucket) == {}


def test_without_the_extra_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "obstore", None)
    with pytest.raises(MissingExtraError, match=r"motes\[publish\]"):
        Bucket("b", KEYS)
    monkeypatch.undo()
    with pytest.raises(PublishError, match="no credentials"):
        Bucket("b", {})


@pytest.mark.parametrize("name", ["a\tb.html", "odd-\udcff.html", "a\nb.wav", "x" * 250 + ".wav"])
def test_a_name_that_no_bucket_takes_fails_alone(bucket, tmp_path, name, capsys):
    prefix = "folder/" * 120 if len(name) > 200 else ""
    for each in ("good.wav", name):
        (tmp_path / each).write_bytes(b"sound")
    found = {done.upload.path.name: done for done in publish(plan_uploads([tmp_path], prefix), Bucket(bucket))}
    assert found["good.wav"].status == "published"
    assert found[name].status == "failed"
    assert "its name" in found[name].reason
    assert main(["publish", str(tmp_path), "--bucket", bucket, "--prefix", prefix, "--dry-run", "--json"]) == 1
    assert {json.loads(line)["status"] for line in capsys.readouterr().out.splitlines()} == {"failed", "planned"}
