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
