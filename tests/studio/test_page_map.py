"""The map and matrix beside the timeline, draws by chance, markers that are dragged, single channels to hear."""

from __future__ import annotations

import numpy as np
import pytest
from studio_notes import noted_scene
from studio_page import OPEN, RATE, chimes, spot

from motes.kinds.gabor.table import Gabor
from motes.report.items import items_of
from motes.report.remix import Chance, remixed
from motes.scene.scene import Scene

MAP = f"{OPEN}.map"


def shown(page):
    page.keys("d")
    page.wait(f"{MAP}.isShown && !{MAP}.waiting")
    page.settled()


def heard(page, n_channels=1):
    """The reconstruction of the revision in force, as the server has it."""
    at = page.read(f"[{OPEN}.info.id, {OPEN}.info.revision]")
    url = f"{page.address}api/documents/{at[0]}/revisions/{at[1]}/audio/reconstruction.f32"
    return np.frombuffer(page.page.request.get(url).body(), "<f4").reshape(n_channels, -1)


def dot(page, item):
    """Where on the screen an item of a map of time and frequency is."""
    canvas = page.page.locator(".plane canvas")
    canvas.scroll_into_view_if_needed()
    box, items = canvas.bounding_box(), page.read(f"{MAP}.items")
    erb = np.log10(1 + 0.00437 * np.array(items["low"]))
    x, y = ((values - np.min(values)) / np.ptp(values) for values in (np.array(items["start"]), erb))
    return box["x"] + 58 + x[item] * (box["width"] - 70), box["y"] + box["height"] - 40 - y[item] * (box["height"] - 52)


def test_map_and_timeline_show_one_selection(opened):
    scene = chimes().quantise()
    page = opened(scene)
    shown(page)
    assert page.page.get_by_role("tab", name="Map").get_attribute("aria-selected") == "true"
    page.page.get_by_label("Axes").select_option("Time and frequency")
    page.page.mouse.move(*dot(page, 9))
    assert page.page.locator(".plane canvas.pointed").count() == 1
    before = page.read("window.started.length")
    page.page.mouse.click(*dot(page, 9))
    page.wait(f"{OPEN}.selected.n === 1 && window.started.length > {before}")
    assert page.read(f"{OPEN}.selected.ranges") == [9, 10]
    line = page.page.locator(".map-panel [role=status]").inner_text()
    assert line.startswith("atom 9:")
    assert f"{scene.gabor.frequency_hz[9]:.0f} Hz" in line
    page.page.mouse.click(*spot(page, scene.gabor.time_s[4], scene.gabor.frequency_hz[4]))
    page.wait(f"{OPEN}.selected.ranges[0] === 4")
    assert page.read(f"[...{MAP}.chosen]") == [4]
    page.page.mouse.move(*(dot(page, 3)[0] - 9, dot(page, 3)[1] + 15))
    page.page.mouse.down()
    for x, y in ((dot(page, 8)[0] + 9, dot(page, 3)[1] + 15), (dot(page, 8)[0] + 9, dot(page, 8)[1] - 15)):
        page.page.mouse.move(x, y, steps=4)
    page.page.mouse.move(dot(page, 3)[0] - 9, dot(page, 8)[1] - 15, steps=4)
    page.page.mouse.up()
    page.wait(f"{OPEN}.selected.n === 6")
    assert page.read(f"{OPEN}.selected.ranges") == [3, 9]
    page.keys("Alt+ArrowUp")
    page.wait(f"{MAP}.isShown")
    assert page.read(f"[...{MAP}.chosen]") == [3, 4, 5, 6, 7, 8]
    page.load()
    page.wait(f"window.__motes?.document && {MAP}.isShown")
    assert page.page.get_by_label("Axes").input_value() == "time-frequency"
    assert not page.troubles


