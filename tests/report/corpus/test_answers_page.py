"""The page of a search's answers has each of their sounds, works by keys, and asks nothing of the network."""

import base64
import io
import re

import numpy as np
import pytest
import soundfile as sf
from corpus_folder import catalogue_of

from motes.cli import main
from motes.errors import AudioError, ParameterError

pytest.importorskip("pyarrow")
pytest.importorskip("duckdb")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return catalogue_of(tmp_path_factory.mktemp("made") / "corpus")


@pytest.fixture(scope="module")
def page(made, tmp_path_factory):
    return made.page(tmp_path_factory.mktemp("page") / "answers.html", "low.mote:1", count=4)


def sounds(text):
    return [sf.read(io.BytesIO(base64.b64decode(held))) for held in re.findall(r"base64,([^\"]+)", text)]


def test_each_answer_can_be_heard_and_says_what_it_is(page):
    text = page.read_text()
    heard = sounds(text)
    assert len(heard) == 5  # what was looked for, and four answers
    assert all(np.abs(audio).max() > 0.1 for audio, _ in heard)
    assert text.count('<li class="card">') == 4
    for words in ("deep/high.mote", "stereo.mote", "C3 (48.0)", "dBFS", "distance"):
        assert words in text


def test_names_are_text(made, tmp_path):
    path = made.page(tmp_path / "x.html", where="pitch > 0 and '<script>' = '<script>'", count=1)
    assert "'&lt;script&gt;'" in path.read_text() or "&lt;script&gt;" in path.read_text()
    assert path.read_text().count("<script>") == 1


def test_what_makes_no_page_is_said_in_one_line(made, page):
    with pytest.raises(ParameterError, match="1 to 200 sounds, not 0"):
        made.page(page, where="pitch > 500", overwrite=True)
    with pytest.raises(AudioError, match="exists already"):
        made.page(page, "low.mote:1")


def test_the_command_makes_it(made, tmp_path, capsys):
    path = str(tmp_path / "a.html")
    assert main(["search", str(made.path), "--where", "kind = 'splat'", "--count", "2", "--page", path]) == 0
    assert "2 sounds" in capsys.readouterr().err
    assert main(["search", str(made.path), "--where", "kind = 'splat'", "--page", path]) == 1


@pytest.fixture(scope="module")
def shown(page, opened):
    return opened(page, shows="audio", bypass_csp=True)


def test_keys_go_from_one_to_the_next_and_play_one_at_a_time(shown):
    playing = "document.querySelectorAll('.playing').length"
    for _ in range(2):
        shown.page.keyboard.press("ArrowDown")
    assert shown.page.evaluate("document.activeElement.ariaLabel") == "note 1 of low.mote"
    shown.page.evaluate("players.forEach((player) => (player.loop = true))")
    shown.page.keyboard.press("Enter")
    shown.wait(f"{playing} === 1")
    shown.page.keyboard.press("ArrowDown")
    shown.page.keyboard.press(" ")
    shown.wait(f"{playing} === 1 && document.activeElement.parentElement.classList.contains('playing')")
    shown.page.keyboard.press(" ")
    shown.wait(f"{playing} === 0")
    assert not shown.troubles
    assert not shown.outside


@pytest.mark.parametrize(("size", "scheme"), [((1280, 720), "light"), ((420, 900), "dark")])
def test_it_is_accessible_and_fits(shown, axe, size, scheme):
    shown.page.set_viewport_size({"width": size[0], "height": size[1]})
    shown.page.emulate_media(color_scheme=scheme)
    found = axe.run(shown.page)
    assert found.violations_count == 0, found.generate_report()
    assert shown.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
