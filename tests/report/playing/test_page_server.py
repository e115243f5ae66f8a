"""A page served until it is ended: itself at its own address, nothing else."""

import threading
import urllib.error
import urllib.request

import pytest

from motes.cli import main
from motes.errors import ParameterError
from motes.report.playing.page_server import server_of
from motes.scene.scene import Scene


@pytest.fixture
def served():
    with server_of(b"<!doctype html>the page") as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_the_page_is_there_and_nothing_else(served):
    address = f"http://127.0.0.1:{served.server_address[1]}"
    with urllib.request.urlopen(f"{address}/?x=1", timeout=10) as answer:
        assert answer.read() == b"<!doctype html>the page"
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{address}/etc/passwd", timeout=10)
    with pytest.raises(ParameterError, match=r"port \d+ cannot be used"):
        server_of(b"", served.server_address[1])


def test_what_cannot_be_played_is_one_line(tmp_path, capsys):
    path = tmp_path / "silent.mote"
    Scene(8000, 800, 1).save(path)
    for tokens, status, says in (
        (["play", str(path)], 1, "holds no instrument, no notes"),
        (["play", str(path), "--port", "70000"], 2, "--port must be"),
        (["play", str(tmp_path / "none.mote")], 1, "none.mote"),
        (["report", str(path), str(path), "--instrument", "-o", str(tmp_path / "x.html")], 1, "one scene, not of 2"),
    ):
        assert main(tokens) == status
        assert says in capsys.readouterr().err
