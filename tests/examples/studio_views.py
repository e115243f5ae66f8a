"""Every view and dialog of the studio's page: which scene it is of, and how a user gets there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import soundfile
from instrument_scenes import instrument_scene
from kind_examples import EXAMPLES, RATE, example, scene_of
from studio_notes import NOTES, noted_scene
from studio_page import OPEN, Page

from motes.scene.metadata import Marker
from motes.scene.scene import Scene

VERSE = Marker(start_s=0.6, end_s=1.1, name="verse")


class View(NamedTuple):
    """A view; `scene` is the file that has to be open before `show`, none for the page of what can be opened."""

    name: str
    scene: str
    show: Callable[[Page], object]


def prepare(folder: Path) -> None:
    """The files that the views are of: all kinds of event with their recording, notes, an instrument, and nothing."""
    every = scene_of(*(example(kind, 2) for kind in EXAMPLES), n_channels=2)
    every = every.select("kind == gabor and time_s < 0.7").group()
    every.with_markers(Marker(start_s=0.3, name="in"), VERSE).save(folder / "every.mote")
    soundfile.write(folder / "every.wav", every.render().T, RATE, subtype="FLOAT")
    noted_scene().save(folder / "notes.mote")
    instrument_scene().save(folder / "bells.mote")
    Scene(RATE, RATE, 1).save(folder / "empty.mote")
    (folder / "takes").mkdir()


def views() -> list[View]:
    """All of them, those of one scene beside each other."""
    found = [View(name, scene, show) for scene, shows in SHOWS.items() for name, show in shows.items()]
    assert len({view.name for view in found}) == len(found)
    return found


def button(page: Page, name: str, exact: bool = True) -> None:
    page.page.get_by_role("button", name=name, exact=exact).first.click()


def more_of(encoder: str) -> Callable[[Page], object]:
    """The dialog that encodes, with all that this encoder can be asked."""

    def show(page: Page) -> None:
        page.page.locator(".file", has_text="every.wav").click()
        page.page.get_by_text("More", exact=True).click()
        page.page.locator("#encoder").select_option(encoder)

    return show


def filtered(page: Page) -> None:
    page.page.locator(".file", has_text="takes").click()
    page.page.get_by_text("Folder above").wait_for()
    page.page.get_by_label("Filter files by name").fill("nothing")
    page.page.get_by_text("Nothing here").wait_for()


def busy(page: Page) -> None:
    """What the server tells of while it works, after a crash, and when it no longer answers."""
    told = page.page.evaluate("async () => await (await fetch('/api/studio')).json()")
    job = {
        "id": "1", "name": "a recording of a very long name, second take.flac", "encoder": "pursuit", "options": {},
        "state": "running", "fraction": 0.4, "n_events": 12345, "iteration": 12, "loss": 0.1234, "drawn": None,
        "elapsed_s": 3, "remaining_s": 61, "document": None, "error": None, "stop_reason": "",
    }  # fmt: skip
    told["jobs"] = [job] + [job | {"id": str(k), "state": "waiting"} for k in range(2, 6)]
    held = {"id": "1", "name": "an hour.mote", "path": None, "saved_at": 1.7e9, "n_events": 300000, "duration_s": 3600}
    told["recovered"] = [held, held | {"id": "2"}]
    wrong = job | {"state": "failed", "error": "take.wav: holds no samples (was it cut short?)"}
    page.page.route("**/api/studio", lambda route: route.fulfill(json=told))
    text = f"event: hello\ndata: {json.dumps(told)}\n\nevent: job\ndata: {json.dumps(wrong | {'id': '2'})}\n\n"
    page.page.route("**/api/feed", lambda route: route.fulfill(content_type="text/event-stream", body=text))
    page.load()
    page.page.get_by_text("wait for their turn").click()
    page.page.get_by_text("Not connected").wait_for()


def chosen(kind: str) -> Callable[[Page], object]:
    """An event of a kind, by the table."""

    def show(page: Page) -> None:
        page.choose(f"kind == {kind}")
        page.page.get_by_text("Selected", exact=True).click()
        page.page.locator("[role=row][aria-selected=true]").nth(2).click()
        page.wait(f"{OPEN}.event?.kind === '{kind}'")

    return show


def every_panel(page: Page) -> None:
    """A selection with all that can be done to it opened out."""
    page.choose("time_s < 0.5")
    page.page.locator("summary", has_text="Fades").click()
    button(page, "Envelope …")
    page.page.locator("#room").select_option(index=1)
    page.settled()


def drawn(page: Page) -> None:
    """Waveform, a map of colours, events by level, measured distances and what is under the pointer."""
    page.page.get_by_role("button", name="View", exact=True).click()
    page.page.locator("#view-colours").select_option("magma")
    page.page.locator("#view-by").select_option("level")
    page.page.get_by_label("Waveform").check()
    page.page.get_by_label("Harmonics of the pointer").check()
    page.page.keyboard.press("Escape")
    page.page.locator(".timeline").scroll_into_view_if_needed()
    box = page.page.locator(".timeline").bounding_box()
    page.keys("r")
    page.page.mouse.move(box["x"] + 100, box["y"] + 60)
    page.page.mouse.down()
    page.page.mouse.move(box["x"] + 160, box["y"] + 90, steps=3)
    page.page.mouse.up()
    page.page.get_by_text("semitones").wait_for()


def view_menu(page: Page) -> None:
    page.page.get_by_role("button", name="View", exact=True).click()
    page.page.locator("#view-colours").select_option("cividis")


def history(page: Page) -> None:
    page.choose("time_s < 0.5")
    page.keys("[", "]", "Control+z", "j")


def keyed(*keys: str) -> Callable[[Page], object]:
    return lambda page: page.keys(*keys)


def naming(page: Page) -> None:
    button(page, "Name", exact=False)


def wrong_condition(page: Page) -> None:
    page.page.locator("#expression").fill("frequency >> 3")
    page.page.locator("#expression").press("Enter")
    page.page.locator("#expression-trouble", has_text="frequency").wait_for()


def exported(title: str) -> Callable[[Page], object]:
    def show(page: Page) -> None:
        page.choose("time_s < 0.5")
        page.keys("Control+e")
        page.page.get_by_label(title, exact=False).first.check()
        if title in ("WAV", "CSV"):
            page.page.get_by_label("From when").select_option("own")
            page.page.get_by_label("Start, s").fill("9")

    return show


def saving(page: Page) -> None:
    """Into a folder that does not exist yet, over muted events, under a name that does not do."""
    page.choose("time_s < 0.5")
    page.keys("m", "Control+Shift+s")
    page.page.locator("#save-path").fill("take.wav")
    button(page, "New folder")
    page.page.get_by_label("Name of the new folder").fill("takes")
    page.page.keyboard.press("Enter")
    page.page.locator("dialog").get_by_text("takes", exact=False).first.wait_for()


def replacing(page: Page) -> None:
    page.keys("Control+Shift+s")
    page.page.locator("#save-path").fill("notes")
    page.page.locator("dialog").get_by_role("button", name="Save", exact=True).click()
    page.page.get_by_text("There is a file of this name").wait_for()


def blind(page: Page) -> None:
    button(page, "Blind test")
    button(page, "X is A")
    page.keys("Space")


def recordings(page: Page) -> None:
    button(page, "Choose the recording …")
    page.page.locator("dialog").get_by_role("button", name="every.wav").wait_for()


def ready(page: Page) -> None:
    page.wait(f"{OPEN}.mode === 'roll' && {OPEN}.info.notes.work === 'ready'", 60)
    page.settled()


def note(page: Page) -> None:
    ready(page)
    page.keys(".")
    button(page, "Open note 1")
    page.page.get_by_role("treegrid").get_by_text("events").first.click()


def note_menu(page: Page) -> None:
    ready(page)
    box = page.page.locator(".timeline").bounding_box()
    x, y = page.page.evaluate(
        "([s, hz]) => { const { fromS, pxPerS, axisHeight, band } = window.__motes.stage.frame();"
        "return [(s - fromS) * pxPerS, axisHeight * (1 - Math.log2(hz / band.lowHz) /"
        " Math.log2(band.highHz / band.lowHz))]; }",
        [(NOTES[0].onset_s + NOTES[0].end_s) / 2, NOTES[0].f0_hz],
    )
    page.page.mouse.click(box["x"] + 58 + x, box["y"] + y, button="right")
    page.page.get_by_role("menu").wait_for()


def by_part(page: Page) -> None:
    ready(page)
    page.keys("n", "Control+a")
    page.page.get_by_role("button", name="View", exact=True).click()
    page.page.locator("#view-by").select_option("part")


def keyboard(page: Page) -> None:
    ready(page)
    button(page, "Keyboard")
    page.page.get_by_role("dialog").get_by_role("button", name="C3", exact=True).wait_for()


def instrument(page: Page) -> None:
    button(page, "Instrument")
    page.page.get_by_role("dialog").locator(".play-pad").click()
    page.wait("document.querySelector('.play-way')?.textContent.startsWith('AudioWorklet')")
    page.page.get_by_role("button", name="Record", exact=True).click()
    page.page.get_by_role("button", name="Stop and keep").wait_for()
    page.page.evaluate("document.querySelectorAll('dialog details').forEach((one) => (one.open = true))")


def nothing(page: Page) -> None:
    pass


SHOWS: dict[str, dict[str, Callable[[Page], Any]]] = {
    "": {
        "start": nothing,
        "start, nothing found": filtered,
        "encode": lambda page: page.page.locator(".file", has_text="every.wav").click(),
        "encode, pursuit": more_of("pursuit"),
        "encode, splat": more_of("splat"),
        "encode, gabor": more_of("gabor"),
        "encode, instrument": more_of("instrument"),
        "encode, siam": more_of("siam"),
        "keys": lambda page: page.page.keyboard.press("?"),
        "jobs, troubles, recovered": busy,
    },
    "every.mote": {
        "facts, markers, groups": nothing,
        "naming a group": naming,
        "an atom": chosen("gabor"),
        "a texture": chosen("texture"),
        "a strike": chosen("strike"),
        "a splat": chosen("splat"),
        "a vector": chosen("vector"),
        "a detail": chosen("detail"),
        "a selection, all opened": every_panel,
        "waveform, measure, readout": drawn,
        "view": view_menu,
        "history": history,
        "muted, soloed, looped": keyed("Control+a", "s", "l", "f"),
        "a condition that is wrong": wrong_condition,
        "export, WAV": exported("WAV"),
        "export, CSV": exported("CSV"),
        "export, Labels": exported("Labels"),
        "save": saving,
        "save, replace": replacing,
        "blind test": blind,
        "recording": recordings,
        "start, recent files": lambda page: page.page.locator("header .brand").click(),
    },
    "notes.mote": {
        "piano roll": ready,
        "a note": note,
        "menu of a note": note_menu,
        "events by part": by_part,
        "keyboard": keyboard,
    },
    "bells.mote": {"instrument": instrument},
    "empty.mote": {"an empty scene": nothing},
}
