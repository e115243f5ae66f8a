"""Take the pictures of the studio that the documentation shows: python tools/studio_pictures.py FOLDER [BROWSER]

Needs what the extras `studio`, `test` and `web` hold, the built page and a Chromium, by default /usr/bin/chromium.
Starts a studio with the bundled recording and writes each view, light and dark, as studio-VIEW-SCHEME.webp.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DESKTOP, PHONE = (1280, 720), (390, 844)
OPEN = "window.__motes.document"


@contextmanager
def studio(folder: Path, state: Path) -> Iterator[str]:
    """The address of a studio that runs."""
    import uvicorn

    from motes.studio.http.app import create_app
    from motes.studio.options import StudioOptions

    listener = socket.create_server(("127.0.0.1", 0))
    app = create_app(StudioOptions(folder, state))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="none", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    app.state.studio.feed.close()
    server.should_exit = True
    thread.join(10)


def prepare(folder: Path) -> None:
    """The bundled recording, and what atoms and noise make of it."""
    (folder / "demo.flac").write_bytes((ROOT / "src/motes/demo/demo.flac").read_bytes())
    encode = [sys.executable, "-m", "motes.cli", "encode", "demo.flac", "--kbps", "16"]
    subprocess.run(encode, cwd=folder, check=True)
    subprocess.run([*encode, "--notes", "-o", "notes.mote"], cwd=folder, check=True)
    splats().save(folder / "splats.mote")


def splats() -> Any:
    """A few splats of every sort, made by hand: short and long, pitched and noisy."""
    import numpy as np

    from motes.kinds.splat.table import Splat
    from motes.scene.scene import Scene

    n = 14
    pitch = 196.0 * 2.0 ** (np.array([0, 7, 12, 3, 10, 15, 5, 12, 19, 0, 7, 24, 12, 0]) / 12)
    noisy = np.array([0, 0, 0, 0.6, 0, 0, 0, 1, 0, 0, 0.3, 0, 0, 1])
    table = Splat(
        time_s=0.15 + 0.28 * np.arange(n),
        width_s=np.tile([0.004, 0.03, 0.012, 0.02], 4)[:n],
        f0_hz=pitch,
        centre_hz=pitch * np.tile([1, 2, 3], 5)[:n],
        width_octaves=np.tile([0.8, 1.4], 7),
        t60_s=np.tile([0.9, 0.3, 0.6], 5)[:n],
        gain_db=-14.0 - 2.0 * (np.arange(n) % 4)[:, None],
        shape=np.tile([2.5, 0.0], 7),
        rolloff_db=np.full(n, 5.0),
        damping_slope=np.full(n, 0.4),
        noise=noisy,
        seed=np.arange(n),
    )
    return Scene(44100, 5 * 44100, 1, splat=table)


def settle(page: Any) -> None:
    """Until all in view is drawn."""
    for _ in range(400):
        page.wait_for_timeout(50)
        if page.evaluate("window.__motes?.stage?.settled && window.__motes.document.busy === 0"):
            break
    page.wait_for_timeout(150)


def scene(page: Any) -> None:
    """The scene as it opens."""


def selection(page: Any) -> None:
    """Some events, near by."""
    page.locator("#expression").fill(
        "frequency_hz > 300 and frequency_hz < 2000 and time_s > 2.4 and time_s < 3.6 and amplitude > 0.004"
    )
    page.locator("#expression").press("Enter")
    page.wait_for_timeout(300)
    page.locator(".timeline").focus()
    page.keyboard.press("z")
    settle(page)


def partials(page: Any) -> None:
    """Lines through atoms."""
    page.get_by_label("Partials").check()
    page.get_by_role("checkbox", name="Events").uncheck()


def bursts(page: Any) -> None:
    """Splats, one of them chosen."""
    page.locator("#expression").fill("id == 2")
    page.locator("#expression").press("Enter")
    page.wait_for_timeout(300)


def map(page: Any) -> None:
    """The map beside the timeline, with some events selected in both."""
    page.locator(".timeline").focus()
    page.keyboard.press("d")
    page.locator("#expression").fill("frequency_hz > 3000 and time_s < 4")
    page.locator("#expression").press("Enter")
    page.wait_for_timeout(5000)


def roll(page: Any) -> None:
    """Notes, one of them chosen."""
    page.locator(".timeline").focus()
    for _ in range(6):
        page.keyboard.press(".")
        page.wait_for_timeout(150)
    page.evaluate("document.activeElement.blur()")


def colours(page: Any) -> None:
    """A map of colours, events by level, the waveform, and a distance that is measured."""
    page.get_by_role("button", name="View", exact=True).click()
    page.locator("#view-colours").select_option("magma")
    page.locator("#view-by").select_option("level")
    page.get_by_label("Waveform").check()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Measure").click()
    box = page.locator(".timeline").bounding_box()
    page.mouse.move(box["x"] + 300, box["y"] + 140)
    page.mouse.down()
    page.mouse.move(box["x"] + 420, box["y"] + 80, steps=4)
    page.mouse.up()
    page.wait_for_timeout(300)


def keys(page: Any) -> None:
    """The sheet of keys."""
    page.keyboard.press("?")


def export(page: Any) -> None:
    """What can be exported."""
    page.keyboard.press("Control+e")


def phone(page: Any) -> None:
    """The scene as it opens, on a phone."""


VIEWS: tuple[tuple[Callable[[Any], None], str, tuple[int, int]], ...] = (
    (scene, "demo.mote", DESKTOP),
    (selection, "demo.mote", DESKTOP),
    (partials, "demo.mote", DESKTOP),
    (bursts, "splats.mote", DESKTOP),
    (map, "demo.mote", DESKTOP),
    (roll, "notes.mote", DESKTOP),
    (colours, "demo.mote", DESKTOP),
    (keys, "demo.mote", DESKTOP),
    (export, "demo.mote", DESKTOP),
    (phone, "demo.mote", PHONE),
)


def shoot(page: Any, path: Path) -> None:
    """A picture, small."""
    from PIL import Image

    Image.open(BytesIO(page.screenshot())).save(path, quality=82, method=6)
    print(path, path.stat().st_size)


def pictures(browser: Any, address: str, scheme: str, out: Path) -> None:
    """All views in one scheme of colours."""

    def opened(size: tuple[int, int]) -> Any:
        page = browser.new_page(
            viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, reduced_motion="reduce"
        )
        page.goto(address)
        page.locator("header .brand").click()
        page.locator(".file").first.wait_for()
        return page

    page = opened(DESKTOP)
    page.locator(".file", has_text="demo.flac").click()
    page.wait_for_timeout(200)
    shoot(page, out / f"studio-encode-{scheme}.webp")
    page.close()
    for view, name, size in VIEWS:
        page = opened(size)
        page.locator(".file", has_text=name).click()
        settle(page)
        view(page)
        settle(page)
        shoot(page, out / f"studio-{view.__name__}-{scheme}.webp")
        page.close()


def main(folder: str, browser_path: str = "/usr/bin/chromium") -> None:
    """Every view in light and dark."""
    from playwright.sync_api import sync_playwright

    out = Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        sounds = Path(place) / "sounds"
        sounds.mkdir()
        prepare(sounds)
        with studio(sounds, Path(place) / "state") as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
            for scheme in ("light", "dark"):
                pictures(browser, address, scheme, out)
            browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
