"""What the page says of a sound that is known, how it is shown, and that settings outlive a reload."""

from __future__ import annotations

import re

import numpy as np
import pytest
import soundfile
from studio_page import OPEN, RATE, chimes, spot

from motes.kinds.gabor.table import Gabor
from motes.scene.scene import Scene


@pytest.fixture
def tone(opened, served):
    """The page with four seconds of 440 Hz at half of full scale as the original of a scene, which is heard."""
    time = np.arange(4 * RATE) / RATE
    soundfile.write(served[1] / "tone.wav", 0.5 * np.sin(2 * np.pi * 440 * time), RATE, "FLOAT")
    at = np.arange(0.1, 3.9, 0.1)
    shape = (len(at), 1)
    scene = Scene(
        RATE,
        4 * RATE,
        1,
        Gabor(at, np.full(len(at), 0.2), np.full(len(at), 440.0), np.full(shape, 0.5), 2 * np.pi * 440 * at[:, None]),
    )
    page = opened(scene, "tone.mote")
    page.keys("1")
    return page


def said(page) -> str:
    return page.page.get_by_role("group", name="At the pointer").inner_text().replace("\n", " ")


def test_the_pointer_over_a_pure_tone_reads_its_pitch_and_level(tone):
    tone.page.mouse.move(*spot(tone, 2.0, 437))
    tone.page.get_by_text(re.compile("peak 440.0 Hz A4 .0 cents · −6.0 dB")).wait_for()
    text = said(tone)
    assert re.search(r"2\.0\d\d s", text)
    assert abs(float(re.search(r"s\s+([\d.]+) Hz", text)[1]) - 437) < 8
    tone.page.mouse.move(*spot(tone, 2.0, 4000))
    tone.page.get_by_text("silent").or_(tone.page.get_by_text(re.compile("−(9|1)\\d+\\.\\d dB"))).first.wait_for()
    assert "peak 440" not in said(tone)


def test_distances_are_said_while_dragging_and_measuring(tone):
    per_s = tone.read(f"{OPEN}.view.pxPerS")
    tone.page.get_by_role("button", name="Measure").click()
    x, y = spot(tone, 1.0, 440)
    tone.page.mouse.move(x, y)
    tone.page.mouse.down()
    tone.page.mouse.move(x + 0.5 * per_s, spot(tone, 1.5, 880)[1], steps=4)
    tone.page.mouse.up()
    tone.page.get_by_text("semitones").wait_for()
    text = said(tone)
    assert abs(float(re.search(r"Δt \+([\d.]+) ms", text)[1]) - 500) < 1500 / per_s
    assert abs(float(re.search(r"1/Δt ([\d.]+) Hz", text)[1]) - 2) < 0.1
    assert abs(float(re.search(r"Δf \+([\d.]+) Hz", text)[1]) - 440) < 25
    assert abs(float(re.search(r"\+([\d.]+) semitones", text)[1]) - 12) < 0.6
    tone.keys("Escape")
    assert "semitones" not in said(tone)


def test_a_drag_with_ctrl_makes_events_louder_by_what_is_said(opened):
    scene = chimes().quantise()
    page = opened(scene)
    x, y = spot(page, scene.gabor.time_s[9], scene.gabor.frequency_hz[9])
    page.page.mouse.move(x, y)
    page.page.keyboard.down("Control")
    page.page.mouse.down()
    page.page.mouse.move(x, y - 30, steps=3)
    page.page.wait_for_timeout(150)
    page.page.mouse.move(x, y - 60, steps=3)
    page.wait(f"{OPEN}.change.db === 6")
    page.page.mouse.up()
    page.page.keyboard.up("Control")
    page.wait(f"{OPEN}.info.revision === 1")
    page.settled()
    page.wait(f"{OPEN}.event !== null")
    assert page.read(f"{OPEN}.event.params.amplitude[0]") == pytest.approx(
        scene.gabor.amplitude[9, 0] * 10 ** (6 / 20), rel=0.02
    )


