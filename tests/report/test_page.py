"""Pages: that browsers play what was put in, each event its own sound, within the size asked for, and nothing a
file says becomes markup."""

from __future__ import annotations

import html
import json
import os
import re
from base64 import b64decode
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import soundfile
from report_examples import QUICK, RATE, SECONDS, chimes, written

from motes.errors import ParameterError
from motes.report.page import PageOptions, page
from motes.report.report import write_report
from motes.report.subject import subject_of
from motes.scene.metadata import Metadata
from motes.scene.scene import Scene


def sounds(text: str) -> list[np.ndarray]:
    """Everything audible in a page, decoded by libsndfile."""
    return [
        soundfile.read(BytesIO(b64decode(data)))[0] for data in re.findall(r'src="data:audio/[^,"]*,([^"]+)"', text)
    ]


@pytest.fixture(scope="module")
def shown(tmp_path_factory, opened):
    """A page in a browser, which several tests use one after the other."""
    return opened(written(tmp_path_factory.mktemp("shown"), chimes()))


def test_browser_decodes_all_and_asks_for_nothing(shown):
    made = shown.again()
    lengths = made.page.evaluate(
        """async () => {
            const context = new OfflineAudioContext(1, 1, 48000), found = {};
            for (const player of document.querySelectorAll('audio')) {
                const bytes = Uint8Array.from(atob(player.src.split(',')[1]), (c) => c.charCodeAt(0));
                const sound = await context.decodeAudioData(bytes.buffer);
                found[player.dataset.track || player.ariaLabel] = sound.duration;
            }
            return found;
        }"""
    )
    assert {"original", "reconstruction", "residual", "events"} < set(lengths)
    assert len(lengths) == 6
    for name, seconds in lengths.items():
        assert name == "events" or abs(seconds - SECONDS) < 0.001, name
    made.page.click(".play")
    made.wait("window.started.length === 1")
    assert abs(made.page.evaluate("window.started[0].buffer.duration") - SECONDS) < 0.001
    assert not made.troubles
    assert not made.outside


def test_click_on_event_plays_that_event(shown):
    """The samples a click plays are those of the event alone, whatever the codec leaves of them."""
    scene, made = chimes(), shown.again()
    box = made.page.locator(".timeline canvas").bounding_box()
    top_hz = json.loads(made.page.locator("script.data").text_content())["top_hz"]
    for number in (2, 9, 15):
        event = scene.gabor.take(slice(number, number + 1))
        x = 50 + (box["width"] - 56) * event.time_s[0] / SECONDS
        share = np.log10(1 + 0.00437 * event.frequency_hz[0]) / np.log10(1 + 0.00437 * top_hz)
        made.page.evaluate("window.started.length = 0")
        made.page.mouse.click(box["x"] + x, box["y"] + 6 + (box["height"] - 30) * (1 - share))
        made.wait("window.started.length === 1")
        played, rate = made.page.evaluate(
            "(() => { const { buffer, offset, seconds } = window.started[0], a = Math.round(offset * "
            "buffer.sampleRate);"
            " return [Array.from(buffer.getChannelData(0).slice(a, a + Math.round(seconds * buffer.sampleRate))), "
            "buffer.sampleRate]; })()"
        )
        alone = scene.with_tables([event]).render(max(0.0, np.floor(event.start_s[0] * RATE) / RATE))
        wanted = np.interp(np.arange(len(played)) / rate, np.arange(len(alone)) / RATE, alone, right=0.0)
        assert np.corrcoef(played, wanted)[0, 1] > 0.9
        assert f"{number + 1} of 20" in made.page.locator(".inspector").inner_text()


def test_keys_do_what_clicks_do(shown):
    made = shown.again()
    for view in (".timeline", ".map", ".matrix"):
        made.page.evaluate("window.started.length = 0")
        made.page.locator(view).focus()
        made.page.keyboard.press("ArrowRight")
        made.page.keyboard.press("Enter")
        made.wait("window.started.length >= 1")
        assert " of 20" in made.page.locator(".inspector").inner_text()
    made.page.locator(".timeline").focus()
    made.page.keyboard.press("+")
    made.page.keyboard.press("Space")
    made.wait("document.querySelector('.play.on') !== null")
    assert not made.troubles


def test_it_plays_again_after_a_pause(shown):
    made = shown.again()
    for n_played in (1, 2):
        made.page.evaluate("window.started.length = 0")
        made.page.locator(".play").click()
        made.wait("window.started.length === 1")
        assert made.page.locator(".play").get_attribute("aria-label") == "Pause", n_played
        made.page.locator(".play").click()
        assert made.page.locator(".play").get_attribute("aria-label") == "Play"


def test_tracks_are_original_reconstruction_and_their_difference(tmp_path):
    scene = chimes(n_channels=2)
    original, reconstruction, residual = sounds(written(tmp_path, scene).read_text())[2:5]  # the remixes stand first
    assert np.allclose(reconstruction.T, scene.render(), atol=2**-15)
    assert np.allclose(original - reconstruction, residual, atol=2**-13)