def test_map_and_matrix_go_by_keys_and_are_accessible(opened, axe):
    page = opened(chimes().quantise())
    shown(page)
    plane, matrix = page.page.get_by_role("application", name="Map of events"), page.page.locator(".matrix")
    plane.focus()
    page.page.keyboard.press("ArrowRight")
    page.wait(f"{OPEN}.selected.n === 1 && window.started.length === 1")
    page.page.keyboard.press("ArrowUp")
    page.wait("window.started.length === 2")
    page.page.keyboard.press("Enter")
    page.wait("window.started.length === 3")
    matrix.focus()
    at = page.read(f"[...{MAP}.chosen][0]")
    page.page.keyboard.press("ArrowLeft" if at else "ArrowRight")
    page.wait(f"[...{MAP}.chosen][0] === {at - 1 if at else 1}")
    box = matrix.locator("canvas").bounding_box()
    matrix.locator("canvas").click(position={"x": box["width"] - 3, "y": 40})
    page.wait(f"[...{MAP}.chosen][0] === 23")
    for by in ("Level", "Length", "Kind"):
        page.page.get_by_label("Coloured by").select_option(by)
    found = axe.run(page.page, options={"resultTypes": ["violations"]})
    assert not found.violations_count, found.generate_report()
    page.page.get_by_role("tab", name="Map").focus()
    page.page.keyboard.press("ArrowLeft")
    assert page.page.get_by_role("tab", name="Inspector").get_attribute("aria-selected") == "true"
    assert page.page.locator(".inspector h2").inner_text() == "Atom 23"
    assert not page.troubles


def test_notes_on_the_map_are_notes_in_the_piano_roll(opened):
    page = opened(noted_scene(), "notes.mote")
    page.wait(f"{OPEN}.mode === 'roll' && {OPEN}.info.notes.work === 'ready'", 60)
    shown(page)
    page.page.get_by_label("Coloured by").select_option("Part")
    page.page.get_by_role("application", name="Map of notes").focus()
    page.page.keyboard.press("ArrowRight")
    page.wait(f"{OPEN}.selected.notes.length === 1")
    assert page.page.locator(".map-panel [role=status]").inner_text().startswith("note 1")
    page.page.evaluate(f"{OPEN}.chooseNotes([2, 3])")
    assert page.read(f"[...{MAP}.chosen].map((item) => {MAP}.items.note[item]).sort()") == [2, 3]
    page.page.get_by_label("Items").select_option("Events")
    page.page.get_by_role("application", name="Map of events").wait_for()
    page.wait(f"{MAP}.isShown")
    assert set(page.read(f"[...{MAP}.chosen].map((item) => {MAP}.items.note[item])")) == {2, 3}
    assert not page.troubles


def test_chance_draws_again_from_what_there_was_one_step_each(opened):
    scene = chimes().quantise()
    page = opened(scene)
    page.choose("frequency_hz > 800")
    shown(page)
    seed = page.page.get_by_label("Seed")
    page.page.get_by_label("Random times").check()
    page.page.get_by_role("slider", name="Strength").fill("40")
    seed.fill("7")
    page.page.get_by_role("button", name="Draw", exact=True).click()
    page.wait(f"{OPEN}.info.undo?.startsWith('random events and times, seed 7, 40 %')")
    page.settled()
    mask = scene.select("frequency_hz > 800").mask

    def wanted(number):
        return remixed(items_of(scene), Chance(True, True, 0.4, number), mask).selection.scene.render()

    assert np.allclose(heard(page), wanted(7), atol=1e-6)
    first = page.read(f"{OPEN}.info.revision")
    page.page.get_by_role("button", name="Again").click()
    page.wait(f"{OPEN}.info.revision > {first}")
    page.settled()
    number = int(seed.input_value())
    assert f"seed {number}," in page.read(f"{OPEN}.info.undo")
    assert np.allclose(heard(page), wanted(number), atol=1e-6)
    assert page.read(f"{OPEN}.selected.n") == mask.sum()
    page.keys("Control+z")
    assert page.read(f"{OPEN}.info.revision") == first
    page.keys("Control+z")
    assert page.read(f"{OPEN}.info.undo") is None
    page.keys("Escape")
    page.page.get_by_label("Random events").uncheck()
    page.page.get_by_role("button", name="Again").click()
    page.wait(f"{OPEN}.info.undo?.startsWith('random times')")
    assert page.read(f"{OPEN}.selected.n") == 0
    page.page.get_by_label("Random times").uncheck()
    assert page.page.get_by_role("button", name="Again").is_disabled()
    assert not page.troubles


