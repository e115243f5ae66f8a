"""The command: Ctrl-C ends it, and mistakes are said in one line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest


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
