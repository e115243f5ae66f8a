"""Pages: that browsers play what was put in, each event its own sound, within the size asked for, and nothing a
file says becomes markup.
"""

from __future__ import annotations

import html
import json
import os
import re
from base64 import b64decode
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import soundfile

from motes import kinds
from motes.audio import read_audio
from motes.errors import ParameterError
from motes.kinds.gabor.partials import Curve
from motes.kinds.gabor.table import Gabor
from motes.report.facts import citation, how_made
from motes.report.items import items_of, lines
from motes.report.page import PageOptions, page, write_page
from motes.report.plane import plane
from motes.report.remix import random_events, random_times
from motes.report.report import write_report
from motes.report.sound import choose, event_sounds
from motes.report.subject import found_recording, subject_of, subject_of_file
from motes.scene.metadata import Metadata
from motes.scene.scene import Scene

QUICK = PageOptions(perceptual=False, map_method="PCA")
RATE, SECONDS = 16000, 2.0


def chimes(n_events: int = 20, seconds: float = SECONDS, n_channels: int = 1, rate: int = RATE) -> Scene:
    """Sinusoids far enough apart to tell apart by ear."""
    random = np.random.default_rng(3)
    shape = (n_events, n_channels)
    gabor = Gabor(
        np.linspace(0.2, seconds - 0.2, n_events),
        random.choice([0.1, 0.25], n_events),
        np.geomspace(150, 6000, n_events),
        random.uniform(0.01, 0.2, shape),
        np.zeros(shape),
    )
    return Scene(rate, round(seconds * rate), n_channels, gabor)


def recording(tmp_path: Path, scene: Scene) -> Path:
    """The scene's sound with some noise."""
    audio = np.atleast_2d(scene.render())
    path = tmp_path / "original.wav"
    soundfile.write(
        path, (audio + 0.01 * np.random.default_rng(0).standard_normal(audio.shape)).T, scene.sample_rate_hz, "FLOAT"
    )
    return path


def written(
    tmp_path: Path, *scenes: Scene, name: str = "chimes.mote", with_original: bool = True, options: PageOptions = QUICK
) -> Path:
    subjects = [
        subject_of(scene, name, reference=recording(tmp_path, scene) if with_original else None) for scene in scenes
    ]
    write_page(subjects, tmp_path / "page.html", options)
    return tmp_path / "page.html"


def sounds(text: str) -> list[np.ndarray]:
    """Everything audible in a page, decoded by libsndfile."""
    return [
        soundfile.read(BytesIO(b64decode(data)))[0] for data in re.findall(r'src="data:audio/[^,"]*,([^"]+)"', text)
    ]


# --- in a browser ---


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


@pytest.fixture(scope="module")
def checked(tmp_path_factory, opened):
    """A page of two scenes that the accessibility checker may run scripts in."""
    return opened(written(tmp_path_factory.mktemp("checked"), chimes(seconds=1.0), chimes(5, 1.0)), bypass_csp=True)


@pytest.mark.parametrize(("size", "scheme"), [((1280, 720), "light"), ((820, 1180), "dark")])
def test_page_is_accessible_and_fits(checked, axe, size, scheme):
    made = checked
    made.page.set_viewport_size({"width": size[0], "height": size[1]})
    made.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    made.again()
    made.page.locator(".timeline").first.focus()
    made.page.keyboard.press("ArrowRight")
    found = axe.run(made.page)
    assert found.violations_count == 0, found.generate_report()
    assert made.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


# --- what is in the file ---


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


def test_size_is_kept_and_told(tmp_path):
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


def test_how_it_was_made_is_told():
    """Options that were chosen by name, and that there were none."""
    plain = chimes(3).replace(metadata=Metadata(encoder="pursuit", version="0.1", stop_reason="snr_reached"))
    chosen = plain.replace(
        metadata=Metadata(
            encoder="pursuit", stop_reason="snr_reached", options={"snr_db": 20.0, "windows": [512, 2048]}
        )
    )
    assert "all by default" in how_made(subject_of(plain, "x"), "FLAC")
    text = how_made(subject_of(chosen, "x"), "FLAC")
    assert "snr_db 20.0, windows 512 2048" in text
    assert "snr reached" in text
    assert "all by default" not in text


# --- items, remixes, map ---


