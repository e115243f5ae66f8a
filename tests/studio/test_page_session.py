"""Thirty steps of real use, one after the other in one page: open, encode, listen, select, edit, undo, mark, save and
export.
"""

from __future__ import annotations

import io

import numpy as np
import soundfile
from studio_notes import noted_scene
from studio_page import OPEN, RATE, chimes, spot

import motes


def test_a_session_of_thirty_steps(opened, served, axe):
    folder = served[1]
    scene = chimes()
    sound = np.stack([np.atleast_2d(scene.render())[0]] * 2)
    soundfile.write(folder / "bells.wav", sound.T, RATE, subtype="FLOAT")
    noted_scene().save(folder / "melody.mote")
    page = opened()
    web = page.page
    key = page.keys

    # 1 – 6: find the recording, say how to encode it, wait for it.
    web.get_by_label("Filter files by name").fill("bells")
    web.locator(".file", has_text="bells.wav").click()
    web.get_by_label("Size").first.check()
    web.get_by_role("slider", name="Size").fill("0.5")
    web.get_by_role("button", name="Encode", exact=True).click()
    web.get_by_role("button", name="Show").click(timeout=60_000)
    page.settled()
    assert page.read(f"{OPEN}.info.n_channels") == 2
    n_events = page.read(f"{OPEN}.info.n_events")

    # 7 – 11: hear it, and what it was made from.
    key(" ")
    page.wait("window.started.length > 0 && window.__motes.document.playing")
    key("1", "3", "2", " ")
    assert page.read(f"{OPEN}.playing") is False
    assert page.read(f"{OPEN}.source") == "reconstruction"

    # 12 – 16: choose one, hear it alone, more like it, all others, none.
    strongest = 12
    web.mouse.click(*spot(page, scene.gabor.time_s[strongest], scene.gabor.frequency_hz[strongest]))
    page.wait(f"{OPEN}.selected.n === 1")
    before = page.read("window.started.length")
    key("Enter")
    page.wait(f"window.started.length > {before}")
    key("t")
    near = page.read(f"{OPEN}.selected.n")
    key("i")
    page.wait(f"{OPEN}.selected.n === {n_events - near}")
    key("Escape")

    # 17 – 23: edit a part of it, undo and redo.
    page.choose("frequency_hz > 1500")
    key("Alt+ArrowUp")
    page.wait(f"{OPEN}.info.undo?.startsWith('transpose')")
    key("]")
    page.wait(f"{OPEN}.info.undo?.startsWith('gain')")
    key("Control+z", "Control+z")
    page.wait(f"{OPEN}.info.undo?.startsWith('encode') || {OPEN}.info.undo === null")
    key("Control+y")
    page.wait(f"{OPEN}.info.undo?.startsWith('transpose')")
    web.locator("summary", has_text="Fades").click()
    web.get_by_role("button", name="Apply fades").click()
    page.wait(f"{OPEN}.info.undo?.startsWith('fade')")
    page.settled()
    found = axe.run(web, options={"resultTypes": ["violations"]})
    assert not found.violations_count, found.generate_report()

    # 24 – 26: mark a place, save into a new folder.
    web.evaluate(f"{OPEN}.seek(1)")
    key("Shift+M")
    page.wait(f"{OPEN}.info.markers.length === 1")
    key("Control+s")
    web.get_by_role("button", name="New folder").click()
    web.get_by_label("Name of the new folder").fill("session")
    web.keyboard.press("Enter")
    web.locator("#save-as b", has_text="session/").wait_for()
    web.locator("dialog").get_by_role("button", name="Save", exact=True).click()
    page.wait(f"!{OPEN}.info.dirty")
    web.locator("dialog").wait_for(state="detached")
    saved = motes.load(folder / "session" / "bells.mote")
    assert saved.n_events == n_events
    assert saved.markers[0].start_s == 1

    # 27: the sound as a FLAC file.
    key("Control+e")
    web.get_by_label("FLAC").check()
    with web.expect_download() as told:
        web.get_by_role("link", name="Download").click()
    audio, rate = soundfile.read(io.BytesIO(told.value.path().read_bytes()))
    assert (rate, audio.shape) == (RATE, (saved.n_samples, 2))
    assert np.corrcoef(audio.T.ravel(), saved.render().ravel())[0, 1] > 0.999

    # 28 – 31: a scene with notes: one is chosen, moved by a semitone, and put back.
    web.get_by_role("button", name="Open another file").click()
    web.get_by_label("Filter files by name").fill("melody")
    web.locator(".file", has_text="melody.mote").click()
    page.wait(f"window.__motes?.document.mode === 'roll' && {OPEN}.info.notes.work === 'ready'", 60)
    key(".")
    page.wait(f"{OPEN}.selected.notes.length === 1")
    pitch = f"{OPEN}.notes.byNumber.get({OPEN}.selected.notes[0]).f0_hz"
    low = page.read(pitch)
    key("ArrowUp")
    page.wait(f"{OPEN}.info.undo?.startsWith('transpose')")
    page.settled()
    assert abs(page.read(pitch) / low - 2 ** (1 / 12)) < 1e-6
    key("Control+z")
    page.wait(f"{OPEN}.info.undo === null")
    assert not page.troubles
    assert not page.outside
