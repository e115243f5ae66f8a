"""Undo as the page offers it: a gesture is one step, in fields too, and any step is gone to from a list."""

from __future__ import annotations

from studio_page import OPEN, chimes, spot

from motes.edit.operations import into_room
from motes.events.room import Room


def steps(page) -> list[str]:
    """The labels of the history as the server has it."""
    return page.page.evaluate(
        "async (id) => (await (await fetch(`/api/documents/${id}/history`)).json()).steps.map(({ label }) => label)",
        page.read(f"{OPEN}.info.id"),
    )


def test_undo_in_a_field_takes_back_the_edit_once_enter_has_made_it(opened):
    page = opened(chimes())
    page.choose("id == 3")
    page.wait(f"{OPEN}.event?.id === 3")
    field = page.page.locator("[id='param-frequency_hz.0']")
    before = field.input_value()
    field.fill("333")
    page.page.keyboard.press("Control+z")  # of what is typed only
    page.page.wait_for_timeout(100)
    assert page.read(f"{OPEN}.info.revision") == 0
    field.fill("333")
    field.press("Enter")
    page.wait(f"{OPEN}.info.revision === 1")
    page.settled()
    page.page.keyboard.press("Control+z")
    page.wait(f"{OPEN}.info.undo === null")
    page.settled()
    assert field.input_value() == before
    page.page.keyboard.press("Control+y")
    page.wait(f"{OPEN}.info.revision === 1")
    amount = page.page.locator("#amount-Gain")
    amount.fill("6")
    amount.press("Enter")
    page.wait(f"{OPEN}.info.undo?.startsWith('gain')")
    page.settled()
    amount.press("Control+z")
    page.wait(f"{OPEN}.info.revision === 1")
    assert not page.troubles


def test_a_slider_a_held_key_and_a_drag_are_one_step_each(opened):
    scene = chimes(6)
    page = opened(into_room(scene.select([0, 1, 2]), Room.synthetic(0.4), wetness=0.3).scene)
    page.choose("id < 3")
    slider = page.page.locator("#wetness")
    for _ in range(4):
        slider.press("ArrowRight")
    page.wait(f"{OPEN}.selected.wetness?.[1] > 0.335", 10)
    page.settled()
    assert steps(page) == ["", "set wetness 3 events"]
    page.page.locator(".timeline").focus()
    page.page.keyboard.down("Alt")
    for _ in range(4):  # without letting go: the browser repeats it
        page.page.keyboard.down("ArrowRight")
    page.page.keyboard.up("ArrowRight")
    page.page.keyboard.up("Alt")
    page.wait(f"{OPEN}.info.undo === 'move 3 events'")
    page.settled()
    page.keys("Alt+ArrowRight")
    assert steps(page)[2:] == ["move 3 events", "move 3 events"]
    page.keys("Escape", "v")
    x, y = spot(page, float(scene.gabor.time_s[4]), float(scene.gabor.frequency_hz[4]))
    page.page.mouse.move(x, y)
    page.page.mouse.down()
    page.page.mouse.move(x + 20, y, steps=2)
    page.page.wait_for_timeout(100)
    page.page.mouse.move(x + 60, y - 40, steps=3)
    page.page.mouse.up()
    page.wait(f"{OPEN}.info.undo === 'move and transpose 1 event'")
    page.settled()
    assert len(steps(page)) == 5
    for _ in range(4):
        page.keys("Control+z")
    assert page.read(f"{OPEN}.info.revision") == 0
    assert not page.troubles


def test_any_step_of_the_list_is_gone_to(opened):
    page = opened(chimes())
    page.choose("id == 3")
    page.keys("]", "Alt+ArrowUp", "m", "j")
    rows = page.page.locator(".history button")
    page.wait("document.querySelectorAll('.history button').length === 4")
    assert [row.split("\n")[0] for row in rows.all_inner_texts()] == [
        "mute 1 event",
        "transpose 1 event",
        "gain 1 event",
        "opened",
    ]
    assert rows.nth(0).get_attribute("aria-current") == "step"
    rows.nth(3).click()
    page.wait(f"{OPEN}.info.revision === 0 && {OPEN}.info.dirty === false")
    page.wait("document.querySelectorAll('.history [aria-current]')[0]?.textContent.includes('opened')")
    page.page.keyboard.press("ArrowUp")
    page.page.keyboard.press("ArrowUp")
    page.page.keyboard.press("Enter")
    page.wait(f"{OPEN}.info.revision === 2")
    page.page.keyboard.press("Escape")
    page.wait("!document.querySelector('.history')")
    page.settled()
    assert page.read(f"{OPEN}.info.redo") == "mute 1 event"
    page.page.get_by_role("button", name="History").click()
    page.wait("document.querySelectorAll('.history button').length === 4")
    page.page.mouse.click(400, 300)
    page.wait("!document.querySelector('.history')")
    assert not page.troubles
