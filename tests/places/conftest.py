"""A server that speaks S3 and one that speaks HTTP with ranges, both in this process and on loopback only."""

import http.server
import logging
import os
import re
import threading
import urllib.request
from pathlib import Path

import pytest

KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}


@pytest.fixture(scope="session")
def s3_server():
    pytest.importorskip("obstore")
    moto = pytest.importorskip("moto.server")
    running = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture
def bucket(s3_server, monkeypatch, tmp_path, request):
    """The address of an empty bucket, and an environment that leads to it and nowhere else."""
    for variable in [name for name in os.environ if name.startswith("AWS_")] + ["S3_BUCKET"]:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    for variable, value in {**KEYS, "AWS_ENDPOINT_URL": s3_server}.items():
        monkeypatch.setenv(variable, value)
    name = f"box-{abs(hash(request.node.nodeid)) % 10**9}"
    urllib.request.urlopen(urllib.request.Request(f"{s3_server}/{name}", method="PUT"))
    return f"s3://{name}"


class RangeHandler(http.server.BaseHTTPRequestHandler):
    """Files of a folder, by ranges; `sent` counts the bytes of answers."""

    folder, sent, knows_ranges = Path(), 0, True

    def do_GET(self):
        path = self.folder / urllib.request.unquote(self.path.partition("?")[0].lstrip("/"))
        if not path.is_file():
            self.send_error(404)
            return
        data, status = path.read_bytes(), 200
        asked = re.match(r"bytes=(\d+)-(\d*)", self.headers.get("range") or "") if self.knows_ranges else None
        n_bytes = len(data)
        if asked and int(asked[1]) >= n_bytes:
            self.send_error(416)
            return
        first, last = (int(asked[1]), min(int(asked[2] or n_bytes), n_bytes - 1)) if asked else (0, n_bytes - 1)
        self.send_response(206 if asked else status)
        if asked:
            self.send_header("content-range", f"bytes {first}-{last}/{n_bytes}")
        self.send_header("content-length", str(last + 1 - first))
        self.send_header("etag", f'"{path.stat().st_mtime_ns}"')
        self.send_header("last-modified", "Mon, 01 Jan 2024 00:00:00 GMT")
        self.end_headers()
        if self.command == "GET":
            type(self).sent += last + 1 - first
            self.wfile.write(data[first : last + 1])

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


@pytest.fixture
def web(tmp_path):
    """A handler that serves `folder`, with its `address`."""
    pytest.importorskip("obstore")
    handler = type("Handler", (RangeHandler,), {"folder": tmp_path / "web"})
    handler.folder.mkdir()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        handler.address = f"http://127.0.0.1:{server.server_port}"
        yield handler
        server.shutdown()