def test_markers_are_dragged_and_moved_by_keys_one_step_each(opened):
    page = opened(chimes())
    page.page.evaluate(f"{OPEN}.seek(1)")
    page.keys("Shift+M")
    page.wait(f"{OPEN}.info.markers.length === 1")
    page.page.evaluate(f"{OPEN}.setMarkers([...{OPEN}.info.markers, {{ start_s: 2, end_s: 3, name: 'verse' }}])")
    page.wait(f"{OPEN}.info.markers.length === 2")
    page.settled()
    lane = page.page.get_by_role("group", name="Markers in view")
    per_s = page.read(f"{OPEN}.view.pxPerS")

    def drag(button, x, by_s):
        box = button.bounding_box()
        page.page.mouse.move(box["x"] + x, box["y"] + 8)
        page.page.mouse.down()
        page.page.mouse.move(box["x"] + x + by_s * per_s, box["y"] + 8, steps=5)
        page.page.mouse.up()
        page.settled()

    revision = page.read(f"{OPEN}.info.revision")
    drag(lane.get_by_role("button", name="Marker 1"), 4, 0.5)
    page.wait(f"{OPEN}.info.revision > {revision}")
    assert page.read(f"{OPEN}.info.markers[0].start_s") == pytest.approx(1.5, abs=1 / per_s)
    assert page.read(f"{OPEN}.positionS") == pytest.approx(1)  # a drag is no click
    page.keys("Control+z")
    assert page.read(f"{OPEN}.info.markers[0].start_s") == 1
    region = lane.get_by_role("button", name="verse")
    drag(region, region.bounding_box()["width"] - 3, 0.4)
    page.wait(f"{OPEN}.info.markers[1].end_s > 3.3")
    assert page.read(f"{OPEN}.info.markers[1].start_s") == 2
    page.settled()
    revision = page.read(f"{OPEN}.info.revision")
    region.focus()
    page.page.keyboard.down("ArrowRight")
    for _ in range(4):
        page.page.keyboard.down("ArrowRight")
    page.page.keyboard.up("ArrowRight")
    page.wait(f"{OPEN}.info.revision > {revision}")
    page.settled()
    assert page.read(f"{OPEN}.info.markers[1].start_s") == pytest.approx(2.05)
    page.page.get_by_role("button", name="Undo").click()
    page.wait(f"{OPEN}.info.markers[1].start_s === 2")
    assert not page.troubles


def test_a_channel_is_heard_alone(opened):
    frequency = np.array([500.0, 1500.0])
    gabor = Gabor(np.full(2, 1.0), np.full(2, 1.5), frequency, 0.2 * np.eye(2), np.zeros((2, 2)))
    page = opened(Scene(RATE, 2 * RATE, 2, gabor).quantise())
    page.keys(" ")
    page.wait(f"{OPEN}.player.latest(4096)[0].some((x) => Math.abs(x) > 0.05)")

    def loudest(channel):
        return page.read(f"Array.from({OPEN}.player.latest(4096)[{channel}])")

    page.page.get_by_label("Channel to hear").select_option("Right")
    page.page.wait_for_timeout(400)
    for channel in (0, 1):
        spectrum = np.abs(np.fft.rfft(loudest(channel) * np.hanning(4096)))
        assert np.argmax(spectrum) * RATE / 4096 == pytest.approx(1500, abs=8), channel
    page.page.get_by_label("Channel to hear").select_option("All channels")
    page.page.wait_for_timeout(400)
    spectra = [np.abs(np.fft.rfft(loudest(channel) * np.hanning(4096))) for channel in (0, 1)]
    assert [np.argmax(one) * RATE / 4096 for one in spectra] == pytest.approx([500, 1500], abs=8)
    assert not page.troubles
