"""A session in Firefox: open, encode, listen, select, edit, undo, save; on a desktop's window and on a phone's."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile
from firefox_page import firefox
from studio_page import HOOK, OPEN, RATE, chimes

import motes

pytestmark = pytest.mark.firefox
SETTLED = "window.__motes?.stage?.settled && window.__motes.document.busy === 0"
PLAYED = "window.started.reduce((n, { samples }) => n + samples.length, 0)"


@pytest.fixture
def page(require_tool, tmp_path):
    pytest.importorskip("websockets")
    with firefox(require_tool("firefox-esr"), tmp_path / "profile") as page:
        page.before(HOOK)
        yield page
        page.read(f"window.__motes && fetch(`/api/documents/${{{OPEN}.id}}?discard=true`, {{ method: 'DELETE' }})")


def heard(page) -> np.ndarray:
    """The reconstruction of the revision in force, as the page gets it from the server."""
    at = f"/api/documents/${{{OPEN}.id}}/revisions/${{{OPEN}.info.revision}}/audio/reconstruction.f32"
    return np.array(
        page.read(
            f"fetch(`{at}`).then((told) => told.arrayBuffer()).then((bytes) => Array.from(new Float32Array(bytes)))"
        )
    )


@pytest.mark.parametrize("size", [(1280, 720), (500, 900)])  # Firefox makes no window narrower than 450
def test_a_session(page, served, size):
    address, folder = served
    scene = chimes().quantise()
    sound = np.atleast_2d(scene.render())[0]
    soundfile.write(folder / "bells.wav", sound, RATE, subtype="FLOAT")
    (folder / "bells.mote").unlink(missing_ok=True)
    page.resize(*size)
    page.goto(address)

    page.wait("document.querySelector('.file')")
    page.click_on("[type=search]")
    page.write("bells.wav")
    page.wait("document.querySelectorAll('.file').length === 1")
    page.click_on(".file")
    page.click_on("[value=exactness]")
    page.click("button", "Encode")
    page.click("button", "Show")
    page.wait(SETTLED)
    n = page.read(f"{OPEN}.info.n_events")
    assert n >= 24

    page.click("button", "Play")
    page.wait(f"{OPEN}.playing && {PLAYED} >= 32768")
    page.wait(f"{OPEN}.player.positionS > 0.2")
    page.click("button", "Pause")
    # The first of the recording and of the scene begin together.
    started = page.read("window.started.slice(0, 2).map(({ samples }) => samples)")
    assert [np.allclose(one, heard(page)[: len(one)], atol=1e-7) for one in started] == [False, True]

    x, y = page.read(
        f"(() => {{ const box = document.querySelector('.timeline').getBoundingClientRect(), {{ view }} = {OPEN};"
        "const erb = (hz) => 21.4 * Math.log10(1 + 0.00437 * hz);"
        f"const [s, hz] = [{scene.gabor.time_s[12]}, {scene.gabor.frequency_hz[12]}];"
        "return [box.x + 58 + (s - view.fromS) * view.pxPerS,"
        " box.y + window.__motes.stage.axisHeight * (1 - erb(hz) / erb(view.topHz))]; })()"
    )
    page.click_at(x, y)
    page.wait(f"{OPEN}.selected.n === 1 && {OPEN}.event !== null")
    assert abs(page.read(f"{OPEN}.event.params.frequency_hz") / scene.gabor.frequency_hz[12] - 1) < 0.05

    page.click_on("#expression")
    page.write("frequency_hz > 1500")
    page.press("Enter")
    page.wait(f"{OPEN}.selected.n > 1")
    before_hz = page.read(f"{OPEN}.selected.high_hz")
    page.read("document.querySelector('.timeline').focus()")
    page.press("Alt+ArrowUp")
    page.wait(f"{OPEN}.info.undo?.startsWith('transpose') && {SETTLED}")
    assert page.read(f"{OPEN}.selected.high_hz") == pytest.approx(before_hz * 2 ** (1 / 12), rel=0.01)
    page.press("]")
    page.wait(f"{OPEN}.info.undo?.startsWith('gain') && {SETTLED}")
    page.press("Control+z")
    page.wait(f"{OPEN}.info.undo?.startsWith('transpose') && {SETTLED}")

    page.press("Control+s")
    page.click_on("dialog .main")
    page.wait(f"{OPEN}.info.dirty === false && !document.querySelector('dialog')")
    saved = motes.load(folder / "bells.mote")
    assert saved.n_events == n
    assert np.corrcoef(saved.render(), heard(page))[0, 1] > 0.999
    assert page.read("document.documentElement.scrollWidth <= innerWidth")
    assert not page.troubles
