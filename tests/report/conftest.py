"""Pages opened in a real browser, from disk, without a network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

HOOK = """
window.started = [];
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (when, offset, seconds) {
  window.started.push({ buffer: this.buffer, offset, seconds });
  return start.apply(this, arguments);
};
"""


class Opened:
    """A page, and all that went wrong or left the file."""

    def __init__(self, page: Any, path: Path, shows: str = ".timeline canvas", before: str = "") -> None:
        self.page, self.troubles, self.requests, self.shows = page, [], [], shows
        page.on(
            "console",
            lambda message: self.troubles.append(message.text) if message.type in ("error", "warning") else None,
        )
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.add_init_script(HOOK + before)
        page.goto(path.resolve().as_uri())
        self.wait(f"document.querySelectorAll('{shows}').length > 0")

    def again(self) -> Opened:
        """The page again, as it is when it is opened."""
        self.page.reload()
        self.wait(f"document.querySelectorAll('{self.shows}').length > 0")
        return self

    def wait(self, condition: str) -> None:
        """Until this is true. (Playwright's own waiting evaluates strings in the page, which the page's policy
        forbids.)
        """
        for _ in range(600):
            if self.page.evaluate(condition):
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"never came true: {condition}")

    @property
    def outside(self) -> list[str]:
        """What was asked for beside the file itself and what is in it."""
        return [url for url in self.requests if not url.startswith(("file:", "data:", "blob:"))]


@pytest.fixture(scope="session")
def opened(chromium: Any) -> Iterator[Callable[..., Opened]]:
    """Open a page: `opened(path, color_scheme="dark")`; `shows` is what it has once it is ready, `before` a script that
    runs before its own. It stays open until all tests are done.
    """
    contexts = []

    def open_page(path: Path, shows: str = ".timeline canvas", before: str = "", **options: Any) -> Opened:
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 720}, "offline": True} | options)
        contexts.append(context)
        return Opened(context.new_page(), path, shows, before)

    yield open_page
    for context in contexts:
        context.close()