def test_partials_stand_for_their_atoms():
    """Every event is in one item; those of a partial in one; the sounds of all items together are the scene."""
    time = np.arange(450) * 0.01 + 0.1
    steady = Gabor(
        time, np.full(450, 0.04), np.full(450, 440.0), np.full((450, 1), 0.1), (2 * np.pi * 440 * time)[:, None]
    )
    scene = Scene(RATE, 5 * RATE, 1, steady)
    items = items_of(scene)
    assert len(items.number) == scene.n_events
    assert items.sorts.count("partial") >= 1
    assert len(items) < 20
    assert np.all(np.diff(items.start_s) >= 0)
    for i in range(len(items)):
        mine = items.number == i
        assert items.start_s[i] == items.scene.gabor.start_s[mine].min()
        assert items.end_s[i] == items.scene.gabor.end_s[mine].max()


def test_a_partial_is_drawn_where_it_sounds():
    """Atoms that an attack puts on the partial lie far from its frequency, and leave the line where it is."""
    time = np.arange(450) * 0.01 + 0.1
    vibrato_hz = 440 * 2 ** (0.5 / 12 * np.sin(2 * np.pi * 5 * time))
    phase = 2 * np.pi * np.cumsum(vibrato_hz) * 0.01
    carried = Gabor(time, np.full(450, 0.04), vibrato_hz, np.full((450, 1), 0.1), phase[:, None])
    attack = Gabor(
        np.full(8, 0.12), np.full(8, 0.01), np.linspace(200, 900, 8), np.full((8, 1), 0.02), np.zeros((8, 1))
    )
    scene = Scene(
        RATE, 5 * RATE, 1, carried.with_more(attack).take(np.argsort(np.append(time, np.full(8, 0.12)), kind="stable"))
    )
    items = items_of(scene)
    longest = int(np.argmax(items.end_s - items.start_s))
    strokes = lines(items, np.array([longest]))[0]
    assert len(strokes) == 1
    drawn = np.array(strokes[0])
    assert items.sorts[longest] == "partial"
    assert 20 < len(drawn) <= 122
    assert drawn[:, 1].min() > 440 * 2 ** (-0.7 / 12)
    assert drawn[:, 1].max() < 440 * 2 ** (0.7 / 12)
    inside = (time > 0.3) & (time < 4.4)
    error = 12 * np.log2(np.interp(time[inside], *drawn.T) / vibrato_hz[inside])
    assert np.abs(error).max() < 0.2


def test_a_line_is_not_drawn_where_it_leaps():
    time = np.linspace(0, 1, 101)
    leap = Curve(time, np.where(time < 0.5, 440.0, 150.0), 0 * time)
    glide = Curve(time, 440.0 * 2**-time, 0 * time)
    items = items_of(chimes(2))
    drawn = lines(replace(items, curves=[leap, glide]), np.arange(2))
    assert [len(strokes) for strokes in drawn] == [2, 1]
    assert {hz for stroke in drawn[0] for _, hz in stroke} == {440.0, 150.0}


@pytest.mark.parametrize("kind", [kind.name for kind in kinds.KINDS])
def test_every_kind_is_heard_alone_and_remixed(kind):
    import kind_examples as examples

    scene = examples.scene_of(examples.example(kind))
    items = items_of(scene)
    made = event_sounds(items, choose(items, 100.0, 100))
    assert len(made.chosen) >= 1
    alone = scene.select(np.flatnonzero(items.number == made.chosen[0])).only()
    first = round(made.start_s[0] * RATE)
    played = made.audio[first : first + round(made.length_s[0] * RATE)] * made.gain[0]
    start = int(np.floor(items.start_s[made.chosen[0]] * RATE))
    played, start = (
        played[max(0, -start) :],
        max(0, start),
    )  # an event alone is heard from its beginning, a scene from 0
    wanted = alone.render()[start : start + len(played)]
    assert np.abs(played[: len(wanted)] - wanted)[:-200].max(initial=0) < 1e-3 * np.abs(wanted).max()
    for remix in (random_events(items), random_times(items)):
        assert len(remix.table(kind)) == len(scene.table(kind))
        assert np.isfinite(remix.render()).all()
    assert page([subject_of(scene, kind)], QUICK)


