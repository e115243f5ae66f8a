"""The page of a listening test, in a browser and from disk: by keyboard alone, to a file of answers that is counted."""

from __future__ import annotations

import base64
import io
import json
import re
from collections import Counter

import numpy as np
import pytest
import soundfile

import motes
from motes.cli import main
from motes.errors import AudioError, ParameterError
from motes.metrics.programme_loudness import block_powers, gate, loudness_lufs
from motes.report.listening.answers import score
from motes.report.listening.stimuli import prepared_stimuli

RATE = 44100


def recording(seconds: float = 1.0, n_channels: int = 1) -> np.ndarray:
    t = np.arange(int(seconds * RATE)) / RATE
    noise = np.random.default_rng(1).standard_normal((n_channels, len(t))) * 0.05
    return (0.2 * np.sin(2 * np.pi * 440 * t) + noise).astype(np.float32)


def written(path, audio, rate=RATE):
    soundfile.write(path, np.atleast_2d(audio).T, rate, subtype="FLOAT")
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A recording, a scene of it, and a copy that is late, softer and dull."""
    folder = tmp_path_factory.mktemp("listen")
    audio = recording()
    written(folder / "x.wav", audio)
    motes.encode(audio[0], sample_rate_hz=RATE, n_events=100).save(folder / "a.mote")
    late = np.concatenate([np.zeros((1, 300), np.float32), audio], axis=1)
    written(folder / "b.wav", np.convolve(late[0], [0.1, 0.1, 0.1])[:-2])
    return folder


@pytest.fixture(scope="module")
def made(files):
    test = motes.listen([files / "a.mote", files / "b.wav"], files / "x.wav", files / "page.html", trials=2)
    return test.path


def sounds_of(path) -> dict[str, np.ndarray]:
    held = json.loads(re.search(r'id="data">(.*?)</script>', path.read_text(), re.DOTALL).group(1))
    return {sound["name"]: soundfile.read(io.BytesIO(base64.b64decode(sound["flac"])))[0] for sound in held["sounds"]}


# --- what is on the page


def test_copies_fit_in_time_length_and_loudness_and_nothing_clips(made):
    sounds = sounds_of(made)
    assert list(sounds) == ["reference", "a.mote", "b.wav", "anchor 3.5 kHz", "anchor 7 kHz"]
    assert {len(sound) for sound in sounds.values()} == {RATE}
    counted = gate(block_powers([np.atleast_2d(sounds["reference"])], RATE))
    levels = {
        name: loudness_lufs(block_powers([np.atleast_2d(sound)], RATE), counted) for name, sound in sounds.items()
    }
    assert levels["b.wav"] == pytest.approx(levels["reference"], abs=0.1)
    assert levels["a.mote"] == pytest.approx(levels["reference"], abs=0.1)
    assert max(np.abs(sound).max() for sound in sounds.values()) < 1
    middle = slice(4000, -4000)
    assert np.corrcoef(sounds["b.wav"][middle], sounds["reference"][middle])[0, 1] > 0.9  # no longer late
    assert all(abs(sound[0]) < 1e-3 and abs(sound[-1]) < 1e-3 for sound in sounds.values())


def test_anchors_are_low_passed_as_the_recommendation_asks(tmp_path):
    noise = written(tmp_path / "x.wav", 0.1 * np.random.default_rng(1).standard_normal(2 * RATE))
    _, found = prepared_stimuli([noise], noise, None, None)
    power = {s.name: np.abs(np.fft.rfft(s.audio[0] * np.hanning(2 * RATE))) ** 2 for s in found}
    hz = np.fft.rfftfreq(2 * RATE, 1 / RATE)

    def gain_db(name: str, low: float, high: float) -> float:
        inside = (hz > low) & (hz < high)
        return 10 * np.log10(power[name][inside].sum() / power["reference"][inside].sum())

    assert gain_db("anchor 3.5 kHz", 100, 3400) == pytest.approx(0, abs=0.1)
    assert gain_db("anchor 3.5 kHz", 4000, 4500) < -25
    assert gain_db("anchor 3.5 kHz", 4500, 20000) < -50
    assert gain_db("anchor 7 kHz", 100, 6900) == pytest.approx(0, abs=0.1)
    assert gain_db("anchor 7 kHz", 8000, 9000) < -25


def test_if_one_must_come_down_all_do(tmp_path):
    loud = written(tmp_path / "x.wav", recording() / np.abs(recording()).max())
    peaky = np.zeros((1, RATE), np.float32)
    peaky[0, 2000:-2000:500] = 0.3
    _, found = prepared_stimuli([written(tmp_path / "p.wav", peaky)], loud, None, None)
    assert max(np.abs(each.audio).max() for each in found) <= 0.99
    counted = gate(block_powers([found[0].audio], RATE))
    levels = [loudness_lufs(block_powers([each.audio], RATE), counted) for each in found[:2]]
    assert levels[0] == pytest.approx(levels[1], abs=0.3)


# --- in a browser


class Page:
    def __init__(self, chromium, path, **options):
        self.page = chromium.new_context(offline=True, **options).new_page()
        self.troubles: list[str] = []
        self.page.on("console", lambda m: self.troubles.append(m.text) if m.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.goto(path.resolve().as_uri())

    @property
    def focused(self) -> str:
        return self.page.evaluate("document.activeElement.textContent.trim() || document.activeElement.id")

    def tab_to(self, text: str) -> None:
        for _ in range(60):
            if self.focused == text:
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"no way by Tab to {text}: at {self.focused}")

    def wait(self, condition: str) -> None:
        for _ in range(200):
            if self.page.evaluate(condition):
                return
            self.page.wait_for_timeout(25)
        raise AssertionError(f"never came true: {condition}")


def begun(chromium, path, name: str, **options) -> Page:
    opened = Page(chromium, path, **options)
    opened.page.get_by_label("Your name or number").fill(name)
    opened.page.keyboard.press("Enter")
    return opened


def test_a_whole_test_by_keyboard(made, chromium, tmp_path):
    opened = Page(chromium, made)
    keys = opened.page.keyboard
    opened.tab_to("listener")
    keys.type("Ann 1")
    opened.tab_to("Begin")
    keys.press("Enter")
    for trial in range(4):  # two copies, two trials each
        assert opened.page.locator("#abx-place").inner_text() == f"Trial {trial + 1} of 4"
        assert opened.focused == "Which is X?"
        opened.tab_to("X is A")
        keys.press("Enter")  # not before X was heard
        assert "listen to X first" in opened.page.locator("#abx-place").inner_text()
        keys.press("x")
        opened.wait("document.querySelector('[data-abx=x]').getAttribute('aria-pressed') === 'true'")
        keys.press("Enter")
    assert opened.focused == "How near is each to the reference?"
    opened.tab_to("Done")
    keys.press("Enter")
    assert "1, 2, 3, 4, 5" in opened.page.get_by_role("status").inner_text()
    for i in range(1, 6):
        keys.press(str(i))
        opened.wait(f"document.querySelector('[data-mushra=\"{i - 1}\"]').getAttribute('aria-pressed') === 'true'")
    keys.press("r")
    keys.press("Escape")
    opened.page.locator("#mushra-title").focus()
    for i in range(5):
        opened.tab_to(f"score-{i}")
        keys.press("End")
        for _ in range(i):
            keys.press("ArrowLeft")
    opened.tab_to("Done")
    keys.press("Enter")
    with opened.page.expect_download() as download:
        opened.tab_to("Download the answers")
        keys.press("Enter")
    assert download.value.suggested_filename == "answers-Ann_1.json"
    download.value.save_as(tmp_path / "answers.json")
    answers = json.loads((tmp_path / "answers.json").read_text())
    assert Counter(trial["name"] for trial in answers["abx"]) == {"a.mote": 2, "b.wav": 2}
    assert [one["score"] for one in answers["mushra"]] == [100, 99, 98, 97, 96]
    assert {one["name"] for one in answers["mushra"]} == set(sounds_of(made))
    assert score([tmp_path / "answers.json"]).n_listeners == 1
    assert not opened.troubles


def test_the_order_follows_from_seed_and_listener(made, chromium):
    orders = []
    for name in ("Ann", "Ann", "Bob"):
        opened = begun(chromium, made, name)
        opened.page.get_by_text("Leave out the rest").click()
        for slider in opened.page.get_by_role("slider").all():
            slider.fill("70")
        for button in opened.page.get_by_role("button", name=re.compile(r"Play \d")).all():
            button.click()
        opened.page.get_by_role("button", name="Done").click()
        link = opened.page.locator("#download")
        with opened.page.expect_download() as download:
            link.click()
        answers = json.loads(download.value.path().read_text())
        assert answers["abx"] == []
        orders.append([one["name"] for one in answers["mushra"]])
    assert orders[0] == orders[1] != orders[2]


@pytest.mark.parametrize(("size", "scheme"), [((1280, 720), "light"), ((360, 740), "dark")])
def test_the_page_is_accessible_and_fits(made, chromium, axe, size, scheme):
    look = {"viewport": {"width": size[0], "height": size[1]}, "color_scheme": scheme, "bypass_csp": True}
    opened = Page(chromium, made, **look)
    for step in ("start", "abx", "mushra"):
        opened.wait(f"!document.getElementById('{step}').hidden")
        found = axe.run(opened.page)
        assert found.violations_count == 0, found.generate_report()
        assert opened.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        if step == "start":
            opened.page.get_by_label("Your name or number").fill("Ann")
            opened.page.keyboard.press("Enter")
        elif step == "abx":
            opened.page.get_by_text("Leave out the rest").click()
    names = [button.inner_text() for button in opened.page.get_by_role("button").all()]
    assert names == ["Play the reference", "Stop", *(f"Play {i}" for i in range(1, 6)), "Done"]
    assert opened.page.get_by_role("slider", name="Score of sound 3").get_attribute("aria-valuetext") == "not yet given"


def test_sounds_switch_without_a_break(made, chromium):
    opened = begun(chromium, made, "Ann")
    opened.page.evaluate("""() => {
        window.started = [];
        const start = AudioBufferSourceNode.prototype.start;
        AudioBufferSourceNode.prototype.start = function (when, offset) {
            window.started.push([when, offset]);
            return start.apply(this, arguments);
        };
    }""")
    opened.page.keyboard.press("a")
    opened.wait("window.started.length === 1")
    opened.page.wait_for_timeout(200)
    opened.page.keyboard.press("b")
    opened.wait("window.started.length === 2")
    (first, at_first), (second, at_second) = opened.page.evaluate("window.started")
    assert at_first == 0
    assert at_second == pytest.approx((second - first) % 1.0, abs=1e-6)
    assert at_second > 0


# --- mistakes


def test_mistakes_are_one_line(files, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(files)
    page = tmp_path / "q.html"
    for copies, options, message in (
        ([], {}, "takes 1 to 12 copies"),
        (["x.wav"] * 2, {}, "x.wav is named twice"),
        (["b.wav"], {"trials": -1}, "trials must lie in 0 … 100, not -1"),
        (["b.wav"], {"start_s": 3}, "nothing lies between 3 and 1 s"),
    ):
        with pytest.raises(ParameterError, match=message):
            motes.listen(copies, "x.wav", page, **options)
    with pytest.raises(AudioError, match=r"there is no file nope\.wav"):
        motes.listen("nope.wav", "x.wav", page)
    with pytest.raises(ParameterError, match="have 2 and 1 channels"):
        motes.listen(written(tmp_path / "s.wav", recording(0.1, 2)), "x.wav", page)
    long = written(tmp_path / "l.wav", np.zeros((1, 40 * 8000), np.float32), 8000)
    with pytest.raises(ParameterError, match=r"40\.0 s are too long to compare"):
        motes.listen(long, long, page)
    assert main(["listen", "a.mote"]) == 2
    assert "--reference" in capsys.readouterr().err
    assert main(["listen", "a.mote", "-r", "x.wav", "-o", "page.html"]) == 1
    assert "exists already" in capsys.readouterr().err
    assert main(["listen", "a.mote", "-r", "x.wav", "-o", str(page), "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == {"output", "n_bytes", "gain_db"}
