"""Take the picture of an instrument's page that the documentation shows: python tools/play_picture.py FOLDER [BROWSER]

Needs what the extra `test` holds, and a Chromium, by default /usr/bin/chromium. Writes play.webp.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "src/motes/demo/demo.flac"
FIT = ["--encoder", "instrument", "--controls", "12", "--modes", "64", "--strikes", "40", "--numbers-percent", "0.4"]


def main(folder: Path, browser: str = "/usr/bin/chromium") -> None:
    """Fit a small instrument to the bundled recording, open its page and photograph it after a strike."""
    from PIL import Image
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as name:
        page_path = Path(name) / "demo.html"
        motes = [sys.executable, "-m", "motes.cli"]
        subprocess.run([*motes, "encode", str(DEMO), "-o", "demo.mote", *FIT, "--refine", "0"], cwd=name, check=True)
        subprocess.run([*motes, "report", "demo.mote", "--instrument", "-r", str(DEMO)], cwd=name, check=True)
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
            page = chromium.new_page(viewport={"width": 1180, "height": 860})
            page.goto(page_path.as_uri())
            page.locator(".play-pad").click(position={"x": 150, "y": 250})
            page.wait_for_timeout(1200)
            Image.open(BytesIO(page.screenshot())).convert("RGB").save(folder / "play.webp", quality=80, method=6)
            chromium.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
