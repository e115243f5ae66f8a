"""The page on phones and tablets: all of it is reached, nothing scrolls sideways, and nothing is covered."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile
from studio_notes import noted_scene
from studio_page import OPEN, RATE, chimes

SIZES = {
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
    "small phone": {"viewport": {"width": 320, "height": 568}, "has_touch": True, "is_mobile": True},
    "phone turned": {"viewport": {"width": 844, "height": 390}, "has_touch": True, "is_mobile": True},
    "tablet": {"viewport": {"width": 820, "height": 1180}, "has_touch": True, "is_mobile": True},
}
# Whether the whole page is as wide as the window, and how high the timeline is drawn.
FITS = "document.documentElement.scrollWidth <= innerWidth && document.querySelector('main').scrollWidth <= innerWidth"
HIGH = "document.querySelector('.timeline').getBoundingClientRect().height"


@pytest.mark.parametrize("size", SIZES)
def test_the_timeline_is_large_and_nothing_scrolls_sideways(opened, size):
    page = opened(noted_scene(), "notes.mote", **SIZES[size])
    page.wait(f"{OPEN}.mode === 'roll'", 60)
    page.settled()
    assert page.page.evaluate(FITS)
    assert page.page.evaluate("innerWidth") == SIZES[size]["viewport"]["width"]
    assert page.page.evaluate(HIGH) >= min(180, 0.4 * SIZES[size]["viewport"]["height"])
    page.page.locator("#expression").fill("note == 3")
    page.page.get_by_role("button", name="Select", exact=True).click()
    page.wait(f"{OPEN}.selected.notes.length === 1")
    for name in ("Save", "Export", "Undo", "History", "Play", "Loop", "Mute", "Delete"):
        button = page.page.get_by_role("button", name=name, exact=True).first
        button.scroll_into_view_if_needed()
        box = button.bounding_box()
        assert box, name
        assert box["x"] >= 0, name
        assert box["x"] + box["width"] <= SIZES[size]["viewport"]["width"] + 1, name
    page.page.get_by_role("button", name="Mute", exact=True).tap()
    page.wait(f"{OPEN}.info.n_muted > 0")
    assert page.page.evaluate(FITS)
    page.load()
    page.page.get_by_role("button", name="Open another file").click()
    assert page.page.evaluate(FITS)
    assert not page.troubles


def test_the_tab_of_what_is_shown_is_in_sight_and_jobs_cover_little(opened, served):
    folder = served[1]
    page = opened(chimes(), **SIZES["phone"])
    for k in range(7):
        chimes(4).save(folder / f"scene number {k}.mote")
        page.page.get_by_role("button", name="Open another file").click()
        page.page.locator(".file", has_text=f"scene number {k}.mote").click()
        page.wait(f"window.__motes?.document.info.name === 'scene number {k}.mote'")
    current = page.page.locator(".tab.on").bounding_box()
    assert current["x"] >= 0
    assert current["x"] + current["width"] <= 390
    page.page.set_viewport_size({"width": 1280, "height": 720})
    close, beside = page.page.locator(".tab.on .close"), page.page.get_by_label("Open another file")
    page.page.wait_for_timeout(100)
    assert close.bounding_box()["x"] + close.bounding_box()["width"] <= beside.bounding_box()["x"]
    page.page.set_viewport_size(SIZES["phone"]["viewport"])
    soundfile.write(folder / "noise.wav", np.random.default_rng(0).standard_normal(20 * RATE) / 9, RATE)
    ids = page.page.evaluate(
        "async () => { const ids = []; for (let k = 0; k < 8; k++) ids.push((await (await fetch('/api/jobs', { method: "
        "'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ path: 'noise.wav', options: "
        "{ n_events: 1000000 } }) })).json()).id); return ids; }"
    )
    page.page.get_by_text("wait for their turn").wait_for()
    corner = page.page.locator(".corner").bounding_box()
    assert corner["height"] <= 0.35 * 844
    page.page.evaluate(
        "async (ids) => { for (const id of ids.reverse()) await fetch(`/api/jobs/${id}`, { method: 'DELETE' }); }", ids
    )
    page.wait("!document.querySelector('.job')")


def swipe(page, start, *places):
    """A finger goes from a place over others, as the browser gets it from a touch screen."""
    touch = page.page.context.new_cdp_session(page.page)
    for kind, place in (("touchStart", start), *(("touchMove", place) for place in places), ("touchEnd", None)):
        points = [] if place is None else [{"x": place[0], "y": place[1]}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        page.page.wait_for_timeout(20)


def test_a_finger_scrolls_over_the_map_and_draws_with_the_lasso(opened):
    page = opened(chimes(), **SIZES["phone"])
    page.page.get_by_role("tab", name="Map").tap()
    page.wait(f"{OPEN}.map.isShown && !{OPEN}.map.waiting")
    plane = page.page.locator(".plane")
    plane.scroll_into_view_if_needed()
    box = plane.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    scrolled = page.read("document.querySelector('main').scrollTop")
    swipe(page, (x, y), *((x, y - 20 * step) for step in range(1, 8)))
    page.wait(f"document.querySelector('main').scrollTop > {scrolled} + 50")
    assert page.read(f"{OPEN}.selected.n") == 0, "nothing is selected by scrolling"
    plane.scroll_into_view_if_needed()
    page.page.get_by_role("button", name="Lasso").last.click()
    page.wait("document.querySelector('.plane canvas.drawn-on')")
    page.page.wait_for_timeout(150)  # until the browser has drawn that, and scrolls by it
    box = plane.bounding_box()
    left, right, top, bottom = box["x"] + 3, box["x"] + box["width"] - 3, box["y"] + 3, box["y"] + box["height"] - 3
    swipe(page, (left, top), (right, top), (right, bottom), (left, bottom), (left, top + 9))
    page.wait(f"{OPEN}.selected.n === 24")
    assert not page.troubles
