"""A page in Debian's Firefox, driven by WebDriver BiDi: what a user does to it, and what went wrong in it."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

KEYS = {
    "Control": "\ue009",
    "Shift": "\ue008",
    "Alt": "\ue00a",
    "Enter": "\ue007",
    "Escape": "\ue00c",
    "ArrowUp": "\ue013",
    "ArrowRight": "\ue014",
}
# Where there is no sound card an AudioContext would wait for one for ever; and nothing is asked of Mozilla's servers.
PREFERENCES = """
user_pref("media.cubeb.force_mock_context", true);
user_pref("services.settings.server", "data:,#remote-settings-dummy/v1");
user_pref("app.normandy.enabled", false);
user_pref("media.autoplay.default", 0);
user_pref("browser.download.always_ask_before_handling_new_types", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("app.update.disabledForTesting", true);
"""


class Firefox:
    """One tab."""

    def __init__(self, socket: Any) -> None:
        self.socket, self.numbers, self.troubles = socket, itertools.count(1), []
        self.version = self.ask("session.new", capabilities={})["capabilities"]["browserVersion"]
        self.tab = self.ask("browsingContext.getTree")["contexts"][0]["context"]
        self.ask("session.subscribe", events=["log.entryAdded"])

    def before(self, script: str) -> None:
        """A script that runs before those of every page."""
        self.ask("script.addPreloadScript", functionDeclaration=f"() => {{ {script} }}")

    def ask(self, method: str, **params: Any) -> Any:
        """The result of a command; errors of the page that are told of meanwhile are kept."""
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            told = json.loads(self.socket.recv(timeout=60))
            if told.get("method") == "log.entryAdded" and told["params"]["level"] == "error":
                self.troubles.append(told["params"]["text"])
            if told.get("id") == number:
                assert told["type"] == "success", told
                return told["result"]

    def goto(self, address: str) -> None:
        self.ask("browsingContext.navigate", context=self.tab, url=address, wait="complete")

    def resize(self, width: int, height: int) -> None:
        self.ask("browsingContext.setViewport", context=self.tab, viewport={"width": width, "height": height})

    def read(self, expression: str) -> Any:
        """The value of an expression in the page."""
        told = self.ask(
            "script.evaluate",
            expression=f"(async () => JSON.stringify((await ({expression})) ?? null))()",
            target={"context": self.tab},
            awaitPromise=True,
        )
        assert told["type"] == "success", told
        return json.loads(told["result"]["value"])

    def wait(self, condition: str, seconds: float = 60) -> None:
        """Until this is true; what cannot be read yet is not."""
        end = time.monotonic() + seconds
        while not self.read(f"(() => {{ try {{ return !!({condition}); }} catch {{ return false; }} }})()"):
            assert time.monotonic() < end, f"never came true: {condition}; troubles: {self.troubles}"
            time.sleep(0.05)

    def find(self, locator: dict[str, Any], seconds: float = 30) -> str:
        """The first element that this locator of BiDi finds in sight, once there is one."""
        end = time.monotonic() + seconds
        while True:
            for node in self.ask("browsingContext.locateNodes", context=self.tab, locator=locator)["nodes"]:
                if self._call("(one) => one.checkVisibility() && one.getClientRects().length > 0", node["sharedId"]):
                    return str(node["sharedId"])
            assert time.monotonic() < end, f"no {locator}; troubles: {self.troubles}"
            time.sleep(0.05)

    def _call(self, function: str, element: str) -> Any:
        told = self.ask(
            "script.callFunction",
            functionDeclaration=function,
            arguments=[{"sharedId": element}],
            target={"context": self.tab},
            awaitPromise=True,
        )
        assert told["type"] == "success", told
        return told["result"].get("value")

    def click(self, role: str, name: str) -> None:
        """What has this role and name, as assistive technology names it."""
        self._click({"type": "accessibility", "value": {"role": role, "name": name}})

    def click_on(self, selector: str) -> None:
        """What a selector of CSS finds."""
        self._click({"type": "css", "value": selector})

    def _click(self, locator: dict[str, Any]) -> None:
        element = self.find(locator)
        self._call("(one) => one.scrollIntoView({ block: 'nearest' })", element)
        self._point(0, 0, {"type": "element", "element": {"sharedId": element}})

    def click_at(self, x: float, y: float) -> None:
        self._point(round(x), round(y), "viewport")

    def _point(self, x: int, y: int, origin: Any) -> None:
        steps = [
            {"type": "pointerMove", "x": x, "y": y, "origin": origin},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        self.ask(
            "input.performActions",
            context=self.tab,
            actions=[{"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": steps}],
        )

    def press(self, *chords: str) -> None:
        """Keys as "Control+s", one after the other."""
        for chord in chords:
            keys = [KEYS.get(key, key) for key in re.split(r"(?<=.)\+", chord)]
            self._type([("keyDown", key) for key in keys] + [("keyUp", key) for key in reversed(keys)])

    def write(self, text: str) -> None:
        """Text into what has the focus, in place of what stands there."""
        self.press("Control+a")
        self._type([(way, letter) for letter in text for way in ("keyDown", "keyUp")])

    def _type(self, ways: list[tuple[str, str]]) -> None:
        steps = [{"type": way, "value": key} for way, key in ways]
        self.ask("input.performActions", context=self.tab, actions=[{"type": "key", "id": "keys", "actions": steps}])

    def screenshot(self) -> str:
        """A PNG in base64."""
        return str(self.ask("browsingContext.captureScreenshot", context=self.tab)["data"])


@contextmanager
def firefox(program: str, profile: Path) -> Iterator[Firefox]:
    """A Firefox without windows and with an empty profile, which ends with the block."""
    from websockets.sync.client import connect

    profile.mkdir(parents=True)
    (profile / "user.js").write_text(PREFERENCES)
    with (profile / "log").open("w") as log:
        process = subprocess.Popen(
            [program, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"],
            stdout=log,
            stderr=log,
        )
    try:
        for _ in range(600):
            if found := re.search(r"WebDriver BiDi listening on (ws://\S+)", (profile / "log").read_text()):
                break
            assert process.poll() is None, (profile / "log").read_text()
            time.sleep(0.1)
        else:
            raise AssertionError((profile / "log").read_text())
        with connect(f"{found[1]}/session", max_size=None, proxy=None) as socket:
            yield Firefox(socket)
    finally:
        process.terminate()
        process.wait(20)
