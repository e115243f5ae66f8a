"""The page of the studio in a real browser: that it shows, plays and changes the scene that the server holds, and
nobody is left out of it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import soundfile
from studio_page import OPEN, RATE, chimes, spot

import motes
from motes import kinds
from motes.kinds.gabor.table import Gabor
from motes.kinds.kind import Look
from motes.kinds.splat.table import Splat
from motes.scene.scene import Scene


def test_plays_the_samples_of_the_scene(opened):
    scene = chimes().quantise()
    page = opened(scene)
    page.page.get_by_role("button", name="Play").click()
    page.wait("window.started.length >= 4")
    page.page.keyboard.press("Space")
    started = page.read("window.started")
    played = np.concatenate([np.array(piece["samples"], np.float32) for piece in started])
    assert {piece["rate"] for piece in started} == {RATE}
    assert np.array_equal(played, np.atleast_2d(scene.render())[0, : len(played)])
    gaps = np.diff([piece["when"] for piece in started]) - [len(piece["samples"]) / RATE for piece in started[:-1]]
    assert np.abs(gaps).max() < 1e-6
    assert not page.troubles
    assert not page.outside


def test_a_click_chooses_an_event_and_plays_it_alone(opened):
    scene = chimes().quantise()
    page = opened(scene)
    wanted = 9
    page.page.mouse.click(*spot(page, scene.gabor.time_s[wanted], scene.gabor.frequency_hz[wanted]))
    page.wait(f"{OPEN}.selected.n === 1 && window.started.length === 1")
    assert page.read(f"{OPEN}.selected.ranges") == [wanted, wanted + 1]
    assert "Atom 9" in page.page.locator(".inspector h2").inner_text()
    assert page.page.locator("[role=row][aria-selected=true]").count() == 1
    alone = np.array(page.read("window.started[0].samples"))
    only = np.atleast_2d(scene.select([wanted]).only().render())[0]
    first = np.flatnonzero(only)[0]
    at = int(np.argmax(np.abs(alone))) - int(np.argmax(np.abs(only)))
    assert at <= 0 <= first
    assert np.allclose(alone, only[-at : len(alone) - at], atol=1e-6)


def test_what_is_opened_stays_when_the_server_tells_late_what_was_open_before(opened, served):
    _, folder = served
    chimes().save(folder / "late.mote")
    page = opened()
    before = page.page.evaluate("async () => await (await fetch('/api/studio')).text()")
    held = []
    page.page.route("**/api/feed", lambda route: held.append(route))
    page.load()
    page.open("late.mote")
    assert held
    held[0].fulfill(content_type="text/event-stream", body=f"event: hello\ndata: {before}\n\n")
    page.page.unroute("**/api/feed")
    page.page.wait_for_timeout(500)
    assert page.read("window.__motes?.document?.info.name") == "late.mote"
    assert not page.troubles


def test_drag_moves_undo_restores_and_save_writes(opened, served):
    scene = chimes().quantise()
    page = opened(scene)
    page.choose("frequency_hz < 300")
    n = page.read(f"{OPEN}.selected.n")
    assert 0 < n < len(scene.gabor)
    page.keys("Alt+ArrowRight", "Alt+Shift+ArrowRight")
    page.keys("Control+z")
    assert page.read(f"{OPEN}.info.dirty") is True
    x, y = spot(page, scene.gabor.time_s[1], scene.gabor.frequency_hz[1])
    x += 0.01 * page.read(f"{OPEN}.view.pxPerS")
    page.page.mouse.move(x, y)
    page.page.mouse.down()
    page.page.mouse.move(x + 30, y, steps=4)
    page.page.wait_for_timeout(100)
    page.page.mouse.move(x + 60, y, steps=4)
    page.page.mouse.up()
    page.wait(f"{OPEN}.info.undo?.startsWith('move') && {OPEN}.info.revision >= 3")
    page.settled()
    page.keys("Control+s")
    page.wait(f"{OPEN}.info.dirty === false")
    moved = motes.load(served[1] / "chimes.mote").gabor
    by = 0.01 + 60 / page.read(f"{OPEN}.view.pxPerS")
    assert np.allclose(np.sort(moved.time_s)[-5:], scene.gabor.time_s[-5:])
    low = np.sort(moved.time_s[moved.frequency_hz < 300])
    assert np.allclose(low, scene.gabor.time_s[scene.gabor.frequency_hz < 300] + by, atol=0.004)
    page.load()
    page.settled()
    assert page.read(f"{OPEN}.info.name") == "chimes.mote"
    assert np.isclose(page.read(f"{OPEN}.info.n_events"), len(scene.gabor))


def test_box_lasso_and_kind_choose_what_lies_in_them(opened):
    scene = chimes()
    page = opened(scene)
    time, frequency = scene.gabor.time_s, scene.gabor.frequency_hz
    page.keys("b")
    page.page.mouse.move(*spot(page, time[4] - 0.05, frequency[4] * 0.93))
    page.page.mouse.down()
    page.page.mouse.move(*spot(page, time[8] + 0.05, frequency[8] * 1.07), steps=5)
    page.page.mouse.up()
    page.wait(f"{OPEN}.selected.n === 5")
    assert page.read(f"{OPEN}.selected.ranges") == [4, 9]
    page.keys("q")
    around = ((12, -0.07, 0.95), (12, -0.07, 1.1), (14, 0.07, 1.1), (14, 0.07, 0.9))
    corners = [(time[event] + beside, frequency[event] * ratio) for event, beside, ratio in around]
    page.page.mouse.move(*spot(page, *corners[0]))
    page.page.mouse.down()
    for corner in [*corners[1:], corners[0]]:
        page.page.mouse.move(*spot(page, *corner), steps=8)
    page.page.keyboard.down("Shift")
    page.page.mouse.up()
    page.page.keyboard.up("Shift")
    page.wait(f"{OPEN}.selected.n === 8")
    assert page.read(f"{OPEN}.selected.ranges") == [4, 9, 12, 15]
    page.keys("Escape")
    page.page.locator(".legend button", has_text="atoms").click()
    page.wait(f"{OPEN}.selected.n === 24")
    assert not page.troubles


def test_solo_is_heard_and_groups_hold_together(opened):
    scene = chimes().quantise()
    page = opened(scene)
    page.choose("frequency_hz < 500")
    chosen = scene.select("frequency_hz < 500")
    page.keys("g", "s")
    assert page.read(f"{OPEN}.info.n_muted") == 24 - page.read(f"{OPEN}.selected.n")
    page.keys("Space")
    page.wait("window.started.length >= 2")
    page.keys("Space")
    played = np.concatenate([np.array(piece["samples"], np.float32) for piece in page.read("window.started")])
    assert np.allclose(played, np.atleast_2d(chosen.only().render())[0, : len(played)], atol=1e-6)
    page.keys("u", "Escape")
    assert page.read(f"{OPEN}.info.n_muted") == 0
    page.page.locator(".inspector button.group").click()
    page.wait(f"{OPEN}.selected.n > 0")
    page.keys("Delete")
    assert page.read(f"{OPEN}.info.n_events") == 24 - len(chosen.only().gabor)


def test_an_edit_is_heard_while_it_plays(opened):
    page = opened(chimes(12, 10.0))
    page.choose("time_s > 0")
    page.keys("Space")
    page.wait("window.started.length >= 2")
    page.page.evaluate("window.started.length = 0")
    page.keys("[")
    page.wait("window.started.length >= 1")
    assert page.read(f"{OPEN}.playing") is True
    page.keys("Space")


def test_a_file_changed_elsewhere_is_replaced_only_when_told(opened, served):
    page = opened(chimes())
    page.choose("frequency_hz > 1000")
    page.keys("Delete")
    chimes(7).save(served[1] / "chimes.mote", overwrite=True)
    page.keys("Control+s")
    page.page.get_by_role("alert").get_by_text("another program").wait_for()
    assert len(motes.load(served[1] / "chimes.mote").gabor) == 7
    page.page.get_by_role("button", name="Replace").click()
    page.wait(f"{OPEN}.info.dirty === false")
    assert len(motes.load(served[1] / "chimes.mote").gabor) == page.read(f"{OPEN}.info.n_events")


def test_events_are_sent_to_a_room_and_made_wetter(opened):
    page = opened(chimes())
    page.choose("time_s < 2")
    page.page.get_by_label("Room").select_option("synthetic:0.6")
    page.wait(f"{OPEN}.selected.wetness?.[0] === 0.3")
    slider = page.page.get_by_label("Wetness")
    slider.fill("80")
    slider.dispatch_event("change")
    page.wait(f"{OPEN}.selected.wetness?.[0] === 0.8")
    assert page.read(f"{OPEN}.info.rooms") == [{"id": 1, "name": "synthetic:0.6", "missing": False}]
    page.page.get_by_label("Room").select_option("")
    page.wait(f"{OPEN}.info.rooms.length === 0")
    assert not page.troubles


def test_a_click_on_any_partial_of_a_splat_chooses_it(opened):
    table = Splat(
        np.array([1.0]),
        np.array([0.01]),
        np.array([300.0]),
        np.array([600.0]),
        np.array([1.5]),
        np.array([0.8]),
        np.array([[-12.0]]),
    )
    page = opened(Scene(RATE, 3 * RATE, 1, splat=table), "splat.mote")
    for hz in (300, 900):
        page.keys("Escape")
        page.page.mouse.click(*spot(page, 1.2, hz))
        page.wait(f"{OPEN}.selected.n === 1")
    page.wait(f"{OPEN}.event?.id === 0")
    page.page.wait_for_timeout(50)
    assert "Splat 0" in page.page.locator(".inspector h2").inner_text()
    page.keys("Escape")
    page.page.mouse.click(*spot(page, 2.6, 900))
    page.page.wait_for_timeout(200)
    assert page.read(f"{OPEN}.selected.n") == 0


def test_an_export_is_what_the_scene_renders(opened, tmp_path):
    scene = chimes().quantise()
    page = opened(scene)
    page.keys("Control+e")
    with page.page.expect_download() as download:
        page.page.get_by_role("link", name="Download").click()
    download.value.save_as(tmp_path / "out.wav")
    audio, rate = soundfile.read(tmp_path / "out.wav")
    assert rate == RATE
    assert np.allclose(audio, np.atleast_2d(scene.render())[0], atol=2**-22)


def test_unsaved_work_outlives_a_reload(opened):
    page = opened(chimes())
    page.choose("frequency_hz > 1000")
    page.keys("Delete")
    left = page.read(f"{OPEN}.info.n_events")
    assert left < 24
    page.page.on("dialog", lambda dialog: dialog.accept())
    page.load()
    page.settled()
    assert page.read(f"{OPEN}.info.n_events") == left
    assert page.read(f"{OPEN}.info.dirty") is True
    page.keys("Control+z")
    assert page.read(f"{OPEN}.info.n_events") == 24


def test_a_parameter_is_set_and_nonsense_is_refused_where_it_stands(opened):
    page = opened(chimes())
    page.keys("ArrowRight")
    page.wait(f"{OPEN}.event !== null")
    field = page.page.locator("[id='param-frequency_hz.0']")
    field.fill("440")
    field.press("Enter")
    page.wait(f"{OPEN}.event?.params.frequency_hz === 440")
    field = page.page.locator("[id='param-frequency_hz.0']")
    field.fill("−3 apples")
    field.press("Tab")
    assert "number" in page.page.locator("[id='wrong-frequency_hz.0']").inner_text()
    page.page.locator("#expression").fill("frequency_hz >> 3")
    page.page.locator("#expression").press("Enter")
    page.page.locator("#expression-trouble", has_text="column").wait_for()
    assert page.page.locator("#expression").get_attribute("aria-invalid") == "true"


def test_the_table_chooses_and_deletes_by_keyboard(opened):
    page = opened(chimes())
    page.page.locator("[role=grid]").focus()
    page.page.keyboard.press("ArrowDown")
    page.wait(f"{OPEN}.selected.n === 1")
    for _ in range(3):
        page.page.keyboard.press("Shift+ArrowDown")
        page.page.wait_for_timeout(150)
    page.wait(f"{OPEN}.selected.n === 4")
    page.page.keyboard.press("Delete")
    page.wait(f"{OPEN}.info.n_events === 20")


def test_events_are_pasted_into_another_scene(opened, served):
    chimes(5, 2.0).save(served[1] / "other.mote")
    page = opened(chimes())
    page.choose("frequency_hz < 400")
    copied = page.read(f"{OPEN}.selected.n")
    page.keys("Control+c")
    page.page.get_by_role("button", name="Open another file").click()
    page.page.locator(".file", has_text="other.mote").click()
    page.wait("window.__motes?.document.info.name === 'other.mote'")
    page.settled()
    page.keys("Control+v")
    page.wait(f"{OPEN}.info.n_events === {5 + copied}")
    assert page.read(f"{OPEN}.selected.n") == copied


def test_encoding_shows_progress_and_can_be_cancelled(opened, served):
    random = np.random.default_rng(0)
    soundfile.write(served[1] / "long.wav", 0.1 * random.standard_normal(25 * RATE), RATE)
    soundfile.write(served[1] / "short.wav", np.atleast_2d(chimes().render())[0], RATE)
    page = opened()
    page.page.locator(".file", has_text="long.wav").click()
    page.page.get_by_role("button", name="Encode", exact=True).click()
    page.page.get_by_role("group", name="Encoding long.wav").wait_for()
    page.page.get_by_role("group", name="Encoding long.wav").get_by_role("button", name="Cancel").click()
    page.page.get_by_text("Encoding long.wav was cancelled").wait_for()
    page.page.locator(".file", has_text="short.wav").click()
    page.page.get_by_text("More", exact=True).click()
    page.page.get_by_label("number of events").check()
    page.page.locator(".value input").fill("24")
    page.page.get_by_role("button", name="Encode", exact=True).click()
    page.page.get_by_role("button", name="Show").click(timeout=60_000)
    page.settled()
    assert page.read(f"{OPEN}.info.n_events") == 24
    assert page.read(f"{OPEN}.info.tracks") == ["original", "reconstruction", "residual"]
    page.keys("1", "3", "2")
    assert not page.troubles


def test_a_hundred_thousand_events_pan_smoothly(opened, capsys):
    n = 100_000
    random = np.random.default_rng(1)
    gabor = Gabor(
        random.uniform(0.2, 299, n),
        2.0 ** -random.integers(3, 8, n),
        np.exp(random.uniform(np.log(60), np.log(10000), n)),
        10 ** (-random.gamma(2, 12, (n, 1)) / 20) * 0.1,
        random.uniform(0, 6, (n, 1)),
    )
    page = opened(Scene(24000, 300 * 24000, 1, gabor), "many.mote")
    page.page.evaluate(f"{OPEN}.look((view) => view.show(20, 50))")
    page.settled()
    rate = page.page.evaluate(PAN)
    with capsys.disabled():
        print(f" {rate:.0f} frames/s", end="")
    assert rate > 5  # what a busy machine still does; `benchmarks/RESULTS.md` has the figure


# Drags the timeline back and forth for three seconds, as a hand does.
PAN = """async () => {
  const { stage, document: open } = window.__motes;
  const place = document.querySelector('.timeline'), box = place.getBoundingClientRect();
  const at = (x) => ({ pointerId: 1, clientX: x, clientY: box.top + 100, bubbles: true });
  const send = (type, x) => place.dispatchEvent(new PointerEvent(type, at(x)));
  place.setPointerCapture = () => {};
  open.tool = 'hand';
  let x = box.left + 600;
  send('pointerdown', x);
  stage.frames.length = 0;
  const begun = performance.now();
  while (performance.now() - begun < 3000) {
    await new Promise((done) => setTimeout(done, 4));
    const seconds = (performance.now() - begun) / 1000;
    send('pointermove', (x = box.left + 600 + 400 * Math.sin(2 * seconds)));
  }
  send('pointerup', x);
  return stage.frames.length / ((performance.now() - begun) / 1000);
}"""


def test_a_closed_timeline_is_forgotten(opened):
    """Neither the document nor what drew it is held by anything once it is closed: wavesurfer's `gc-leaks`, with
    the browser's own collector.
    """
    page = opened(chimes())
    page.page.evaluate(
        "() => { window.held = ['stage', 'document'].map((name) => new WeakRef(window.__motes[name])); }"
    )
    page.page.get_by_role("button", name="Play").click()
    page.wait("window.started.length >= 1")
    page.page.keyboard.press("Space")
    page.page.get_by_role("button", name="Close chimes.mote").click()
    page.page.locator(".file", has_text="chimes.mote").wait_for()
    collector = page.page.context.new_cdp_session(page.page)
    for _ in range(100):
        collector.send("HeapProfiler.collectGarbage")
        if page.page.evaluate("window.held.every((one) => one.deref() === undefined)"):
            break
        page.page.wait_for_timeout(50)
    assert page.read("window.held.map((one) => one.deref() !== undefined)") == [False, False]
    assert page.read("window.__motes") is None
    assert not page.troubles


def test_a_worker_that_dies_is_told_of_and_nothing_waits_for_it(opened):
    page = opened(
        chimes(),
        init="window.Worker = class extends Worker { constructor(...all) { super(...all); window.worker = this; } };",
    )
    page.page.evaluate("window.worker.dispatchEvent(new ErrorEvent('error', { message: 'out of memory' }))")
    page.page.get_by_text("The timeline is no longer drawn (out of memory): reload the page.").wait_for()
    assert page.page.evaluate("window.__motes.stage.eventAt(10, 10).then(({ event }) => event)") == -1
    page.settled()


def test_a_kind_that_the_page_knows_nothing_of_is_shown(opened, monkeypatch):
    """Names, colours and shapes of kinds are the server's to say."""
    wisps = Look("wisp", "wisps", "#123456", "#654321", shape="bar")
    known = [replace(kind, look=wisps) if kind.name == "gabor" else kind for kind in kinds.KINDS]
    monkeypatch.setattr(kinds, "KINDS", tuple(known))
    page = opened(chimes(), color_scheme="dark")
    page.page.get_by_role("list", name="Colours").get_by_text("24 wisps").wait_for()
    swatch = page.page.locator(".legend .swatch").first
    assert swatch.evaluate("(one) => getComputedStyle(one).backgroundColor") == "rgb(101, 67, 33)"
    assert page.page.get_by_label("Partials").count() == 0
    page.page.mouse.click(*spot(page, 0.3, 200))
    page.page.get_by_role("heading", name="wisp 0").wait_for()
    assert not page.troubles


def test_every_kind_has_its_words_and_strikes_their_lanes(opened):
    from kind_examples import EXAMPLES, example, scene_of

    page = opened(scene_of(*(example(kind) for kind in EXAMPLES)), "all.mote")
    words = page.page.get_by_role("list", name="Colours").inner_text().split("\n")
    assert [word.strip() for word in words] == [
        "12 atoms",
        "4 textures",
        "6 strikes",
        "7 splats",
        "7 vectors",
        "4 details",
        "7 learned waveforms",
    ]
    lanes = {lanes["title"]: lanes["numbers"] for lanes in page.read(f"{OPEN}.lanes")}
    assert list(lanes) == ["control", "waveform"]
    for name, kind in (("control", "strike"), ("waveform", "learned")):
        assert lanes[name] == sorted({int(number) for number in example(kind).column(name)}), "one for each in use"
    assert not page.troubles
