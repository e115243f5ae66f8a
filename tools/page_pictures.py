"""Draw the pictures of scenes, reports and instruments that the documentation shows:
python tools/page_pictures.py FOLDER [BROWSER]

Needs what the extra `test` holds, and a Chromium, by default /usr/bin/chromium. Writes demo.png, notes.png and report.png
of what `motes demo` makes, instrument.png of an instrument that is fitted to the bundled recording, and play.webp of
its page.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any

import screenshots

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "src/motes/demo/demo.flac"
FIT = ["--encoder", "instrument", "--controls", "12", "--modes", "64", "--strikes", "40", "--numbers-percent", "0.4"]
COLOURS = 256  # of a picture that is kept as a PNG: a third of the size, and nothing is seen of it


def run(folder: Path, *command: str) -> None:
    subprocess.run([sys.executable, "-m", "motes.cli", *command], cwd=folder, check=True)


def keep(picture: bytes | Path, path: Path) -> None:
    """A PNG, small."""
    from PIL import Image

    image = Image.open(BytesIO(picture) if isinstance(picture, bytes) else picture).convert("RGB")
    image.quantize(COLOURS).save(path, optimize=True)
    print(path, path.stat().st_size)


def of_the_demo(place: Path, folder: Path, browser: str) -> None:
    """The scene, its notes and the report of it."""
    run(place, "demo")
    keep(place / "motes-demo/demo.png", folder / "demo.png")
    keep(place / "motes-demo/demo-notes.png", folder / "notes.png")
    screenshots.main(str(place / "motes-demo/demo.html"), str(place / "pages"), browser)
    keep(place / "pages/report-desktop-light.png", folder / "report.png")


def of_an_instrument(place: Path, folder: Path, chromium: Any) -> None:
    """The instrument, and its page after a strike."""
    from PIL import Image

    import motes
    from motes.report.pictures.instrument_picture import instrument_picture

    run(place, "encode", str(DEMO), "-o", "demo.mote", *FIT, "--refine", "0")
    keep(instrument_picture(motes.load(place / "demo.mote")), folder / "instrument.png")
    run(place, "report", "demo.mote", "--instrument", "-r", str(DEMO))
    page = chromium.new_page(viewport={"width": 1180, "height": 860})
    page.goto((place / "demo.html").as_uri())
    page.locator(".play-pad").click(position={"x": 150, "y": 250})
    page.wait_for_timeout(1200)
    Image.open(BytesIO(page.screenshot())).convert("RGB").save(folder / "play.webp", quality=80, method=6)
    print(folder / "play.webp")


def main(folder: Path, browser: str = "/usr/bin/chromium") -> None:
    """All of them."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as name:
        of_the_demo(Path(name), folder, browser)
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
            of_an_instrument(Path(name), folder, chromium)
            chromium.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), *sys.argv[2:])