def test_random_times_keep_events_and_random_events_keep_times():
    scene = chimes(200, 4.0)
    items = items_of(scene)
    times, events = random_times(items).gabor, random_events(items).gabor
    assert np.allclose(np.sort(times.frequency_hz), np.sort(scene.gabor.frequency_hz))
    assert np.allclose(np.sort(times.amplitude[:, 0]), np.sort(scene.gabor.amplitude[:, 0]))
    assert not np.allclose(np.sort(times.time_s), np.sort(scene.gabor.time_s), atol=0.01)
    assert times.start_s.min() >= -1e-9
    assert times.end_s.max() <= scene.duration_s + 1e-9
    assert np.allclose(np.sort(events.start_s), np.sort(scene.gabor.start_s), atol=1e-9)
    assert not np.allclose(np.sort(events.frequency_hz), np.sort(scene.gabor.frequency_hz), rtol=1e-3)
    logs = [np.log(gabor.frequency_hz) for gabor in (events, scene.gabor)]
    assert abs(logs[0].mean() - logs[1].mean()) < 0.25 * logs[1].std()
    assert 0.7 < logs[0].std() / logs[1].std() < 1.3


@pytest.mark.parametrize("method", ["PCA", ""])
def test_map_puts_like_beside_like(method):
    """Two clouds far apart stay apart, and the map is always the same."""
    if not method:
        pytest.importorskip("openTSNE")
    random = np.random.default_rng(0)
    points = random.standard_normal((40, 5)) + 12 * (np.arange(40) < 20)[:, None]
    flat, name = plane(points, method)
    again, _ = plane(points, method)
    assert name == ("PCA" if method else "t-SNE")
    assert np.array_equal(flat, again)
    assert flat.min() >= 0
    assert flat.max() <= 1
    centres = flat[:20].mean(axis=0), flat[20:].mean(axis=0)
    spread = max(
        np.linalg.norm(flat[:20] - centres[0], axis=1).max(), np.linalg.norm(flat[20:] - centres[1], axis=1).max()
    )
    assert np.linalg.norm(centres[0] - centres[1]) > spread


# --- originals, citation, command line ---


def test_original_is_found_by_name_and_content(tmp_path, demo_audio):
    import shutil

    import motes

    audio, rate = read_audio(demo_audio)
    soundfile.write(tmp_path / "song.flac", audio[..., :rate], rate, "PCM_16")
    (tmp_path / "elsewhere").mkdir()
    from motes.audio import open_source
    from motes.encoders.pursuit import PursuitOptions, encode

    scene = encode(open_source(tmp_path / "song.flac"), PursuitOptions(events_per_second=100))
    path = scene.save(tmp_path / "song.mote")
    assert found_recording(str(path), scene.metadata.source_digest) == tmp_path / "song.flac"
    shutil.move(tmp_path / "song.flac", tmp_path / "elsewhere/song.flac")
    assert subject_of_file(str(path), None, None, None).original is None
    assert subject_of_file(str(path), None, 0.25, 0.75, (str(tmp_path / "elsewhere"),)).original.shape == (
        1,
        round(rate * 0.5),
    )
    soundfile.write(tmp_path / "song.wav", np.zeros(rate), rate)  # the name, but not the content
    assert subject_of_file(str(path), None, None, None).original is None
    assert motes.load(path).n_events == scene.n_events


def test_reference_of_another_length_is_refused(tmp_path):
    soundfile.write(tmp_path / "other.wav", np.zeros(100), RATE)
    with pytest.raises(ParameterError, match="100 samples"):
        subject_of(chimes(2), "x", reference=tmp_path / "other.wav")


def test_excerpt_is_that_of_the_scene(tmp_path):
    scene = chimes(40, 4.0)
    subject = subject_of(scene, "x", reference=recording(tmp_path, scene), start_s=1.0, end_s=2.5)
    assert np.allclose(subject.scene.render(), scene.render(1.0, 2.5), atol=1e-6)
    assert subject.original.shape == (1, round(1.5 * RATE))
    assert not subject.is_whole


def test_citation_says_what_the_citation_file_says():
    text = (Path(__file__).parents[2] / "CITATION.cff").read_text()
    assert re.search(r"^title: (.+)$", text, re.M)[1] in citation()
    assert re.search(r"- name: (.+)$", text, re.M)[1] in citation()


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
