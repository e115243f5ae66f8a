"""The page of an instrument in a real browser: hands, MIDI, motion, chance, and what is not there."""

from __future__ import annotations

import json

import numpy as np
import pytest
from instrument_scenes import instrument_scene

from motes.errors import ParameterError
from motes.report.instrument_page import instrument_page, playable, write_instrument_page
from motes.report.subject import subject_of
from motes.scene.scene import Scene

# What the page says to its worklet is kept; MIDI is two wires without a keyboard at their end.
LISTEN = """
window.sent = [];
const post = MessagePort.prototype.postMessage;
MessagePort.prototype.postMessage = function (message) {
  if (message?.do) window.sent.push(structuredClone(message));
  return post.apply(this, arguments);
};
window.wire = { name: "a keyboard" };
navigator.requestMIDIAccess = async () => ({ inputs: new Map([["1", window.wire]]) });
"""
PANEL = ".play-pad canvas"


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("instrument") / "bells <i>.html"
    write_instrument_page(subject_of(instrument_scene(), "bells <i>"), path, command="motes report")
    return path


@pytest.fixture(scope="module")
def playing(opened, path):
    """One page for the tests that strike."""
    return opened(path, PANEL, LISTEN)


def sent(here, kind):
    return [message for message in here.page.evaluate("window.sent") if message["do"] == kind]


def struck(here):
    return [strike for message in sent(here, "strike") for strike in message["strikes"]]


def begin(here):
    """The sound is on, nothing was sent yet."""
    here.page.locator(".play-pad").click()
    here.wait("document.querySelector('.play-way').textContent.startsWith('AudioWorklet')")
    here.wait("window.sent.length > 0")
    here.page.evaluate("window.sent.length = 0")
    return here.page


def test_it_plays_from_disk_and_asks_for_nothing(playing):
    here = playing
    page = begin(here)
    assert page.locator(".play-way").text_content() == "AudioWorklet with WebAssembly SIMD."
    page.get_by_role("button", name="Silence").click()
    page.wait_for_timeout(100)
    page.locator(".play-pad").click()
    here.wait("/sounds [0-9]+ samples after/.test(document.querySelector('.play-load').textContent)")
    text = page.locator(".play-load").text_content()
    assert int(text.partition("sounds ")[2].split()[0]) <= 128
    assert not here.outside
    assert not here.troubles
    assert page.title() == "bells <i> · motes instrument"


def test_a_place_on_the_pad_blends_controls(playing):
    page = begin(playing)
    box = page.locator(".play-pad").bounding_box()
    page.mouse.click(box["x"] + 17, box["y"] + box["height"] - 17)  # where control 0 lies
    found = struck(playing)
    assert len(found) == 3
    assert found[0]["control"] == 0
    assert found[0]["amplitude"] > 50 * found[1]["amplitude"]
    page.evaluate("window.sent.length = 0")
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.mouse.down()
    for step in range(1, 9):
        page.mouse.move(box["x"] + 40 + 30 * step, box["y"] + 40)
    page.mouse.up()
    assert len(struck(playing)) >= 9  # a drag strikes again and again
    assert len({strike["key"] for strike in struck(playing)}) == 1


def test_several_fingers_and_a_pen(playing):
    page = begin(playing)
    page.evaluate("""() => {
      const pad = document.querySelector(".play-pad");
      const { left, top } = pad.getBoundingClientRect();
      const at = (pointerId, pointerType, pressure, x) => pad.dispatchEvent(new PointerEvent("pointerdown", {
        pointerId, pointerType, pressure, clientX: left + x, clientY: top + 60, bubbles: true }));
      at(11, "touch", 0.5, 40);
      at(12, "touch", 0.5, 150);
      at(13, "pen", 0.2, 200);
    }""")
    groups = [message["strikes"] for message in sent(playing, "strike")]
    assert len(groups) == 3
    assert len({strikes[0]["key"] for strikes in groups}) == 3
    total = [sum(strike["amplitude"] for strike in strikes) for strikes in groups]
    assert total[2] < 0.6 * total[1]


def test_upwards_may_be_a_deformation_that_follows(playing):
    page = begin(playing)
    page.get_by_label("The pad's second axis").select_option("Damping")
    box = page.locator(".play-pad").bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 100, box["y"] + 200)
    page.mouse.up()
    page.get_by_label("The pad's second axis").select_option("Controls")
    first, bends = struck(playing)[0], sent(playing, "bend")
    assert bends[-1]["key"] == first["key"]
    assert 0.1 < bends[-1]["deformation"]["damping"] < first["deformation"]["damping"]


