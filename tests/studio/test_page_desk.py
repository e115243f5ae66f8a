"""What is done beside editing: fades, stereo, markers, selections widened, exports, folders, encoding by size."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile
from studio_page import OPEN, RATE, chimes, spot

import motes
from motes.kinds.gabor.table import Gabor
from motes.scene.scene import Scene


def stereo(n_events: int = 24, seconds: float = 4.0) -> Scene:
    """Chimes on both sides."""
    mono = chimes(n_events, seconds)
    gabor = mono.gabor
    both = [np.repeat(gabor.column(name), 2, axis=1) for name in ("amplitude", "phase_rad")]
    made = Gabor(gabor.time_s, gabor.window_s, gabor.frequency_hz, *both)
    return Scene(RATE, mono.n_samples, 2, made).quantise()


def tones() -> Scene:
    """Five harmonics of 240 Hz, and one tone that is none."""
    time_s, hz = np.meshgrid(0.5 + 0.025 * np.arange(40), [240, 480, 720, 960, 1200, 1330])
    n = time_s.size
    level = np.repeat(0.1 / np.arange(1, 7), 40)[:, None]
    return Scene(RATE, 2 * RATE, 1, Gabor(time_s.ravel(), np.full(n, 0.1), hz.ravel(), level, np.zeros((n, 1))))


def download(page, click) -> bytes:
    with page.page.expect_download() as told:
        click()
    return told.value.path().read_bytes()


def heard(page) -> np.ndarray:
    """The reconstruction of the revision in force, as the server has it."""
    at = page.read(f"[{OPEN}.info.id, {OPEN}.info.revision]")
    url = f"{page.address}api/documents/{at[0]}/revisions/{at[1]}/audio/reconstruction.f32"
    return np.frombuffer(page.page.request.get(url).body(), "<f4").reshape(2, -1)


def test_fades_pan_and_an_envelope_are_what_the_library_makes(opened):
    scene = stereo()
    page = opened(scene)
    page.choose("frequency_hz > 800")
    page.page.locator("summary", has_text="Fades, envelope, stereo").click()
    page.page.get_by_label("Fade in").fill("0.5")
    page.page.get_by_label("Fade out").fill("1")
    page.page.get_by_role("button", name="Apply fades").click()
    page.wait(f"{OPEN}.info.undo?.startsWith('fade')")
    page.settled()
    wanted = scene.select("frequency_hz > 800").fade(0.5, 1.0)
    assert np.allclose(heard(page), wanted.render(), atol=1e-6)
    slider = page.page.get_by_role("slider", name="Pan")
    slider.focus()
    for _ in range(10):
        page.page.keyboard.press("ArrowLeft")
    assert slider.get_attribute("aria-valuetext") == "50 % left"
    page.page.get_by_role("button", name="Apply pan").click()
    page.wait(f"{OPEN}.info.undo?.startsWith('pan')")
    page.settled()
    wanted = wanted.select("frequency_hz > 800").pan(-0.5)
    assert np.allclose(heard(page), wanted.render(), atol=1e-6)
    page.page.get_by_role("button", name="Envelope …").click()
    page.page.get_by_label("Time of point 1, s").fill("2")
    page.page.get_by_label("Gain of point 1, dB").fill("-20")
    for at, s in ((2, "2.5"), (3, "3")):
        page.page.get_by_label(f"Time of point {at}, s").fill(s)
    page.page.get_by_role("button", name="Apply envelope").click()
    page.wait(f"{OPEN}.info.undo?.startsWith('envelope')")
    page.settled()
    wanted = wanted.select("frequency_hz > 800").envelope([(2, -20), (2.5, 0), (3, 0)])
    assert np.allclose(heard(page), wanted.render(), atol=1e-6)
    assert not page.troubles


def test_what_belongs_to_a_selection_is_selected_by_keys_and_buttons(opened):
    scene = tones().quantise()
    page = opened(scene)
    page.choose("frequency_hz < 250 and time_s < 0.7")
    few = scene.select("frequency_hz < 250 and time_s < 0.7")
    page.wait(f"{OPEN}.selected.n === {len(few)}")
    page.keys("k")
    page.wait(f"{OPEN}.selected.n === {len(few.harmonics())}")
    page.choose("frequency_hz < 250 and time_s < 0.52")
    one = scene.select("frequency_hz < 250 and time_s < 0.52")
    page.wait(f"{OPEN}.selected.n === {len(one)}")
    page.page.get_by_role("button", name="further in time").click()
    page.wait(f"{OPEN}.selected.n === {len(one.grown())}")
    assert len(one.grown()) > len(one)
    page.keys("y")
    page.wait(f"{OPEN}.selected.n === {len(one.grown().similar())}")
    page.keys("i")
    page.wait(f"{OPEN}.selected.n === {scene.n_events - len(one.grown().similar())}")
    assert not page.troubles


def test_markers_are_set_named_gone_to_saved_and_exported(opened, served):
    page = opened(chimes(), "marked.mote")
    page.page.evaluate(f"{OPEN}.seek(1.25)")
    page.keys("Shift+M")
    page.wait(f"{OPEN}.info.markers.length === 1")
    page.page.evaluate(f"{OPEN}.setLoop({{ fromS: 2, toS: 3 }})")
    page.page.get_by_role("button", name="Add a region").click()
    page.wait(f"{OPEN}.info.markers.length === 2")
    page.settled()
    name = page.page.get_by_label("Name of marker 1")
    name.fill("verse")
    name.press("Enter")
    page.wait(f"{OPEN}.info.markers[0].name === 'verse'")
    page.settled()
    start = page.page.get_by_label("Start of marker 1, s")
    start.fill("0.5")
    start.press("Enter")
    page.wait(f"{OPEN}.info.markers[0].start_s === 0.5")
    page.page.evaluate(f"{OPEN}.setLoop(null)")
    page.page.get_by_role("group", name="Markers in view").get_by_role("button", name="verse").click()
    assert page.read(f"{OPEN}.positionS") == pytest.approx(0.5)
    left = page.page.get_by_role("group", name="Markers in view").get_by_role("button", name="verse").bounding_box()
    assert left["x"] == pytest.approx(spot(page, 0.5, 1000)[0], abs=2)
    page.keys("Control+s")
    page.wait(f"!{OPEN}.info.dirty")
    found = motes.load(served[1] / "marked.mote").markers
    assert [(one.start_s, one.end_s, one.name) for one in found] == [(0.5, None, "verse"), (2, 3, "Region 2")]
    page.keys("Control+e")
    page.page.get_by_label("Labels").check()
    text = download(page, page.page.get_by_role("link", name="Download").click)
    assert text == b"0.500000\t0.500000\tverse\n2.000000\t3.000000\tRegion 2\n"
    page.keys("Control+z")
    page.wait(f"{OPEN}.info.markers[0].start_s === 1.25")
    assert not page.troubles


def test_groups_have_names(opened):
    page = opened(chimes())
    page.choose("frequency_hz > 1000")
    page.keys("g", "Escape")
    page.page.get_by_role("button", name="Name own 1").click()
    page.page.get_by_label("Name of own 1").fill("high bells")
    page.page.get_by_label("Name of own 1").press("Enter")
    page.wait(f"{OPEN}.info.group_names['1'] === 'high bells'")
    revision = page.read(f"{OPEN}.info.revision")
    page.page.get_by_role("button", name="high bells", exact=False).first.click()
    page.wait(f"{OPEN}.selected.n > 0")
    assert page.read(f"{OPEN}.info.revision") == revision  # one name, one step to undo
    assert not page.troubles


def test_exports_are_of_a_track_a_stretch_or_a_selection_in_the_format_asked_for(opened):
    scene = stereo()
    page = opened(scene)
    page.choose("frequency_hz > 800")
    page.keys("Control+e")
    page.page.get_by_label("FLAC").check()
    page.page.get_by_label("Sound of").select_option("selection")
    page.page.get_by_label("From when").select_option("own")
    page.page.get_by_label("Start, s").fill("1")
    page.page.get_by_label("End, s").fill("2.5")
    page.page.get_by_label("Bits").select_option("16")
    data = download(page, page.page.get_by_role("link", name="Download").click)
    audio, rate = soundfile.read(io.BytesIO(data))
    assert (rate, soundfile.info(io.BytesIO(data)).subtype) == (RATE, "PCM_16")
    wanted = scene.select("frequency_hz > 800").only().render(1.0, 2.5)
    assert np.allclose(audio.T, wanted, atol=4e-5)
    page.page.locator("dialog").wait_for(state="detached")
    page.keys("Control+e")
    page.page.get_by_label("PNG").check()
    picture = download(page, page.page.get_by_role("button", name="Download").click)
    size = page.read("[document.querySelector('.timeline canvas').width]")
    assert picture[:4] == b"\x89PNG"
    assert int.from_bytes(picture[16:20], "big") == size[0]
    assert not page.troubles


def test_saving_chooses_and_makes_folders_and_refuses_other_endings(opened, served):
    page = opened(chimes())
    page.keys("Control+Shift+s")
    name = page.page.locator("#save-path")
    name.fill("take.wav")
    assert "A scene is saved as .mote" in page.page.locator("dialog").get_by_role("alert").inner_text()
    assert page.page.get_by_role("button", name="Save", exact=True).last.is_disabled()
    name.fill("take")
    page.page.get_by_role("button", name="New folder").click()
    page.page.get_by_label("Name of the new folder").fill("takes")
    page.page.keyboard.press("Enter")
    page.page.locator("#save-as b", has_text="takes/take.mote").wait_for()
    page.page.locator("dialog").get_by_role("button", name="Save", exact=True).click()
    page.wait(f"{OPEN}.info.path === 'takes/take.mote'")
    assert motes.load(served[1] / "takes" / "take.mote").n_events == 24
    figures = page.page.locator(".figures")
    figures.get_by_text("kbps").wait_for()
    n_bytes = (served[1] / "takes" / "take.mote").stat().st_size
    assert f"{8 * n_bytes / 4 / 1000:.1f} kbps" in figures.inner_text()
    assert "events/s" in figures.inner_text()
    assert not page.troubles


@pytest.mark.parametrize("width", [1280, 390])
def test_encoding_tells_beforehand_how_large_and_how_good(opened, served, width):
    soundfile.write(served[1] / "bells.wav", np.atleast_2d(chimes().render())[0], RATE)
    page = opened(viewport={"width": width, "height": 844})
    page.page.locator(".file", has_text="bells.wav").click()
    dialog = page.page.get_by_role("dialog")
    assert dialog.bounding_box()["height"] > 200
    assert "26 kbps; 4.3 … 74 kbps by recording" in dialog.inner_text()
    page.page.get_by_label("Size").first.check()
    slider = page.page.get_by_role("slider", name="Size")
    slider.fill("0.4")
    assert slider.get_attribute("aria-valuetext") == "24 kbps"
    assert "180 kB a minute" in dialog.inner_text()
    assert "4.7 of 5 by Zimtohrli" in dialog.inner_text()
    if width > 1000:
        page.page.get_by_role("button", name="Encode", exact=True).click()
        page.page.get_by_role("button", name="Show").click(timeout=60_000)
        page.settled()
        assert page.read(f"{OPEN}.info.metadata.options.kbps") == 24
    assert not page.troubles
