"""Edits in the page with real keys and mouse: each is made once and of the events that were meant."""

from __future__ import annotations

import re

import numpy as np
import pytest
import soundfile
from studio_page import OPEN, RATE, chimes, spot

from motes.kinds.gabor.table import Gabor
from motes.scene.scene import Scene


def inspected(page, event: int) -> None:
    page.choose(f"id == {event}")
    page.wait(f"{OPEN}.event?.id === {event}")


def field(page, name: str):
    return page.page.locator(f"[id='param-{name}.0']")


def edited(page) -> dict:
    """What the server holds, by each event's frequency."""
    page.settled()
    revision = page.read(f"{OPEN}.info.revision")
    return {
        "revision": revision,
        "rows": page.page.evaluate(
            "async ([id, revision]) => { const rows = await (await fetch(`/api/documents/${id}/revisions/${revision}"
            "/table`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify("
            "{ limit: 100, columns: ['time_s', 'frequency_hz'] }) })).json(); return Object.fromEntries("
            "rows.columns.frequency_hz.map((hz, k) => [Math.round(hz), rows.columns.time_s[k]])); }",
            [page.read(f"{OPEN}.info.id"), revision],
        ),
    }


def test_enter_in_a_field_edits_one_event_once(opened):
    """Its new time gives the event another number, that of a neighbour before."""
    scene = chimes()
    page = opened(scene)
    inspected(page, 3)
    field(page, "time_s").fill("1.5")
    field(page, "time_s").press("Enter")
    page.wait(f"{OPEN}.info.revision === 1")
    page.page.wait_for_timeout(200)
    found = edited(page)
    assert found["revision"] == 1
    times = dict(zip(np.round(scene.gabor.frequency_hz).astype(int).astype(str), scene.gabor.time_s, strict=True))
    moved = str(round(scene.gabor.frequency_hz[3]))
    assert found["rows"][moved] == pytest.approx(1.5)
    for name in set(times) - {moved}:
        assert found["rows"][name] == pytest.approx(times[name], abs=1e-3)
    assert page.read(f"{OPEN}.event.params.frequency_hz") == pytest.approx(scene.gabor.frequency_hz[3], rel=1e-4)
    assert not page.troubles


def test_the_field_keeps_the_focus_and_the_next_one_edits_the_event_under_its_new_number(opened):
    """The second edit is asked for before the first one is answered."""
    scene = chimes()
    page = opened(scene)
    inspected(page, 3)
    hold(page, "**/edits", 0.4)
    field(page, "time_s").fill("1.5")
    field(page, "time_s").press("Enter")
    field(page, "frequency_hz").fill("333")
    page.page.keyboard.press("Enter")
    page.wait(f"{OPEN}.info.revision === 2")
    found = edited(page)
    assert found["revision"] == 2
    assert found["rows"]["333"] == pytest.approx(1.5)
    assert str(round(scene.gabor.frequency_hz[3])) not in found["rows"]
    assert page.page.evaluate("document.activeElement.id") == "param-frequency_hz.0"
    assert not page.troubles


def hold(page, pattern: str, seconds: float) -> None:
    """Let the answers to requests wait."""
    page.page.evaluate(
        "([part, ms]) => { const real = window.fetch; window.fetch = async (...all) => { const answer = "
        "await real(...all); if (String(all[0]).endsWith(part)) await new Promise((done) => setTimeout(done, ms)); "
        "return answer; }; }",
        [pattern.replace("**", ""), 1000 * seconds],
    )


def test_what_was_chosen_before_an_edit_of_another_page_is_not_edited(opened):
    """The numbers of a revision that is not in force any more are refused, whatever they name now."""
    page = opened(chimes())
    inspected(page, 5)
    page.page.evaluate(f"{OPEN}.update = () => {{}}")  # the news is late
    page.page.evaluate(
        "async (id) => { await fetch(`/api/documents/${id}/edits`, { method: 'POST', headers: { 'Content-Type': "
        "'application/json' }, body: JSON.stringify({ revision: 0, what: { ids: [0] }, edit: { op: 'delete' } }) }); }",
        page.read(f"{OPEN}.info.id"),
    )
    page.page.locator(".timeline").focus()
    page.page.keyboard.press("Delete")
    page.page.get_by_text("has been edited meanwhile").wait_for()
    page.page.evaluate(f"delete {OPEN}.update")
    held = page.page.evaluate(
        "async (id) => (await (await fetch(`/api/documents/${id}`)).json())", page.read(f"{OPEN}.info.id")
    )
    assert (held["revision"], held["n_events"]) == (1, 23)
    page.keys("ArrowRight")


def test_a_click_during_an_edit_chooses_what_lies_there_afterwards(opened):
    scene = chimes()
    page = opened(scene)
    inspected(page, 3)
    field(page, "time_s").fill("1.5")
    hold(page, "**/edits", 0.3)
    page.page.mouse.click(*spot(page, scene.gabor.time_s[9], scene.gabor.frequency_hz[9]))
    page.wait(f"{OPEN}.info.revision === 1")
    page.wait(f"Math.abs({OPEN}.event?.params.frequency_hz - {float(scene.gabor.frequency_hz[9])}) < 0.01")
    assert page.read(f"{OPEN}.selected.n") == 1


def test_amounts_take_fractions(opened):
    page = opened(chimes(3))
    inspected(page, 1)
    amounts = {
        "stretch": ("1.5", "0.5", "1.1", "2", "0.333"),
        "transpose": ("0.5", "-0.25", "7.02"),
        "gain": ("-0.3", "1.75"),
        "move": ("0.001", "-0.0025", "0.1234"),
    }
    for revision, (name, value) in enumerate(((op, one) for op in amounts for one in amounts[op]), 1):
        number = page.page.locator(f"#amount-{name.capitalize()}")
        number.fill(value)
        number.press("Enter")
        page.wait(f"{OPEN}.info.revision === {revision}", 5)
        assert page.read(f"{OPEN}.info.undo").startswith(name)


