"""What the tests share: the bundled recording, the folder of real recordings, and how hypothesis searches."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
import shutil
import signal
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

ROOT = Path(__file__).parents[1]
# pytest's importlib mode leaves the path alone; docs/reader is the reader in plain Python.
sys.path[:0] = [str(ROOT / folder) for folder in ("tests/examples", "tests/oracles", "docs/reader")]
SHARED = Path(os.environ.get("MOTES_SHARED") or ROOT.parent / "shared")
IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}
# Tests run in several processes: threads of BLAS and PyTorch in each would only wait for one another. Programs that
# tests start inherit it.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

# Where tests are started in the background Ctrl-C is ignored, and the programs that they start would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

hypothesis.settings.register_profile("local", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("ci" if IN_CI else "local")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Groups for `--dist loadgroup`: a file each, whose fixtures are made once, but of the documentation's pages, which
    take longest, each alone and before all else.
    """
    pages = {item.nodeid: item.nodeid for item in items if item.nodeid.startswith("tests/test_docs.py::test_code_in_")}
    for item in items:
        item.add_marker(pytest.mark.xdist_group(pages.get(item.nodeid, item.nodeid.partition("::")[0])))
    items.sort(key=lambda item: item.nodeid not in pages)


def skip_or_fail(reason: str) -> None:
    """Skip the test; in CI, where everything has to be there, fail it."""
    if IN_CI:
        pytest.fail(f"{reason}; in CI it has to be there", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """The folder of recordings that are not part of the project: `MOTES_SHARED`, by default `shared` beside the
    checkout.
    """
    if not SHARED.is_dir():
        skip_or_fail(f"no folder {SHARED} (MOTES_SHARED names another)")
    return SHARED


@pytest.fixture(scope="session")
def shared_audio(shared_folder: Path) -> Callable[[str], Path]:
    """The path of a real recording by its name: `shared_audio("piano")`."""

    def path_of(name: str) -> Path:
        path = shared_folder / "audio" / f"{name}.flac"
        if not path.is_file():
            skip_or_fail(f"no recording {path}")
        return path

    return path_of


@pytest.fixture(scope="session")
def demo_audio() -> Path:
    """The recording bundled with motes."""
    return ROOT / "src/motes/demo/demo.flac"


@pytest.fixture(scope="session")
def require_tool() -> Callable[[str], str]:
    """The path of a program that a test runs: `require_tool("motes")`, looked for beside this Python first."""

    def path_of(name: str) -> str:
        beside = shutil.which(name, path=str(Path(sys.executable).parent))
        if not (found := beside or shutil.which(name)):
            skip_or_fail(f"no program {name} on this machine")
        return str(found)

    return path_of


def needed(module: str) -> Any:
    """A module that tests need; where it is missing they are skipped, in CI they fail."""
    return importlib.import_module(module) if IN_CI else pytest.importorskip(module)


@pytest.fixture(scope="session")
def pysdif() -> None:
    """A reader of SDIF, for a process of its own."""
    if importlib.util.find_spec("pysdif") is None:
        skip_or_fail("pysdif is not installed")


@pytest.fixture(scope="session")
def jams() -> Any:
    """A reader of JAMS."""
    return needed("jams")


@pytest.fixture(scope="session")
def av() -> Any:
    """FFmpeg's libraries."""
    return needed("av")


@pytest.fixture(scope="session")
def axe() -> Any:
    """The accessibility checker."""
    return needed("axe_playwright_python.sync_playwright").Axe()


@pytest.fixture(scope="session")
def chromium(require_tool: Callable[[str], str]) -> Iterator[Any]:
    """Debian's Chromium, driven by playwright."""
    sync_api = needed("playwright.sync_api")
    path = shutil.which("chromium") or require_tool("chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of a server that speaks S3, in this process and on loopback only."""
    pytest.importorskip("obstore")
    moto = pytest.importorskip("moto.server")
    running = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture
def bucket_name(s3_server: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """The name of an empty bucket, and an environment that leads to it."""
    for variable in [name for name in os.environ if name.startswith("AWS_")] + ["S3_BUCKET"]:
        monkeypatch.delenv(variable, raising=False)
    keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_ENDPOINT_URL": s3_server}
    for variable, value in keys.items():
        monkeypatch.setenv(variable, value)
    name = f"box-{abs(hash(request.node.nodeid)) % 10**9}"
    urllib.request.urlopen(urllib.request.Request(f"{s3_server}/{name}", method="PUT"))
    return name
