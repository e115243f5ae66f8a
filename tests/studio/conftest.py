"""A folder with a recording and a scene of it, and a studio that has opened it."""

from __future__ import annotations

import asyncio
import importlib
import os
import shutil
import socket
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from studio_page import Page

import motes
from motes.audio import open_source, read_audio, write_audio
from motes.encoders.pursuit import PursuitOptions, encode
from motes.scene.scene import Scene


def needed(module: str) -> Any:
    """A module that tests need; where it is missing they are skipped, in CI they fail."""
    return (
        importlib.import_module(module)
        if os.environ.get("CI", "").lower() in {"1", "true"}
        else pytest.importorskip(module)
    )


needed("fastapi")


class StudioClient:
    """Requests to a studio, as its page makes them."""

    def __init__(self, app: Any, **options: Any) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from starlette.testclient import TestClient
        self.app, self.studio = app, app.state.studio
        self.http = TestClient(app, base_url="http://localhost", raise_server_exceptions=False, **options)

    def get(self, path: str, status: int = 200, **more: Any) -> Any:
        return self._checked(self.http.get(f"/api/{path}", **more), status)

    def post(self, path: str, body: Any = None, status: int = 200, **more: Any) -> Any:
        return self._checked(self.http.post(f"/api/{path}", json={} if body is None else body, **more), status)

    def delete(self, path: str, status: int = 204) -> Any:
        return self._checked(self.http.delete(f"/api/{path}"), status)

    def _checked(self, answer: Any, status: int) -> Any:
        assert answer.status_code == status, answer.text[:500]
        return answer.json() if answer.headers.get("content-type", "").startswith("application/json") else answer

    def open(self, path: str = "sound.mote") -> dict[str, Any]:
        return self.post("documents", {"path": path}, 201)

    def edit(
        self, document: dict[str, Any], op: str, what: dict[str, Any] | None = None, status: int = 200, /, **fields: Any
    ) -> Any:
        now = self.get(f"documents/{document['id']}")["revision"]
        return self.post(
            f"documents/{document['id']}/edits",
            {"revision": now, "what": what or {}, "edit": {"op": op, **fields}},
            status,
        )

    def scene(self, document: dict[str, Any], revision: int | None = None) -> motes.Scene:
        history = self.studio.documents[document["id"]].history
        return history.current.scene if revision is None else history[revision].scene

    def samples(self, document: dict[str, Any], revision: int, track: str = "reconstruction") -> np.ndarray:
        answer = self.get(f"documents/{document['id']}/revisions/{revision}/audio/{track}.f32")
        return np.frombuffer(answer.content, "<f4").reshape(int(answer.headers["x-channels"]), -1)

    def wait(self, job: str, seconds: float = 60.0) -> dict[str, Any]:
        import time

        end = time.monotonic() + seconds
        while (found := self.get(f"jobs/{job}"))["state"] in ("waiting", "running"):
            assert time.monotonic() < end, found
            time.sleep(0.05)
        return found


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, demo_audio: Path) -> Path:
    """A folder with three seconds of the bundled recording and a scene of them."""
    folder = tmp_path_factory.mktemp("made")
    audio, rate = read_audio(demo_audio)
    write_audio(folder / "sound.wav", audio[np.newaxis, : 3 * rate], rate, 1)
    source = open_source(folder / "sound.wav")
    encode(source, PursuitOptions(n_events=1500, texture=True)).save(folder / "sound.mote")
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    return Path(shutil.copytree(made, tmp_path / "folder"))


@pytest.fixture
def studio_of(tmp_path: Path) -> Iterator[Callable[..., StudioClient]]:
    """Studios, which end with the test: `studio_of(folder, upload_bytes=1000)`."""
    from motes.studio.http.app import create_app
    from motes.studio.options import StudioOptions

    clients: list[StudioClient] = []

    def start(folder: Path, **options: Any) -> StudioClient:
        clients.append(
            StudioClient(create_app(StudioOptions(folder, tmp_path / "state", **{"autosave_s": 0.05} | options)))
        )
        return clients[-1]

    yield start
    for client in clients:
        client.studio.close()


@pytest.fixture
def client(studio_of: Callable[..., StudioClient], folder: Path) -> StudioClient:
    """A studio that has opened the folder."""
    return studio_of(folder)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A studio that runs, and its folder."""
    uvicorn = pytest.importorskip("uvicorn")
    pytest.importorskip("fastapi")
    from motes.studio.http.app import PAGE, create_app
    from motes.studio.options import StudioOptions

    if not (PAGE / "index.html").is_file():
        (pytest.fail if os.environ.get("CI", "").lower() in {"1", "true"} else pytest.skip)(
            "the page is not built: make web"
        )
    folder = tmp_path_factory.mktemp("folder")
    listener = socket.create_server(("127.0.0.1", 0))
    app = create_app(StudioOptions(folder, tmp_path_factory.mktemp("state"), autosave_s=0.1))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="none", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/", folder
    app.state.studio.feed.close()
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def opened(served: tuple[str, Path], chromium: Any) -> Iterator[Callable[..., Page]]:
    """Open the page: `opened(scene)` with this scene in it, as `chimes.mote`."""
    address, folder = served
    contexts = []

    def open_page(scene: Scene | None = None, name: str = "chimes.mote", init: str = "", **options: Any) -> Page:
        context = chromium.new_context(
            **{"viewport": {"width": 1280, "height": 720}, "reduced_motion": "reduce"} | options
        )
        context.add_init_script(init)
        contexts.append(context)
        if scene is not None:
            scene.save(folder / name)
        page = Page(context.new_page(), address)
        if scene is not None:
            page.open(name)
        return page

    yield open_page
    for context in contexts:
        for page in context.pages:
            page.evaluate(
                "async () => { for (const { id } of await (await fetch('/api/documents')).json()) "
                "await fetch(`/api/documents/${id}?discard=true`, { method: 'DELETE' }); }"
            )
        context.close()