def test_keys_of_the_computer_have_velocity_by_row(playing):
    page = begin(playing)
    for key in ("z", "q"):
        page.keyboard.press(key)
    low, high = struck(playing)
    keys = playable(instrument_scene())["keys"]
    for strike, key, velocity in ((low, 48, 84), (high, 60, 108)):
        control, semitones, amplitude = keys["keys"][key - keys["low"]]
        assert (strike["control"], strike["deformation"]["transpose"]) == (control, semitones)
        assert strike["amplitude"] == pytest.approx(amplitude * (velocity / 100) ** 1.5)
    assert [bend["deformation"]["damping"] for bend in sent(playing, "bend")] == [6, 6]
    page.get_by_label("Damp when released").uncheck()
    page.keyboard.press("z")
    page.get_by_label("Damp when released").check()
    assert len(sent(playing, "bend")) == 2


def test_everything_has_a_name_and_works_without_a_mouse(playing):
    page = begin(playing)
    for name in ("Damping", "Brightness", "Transposition", "Inharmonicity", "Position", "Spread", "Room"):
        assert page.get_by_role("slider", name=name, exact=True).count() == 1
    for name in ("C3", "E♭4", "C5", "Use MIDI", "Use motion", "Silence", "An octave lower", "Random strikes"):
        assert page.get_by_role("button", name=name, exact=True).count() == 1
    page.locator(".play-pad").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Space")
    page.keyboard.press("Shift+Space")
    soft, strong = sent(playing, "strike")
    assert strong["strikes"][0]["amplitude"] > soft["strikes"][0]["amplitude"]
    page.evaluate("window.sent.length = 0")
    page.get_by_role("button", name="C3", exact=True).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert struck(playing)[0]["deformation"]["transpose"] == playable(instrument_scene())["keys"]["keys"][49 - 21][1]
    page.get_by_role("slider", name="Damping").focus()
    page.keyboard.press("End")
    assert sent(playing, "hold")[-1]["deformation"] == {"damping": 16}
    assert page.get_by_role("slider", name="Damping").get_attribute("aria-valuetext") == "16.00 ×"
    page.get_by_role("button", name="As recorded").press("Enter")
    assert sent(playing, "hold")[-1]["deformation"]["damping"] == 1
    nameless = page.evaluate(
        "[...document.querySelectorAll('button, input, select')].filter((one) => !one.textContent && !one.ariaLabel"
        " && !one.labels?.length).length"
    )
    assert nameless == 0


def midi(here, *messages):
    """Messages from the keyboard, and what the page made of them."""
    here.page.evaluate("window.sent.length = 0")
    here.page.evaluate(
        "(all) => { for (const data of all) window.wire.onmidimessage({ data }); }", [list(each) for each in messages]
    )
    return struck(here), sent(here, "bend"), sent(here, "hold")


def test_midi_notes_bend_ring_under_the_pedal_and_have_channels_of_their_own(playing):
    page = begin(playing)
    page.get_by_role("button", name="Use MIDI").click()
    playing.wait("document.querySelector('.play-devices').textContent === 'MIDI: a keyboard.'")
    strikes, bends, _ = midi(playing, (0x90, 60, 100), (0x80, 60, 0))
    assert (len(strikes), bends[0]["deformation"]) == (1, {"damping": 6})
    strikes, bends, _ = midi(playing, (0xB0, 64, 127), (0x90, 60, 100), (0x90, 60, 0))
    assert (len(strikes), bends) == (1, [])
    _, bends, _ = midi(playing, (0xB0, 64, 0))
    assert bends[0]["deformation"] == {"damping": 6}
    strikes, bends, _ = midi(playing, (0x90, 69, 100), (0xE0, 0, 96), (0x80, 69, 0))
    assert bends[0]["deformation"]["transpose"] - strikes[0]["deformation"]["transpose"] == pytest.approx(1)
    _, _, holds = midi(playing, (0xB0, 1, 127), (0xB0, 1, 0))
    assert [hold["deformation"]["brightness"] for hold in holds] == [6, 0]
    configured = ((0xB0, 101, 0), (0xB0, 100, 6), (0xB0, 6, 15))
    strikes, bends, _ = midi(
        playing, *configured, (0x91, 60, 90), (0x92, 64, 90), (0xE1, 0, 96), (0xD2, 127), (0xB2, 74, 127)
    )
    assert bends[0]["key"] == strikes[0]["key"]
    assert bends[0]["deformation"]["transpose"] - strikes[0]["deformation"]["transpose"] == pytest.approx(24)
    assert {bend["key"] for bend in bends[1:]} == {strikes[1]["key"]}
    assert bends[1]["deformation"]["damping"] == 4
    assert bends[2]["deformation"]["brightness"] > 5