def test_the_meter_reads_the_level_and_speed_keeps_the_pitch(tone):
    tone.keys("Space")
    meter = tone.page.get_by_role("meter", name="Level")
    tone.wait(
        "document.querySelector('[role=meter]').getAttribute('aria-valuetext').startsWith('peak −6.0 dB, RMS −9')"
    )
    assert float(meter.get_attribute("aria-valuenow")) == pytest.approx(-6.0, abs=0.1)
    tone.page.get_by_label("Volume").fill("-60")
    tone.wait("document.querySelector('[role=meter]').getAttribute('aria-valuetext').startsWith('peak −6.0 dB')")
    assert tone.page.get_by_role("button", name="Clip").count() == 0
    tone.keys("Space")
    tone.page.evaluate("window.started.length = 0")
    tone.page.get_by_label(re.compile("Speed")).select_option("0.5")
    assert tone.read(f"{OPEN}.source") == "reconstruction"
    tone.page.evaluate(f"{OPEN}.seek(1)")
    tone.keys("Space")
    tone.wait("window.started.length >= 1")
    tone.page.wait_for_timeout(300)
    assert 1 <= tone.read(f"{OPEN}.player.positionS") < 1.6
    tone.keys("Space")
    samples = np.array(tone.read("window.started[0].samples"))
    spectrum = np.abs(np.fft.rfft(samples[: RATE // 2]))
    assert np.argmax(spectrum) * 2 == pytest.approx(440, abs=2)
    assert not tone.troubles


def test_settings_view_and_selection_outlive_a_reload_and_garbage(opened):
    page = opened(chimes())
    page.choose("frequency_hz > 1000")
    n = page.read(f"{OPEN}.selected.n")
    page.page.evaluate(f"{OPEN}.look((view) => view.show(1, 2))")
    page.keys("b")
    page.page.get_by_role("button", name="View").click()
    page.page.locator("#view-colours").select_option("cividis")
    page.page.get_by_label("Range").fill("50")
    page.page.keyboard.press("Escape")
    assert page.read(f"{OPEN}.selected.n") == n
    page.page.wait_for_timeout(500)
    page.load()
    page.settled()
    page.wait(f"{OPEN}.selected.n === {n}")
    assert page.read(f"{OPEN}.view.fromS") == pytest.approx(1, abs=0.02)
    assert page.read(f"{OPEN}.view.toS") == pytest.approx(2, abs=0.02)
    assert page.read(f"{OPEN}.tool") == "box"
    page.page.get_by_role("button", name="View").click()
    assert page.page.locator("#view-colours").input_value() == "cividis"
    assert page.page.get_by_label("Range").input_value() == "50"
    page.page.evaluate(
        "localStorage.setItem('motes settings', JSON.stringify({ colours: 7, rangeDb: 'x', tool: 'axe' }));"
        'localStorage.setItem(\'motes places\', \'[["chimes.mote", {"ranges": [-1], "view": null}], 3]\')'
    )
    page.load()
    page.settled()
    assert page.read(f"{OPEN}.tool") == "select"
    page.page.get_by_role("button", name="View").click()
    assert page.page.locator("#view-colours").input_value() == "plain"
    assert not page.troubles


def test_colours_windows_and_the_waveform_are_drawn(tone):
    def at(seconds, hz):
        x, y = spot(tone, seconds, hz)
        box = tone.page.locator(".timeline").bounding_box()
        return tone.page.evaluate(
            "([x, y]) => [...document.querySelector('.timeline canvas').getContext('2d')"
            ".getImageData(x * devicePixelRatio, y * devicePixelRatio, 1, 1).data]",
            [x - box["x"], y - box["y"]],
        )

    tone.page.get_by_role("checkbox", name="Events").uncheck()
    tone.page.get_by_role("button", name="View").click()
    tone.page.locator("#view-colours").select_option("cividis")
    tone.page.wait_for_timeout(100)
    tone.settled()
    assert np.allclose(at(2, 440)[:3], [254, 232, 56], atol=12)
    assert np.allclose(at(2, 4000)[:3], [0, 34, 78], atol=12)
    narrow = at(2, 500)
    tone.page.locator("#view-window").select_option("0.012")
    tone.page.wait_for_timeout(100)
    tone.settled()
    assert at(2, 500)[0] > narrow[0] + 20
    tone.page.get_by_label("Waveform").check()
    tone.page.keyboard.press("Escape")
    tone.page.locator(".wave canvas").wait_for()
    tone.page.wait_for_timeout(300)
    rows = tone.page.evaluate(
        "() => { const c = document.querySelector('.wave canvas'), d = c.getContext('2d')"
        ".getImageData(c.width >> 1, 0, 1, c.height).data; let n = 0;"
        " for (let k = 3; k < d.length; k += 4) n += d[k] > 0;"
        " return n / c.height; }"
    )
    assert rows == pytest.approx(0.5, abs=0.06)
    assert not tone.troubles
