"""Take the pictures of pages that the documentation shows: python tools/screenshots.py PAGE.html FOLDER [BROWSER]

Needs playwright and a Chromium, by default /usr/bin/chromium. Writes light and dark pictures at 1280×720 and of a
tablet.
"""

from __future__ import annotations

import sys
from pathlib import Path

SIZES = {"desktop": (1280, 720), "tablet": (820, 1180)}


def main(page_path: str, folder: str, browser_path: str = "/usr/bin/chromium") -> None:
    """One picture per size and colour scheme, and one of the whole page."""
    from playwright.sync_api import sync_playwright

    Path(folder).mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        for size, (width, height) in SIZES.items():
            for scheme in ("light", "dark"):
                page = browser.new_page(
                    viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
                )
                page.goto(Path(page_path).resolve().as_uri())
                page.wait_for_timeout(800)
                page.locator(".timeline").first.focus()
                for _ in range(12):
                    page.keyboard.press("ArrowRight")
                page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
                page.screenshot(path=Path(folder) / f"report-{size}-{scheme}.png")
                page.screenshot(path=Path(folder) / f"report-{size}-{scheme}-whole.png", full_page=True)
                page.close()
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
