"""Notes in the page: a piano roll that is clicked, dragged and worked by keys, each gesture one step."""

from __future__ import annotations

import numpy as np
import pytest
from studio_notes import NOTES, noted_scene
from studio_page import OPEN

import motes


@pytest.fixture
def roll(opened):
    """The page with the scene's notes, whose atoms are divided among them."""
    page = opened(noted_scene())
    page.wait(f"{OPEN}.notes.rows.length === 4 && {OPEN}.mode === 'roll'", 60)
    page.wait(f"{OPEN}.info.notes.work === 'ready'", 60)
    page.settled()
    return page


def spot(page, seconds: float, hz: float) -> tuple[float, float]:
    """Where on the screen a time and a pitch of the piano roll are."""
    box = page.page.locator(".timeline").bounding_box()
    x, y = page.page.evaluate(
        "([s, hz]) => { const { fromS, pxPerS, axisHeight, band } = window.__motes.stage.frame();"
        "const part = Math.log2(hz / band.lowHz) / Math.log2(band.highHz / band.lowHz);"
        "return [(s - fromS) * pxPerS, axisHeight * (1 - part)]; }",
        [seconds, hz],
    )
    return box["x"] + 58 + x, box["y"] + y


def middle(number: int) -> float:
    return (NOTES[number - 1].onset_s + NOTES[number - 1].end_s) / 2


def drag(page, start: tuple[float, float], end: tuple[float, float], key: str = "") -> None:
    page.page.mouse.move(*start)
    page.page.mouse.down()
    if key:
        page.page.keyboard.down(key)
    page.page.mouse.move(start[0] + 6, start[1], steps=2)
    page.page.mouse.move(*end, steps=4)
    page.page.mouse.up()
    if key:
        page.page.keyboard.up(key)


def note(page, number: int) -> dict:
    return page.read(f"{OPEN}.notes.byNumber.get({number})")


def test_a_click_on_a_note_chooses_it_and_plays_it_alone(roll):
    roll.page.mouse.click(*spot(roll, middle(3), NOTES[2].f0_hz))
    roll.wait("window.started.length === 1")
    assert roll.read(f"{OPEN}.selected.notes") == [3]
    assert roll.read(f"{OPEN}.info.revision") == 0
    assert roll.page.locator(".inspector h2").inner_text().startswith("Note 3")
    assert roll.page.locator("[role=row][aria-selected=true]").count() == 1
    alone = np.array(roll.read("window.started[0].samples"))
    only = noted_scene().notes[2].render()
    assert np.abs(alone).max() == pytest.approx(np.abs(only).max(), rel=1e-3)
    assert not roll.troubles


def test_a_drag_in_pitch_and_time_is_one_step_and_snaps_to_semitones(roll):
    start, end = spot(roll, middle(3), NOTES[2].f0_hz), spot(roll, middle(3) + 0.2, NOTES[2].f0_hz * 2 ** (2.2 / 12))
    drag(roll, start, end)
    roll.wait(f"{OPEN}.info.revision === 1")
    roll.settled()
    moved = note(roll, 3)
    assert 1200 * np.log2(moved["f0_hz"] / NOTES[2].f0_hz) == pytest.approx(200, abs=1.5)
    assert moved["onset_s"] == pytest.approx(NOTES[2].onset_s + 0.2, abs=0.01)
    assert roll.read(f"{OPEN}.selected.notes") == [3]
    roll.keys("Control+z")
    roll.wait(f"{OPEN}.info.undo === null")
    assert note(roll, 3)["name"] == "B3"
    assert roll.read(f"{OPEN}.selected.notes") == [3]
    assert not roll.troubles


def test_shift_drags_by_octaves_and_the_end_stretches(roll):
    drag(roll, spot(roll, middle(3), NOTES[2].f0_hz), spot(roll, middle(3), NOTES[2].f0_hz * 1.8), "Shift")
    roll.wait(f"{OPEN}.info.revision === 1")
    roll.settled()
    assert note(roll, 3)["name"] == "B4"
    hz = note(roll, 3)["f0_hz"]
    (x, y), (to, _) = spot(roll, note(roll, 3)["end_s"], hz), spot(roll, note(roll, 3)["end_s"] + 0.2, hz)
    drag(roll, (x - 2, y), (to - 2, y))
    roll.wait(f"{OPEN}.info.undo?.startsWith('stretch')")
    roll.settled()
    length = note(roll, 3)["end_s"] - note(roll, 3)["onset_s"]
    assert length == pytest.approx(NOTES[2].end_s - NOTES[2].onset_s + 0.2, abs=0.02)


def test_keys_work_on_notes(roll):
    roll.keys(".", ".", ".", ".")
    roll.wait(f"{OPEN}.selected.notes[0] === 3")
    for key, revision in (("ArrowUp", 1), ("Shift+ArrowDown", 2), ("ArrowRight", 3), ("Shift+ArrowLeft", 4)):
        roll.keys(key)
        roll.wait(f"{OPEN}.info.revision === {revision}")
    found = note(roll, 3)
    assert found["name"] == "C3"
    assert found["onset_s"] == pytest.approx(NOTES[2].onset_s + 0.01 - 0.1, abs=2e-3)
    roll.keys("m")
    roll.wait(f"{OPEN}.notes.byNumber.get(3).muted")
    roll.keys("Delete")
    roll.wait(f"{OPEN}.notes.rows.length === 3")
    assert roll.read(f"{OPEN}.selected.notes") == []


