"""A bucket, and a server that speaks HTTP with ranges, in this process and on loopback only."""

import http.server
import re
import threading
import urllib.request
from pathlib import Path

import pytest


@pytest.fixture
def bucket(bucket_name, monkeypatch, tmp_path):
    """The address of an empty bucket, and an environment that leads to it and nowhere else."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return f"s3://{bucket_name}"


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