def test_amounts_step_by_arrows_and_name_their_bounds(opened):
    page = opened(chimes(3))
    inspected(page, 1)
    for name, start, stepped in (("Stretch", "1.5", "1.6"), ("Transpose", "1", "2"), ("Move", "0.1", "0.11")):
        number = page.page.locator(f"#amount-{name}")
        assert number.input_value() == start
        number.press("ArrowUp")
        assert number.input_value() == stepped
    number = page.page.locator("#amount-Stretch")
    number.fill("0")
    number.press("Enter")
    assert number.evaluate("(one) => one.validity.rangeUnderflow")
    assert page.read(f"{OPEN}.info.revision") == 0


def test_every_number_field_takes_its_own_default_and_fractions(opened, served):
    soundfile.write(served[1] / "tone.wav", 0.1 * np.sin(np.arange(RATE) / 5), RATE)
    page = opened(chimes(3))
    inspected(page, 1)
    refused = (
        "[...document.querySelectorAll('input[type=number]')].filter((one) => !one.validity.valid || "
        "one.step !== 'any' && one.step !== '1').map((one) => one.id)"
    )
    assert page.read(refused) == []
    page.page.get_by_role("button", name="Open another file").click()
    page.page.locator(".file", has_text="tone.wav").click()
    page.page.get_by_role("button", name="Encode", exact=True).wait_for()
    assert page.read("document.querySelectorAll('dialog input[type=number]').length") >= 2
    assert page.read(refused) == []


def test_solo_is_a_toggle_that_shows_that_it_is_on(opened):
    page = opened(chimes())
    page.choose("frequency_hz < 500")
    solo = page.page.get_by_role("button", name="Solo")
    assert solo.get_attribute("aria-pressed") == "false"
    solo.click()
    page.wait(f"{OPEN}.info.revision === 1")
    page.settled()
    assert solo.get_attribute("aria-pressed") == "true"
    assert page.read(f"{OPEN}.info.n_muted") == 24 - page.read(f"{OPEN}.selected.n")
    page.keys("s")
    assert page.read(f"{OPEN}.info.n_muted") == 0
    assert solo.get_attribute("aria-pressed") == "false"
    page.page.locator(".timeline").focus()
    page.page.keyboard.press("s")
    page.page.keyboard.press("s")  # before the first is answered
    page.page.wait_for_timeout(50)
    page.settled()
    assert page.read(f"{OPEN}.info.n_muted") == 0
    assert not page.troubles


def test_a_job_that_finishes_opens_a_tab_and_the_page_stays(opened, served):
    soundfile.write(served[1] / "other.wav", np.atleast_2d(chimes().render())[0], RATE)
    page = opened(chimes())
    page.choose("frequency_hz < 500")
    page.page.evaluate(
        "async () => { await fetch('/api/jobs', { method: 'POST', headers: { 'Content-Type': 'application/json' }, "
        "body: JSON.stringify({ path: 'other.wav', options: { n_events: 24 } }) }); }"
    )
    tab = page.page.get_by_role("navigation", name="Open scenes").get_by_role(
        "button", name=re.compile("other.mote.*new")
    )
    tab.wait_for(timeout=60_000)
    show = page.page.get_by_role("button", name="Show")
    show.wait_for()
    assert page.read(f"{OPEN}.info.name") == "chimes.mote"
    assert page.read(f"{OPEN}.selected.n") > 0
    show.click()
    page.wait(f"{OPEN}.info.name === 'other.mote'")
    page.settled()
    assert show.count() == 0
    assert page.page.get_by_role("button", name=re.compile("^other.mote.*new")).count() == 0
    assert not page.troubles


def test_a_blind_test_outlives_a_job(opened, served):
    soundfile.write(served[1] / "again.wav", np.atleast_2d(chimes().render())[0], RATE)
    page = opened()
    encode = (
        "async (body) => { await fetch('/api/jobs', { method: 'POST', headers: { 'Content-Type': 'application/json' }, "
        "body: JSON.stringify(body) }); }"
    )
    page.page.evaluate(encode, {"path": "again.wav", "options": {"n_events": 24}})
    page.page.get_by_role("button", name="Show").click(timeout=60_000)
    page.settled()
    page.page.get_by_role("button", name="Blind test").click()
    page.wait(f"{OPEN}.veiled")
    document = page.read(f"{OPEN}.info.id")
    page.page.evaluate(encode, {"document": document, "options": {"n_events": 12}})
    page.page.get_by_role("button", name="Show").wait_for(timeout=60_000)
    assert page.read(f"{OPEN}.info.id") == document
    assert page.read(f"{OPEN}.info.n_events") == 24
    assert page.read(f"{OPEN}.veiled") is True


def test_a_channel_is_set_beside_the_others_as_they_are_now(opened):
    scene = Scene(
        RATE,
        RATE,
        2,
        Gabor(np.array([0.5]), np.array([0.2]), np.array([440.0]), np.array([[0.1, 0.2]]), np.zeros((1, 2))),
    )
    page = opened(scene, "stereo.mote")
    inspected(page, 0)
    hold(page, "**/edits", 0.3)
    for channel, value in enumerate(("0.3", "0.05")):
        one = page.page.locator(f"[id='param-amplitude.{channel}']")
        one.fill(value)
        one.press("Enter")
    page.wait(f"{OPEN}.info.revision === 2")
    assert page.read(f"{OPEN}.event.params.amplitude") == pytest.approx([0.3, 0.05], abs=1e-4)
