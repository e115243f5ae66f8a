"""The page of the studio in a real browser, as a test works on it: opened, read, clicked and typed into."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from motes.kinds.gabor.table import Gabor
from motes.scene.scene import Scene

RATE = 16000
OPEN = "window.__motes.document"
HOOK = """
window.started = [];
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (when, ...others) {
  window.started.push({ when, rate: this.buffer.sampleRate, samples: Array.from(this.buffer.getChannelData(0)) });
  return start.call(this, when, ...others);
};
"""


def chimes(n_events: int = 24, seconds: float = 4.0) -> Scene:
    """Sinusoids far enough apart to be pointed at one by one."""
    shape = (n_events, 1)
    frequency = np.geomspace(200, 5000, n_events)
    return Scene(
        RATE,
        round(seconds * RATE),
        1,
        Gabor(
            np.linspace(0.3, seconds - 0.3, n_events),
            np.full(n_events, 0.25),
            frequency,
            np.full(shape, 0.05),
            np.zeros(shape),
        ),
    )


class Page:
    """The studio's page, and all that went wrong in it or was asked of others."""

    def __init__(self, page: Any, address: str) -> None:
        self.page, self.address, self.troubles, self.outside = page, address, [], []
        page.on("console", lambda message: self.troubles.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on(
            "request",
            lambda request: (
                None if request.url.startswith((address, "blob:", "data:")) else self.outside.append(request.url)
            ),
        )
        self.unanswered: list[str] = []
        page.on("request", lambda request: self.unanswered.append(request.url))
        for end in ("requestfinished", "requestfailed"):
            page.on(
                end, lambda request: self.unanswered.remove(request.url) if request.url in self.unanswered else None
            )
        page.add_init_script(HOOK)
        self.load()

    def load(self) -> None:
        self.page.goto(self.address)
        self.page.locator("header").wait_for()

    def read(self, expression: str) -> Any:
        """The value of an expression in the page."""
        return json.loads(self.page.evaluate(f"JSON.stringify({expression} ?? null)"))

    def wait(self, condition: str, seconds: float = 30) -> None:
        """Until this is true. (Playwright's own waiting evaluates strings in the page, which the page's policy
        forbids.)
        """
        for _ in range(int(seconds / 0.03)):
            if self.page.evaluate(condition):
                return
            self.page.wait_for_timeout(30)
        raise AssertionError(f"never came true: {condition}; troubles: {self.troubles}; unanswered: {self.unanswered}")

    def open(self, name: str) -> None:
        """A file of the folder, from the list."""
        self.page.locator(".file", has_text=name).click()
        self.settled()

    def settled(self) -> None:
        """Everything in view is drawn and every edit done."""
        self.wait("window.__motes?.stage?.settled && window.__motes.document.busy === 0")

    def choose(self, expression: str) -> None:
        """Select by an expression."""
        self.page.locator("#expression").fill(expression)
        self.page.locator("#expression").press("Enter")
        self.wait(f"{OPEN}.selected.n > 0")

    def keys(self, *keys: str) -> None:
        """Press keys with the focus on the timeline."""
        self.page.locator(".timeline").focus()
        for key in keys:
            self.page.keyboard.press(key)
        self.page.wait_for_timeout(50)
        self.settled()


def spot(page: Page, seconds: float, hz: float) -> tuple[float, float]:
    """Where on the screen a time and a frequency are."""
    box = page.page.locator(".timeline").bounding_box()
    assert box is not None
    view = page.read(
        f"{{ from: {OPEN}.view.fromS, perS: {OPEN}.view.pxPerS, top: {OPEN}.view.topHz, "
        "tall: window.__motes.stage.axisHeight }"
    )

    def erb(frequency: float) -> float:
        return 21.4 * float(np.log10(1 + 0.00437 * frequency))

    return box["x"] + 58 + (seconds - view["from"]) * view["perS"], box["y"] + view["tall"] * (
        1 - erb(hz) / erb(view["top"])
    )
