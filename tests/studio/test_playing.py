"""The instrument of a scene in the studio: played, recorded as strikes, taken back; and notes under a keyboard."""

from __future__ import annotations

import re

import numpy as np
import pytest
from instrument_scenes import instrument_scene
from studio_notes import noted_scene
from studio_page import OPEN

STRIKES = [
    {"time_s": 0.5, "control": 1, "amplitude": 0.8, "deformation": {"transpose": 3.0, "damping": 2.0}},
    {"time_s": 1.0, "control": 3, "amplitude": 0.4},
]


def test_what_is_played_becomes_strikes_and_is_undone(studio_of, tmp_path):
    instrument_scene().save(tmp_path / "bells.mote")
    client = studio_of(tmp_path)
    document = client.open("bells.mote")
    read = client.get(f"documents/{document['id']}/revisions/{document['revision']}/instrument")
    assert len(read["instrument"]["controls"]) == 4
    assert read["tempo_bpm"] == pytest.approx(150, abs=1)  # strikes every 0.2 s
    before = client.scene(document)
    edited = client.edit(document, "play", strikes=STRIKES)
    assert edited["selection"]["n"] == 2
    assert edited["document"]["undo"] == "play 2 events"
    scene = client.scene(document)
    assert len(scene.strike) == len(before.strike) + 2
    assert len(scene.instruments) == 2
    client.post(f"documents/{document['id']}/undo")
    assert client.scene(document).strike.equals(before.strike)
    for strike, says in (
        ({"time_s": 0, "control": 9, "amplitude": 1}, "controls 0 … 3"),
        ({"time_s": 0, "control": 0, "amplitude": 1, "deformation": {"wet": 1}}, "wet is no deformation"),
        ({"time_s": 0, "control": 0, "amplitude": 1, "deformation": {"damping": 0}}, "damping must lie"),
    ):
        assert says in client.edit(document, "play", None, 422, strikes=[strike])["error"]


def test_without_an_instrument_there_is_none(studio_of, folder):
    client = studio_of(folder)
    document = client.open()
    path = f"documents/{document['id']}/revisions/{document['revision']}/instrument"
    assert "no instrument" in client.get(path, 404)["error"]


def test_recorded_in_the_page_over_the_scene_and_undone(opened):
    page = opened(instrument_scene(), "bells.mote")
    n = page.read(f"{OPEN}.info.n_events")
    page.page.get_by_role("button", name="Instrument").click()
    dialog = page.page.get_by_role("dialog", name="Play the instrument")
    dialog.locator(".play-pad").click()
    page.wait("document.querySelector('.play-way')?.textContent === 'AudioWorklet with WebAssembly SIMD.'")
    dialog.get_by_label("Metronome").check()
    dialog.get_by_role("button", name="Record", exact=True).click()
    dialog.get_by_role("button", name="Stop and keep").wait_for()
    page.page.wait_for_timeout(400)
    page.page.keyboard.press("c")
    page.page.wait_for_timeout(200)
    page.page.keyboard.press("u")
    page.page.wait_for_timeout(200)
    dialog.get_by_role("button", name="Stop and keep").click()
    page.wait(f"{OPEN}.info.n_events === {n + 2}")
    assert "2 strikes kept" in dialog.inner_text()
    page.page.keyboard.press("Escape")
    page.settled()
    times = page.page.evaluate(
        "async (id) => (await (await fetch(`/api/documents/${id}/revisions/1/table`, { method: 'POST', headers:"
        " { 'Content-Type': 'application/json' }, body: JSON.stringify({ columns: ['time_s'] }) })).json())",
        page.read(f"{OPEN}.id"),
    )
    assert times["n"] == n + 2
    page.page.get_by_role("button", name="Undo").click()
    page.wait(f"{OPEN}.info.n_events === {n}")
    assert not page.troubles
    assert not page.outside


def test_turns_of_a_loop_sound_again_and_are_kept_once(opened):
    listen = """
    window.sent = [];
    const post = MessagePort.prototype.postMessage;
    MessagePort.prototype.postMessage = function (message) {
      if (message?.do === "strike") window.sent.push(message);
      return post.apply(this, arguments);
    };
    """
    scene = instrument_scene()
    page = opened(scene.slice(0, 1.0), "short.mote", listen)
    n, seconds = page.read(f"{OPEN}.info.n_events"), page.read(f"{OPEN}.info.duration_s")
    page.page.get_by_role("button", name="Instrument").click()
    dialog = page.page.get_by_role("dialog", name="Play the instrument")
    dialog.get_by_label("Loop").check()
    dialog.get_by_role("button", name="Record", exact=True).click()
    dialog.get_by_role("button", name="Stop and keep").wait_for()
    page.page.wait_for_timeout(500)
    page.page.keyboard.press("x")
    page.wait("window.sent.length >= 2")  # what was played, and its return in the next turn
    again = page.read("window.sent[1].strikes[0]")
    assert re.match(r"turn [1-9]", again["key"])  # whichever turn a busy machine played it in
    dialog.get_by_role("button", name="Stop and keep").click()
    page.wait(f"{OPEN}.info.n_events === {n + 1}")
    assert page.read(f"{OPEN}.selected.n") == 1
    assert 0 <= page.read(f"{OPEN}.selected.start_s") < seconds
    page.page.keyboard.press("Escape")
    assert not page.troubles


def test_notes_of_a_recording_are_under_the_keys(opened):
    page = opened(noted_scene())
    page.wait(f"{OPEN}.notes.rows.length === 4")
    page.page.get_by_role("button", name="Keyboard").click()
    dialog = page.page.get_by_role("dialog", name="Play the notes")
    dialog.get_by_role("button", name="C3", exact=True).wait_for()
    assert "3 notes of the recording" in dialog.inner_text()
    before = page.read("window.started.length")
    page.page.keyboard.press("n")  # A3, which the surest note is
    page.wait(f"window.started.length > {before}")
    samples = np.array(page.read("window.started[window.started.length - 1].samples"))
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 1 << 16))
    assert np.argmax(spectrum) * 16000 / (1 << 16) == pytest.approx(220, abs=4)
    page.page.keyboard.press("Escape")
    assert not page.troubles