def test_motion_strikes_and_tilts(playing):
    page = begin(playing)
    page.get_by_role("button", name="Use motion").click()
    playing.wait("document.querySelector('.play-devices').textContent.startsWith('Waiting')")
    page.evaluate("""() => { for (const x of [0, 25]) window.dispatchEvent(new DeviceMotionEvent("devicemotion", {
      acceleration: { x, y: 0, z: 0 }, accelerationIncludingGravity: { x, y: -9.81, z: 0 } })); }""")
    assert len(struck(playing)) == 3
    assert sent(playing, "hold")[-1]["deformation"]["transpose"] == pytest.approx(24)
    page.get_by_role("button", name="As recorded").click()


def test_chance_is_repeated_by_its_seed(playing):
    page = begin(playing)
    found = []
    page.get_by_label("Per second").fill("30")
    for seed in ("7", "7", "8"):
        page.get_by_label("Seed").fill(seed)
        page.evaluate("window.sent.length = 0")
        page.get_by_role("button", name="Random strikes").click()
        playing.wait("window.sent.filter((one) => one.do === 'strike').length > 2")
        assert page.get_by_role("button", name="Random strikes").get_attribute("aria-pressed") == "true"
        page.get_by_role("button", name="Silence").click()
        assert page.get_by_role("button", name="Random strikes").get_attribute("aria-pressed") == "false"
        strikes = struck(playing)[:3]
        found.append(
            [(strike["control"], strike["amplitude"], strike["atS"] - strikes[0]["atS"]) for strike in strikes]
        )
    assert np.allclose(found[0], found[1])
    assert not np.allclose(found[0], found[2])
    for name in ("Permuted controls", "Random times"):
        page.evaluate("window.sent.length = 0")
        page.get_by_role("button", name=name).click()
        playing.wait("window.sent.filter((one) => one.do === 'strike').length > 0")
        page.get_by_role("button", name="Silence").click()


def test_its_own_strikes_play(playing):
    page = begin(playing)
    page.get_by_role("button", name="Play its 8 strikes").click()
    playing.wait("window.sent.filter((one) => one.do === 'strike').length >= 2")
    first, second = struck(playing)[:2]
    assert (first["control"], second["control"]) == (0, 1)
    assert second["atS"] - first["atS"] == pytest.approx(0.2)
    page.get_by_role("button", name="Play its 8 strikes").click()
    assert not playing.troubles


def test_without_a_worklet_each_strike_is_a_buffer(opened, path):
    none = "Object.defineProperty(BaseAudioContext.prototype, 'audioWorklet', { get: () => undefined });"
    refused = """navigator.requestMIDIAccess = async () => { throw new DOMException("", "NotAllowedError"); };"""
    here = opened(path, PANEL, none + refused, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    here.page.locator(".play-pad").tap()
    here.wait("window.started.length >= 3")
    assert (
        here.page.locator(".play-way").text_content().startswith("A buffer for each strike: there is no AudioWorklet")
    )
    loudest = (
        "Math.max(...window.started.map(({ buffer }) => buffer.getChannelData(0).reduce((a, b) => Math.max(a, b))))"
    )
    assert here.page.evaluate(loudest) > 0.01
    here.page.get_by_role("button", name="Use MIDI").click()
    here.wait("document.querySelector('.play-devices').textContent !== ''")
    assert here.page.locator(".play-devices").text_content() == "No MIDI: the browser does not allow it here."
    assert here.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not here.troubles


def test_without_an_audio_device_the_page_says_so(opened, path):
    none = "window.AudioContext = class { constructor() { throw new Error('no device'); } };"
    stalled = """window.AudioContext = class extends OfflineAudioContext {
      constructor() { super(2, 44100, 44100); }
      resume() { return Promise.resolve(); }
    };"""
    for before, says in ((none, "This browser plays no sound: no device."), (stalled, "The sound does not start")):
        here = opened(path, PANEL, before)
        here.page.locator(".play-pad").click()
        here.wait(f"document.querySelector('.play-way').textContent.startsWith({says!r})")
        assert here.page.locator(".play-way.wrong").count() == (1 if before is stalled else 0)
        assert not here.troubles


def test_an_instrument_of_a_newer_motes_says_so(opened, path, tmp_path):
    newer = tmp_path / "newer.html"
    newer.write_text(path.read_text(encoding="utf-8").replace('"version":1', '"version":2'), encoding="utf-8")
    here = opened(newer, ".play-way.wrong")
    assert "of version 2" in here.page.get_by_role("alert").text_content()
    assert not here.troubles


def test_what_the_page_holds_is_escaped_and_bounded():
    subject = subject_of(instrument_scene(), "bells <i>")
    text = instrument_page(subject).decode()
    assert "bells <i>" not in text
    data = text.partition('class="data">')[2].partition("</script>")[0]
    assert json.loads(data)["instrument"]["n_channels"] == 1
    with pytest.raises(ParameterError, match=r"needs .* MB, not 0\.1"):
        instrument_page(subject, megabytes=0.1)
    with pytest.raises(ParameterError, match="no instrument"):
        playable(Scene(8000, 100, 1))
