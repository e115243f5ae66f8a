"""Which recording a scene is joined with: by content, else by name, or by choice; and what of muted events is saved."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile
from studio_page import OPEN, RATE, chimes

import motes


def test_a_recording_is_found_by_content_under_any_name_and_else_by_its_own(client, folder):
    assert client.open()["original"] == {"name": "sound.wav", "duration_s": 3.0, "match": "content"}
    for name in ("sound.wav", "take 1.wav"):
        client.delete(f"documents/{client.open()['id']}?discard=true")
        (folder / "sound.wav").rename(folder / "take 1.wav") if name != "sound.wav" else None
    assert client.open()["original"]["name"] == "take 1.wav"
    client.delete(f"documents/{client.open()['id']}?discard=true")
    audio, rate = soundfile.read(folder / "take 1.wav", dtype="int16")
    (folder / "take 1.wav").unlink()
    soundfile.write(folder / "sound.flac", audio // 2, rate)  # another content
    assert client.open()["original"] == {"name": "sound.flac", "duration_s": 3.0, "match": "name"}
    client.delete(f"documents/{client.open()['id']}?discard=true")
    soundfile.write(folder / "sound.flac", audio[:-1], rate)  # another length
    soundfile.write(folder / "other.wav", audio // 3, rate)  # another name
    soundfile.write(folder / "stereo.wav", np.stack([audio, audio], 1), rate)
    document = client.open()
    assert document["original"] is None
    at = f"documents/{document['id']}"
    assert client.get(f"{at}/recordings") == [{"path": "other.wav", "match": "length"}]
    assert client.post(f"{at}/original", {"path": "other.wav"})["original"]["match"] == "chosen"
    assert client.delete(f"{at}/original", 200)["original"] is None
    assert client.get(f"documents/{document['id']}")["tracks"] == ["reconstruction"]
    client.post(f"{at}/original", {"path": "sound.flac"}, 422)


def test_muted_events_are_left_out_or_kept(client, folder):
    document = client.open()
    client.edit(document, "mute", {"ids": [1, 2, 3]})
    for name, body, n_events in (("a", {}, 3), ("b", {"muted": "leave_out"}, 3), ("c", {"muted": "keep"}, 0)):
        saved = client.post(f"documents/{document['id']}/save", {"path": f"{name}.mote", **body})
        assert motes.load(folder / f"{name}.mote").n_events == document["n_events"] - n_events
        assert (saved["dirty"], saved["n_muted"]) == (False, 3)


@pytest.mark.parametrize("keeps", [False, True])
def test_saving_says_how_many_events_are_muted_and_keeps_them_if_asked(opened, served, keeps):
    page = opened(chimes())
    page.choose("id < 5")
    page.keys("m", "Control+s")
    dialog = page.page.get_by_role("dialog")
    dialog.get_by_text("5 events of 24 are muted").wait_for()
    if keeps:
        dialog.get_by_label("Keep them").check()
    dialog.get_by_role("button", name="Save", exact=True).click()
    page.wait(f"{OPEN}.info.dirty === false")
    assert motes.load(served[1] / "chimes.mote").n_events == (24 if keeps else 19)
    page.keys("]", "Control+s")  # that was said of as many
    page.wait(f"{OPEN}.info.dirty === false")
    assert not dialog.count()
    assert motes.load(served[1] / "chimes.mote").n_events == (24 if keeps else 19)
    assert not page.troubles


def test_the_recording_is_chosen_in_the_page(opened, served):
    scene = chimes().quantise()
    audio = np.atleast_2d(scene.render())[0]
    for name in ("bells.wav", "chimes.wav"):
        soundfile.write(served[1] / name, audio, RATE, "FLOAT")
    page = opened(scene)
    page.page.locator(".inspector").get_by_text("chimes.wav (of the same name)").wait_for()
    page.page.get_by_role("button", name="Choose the recording").click()
    dialog = page.page.get_by_role("dialog")
    dialog.get_by_role("button", name="bells.wav").click()
    page.page.locator(".inspector").get_by_text("bells.wav (chosen)").wait_for()
    page.page.get_by_role("button", name="Choose the recording").click()
    dialog.get_by_role("button", name="None").click()
    page.page.locator(".inspector").get_by_text("not found").wait_for()
    assert page.page.get_by_role("radio", name="Original").is_disabled()
    for name in ("bells.wav", "chimes.wav"):
        (served[1] / name).unlink()
    assert not page.troubles


def test_frequencies_end_at_half_the_sample_rate(opened, client):
    document = client.open()
    error = client.edit(document, "set", {"ids": [5]}, 422, values={"frequency_hz": 1e6})["error"]
    assert error.startswith("frequency_hz must lie in 0 … 22050 Hz, half the sample rate, not 1e+06")
    client.edit(document, "set", {"ids": [5]}, values={"frequency_hz": 22050})
    early = client.edit(document, "move", {"ids": [5]}, 422, by_s=-10)["error"]
    assert "slice" not in early
    assert "drop" not in early
    page = opened(chimes())
    page.choose("id == 3")
    page.wait(f"{OPEN}.event?.id === 3")
    field = page.page.locator("[id='param-frequency_hz.0']")
    field.fill("9000")
    field.press("Enter")
    page.page.get_by_text("It lies in 0 … 8000 Hz.").wait_for()
    assert page.read(f"{OPEN}.info.revision") == 0
