"""A cluster of this machine alone."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="package")
def head(tmp_path_factory):
    """The address of a head with two workers, on loopback only, which ends with the tests."""
    ours = pytest.MonkeyPatch()
    ours.setenv("RAY_AUTH_MODE", "token")  # Ray looks at these when it is imported
    ours.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
    pytest.importorskip("ray")
    command = shutil.which("ray", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    folder, (port, client) = tmp_path_factory.mktemp("ray"), free_ports()
    paths = [str(ROOT / "src"), str(ROOT), str(ROOT / "tests/examples")]
    arguments = ["--head", "--node-ip-address=127.0.0.1", f"--port={port}", f"--ray-client-server-port={client}"]
    arguments += ["--num-cpus=2", "--include-dashboard=false", "--disable-usage-stats", "--block"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "MOTES_CACHE": str(folder / "cache")}
    with (folder / "log").open("w") as log:
        running = subprocess.Popen(
            [command, "start", *arguments], env=environment, stdout=log, stderr=log, cwd=folder, start_new_session=True
        )
    for _ in range(600):
        if "--block" in (text := (folder / "log").read_text()) or running.poll() is not None:
            break
        time.sleep(0.1)
    assert running.poll() is None, text
    yield f"127.0.0.1:{port}", client
    running.terminate()
    running.wait(timeout=60)
    ours.undo()


def free_ports():
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        return one.getsockname()[1], other.getsockname()[1]


@pytest.fixture
def ray_cluster(head, monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", head[0])