@pytest.mark.parametrize(
    "scene",
    [
        chimes(0),
        Scene(RATE, 0, 1),
        Scene(8000, 1, 1),
        chimes(1),
        chimes(3, n_channels=6),
        chimes(6, rate=44100),
        chimes(4, rate=192_000),
    ],
    ids=["no events", "no samples", "one sample", "one event", "six channels", "44.1 kHz", "192 kHz"],
)
def test_any_scene_makes_a_page(tmp_path, scene):
    text = page([subject_of(scene, "x.mote")], QUICK).decode()
    assert len(sounds(text)) == 4
    assert "not at hand" in text


def test_hostile_names_stay_text(tmp_path, opened):
    evil = "</script><script>window.bad=1</script><img src=http://evil.example/x onerror=window.bad=1>\"'&$title"
    scene = chimes(3).replace(
        metadata=Metadata(encoder=evil, options={evil: evil}, stop_reason=evil, source_digest=evil)
    )
    options = PageOptions(perceptual=False, map_method="PCA", command=evil)
    made = opened(written(tmp_path, scene, name=evil, options=options))
    assert made.page.evaluate("window.bad") is None
    assert made.page.locator("h1").inner_text() == " ".join(evil.split())
    assert made.page.locator(".card img:not([data-picture])").count() == 0
    assert not made.outside
    assert not made.troubles


def test_size_is_kept_and_shown(tmp_path):
    noisy = chimes(80, seconds=3.0, n_channels=2, rate=22050)
    for megabytes in (1.5, 0.3):
        made = written(tmp_path, noisy, options=PageOptions(megabytes, "PCA", False))
        text = made.read_text()
        assert made.stat().st_size <= megabytes * 1e6
        assert f"{made.stat().st_size / 1e6:.1f} MB" in text
        made.unlink()
    assert "this page holds 0.00 to" in text
    with pytest.raises(ParameterError, match="need"):
        page([subject_of(chimes(1), "x")] * 9, PageOptions(1.0))


def test_page_is_the_same_each_time(tmp_path):
    subject = subject_of(chimes(), "x")
    first, again = page([subject], QUICK), page([subject], QUICK)
    serials = re.compile(rb"data:audio/ogg[^\"]*")  # libsndfile numbers Ogg streams at random
    assert serials.sub(b"", first) == serials.sub(b"", again)


def test_command_makes_one_page_of_several_scenes(tmp_path, monkeypatch, capsys):
    from motes.cli import main

    monkeypatch.chdir(tmp_path)
    for name in ("a", "<b>"):
        chimes(5).save(f"{name}.mote")
    assert main(["report", "a.mote", "<b>.mote", "-o", "both.html", "--quick"]) == 0
    text = Path("both.html").read_text()
    assert text.count('class="scene"') == 2
    assert html.escape("<b>.mote") in text
    assert main(["report", "a.mote", "-o", "both.html", "--quick"]) == 1
    assert "exists already" in capsys.readouterr().err
    assert main(["report"]) == 2
    assert main(["report", "a.mote", "-r", "x.wav", "-r", "y.wav"]) == 2
    assert main(["report", "missing.mote", "-o", "c.html"]) == 1
    assert not Path("c.html").exists()


@pytest.mark.skipif(os.name != "posix", reason="names of files are text elsewhere")
def test_names_that_are_not_utf8_are_shown_as_they_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = os.fsdecode(b"odd-\xff.mote")
    chimes(5).save(name)
    made = write_report([name], "a.html", quick=True, command=f"motes report {name}")
    assert made.path.read_text().count("odd-\\udcff") > 1


def test_map_says_what_is_pointed_at_along_the_axes_and_in_the_colours_chosen(shown):
    made, scene = shown.again(), chimes()
    canvas = made.page.locator(".map canvas")
    axes, colours = (made.page.locator(".drawn-by").get_by_label(name) for name in ("Axes", "Coloured by"))
    assert colours.locator("option").all_inner_texts() == ["Kind", "Level", "Length"]
    pictures = set()
    for name, by in (("Likeness", "Kind"), ("Time and frequency", "Kind"), ("Time and frequency", "Level")):
        axes.select_option(name)
        colours.select_option(by)
        pictures.add(canvas.evaluate("(canvas) => canvas.toDataURL()"))
    assert len(pictures) == 3
    assert made.page.locator(".drawn-by .steps").inner_text().split() == ["soft", "loud"]
    canvas.scroll_into_view_if_needed()
    box, number = canvas.bounding_box(), 7
    x = (scene.gabor.start_s[number] - scene.gabor.start_s.min()) / np.ptp(scene.gabor.start_s)
    erb = np.log10(1 + 0.00437 * scene.gabor.frequency_hz)
    y = (erb[number] - erb.min()) / np.ptp(erb)
    before = canvas.evaluate("(canvas) => canvas.toDataURL()")
    at = box["x"] + 58 + x * (box["width"] - 70), box["y"] + box["height"] - 40 - y * (box["height"] - 52)
    made.page.mouse.move(*at)
    assert canvas.evaluate("(canvas) => canvas.style.cursor") == "pointer"
    assert canvas.evaluate("(canvas) => canvas.toDataURL()") != before
    made.page.mouse.click(*at)
    assert f"atom {number + 1} of 20" in made.page.locator(".inspector").inner_text()
    assert not made.troubles