def test_the_menu_of_a_note_and_solo(roll):
    roll.page.mouse.click(*spot(roll, middle(1), NOTES[0].f0_hz), button="right")
    roll.page.get_by_role("menuitem", name="Solo").click()
    roll.wait(f"{OPEN}.isSoloed")
    assert not roll.page.get_by_role("menu").count()
    roll.page.mouse.click(*spot(roll, middle(1), NOTES[0].f0_hz), button="right")
    roll.page.get_by_role("menuitem", name="An octave higher").click()
    roll.wait(f"{OPEN}.notes.byNumber.get(1).name === 'A4'")
    assert not roll.troubles


def test_the_table_lists_notes_and_opens_them(roll):
    table = roll.page.get_by_role("treegrid")
    assert [table.locator(f"#note-{number}").count() for number in (1, 2, 3, 4)] == [1, 1, 1, 1]
    roll.page.get_by_role("button", name="Open note 1").click()
    table.get_by_text("partial 1", exact=True).first.wait_for()  # a harmonic may be several lines, one after another
    table.evaluate("(one) => (one.scrollTop = 200)")
    table.get_by_text("events").click()
    assert table.locator("[aria-level='2']").count() > 3
    roll.page.locator(".table").get_by_text("Events", exact=True).click()
    roll.page.get_by_role("grid", name="Table of events").wait_for()


def test_conditions_on_notes_choose_notes_and_the_view_can_be_the_spectrogram(roll, served):
    roll.page.locator("#expression").fill("pitch > A3 and part == 1")
    roll.page.locator("#expression").press("Enter")
    roll.wait(f"{OPEN}.selected.notes.length === 2")
    roll.page.get_by_role("button", name="Spectrogram").click()
    roll.wait(f"{OPEN}.mode === 'spectrogram'")
    roll.page.locator("#expression").fill("note == 1 and frequency_hz > 300")
    roll.page.locator("#expression").press("Enter")
    roll.wait(f"{OPEN}.selected.n > 0 && {OPEN}.info.revision === 1")
    assert roll.read(f"{OPEN}.info.undo") is None
    roll.keys("]")
    roll.wait(f"{OPEN}.info.undo?.startsWith('gain')")
    roll.keys("Control+s")
    roll.wait(f"{OPEN}.info.dirty === false")
    assert len(motes.load(served[1] / "chimes.mote").notes) == 4
    assert not roll.troubles


def test_notes_are_found_at_a_press_of_a_button(opened):
    scene = noted_scene()
    page = opened(scene.replace(groups=type(scene.groups).empty()))
    assert not page.page.get_by_role("button", name="Piano roll").count()
    page.page.get_by_role("button", name="Find notes").click()
    page.wait(f"{OPEN}.info.notes.work === 'finding'", 10)
    page.wait(f"['none', 'ready'].includes({OPEN}.info.notes.work)", 120)
    assert page.read(f"{OPEN}.info.undo").startswith("find ")
    assert not page.troubles


def test_a_double_click_beside_notes_adds_one_like_the_chosen_one_and_so_does_a_key(roll):
    roll.page.mouse.click(*spot(roll, middle(3), NOTES[2].f0_hz))
    roll.page.mouse.dblclick(*spot(roll, 0.9, 392.0))
    roll.wait(f"{OPEN}.notes.rows.length === 5")
    roll.settled()
    (number,) = roll.read(f"{OPEN}.selected.notes")
    made = note(roll, number)
    assert (made["name"], round(made["cents"])) == ("G4", 0)
    assert made["onset_s"] == pytest.approx(0.9, abs=0.01)
    assert made["end_s"] - made["onset_s"] == pytest.approx(NOTES[2].end_s - NOTES[2].onset_s, abs=0.01)
    assert roll.read(f"{OPEN}.info.undo") == "add a note"
    roll.page.mouse.move(*spot(roll, 1.2, 294.0))
    roll.page.keyboard.press("a")
    roll.wait(f"{OPEN}.notes.rows.length === 6")
    roll.settled()
    assert note(roll, roll.read(f"{OPEN}.selected.notes[0]"))["name"] == "D4"
    roll.keys("Control+z", "Control+z")
    roll.wait(f"{OPEN}.notes.rows.length === 4")
    roll.page.mouse.click(*spot(roll, 0.9, 262.0), button="right")
    roll.page.get_by_role("menuitem", name="Add a note like").click()
    roll.wait(f"{OPEN}.notes.rows.length === 5")
    roll.settled()
    assert note(roll, roll.read(f"{OPEN}.selected.notes[0]"))["name"] == "C4"
    assert not roll.troubles
